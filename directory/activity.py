"""The only writer of the history. Every room records what it did through `record` or, for many, `record_many`."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from directory.models import Activity, SubjectType, Verb

if TYPE_CHECKING:
    from directory.models import User

BATCH_SIZE = 1000
# Names and titles can together be longer than the history's columns, where PostgreSQL refuses them.
ACTOR_WIDTH = 200
SUBJECT_WIDTH = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `actor` is None when the product did it by itself; `actor_label` then names what did."""

    company_id: int
    verb: Verb
    subject_type: SubjectType
    subject_id: int
    subject_label: str
    at: datetime.datetime
    actor: User | None = None
    actor_label: str = "Hourly sync"
    project_id: int | None = None
    reason: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    sync_run_id: int | None = None


def record(entry: Entry) -> None:
    """This function will add one entry to the history, in the caller's transaction."""
    record_many([entry])


def record_many(entries: Iterable[Entry]) -> None:
    """This function will add entries to the history in few statements, in the caller's transaction."""
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    Activity.objects.bulk_create(
        (
            Activity(
                company_id=entry.company_id,
                project_id=entry.project_id,
                at=entry.at,
                verb=entry.verb,
                actor=entry.actor,
                actor_label=(str(entry.actor) if entry.actor else entry.actor_label)[:ACTOR_WIDTH],
                subject_type=entry.subject_type,
                subject_id=entry.subject_id,
                subject_label=entry.subject_label[:SUBJECT_WIDTH],
                reason=entry.reason,
                before=dict(entry.before),
                after=dict(entry.after),
                sync_run_id=entry.sync_run_id,
                request_id=request_id,
            )
            for entry in entries
        ),
        batch_size=BATCH_SIZE,
    )
