"""Comparing the ERP's records that have no link with those that are listed already. Called by services and `sync`.

What is listed is held once, in memory; records stream past, and only differences are kept. A void record is not a
living commitment: it is not listed. One that is closed in the ERP is: whether to link it is for a person to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from erpintegrations.connectors.base import ErpRecord
from erpintegrations.models import UnlinkedRecord

CHUNK = 5000
# So many new ones are taken in by one sync, in the one transaction that ends it; the others by the syncs that follow.
MOST_NEW = 20_000

Listed = tuple[str, str, str, str, str, str, Decimal]
LISTED_FIELDS = ("kind", "number", "description", "job_id", "vendor_id", "status", "amount")
WIDTHS = (20, 50, 200, 30, 30, 30)

Known = dict[str, tuple[int, Listed]]


@dataclass(slots=True)
class UnlinkedPlan:
    """What is to be written to the list: nothing at all when nothing is new."""

    new: dict[str, Listed] = field(default_factory=dict)
    changed: dict[int, Listed] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)


class UnlinkedComparison:
    """One reading against the list: `feed` it the records without a link, then `finish`."""

    def __init__(self, known: Known) -> None:
        self._pending = known
        self._plan = UnlinkedPlan()

    def feed(self, records: Iterable[ErpRecord]) -> None:
        """Take in records, each of which comes once."""
        plan, pop = self._plan, self._pending.pop
        for record in records:
            if record.is_void:
                continue
            known = pop(record.erp_id, None)
            values = listed(record)
            if known is None:
                if len(plan.new) < MOST_NEW:
                    plan.new[record.erp_id] = values
            elif known[1] != values:
                plan.changed[known[0]] = values

    def finish(self) -> UnlinkedPlan:
        """Count as gone what is listed and has not come: deleted, voided, or linked since."""
        self._plan.gone = sorted(pk for pk, _ in self._pending.values())
        self._pending = {}
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
    )


def known_unlinked(connection_id: int) -> Known:
    """All that is listed, one query. Equal values are shared: most have the same few jobs, vendors and states."""
    shared: dict[Any, Any] = {}
    share: Callable[[Any, Any], Any] = shared.setdefault
    rows = UnlinkedRecord.objects.filter(connection_id=connection_id).order_by()
    columns = ("id", "erp_id", *LISTED_FIELDS)
    known: Known = {}
    for pk, erp_id, kind, number, description, job, vendor, status, amount in rows.values_list(*columns).iterator(
        chunk_size=CHUNK
    ):
        values = (share(kind, kind), number, description, share(job, job), share(vendor, vendor), share(status, status))
        known[erp_id] = (pk, (*values, amount))
    return known
