"""Comparing the ERP's records with the links. Pure: no ORM, no clock, no I/O; services and `sync` call it.

Links are held once, in memory; records stream past and are let go. What is found is a `Plan` of typed changes, one per
link at most. Moments are compared as UTC without a time zone, which is how an ERP's own clock hands them over.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from erpintegrations.connectors.base import ErpRecord

# The values of `models.Presence`, which this module does not import in order to stay free of the ORM.
UNKNOWN = "unknown"
PRESENT = "present"
DELETED = "deleted"
VOIDED = "voided"
PURGED = "purged"
GONE = frozenset({DELETED, VOIDED, PURGED})

Values = tuple[str, str, str, str, str, Decimal, Decimal, Decimal, str, datetime.datetime | None]
"""What is recorded of a record, in the order of VALUE_FIELDS."""

VALUE_FIELDS = (
    "erp_number",
    "erp_job_id",
    "erp_vendor_id",
    "erp_status",
    "erp_description",
    "erp_amount",
    "changed_amount",
    "invoiced_amount",
    "erp_lines_digest",
    "erp_updated_at",
)
AMOUNT_FIELDS = ("erp_amount", "changed_amount", "invoiced_amount")
# How much of the texts, which come first, is kept for showing them. A test holds this against the columns.
WIDTHS = (50, 30, 30, 30, 200)
DIGEST_WIDTH = 64
JOB: Final = 1
LINES: Final = 8
UPDATED_AT: Final = 9


class What(StrEnum):
    """What a change is. The first two are no news for anybody: they are recorded, but told in no list of changes."""

    FIRST_SEEN = "first_seen"
    TOUCHED = "touched"
    CHANGED = "changed"
    RETURNED = "returned"
    VOIDED = "voided"
    DELETED = "deleted"
    PURGED = "purged"


VANISHED = frozenset({What.DELETED, What.PURGED})


@dataclass(frozen=True, slots=True)
class LinkState:
    """An open link as it was recorded when the comparison began."""

    id: int
    erp_id: str
    version: int
    presence: str
    values: Values

    @property
    def job_id(self) -> str:
        return self.values[JOB]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between a link and the ERP, with what is to be recorded from now on."""

    what: What
    link: LinkState
    presence: str
    values: Values

    def differences(self) -> dict[str, tuple[object, object]]:
        """Field → (before, after), for the fields that differ."""
        found: dict[str, tuple[object, object]] = {}
        if self.presence != self.link.presence:
            found["presence"] = (self.link.presence, self.presence)
        for name, before, after in zip(VALUE_FIELDS, self.link.values, self.values, strict=True):
            if before != after:
                found[name] = (before, after)
        return found


@dataclass(slots=True)
class Plan:
    """What one reading means for the links. Each link is in exactly one of present, void and missing.

    `older` counts the records that were last changed earlier than the links remember: time went backwards.
    `newest_seen` is when the ERP was last changed at all, as far as what it still holds tells.
    """

    records_read: int = 0
    links_compared: int = 0
    present: int = 0
    void: int = 0
    missing: int = 0
    older: int = 0
    newest_seen: datetime.datetime | None = None
    changes: list[Change] = field(default_factory=list)

    def counts(self) -> Counter[What]:
        return Counter(change.what for change in self.changes)

    def vanished(self) -> list[Change]:
        """Links whose record was there, or was never looked for, and is not there now."""
        return [change for change in self.changes if change.what in VANISHED]


def values_of(record: ErpRecord) -> Values:
    """What is recorded of a record."""
    moment = record.updated_at
    if moment is not None and moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    number, job, vendor, status, description = WIDTHS
    return (
        record.number[:number],
        record.job_id[:job],
        record.vendor_id[:vendor],
        record.status[:status],
        record.description[:description],
        record.amount,
        record.changed_amount,
        record.invoiced_amount,
        record.lines_digest[:DIGEST_WIDTH],
        moment,
    )


