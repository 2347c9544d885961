from django.apps import AppConfig


class ErpIntegrationsConfig(AppConfig):
    name = "erpintegrations"
    verbose_name = "ERP Integrations"

    def ready(self) -> None:
        from erpintegrations.ops import deployment_checks  # noqa: F401 — registers them
