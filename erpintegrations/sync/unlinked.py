"""Comparing the ERP's records that have no link with those that are listed already. Called by services and `sync`.

Of what is listed, the fingerprints are held in memory; records stream past, and only differences are kept. A void
record is not a living commitment: it is not listed. One that is closed in the ERP is: whether to link it is for a
person to say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef

from erpintegrations.connectors.base import ErpRecord
from erpintegrations.models import SyncLink, UnlinkedRecord
from erpintegrations.sync.among import rows_among
from erpintegrations.sync.links import CHUNK

# So many new ones are taken in by one sync, in the one transaction that ends it; the others by the syncs that follow.
MOST_NEW = 100_000

Listed = tuple[str, str, str, str, str, str, Decimal, str]
LISTED_FIELDS = ("kind", "number", "description", "job_id", "vendor_id", "status", "amount", "fingerprint")
WIDTHS = (20, 50, 200, 30, 30, 30)


@dataclass(frozen=True, slots=True)
class Known:
    """What is listed as a comparison begins, in one of three places, and the way to load some of it by its ERP ids.

    `linked` has a link since, and is to leave the list; `just_so` is all else whose fingerprint is kept, by it;
    `unsettled` are the others. The comparison uses `just_so` up.
    """

    just_so: dict[str, int]
    unsettled: list[int]
    linked: list[int]
    of_records: Callable[[Collection[str]], dict[str, tuple[int, Listed]]]


@dataclass(slots=True)
class UnlinkedPlan:
    """What is to be written to the list: nothing at all when nothing is new."""

    new: dict[str, Listed] = field(default_factory=dict)
    changed: dict[int, Listed] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)


class UnlinkedComparison:
    """One reading against the list: `settle` what is as it is listed, `feed` the rest of what has no link, `finish`."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._is_empty = not (known.just_so or known.unsettled or known.linked)
        self._fed: set[int] = set()
        self._plan = UnlinkedPlan()

    def settle(self, fingerprints: Sequence[str], places: Iterable[int]) -> list[int]:
        """Take in what is listed just so of the records at these places; which others there are."""
        pop = self._known.just_so.pop
        return [place for place in places if pop(fingerprints[place], None) is None]

    def feed(self, records: Iterable[ErpRecord]) -> None:
        """Take in records, each of which comes once."""
        plan = self._plan
        living = [record for record in records if not record.is_void]
        known = {} if self._is_empty else self._known.of_records([record.erp_id for record in living])
        for record in living:
            values = listed(record)
            if record.erp_id not in known:
                if len(plan.new) < MOST_NEW:
                    plan.new[record.erp_id] = values
                continue
            pk, before = known[record.erp_id]
            self._fed.add(pk)
            if values != before:
                plan.changed[pk] = values

    def finish(self) -> UnlinkedPlan:
        """Count as gone what is listed and has not come: deleted, voided, or linked since."""
        known = self._known
        not_come = (pk for pk in (*known.just_so.values(), *known.unsettled) if pk not in self._fed)
        self._plan.gone = sorted([*known.linked, *not_come])
        return self._plan


def listed(record: ErpRecord) -> Listed:
    """What the list shows of a record, as far as its columns go."""
    kind, number, description, job, vendor, status = WIDTHS
    return (
        str(record.kind)[:kind],
        record.number[:number],
        record.description[:description],
        record.job_id[:job],
        record.vendor_id[:vendor],
        record.status[:status],
        record.amount,
        record.fingerprint,
    )


def known_unlinked(connection_id: int) -> Known:
    """All that is listed, one query. Of most, only the fingerprint is kept."""
    just_so: dict[str, int] = {}
    unsettled: list[int] = []
    linked: list[int] = []
    links = SyncLink.objects.filter(connection_id=connection_id, erp_id=OuterRef("erp_id"), closed_at=None)
    rows = UnlinkedRecord.objects.filter(connection_id=connection_id).order_by()
    for pk, fingerprint, has_link in rows.values_list("pk", "fingerprint", Exists(links)).iterator(chunk_size=CHUNK):
        if has_link:
            linked.append(pk)
        elif fingerprint:
            just_so[fingerprint] = pk
        else:
            unsettled.append(pk)
    return Known(just_so, unsettled, linked, partial(_listed, connection_id))


def _listed(connection_id: int, erp_ids: Collection[str]) -> dict[str, tuple[int, Listed]]:
    rows = UnlinkedRecord.objects.filter(connection_id=connection_id).order_by()
    found: dict[str, tuple[int, Listed]] = {}
    for some in rows_among(rows, "erp_id", erp_ids):
        for pk, erp_id, *values in some.values_list("pk", "erp_id", *LISTED_FIELDS):
            recorded: Any = tuple(values)
            found[erp_id] = (pk, recorded)
    return found
