"""`manage.py prepare_sandbox`: all that is done to the database of `script/server` before it serves."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from sandbox import sample_company


class Command(BaseCommand):
    help = "Migrates the database, sets up the sample company and makes the schedules. Only with SANDBOX=1."

    def handle(self, **options: Any) -> None:
        if _may_lack_something():
            call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write("Looking for the sample company, and loading it the first time …")
        call_command("load_sample_company", verbosity=0)
        call_command("ensure_schedules", verbosity=0)


def _may_lack_something() -> bool:
    """`migrate` makes permissions after the tables, also where no migration is left: a first start that was killed in
    between has them made by the next. Later, to go through all models each time would take most of the start.
    """
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes())) or not sample_company.is_there()
