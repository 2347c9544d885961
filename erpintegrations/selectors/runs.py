"""Sync runs, as their list, page and progress show them."""

from __future__ import annotations

from django.db.models import QuerySet

from directory.models import Company
from erpintegrations.models import SyncChange, SyncRun


def runs_of(company: Company) -> QuerySet[SyncRun]:
    """A company's runs, newest first, with who asked for each."""
    return SyncRun.objects.filter(company=company).select_related("started_by", "decided_by").order_by("-id")


def run_of(company: Company, run_id: int) -> SyncRun | None:
    return runs_of(company).select_related("connection", "confirms").filter(pk=run_id).first()


def changes_of(run: SyncRun) -> QuerySet[SyncChange]:
    """Every change that a run found, with what a link to the commitment's page needs."""
    return run.changes.select_related("link").order_by("id")
