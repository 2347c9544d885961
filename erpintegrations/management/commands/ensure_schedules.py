"""Make the product's schedules, or mend them. Part of every set-up; harmless at any time."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from erpintegrations.schedules import ensure_schedules


class Command(BaseCommand):
    help = "Create the schedules of the hourly sync and the housekeeping, or mend them."

    def handle(self, **options: Any) -> None:
        done = ensure_schedules(now=timezone.now())
        if options["verbosity"]:
            for sentence in done or ["All schedules are as they should be."]:
                self.stdout.write(sentence)