def judge(link: LinkState, record: ErpRecord | None, *, job_exists: bool) -> Change | None:
    """What it means for a link that this record, or none, was found; None when nothing is new."""
    if record is None:
        return _judge_missing(link, job_exists=job_exists)
    values = values_of(record)
    presence = VOIDED if record.is_void else PRESENT
    if presence == link.presence:
        if values == link.values:
            return None
        what = What.CHANGED if _is_news(link.values, values) else What.TOUCHED
    elif presence == VOIDED:
        what = What.VOIDED
    elif link.presence in GONE:
        what = What.RETURNED
    else:
        what = What.CHANGED if _is_news(link.values, values) else What.FIRST_SEEN
    return Change(what, link, presence, values)


def _is_news(before: Values, after: Values) -> bool:
    """Whether anybody is told. Lines that become known for the first time are not other lines."""
    if before[:LINES] != after[:LINES]:
        return True
    return before[LINES] != after[LINES] and bool(before[LINES] and after[LINES])


def _judge_missing(link: LinkState, *, job_exists: bool) -> Change | None:
    # What is gone stays as it was first seen to be gone: a job that is removed a year after one of its subcontracts
    # was deleted does not turn that correction into history.
    if link.presence in GONE:
        return None
    if job_exists or not link.job_id:
        return Change(What.DELETED, link, DELETED, link.values)
    return Change(What.PURGED, link, PURGED, link.values)


class Comparison:
    """One reading against the links: `feed` it every record, settle what is `missing`, then `finish`.

    Records that have no link are handed on to `unlinked`, many at a time.
    """

    def __init__(self, links: Iterable[LinkState], unlinked: Callable[[list[ErpRecord]], None] | None = None) -> None:
        self._unlinked = unlinked
        self._pending = {link.erp_id: link for link in links}
        self._plan = Plan(links_compared=len(self._pending))

    @property
    def plan(self) -> Plan:
        """What is known so far."""
        return self._plan

    def feed(self, records: Iterable[ErpRecord]) -> None:
        """Take in records of the reading, each of which comes once. The inner loop of a sync."""
        plan, pop = self._plan, self._pending.pop
        read = present = void = 0
        newest = plan.newest_seen
        unlinked: list[ErpRecord] = []
        for record in records:
            read += 1
            moment = record.updated_at
            if moment is not None and (newest is None or moment > newest):
                newest = moment
            link = pop(record.erp_id, None)
            if link is None:
                unlinked.append(record)
                continue
            if record.is_void:
                void += 1
            else:
                present += 1
                if link.presence == PRESENT and link.values == (
                    record.number,
                    record.job_id,
                    record.vendor_id,
                    record.status,
                    record.description,
                    record.amount,
                    record.changed_amount,
                    record.invoiced_amount,
                    record.lines_digest,
                    record.updated_at,
                ):
                    continue
            self._note(link, record)
        plan.newest_seen = newest
        plan.records_read += read
        plan.present += present
        plan.void += void
        if self._unlinked is not None and unlinked:
            self._unlinked(unlinked)

    def missing(self) -> list[LinkState]:
        """The links whose record has not come, apart from those that are known to be gone."""
        return [link for link in self._pending.values() if link.presence not in GONE]

    def found_again(self, records: Iterable[ErpRecord]) -> None:
        """Take in records that did not come with the reading, but were there when asked for alone."""
        read = self._plan.records_read
        self.feed(records)
        self._plan.records_read = read

    def finish(self, job_ids: Collection[str]) -> Plan:
        """Count as missing what has not come. Of jobs, `job_ids` has all that are there."""
        plan = self._plan
        plan.missing += len(self._pending)
        for link in self._pending.values():
            change = _judge_missing(link, job_exists=link.job_id in job_ids)
            if change is not None:
                plan.changes.append(change)
        self._pending = {}
        return plan

    def _note(self, link: LinkState, record: ErpRecord) -> None:
        change = judge(link, record, job_exists=True)
        if change is None:
            return
        self._plan.changes.append(change)
        before, after = link.values[UPDATED_AT], change.values[UPDATED_AT]
        if before is not None and after is not None and after < before:
            self._plan.older += 1


def compare(links: Iterable[LinkState], records: Iterable[ErpRecord], job_ids: Collection[str]) -> Plan:
    """All in one step, for a reading that needs no second question."""
    comparison = Comparison(links)
    comparison.feed(records)
    return comparison.finish(job_ids)
