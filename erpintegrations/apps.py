from django.apps import AppConfig, apps


class ErpIntegrationsConfig(AppConfig):
    name = "erpintegrations"
    verbose_name = "ERP Integrations"

    def ready(self) -> None:
        from erpintegrations.ops import deployment_checks  # noqa: F401 — registers them

        _hide_the_task_queue()


def _hide_the_task_queue() -> None:
    """django-q2's own pages in the admin would let staff run any function of any module."""
    from django.contrib import admin

    for model in apps.get_app_config("django_q").get_models():
        if admin.site.is_registered(model):
            admin.site.unregister(model)
