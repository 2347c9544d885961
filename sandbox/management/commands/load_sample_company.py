"""`manage.py load_sample_company`: sets up the sample company, with SANDBOX=1 only."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from directory.refusals import Refusal
from sandbox import sample_company, sample_people
from sandbox.sample_names import COMPANY_NAME


class Command(BaseCommand):
    help = (
        "Sets up the sample company and its sign-ins, and its books for the sandbox. Does nothing when it is there; "
        "begins again when an earlier set-up was interrupted. Only with SANDBOX=1."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        say = self.stdout.write if options["verbosity"] else lambda _: None
        try:
            loaded = sample_company.load(now=timezone.now(), say=say)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        if loaded:
            say(f"{COMPANY_NAME} is ready. Sign-ins (password {sample_people.SAMPLE_PASSWORD}):")
            for person in sample_people.PEOPLE:
                say(f"  {person.email}")
        else:
            say(f"{COMPANY_NAME} is there already.")
