"""Puts our administration site in the place of Django's. Only the settings name this."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """Stands in INSTALLED_APPS in place of `django.contrib.admin`."""

    default_site = "directory.admin_site.AdministrationSite"
