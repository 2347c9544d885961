from django.apps import AppConfig
from django.core import checks


class DirectoryConfig(AppConfig):
    name = "directory"
    verbose_name = "Company Directory"

    def ready(self) -> None:
        from directory.sample_accounts import check_sample_accounts

        checks.register(check_sample_accounts, checks.Tags.database)
