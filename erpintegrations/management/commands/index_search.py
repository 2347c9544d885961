"""Make the index of the Synced list's search, where the migration could not. Exit status: 0 made, 1 not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from erpintegrations.models import link_search


class Command(BaseCommand):
    help = "Make the index of the Synced list's search anew. Links cannot be written meanwhile (seconds)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        problem = link_search.create(connection)
        if problem:
            raise CommandError(f"{problem} {link_search.remedy(connection)}")
        self.stdout.write("The search of the Synced list has its index.")
