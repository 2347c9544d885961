"""As of when the ERP side is known: the run's freshness, never the row's."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from erpintegrations.models import ErpConnection, SyncLink, SyncRun
from erpintegrations.schedules import next_sync_due_at

FINISHED = (
    SyncRun.State.COMPLETED,
    SyncRun.State.FAILED,
    SyncRun.State.NEEDS_CONFIRMATION,
    SyncRun.State.CONFIRMED,
    SyncRun.State.DISCARDED,
    SyncRun.State.SUPERSEDED,
)


@dataclass(frozen=True, slots=True)
class Freshness:
    """What the syncs of one connection have proved so far.

    `read_at` is the moment as of which the last completed run read the ERP; `last_finished` the latest run with any
    result, `open_run` the one waiting or running now; `next_due_at` when the hourly sync comes next, if scheduled.
    """

    read_at: datetime.datetime | None
    last_completed: SyncRun | None
    last_finished: SyncRun | None
    open_run: SyncRun | None
    next_due_at: datetime.datetime | None

    @property
    def last_sync_failed(self) -> bool:
        return self.last_finished is not None and self.last_finished.state != SyncRun.State.COMPLETED

    def as_of(self, link: SyncLink) -> datetime.datetime | None:
        """As of when this link's record is known: the later of the last completed run and its own Check now."""
        return latest(self.read_at, link.checked_at, open_since=link.reopened_at or link.linked_at)


def latest(
    read_at: datetime.datetime | None, checked_at: datetime.datetime | None, *, open_since: datetime.datetime
) -> datetime.datetime | None:
    """The later of two moments; a run that read before the link was made, or reopened, says nothing about it."""
    counted = read_at if read_at is not None and read_at >= open_since else None
    return max((moment for moment in (counted, checked_at) if moment is not None), default=None)


def freshness_of(connection: ErpConnection) -> Freshness:
    """Four queries, whatever the number of links and runs."""
    runs = SyncRun.objects.filter(connection=connection)
    last_completed = runs.filter(state=SyncRun.State.COMPLETED).order_by("-id").first()
    return Freshness(
        read_at=last_completed.read_at if last_completed else None,
        last_completed=last_completed,
        last_finished=runs.filter(state__in=FINISHED).order_by("-id").first(),
        open_run=runs.filter(state__in=[SyncRun.State.QUEUED, SyncRun.State.RUNNING]).order_by("-id").first(),
        next_due_at=next_sync_due_at(connection),
    )
