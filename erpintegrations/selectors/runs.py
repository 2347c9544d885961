"""Sync runs, as their list, page and progress show them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from directory.models import Company
from erpintegrations.models import SyncChange, SyncRun

NOT_RECORDED = "found, not recorded"


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be known about a run beside its figures, and how loudly it is said: error, warning or info."""

    text: str
    tone: str


def runs_of(company: Company) -> QuerySet[SyncRun]:
    """A company's runs, newest first, with who asked for each."""
    return SyncRun.objects.filter(company=company).select_related("started_by", "decided_by").order_by("-id")


def run_of(company: Company, run_id: int) -> SyncRun | None:
    return runs_of(company).select_related("connection", "confirms").filter(pk=run_id).first()


def changes_of(run: SyncRun) -> QuerySet[SyncChange]:
    """Every change that a run found, with what a link to the commitment's page needs."""
    return run.changes.select_related("link").order_by("id")


def note_of(run: SyncRun) -> Note | None:
    """Why a run did not complete, and what is to be done; of one that was decided about, what became of it instead."""
    if not run.problem:
        return None
    if run.state == SyncRun.State.FAILED:
        return Note(f"{run.problem} {run.remedy}", "error")
    if run.state == SyncRun.State.NEEDS_CONFIRMATION:
        return Note(f"{run.problem} {run.remedy}", "warning")
    who = run.decided_by.name if run.decided_by else "Somebody"
    became = {
        SyncRun.State.CONFIRMED: f"{who} confirmed it; the sync that follows reads everything once more, and "
        "records what is still so.",
        SyncRun.State.DISCARDED: f"{who} discarded it: nothing of it was recorded, and the next sync compared again.",
        SyncRun.State.SUPERSEDED: "A later sync has taken its place: nothing of this one was recorded, and there is "
        "nothing left to decide here.",
    }
    return Note(f"{run.problem} {became.get(SyncRun.State(run.state), '')}".strip(), "info")


def figures_of(run: SyncRun) -> list[tuple[str, str]]:
    """A run's counts in words: facts only where it recorded them."""
    read = [
        ("Records read", run.records_read),
        ("Links compared", run.links_compared),
        ("Still there", run.present_count),
    ]
    found = [
        ("Deleted", run.deleted_count),
        ("Voided", run.voided_count),
        ("Purged with their job", run.purged_count),
        ("Back again", run.returned_count),
        ("Changed", run.changed_count),
    ]
    if run.has_recorded:
        return [(term, f"{count:,}") for term, count in [*read, *found]]
    if not run.has_proposed:
        return []
    return [
        *((term, f"{count:,}") for term, count in read),
        *((term, f"{count:,} {NOT_RECORDED}" if count else "None found") for term, count in found),
    ]


def nothing_to_list(run: SyncRun) -> str:
    """In place of a run's changes, when there are none."""
    if run.is_open:
        return "None so far."
    if not run.has_recorded:
        return "Nothing was changed."
    earlier = SyncRun.objects.filter(connection=run.connection_id, state=SyncRun.State.COMPLETED, pk__lt=run.pk)
    if earlier.exists():
        return "Nothing had changed since the sync before."
    if not run.links_compared:
        return "This was the first completed sync, and no commitment was linked yet."
    erp = run.connection.wording.short_label
    return f"This was the first completed sync: everything that is linked was found in {erp}, as it was when linked."
