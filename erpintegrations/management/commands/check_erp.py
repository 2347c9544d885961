"""Test the connection to an ERP from the command line: the same checks as the button, printed as they are done.

Exit status: 0 passed, 1 failed, 2 passed with warnings; over several companies 1 goes before 2, and 2 before 0.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from erpintegrations.connectors import CONNECTORS
from erpintegrations.connectors.checks import Check, Finding, Outcome, result_of
from erpintegrations.management.connections import NoSuchConnection, connection_of
from erpintegrations.models import ErpConnection
from erpintegrations.services.check_connection import checks_of

VARIABLE = "CHECK_ERP_URL"
STANDARD_INPUT = "-"
STATUS = {Outcome.PASSED: 0, Outcome.FAILED: 1, Outcome.WARNED: 2}
IN_ALL = {Outcome.PASSED: "Passed", Outcome.FAILED: "Failed", Outcome.WARNED: "Passed with warnings"}
INDENT = " " * 11


class Command(BaseCommand):
    help = (
        "Test the connection to an ERP, step by step, and say what to do about what fails. Nothing is changed "
        "anywhere. Exit status: 0 passed, 1 failed, 2 passed with warnings."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--company", metavar="SLUG", help="the saved connection of this company; otherwise of all")
        which.add_argument(
            "--url",
            metavar="URL",
            help="a database URL that need not be saved. Others on this machine can see a password in a command line: "
            f"give {STANDARD_INPUT} to have the URL read from standard input, or set {VARIABLE} instead",
        )

    def handle(self, *, company: str | None, url: str | None, **options: Any) -> None:
        statuses = {self._check(connection) for connection in self._connections(company, url)}
        worst = next((status for status in (1, 2) if status in statuses), 0)
        if worst:
            raise SystemExit(worst)

    def _connections(self, slug: str | None, url: str | None) -> list[ErpConnection]:
        if slug is not None:
            try:
                return [connection_of(slug)]
            except NoSuchConnection as error:
                raise self._refuse(str(error)) from None
        if url == STANDARD_INPUT:
            url = sys.stdin.readline().strip()
        elif url is None:
            url = os.environ.get(VARIABLE)
        if url is not None:
            return [ErpConnection(connector_key=next(iter(CONNECTORS)), database_url=url)]
        found = list(ErpConnection.objects.select_related("company").order_by("company__slug"))
        if not found:
            raise self._refuse("No company has an ERP connection yet. Set one up first, or give --url.")
        return found

    def _refuse(self, sentence: str) -> SystemExit:
        self.stderr.write(sentence)
        return SystemExit(STATUS[Outcome.FAILED])

    def _check(self, connection: ErpConnection) -> int:
        if connection.pk:
            self.stdout.write(f"{connection.company.name} – {connection.wording.label}")
        done = list(self._printed(checks_of(connection)))
        result = result_of(done)
        self.stdout.write(f"{IN_ALL[result]}.")
        return STATUS[result]

    def _printed(self, checks: Iterable[Check]) -> Iterable[Finding]:
        for check in checks:
            self.stdout.write(f"  {check.outcome:<8} {check.title}")
            for text in (check.sentence, check.remedy):
                for line in text.splitlines():
                    self.stdout.write(textwrap.fill(line, 100, initial_indent=INDENT, subsequent_indent=INDENT))
            for label, value in check.facts.items():
                self.stdout.write(f"{INDENT}{label}: {value}")
            if check.statements:
                self.stdout.write(textwrap.indent(check.statements, f"{INDENT}  "))
            self.stdout.flush()
            yield check
