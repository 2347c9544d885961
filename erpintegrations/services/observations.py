"""What the ERP was seen to hold for links, and the only way in which that is written to them.

Services alone import this: the sync for thousands of links, Check now and Unlink for those that were asked for.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from directory.activity import Entry, record_many
from directory.models import SubjectType, Verb
from erpintegrations.connectors.base import ErpRecord, LookUp
from erpintegrations.models import Presence, SyncLink

if TYPE_CHECKING:
    from directory.models import User

BATCH_SIZE = 500
AMOUNTS = ("erp_amount", "changed_amount", "invoiced_amount")
TEXTS = ("erp_number", "erp_job_id", "erp_vendor_id", "erp_status", "erp_description")
WRITTEN = ("presence", "presence_changed_at", "checked_at", "version", "erp_updated_at", *AMOUNTS, *TEXTS)


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of one link's counterpart. `link` is as it was read before: its `version` guards the writing."""

    link: SyncLink
    presence: Presence
    record: ErpRecord | None

    @property
    def presence_changed(self) -> bool:
        return self.presence != self.link.presence

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """What a history tells of it: (before, after) of the presence and the amounts, where they differ."""
        found: dict[str, tuple[Any, Any]] = {}
        if self.presence_changed:
            found["presence"] = (presence_label(self.link.presence), presence_label(self.presence))
        if self.record is not None:
            values = values_of(self.record)
            found |= {
                name: (str(getattr(self.link, name)), str(values[name]))
                for name in AMOUNTS
                if getattr(self.link, name) != values[name]
            }
        return found


def observe(link: SyncLink, answer: LookUp) -> Observation:
    """What a look-up, which asked for the link's record and job, says of the link."""
    record = answer.records.get(link.erp_id)
    return Observation(link, presence_of(record, job_is_there=link.erp_job_id in answer.job_ids), record)


def presence_of(record: ErpRecord | None, *, job_is_there: bool) -> Presence:
    """The state of a record that a complete answer contains, or does not contain."""
    if record is not None:
        return Presence.VOIDED if record.is_void else Presence.PRESENT
    return Presence.DELETED if job_is_there else Presence.PURGED


def values_of(record: ErpRecord) -> dict[str, Any]:
    """A link's columns as the ERP has the record now. Texts wider than ours are shown cut, never sent anywhere."""
    texts = {
        "erp_number": record.number,
        "erp_job_id": record.job_id,
        "erp_vendor_id": record.vendor_id,
        "erp_status": record.status,
        "erp_description": record.description,
    }
    updated_at = record.updated_at
    return {
        **{name: text[: SyncLink._meta.get_field(name).max_length] for name, text in texts.items()},
        "erp_amount": record.amount,
        "changed_amount": record.changed_amount,
        "invoiced_amount": record.invoiced_amount,
        "erp_updated_at": timezone.make_aware(updated_at, timezone.get_default_timezone()) if updated_at else None,
    }


def record_observations(
    observations: Collection[Observation],
    *,
    now: datetime.datetime,
    checked_at: datetime.datetime | None = None,
    actor: User | None = None,
    actor_label: str = "Hourly sync",
    sync_run_id: int | None = None,
) -> frozenset[int]:
    """This function will write what was seen to the links that are as they were read, and tell their history.

    A link that was closed or written meanwhile is left alone: the answer holds the ids of those written. `checked_at` is
    when these very links were asked for; a sync leaves it None, because its run says as of when it read.
    """
    written: set[int] = set()
    with transaction.atomic():
        unchanged = lock_unchanged([observation.link for observation in observations])
        current = [observation for observation in observations if observation.link.pk in unchanged]
        for batch in _batches(current):
            rows = [_row(observation, now, checked_at) for observation in batch]
            count = SyncLink.objects.filter(closed_at=None).bulk_update(rows, WRITTEN)
            if count != len(rows):
                raise RuntimeError("A locked link was written by somebody else.")
            written.update(row.pk for row in rows)
        record_many(
            _entry(observation, now, actor, actor_label, sync_run_id) for observation in current if observation.changes
        )
    return frozenset(written)


def lock_unchanged(links: Sequence[SyncLink]) -> frozenset[int]:
    """This function will lock links, in one order for everybody, and say which are open and as they were read.

    Call it first in a transaction. PostgreSQL locks the rows; SQLite's transactions, which begin IMMEDIATE, let in one
    writer at a time, so that there too nothing changes between this reading and the writing that follows.
    """
    versions = {link.pk: link.version for link in links}
    unchanged: set[int] = set()
    for pks in _batches(sorted(versions)):
        rows = SyncLink.objects.select_for_update().filter(pk__in=pks, closed_at=None).order_by("pk")
        unchanged |= {pk for pk, version in rows.values_list("pk", "version") if versions[pk] == version}
    return frozenset(unchanged)


def commitment_label(link: SyncLink) -> str:
    """How a history names the commitment: "Subcontract SC-1042 Concrete"."""
    return f"{link.get_kind_display()} {link.number} {link.title}"[:250]


def presence_label(presence: str) -> str:
    return str(Presence(presence).label)


def _row(observation: Observation, now: datetime.datetime, checked_at: datetime.datetime | None) -> SyncLink:
    """The link's next version, as a row of its own: the one that was read stays as it was read."""
    link = observation.link
    values = {name: getattr(link, name) for name in WRITTEN}
    if observation.record is not None:
        values |= values_of(observation.record)
    values |= {"presence": observation.presence, "version": link.version + 1}
    if observation.presence_changed:
        values["presence_changed_at"] = now
    if checked_at is not None:
        values["checked_at"] = checked_at
    return SyncLink(pk=link.pk, **values)


def _entry(
    observation: Observation, now: datetime.datetime, actor: User | None, actor_label: str, sync_run_id: int | None
) -> Entry:
    link, changes = observation.link, observation.changes
    return Entry(
        company_id=link.company_id,
        project_id=link.project_id,
        verb=Verb.PRESENCE_CHANGED if observation.presence_changed else Verb.AMOUNT_CHANGED,
        subject_type=SubjectType.COMMITMENT,
        subject_id=link.commitment_id,
        subject_label=commitment_label(link),
        at=now,
        actor=actor,
        actor_label=actor_label,
        before={"erp_number": link.erp_number, **{name: before for name, (before, _) in changes.items()}},
        after={"erp_number": link.erp_number, **{name: after for name, (_, after) in changes.items()}},
        sync_run_id=sync_run_id,
    )


def _batches(items: Iterable[Any]) -> Iterable[list[Any]]:
    rows = list(items)
    return (rows[start : start + BATCH_SIZE] for start in range(0, len(rows), BATCH_SIZE))
