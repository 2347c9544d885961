"""Comparing the ERP's records with the links. Pure: no ORM, no clock, no I/O; services and `sync` call it.

Of each link, only its record's fingerprint is held in memory; records stream past, and only those that are not as they
were are made plain and compared, with the states of their links, which are loaded then. What is found is a `Plan` of
typed changes, one per link at most. Moments are compared as UTC without a time zone, which is how an ERP's own clock
hands them over.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
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

Values = tuple[str, str, str, str, str, Decimal, Decimal, Decimal, str, datetime.datetime | None, str]
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
    "erp_fingerprint",
)
AMOUNT_FIELDS = ("erp_amount", "changed_amount", "invoiced_amount")
# How much of the texts, which come first, is kept for showing them. A test holds this against the columns.
WIDTHS = (50, 30, 30, 30, 200)
DIGEST_WIDTH = 64
JOB: Final = 1
LINES: Final = 8
UPDATED_AT: Final = 9
FINGERPRINT: Final = 10
# What a person would not call a change is recorded for so many links by one run, in the one transaction that ends it;
# for the others by the runs that follow. It is for all of them when a release reads records in another way.
MOST_TOUCHED = 20_000


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
    `newest_seen` is when the ERP was last changed at all, as far as what it still holds tells; the reading sets it when
    anything is missing.
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
        record.fingerprint,
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


@dataclass(frozen=True, slots=True)
class OpenLinks:
    """The open links as a comparison begins, each in one of three places, and the ways to load the states of some.

    `present` are those whose record was there when last looked at, by its fingerprint; `gone` counts those that are
    known to be gone; `unsettled` are all others. The comparison uses `present` up.
    """

    present: dict[str, int]
    unsettled: list[int]
    gone: int
    of_records: Callable[[Collection[str]], Iterable[LinkState]]
    of_ids: Callable[[Collection[int]], Iterable[LinkState]]


class Comparison:
    """One reading against the links: of every batch, `settle` what is as it was and `feed` the rest; ask again for what
    is `missing`, then `finish`.

    Records that have no link are handed on to `unlinked`, many at a time.
    """

    def __init__(self, links: OpenLinks, unlinked: Callable[[list[ErpRecord]], None] | None = None) -> None:
        self._unlinked = unlinked
        self._links = links
        self._present = links.present
        self._is_empty = not (links.present or links.unsettled or links.gone)
        self._fed: set[int] = set()
        self._gone, self._touched = links.gone, 0
        self._left: list[LinkState] | None = None
        self._plan = Plan()

    @property
    def plan(self) -> Plan:
        """What is known so far."""
        return self._plan

    def settle(self, fingerprints: Sequence[str]) -> list[int]:
        """Take in the records with these fingerprints that are as their links remember them; which others there are, by
        their places. The inner loop of a sync.
        """
        pop = self._present.pop
        others = [place for place, fingerprint in enumerate(fingerprints) if pop(fingerprint, None) is None]
        self._plan.records_read += len(fingerprints)
        self._plan.present += len(fingerprints) - len(others)
        return others

    def feed(self, records: Collection[ErpRecord]) -> None:
        """Take in records of the reading, or such as were there when asked for alone; each comes once."""
        plan = self._plan
        found: Iterable[LinkState] = (
            () if self._is_empty else self._links.of_records([record.erp_id for record in records])
        )
        links = {link.erp_id: link for link in found}
        unlinked: list[ErpRecord] = []
        for record in records:
            link = links.get(record.erp_id)
            if link is None:
                unlinked.append(record)
                continue
            self._fed.add(link.id)
            self._gone -= link.presence in GONE
            plan.void += record.is_void
            plan.present += not record.is_void
            self._note(link, record)
        if self._unlinked is not None and unlinked:
            self._unlinked(unlinked)

    def missing(self) -> list[LinkState]:
        """The links whose record has not come, apart from those that are known to be gone."""
        if self._left is None:
            ids = [id for id in (*self._present.values(), *self._links.unsettled) if id not in self._fed]
            self._left = list(self._links.of_ids(ids))
        return [link for link in self._left if link.id not in self._fed]

    def finish(self, job_ids: Collection[str]) -> Plan:
        """Count as missing what has not come. Of jobs, `job_ids` has all that are there."""
        plan, missing = self._plan, self.missing()
        plan.missing = self._gone + len(missing)
        plan.links_compared = plan.present + plan.void + plan.missing
        for link in missing:
            change = _judge_missing(link, job_exists=link.job_id in job_ids)
            if change is not None:
                plan.changes.append(change)
        return plan

    def _note(self, link: LinkState, record: ErpRecord) -> None:
        change = judge(link, record, job_exists=True)
        if change is None:
            return
        before, after = link.values[UPDATED_AT], change.values[UPDATED_AT]
        if before is not None and after is not None and after < before:
            self._plan.older += 1
        if change.what is What.TOUCHED:
            self._touched += 1
            if self._touched > MOST_TOUCHED:
                return
        self._plan.changes.append(change)
