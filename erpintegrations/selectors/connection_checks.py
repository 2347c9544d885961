"""Tests of a connection, as their page and Configure Settings show them."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from directory.models import Company
from erpintegrations.connectors.checks import Outcome
from erpintegrations.models import ConnectionCheck, ErpConnection


def check_of(company: Company, check_id: int) -> ConnectionCheck | None:
    return _checks().filter(company=company, pk=check_id).first()


def latest_check_of(connection: ErpConnection) -> ConnectionCheck | None:
    return _checks().filter(connection=connection).order_by("-id").first()


def lines_of(check: ConnectionCheck) -> list[dict[str, Any]]:
    """The results as they are listed: neighbours that were not looked at for one reason are one line."""
    together = groupby(check.results, lambda each: each["outcome"] == Outcome.SKIPPED and each["sentence"])
    lines: list[dict[str, Any]] = []
    for is_skipped, group in together:
        results = list(group)
        titles = ", ".join(each["title"] for each in results)
        lines.extend([{**results[0], "title": titles}] if is_skipped else results)
    return lines


def _checks() -> QuerySet[ConnectionCheck]:
    return ConnectionCheck.objects.select_related("connection", "requested_by")
