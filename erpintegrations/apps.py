from django.apps import AppConfig, apps
from django.conf import settings


class ErpIntegrationsConfig(AppConfig):
    name = "erpintegrations"
    verbose_name = "ERP Integrations"

    def ready(self) -> None:
        from erpintegrations.connectors import allow_sqlite_files_in
        from erpintegrations.ops import deployment_checks  # noqa: F401 — registers them

        allow_sqlite_files_in(settings.SQLITE_FOLDERS)
        _hide_the_task_queue()


def _hide_the_task_queue() -> None:
    """django-q2's own pages in the admin would let staff run any function of any module."""
    from django.contrib import admin

    for model in apps.get_app_config("django_q").get_models():
        if admin.site.is_registered(model):
            admin.site.unregister(model)
