"""The only writer of the history. Every room records what it did through `record` or, for many, `record_many`."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from directory.bulk import append_rows
from directory.models import Activity, SubjectType, Verb

if TYPE_CHECKING:
    from directory.models import User

BATCH_SIZE = 1000
COLUMNS = (
    *("company", "project", "at", "verb", "actor", "actor_label", "subject_type", "subject_id", "subject_label"),
    *("reason", "before", "after", "sync_run_id", "request_id"),
)
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
    append_rows(Activity, COLUMNS, ((*_row(entry), request_id) for entry in entries))


def _row(entry: Entry) -> tuple[Any, ...]:
    """The values of COLUMNS but the last, which is the same for all."""
    return (
        entry.company_id,
        entry.project_id,
        entry.at,
        str(entry.verb),
        entry.actor.pk if entry.actor else None,
        (str(entry.actor) if entry.actor else entry.actor_label)[:ACTOR_WIDTH],
        str(entry.subject_type),
        entry.subject_id,
        entry.subject_label[:SUBJECT_WIDTH],
        entry.reason,
        dict(entry.before),
        dict(entry.after),
        entry.sync_run_id,
    )
