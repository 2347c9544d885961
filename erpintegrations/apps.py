from django.apps import AppConfig


class ErpIntegrationsConfig(AppConfig):
    name = "erpintegrations"
    verbose_name = "ERP Integrations"
