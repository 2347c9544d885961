"""Bring in the ERP's subcontracts and purchase orders: as commitments here, with their lines, linked to their records.

A step of `bring_in`, which alone imports this. What a batch holds is read from the ERP just before, with its lines;
what does not add up to the cent, or is not as the preview showed it, is left, with the reason.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from textwrap import shorten
from typing import Any, TypeVar

from commitments.models import Commitment, CostCode, CostType, ScheduleOfValuesLine, Vendor
from directory.models import Project, Verb
from erpintegrations.connectors.base import ErpDetail, ErpLine, ErpRecord, RecordsUnreadable, Standing
from erpintegrations.models import (
    BringIn,
    CostCodeLink,
    CostTypeLink,
    ErpConnection,
    JobLink,
    UnlinkedRecord,
    VendorLink,
)
from erpintegrations.selectors.numbers import same_number
from erpintegrations.selectors.set_up_commitments import KNOWN_BEFORE, records_of, records_to_bring_in
from erpintegrations.services.bring_in_step import BatchDone, StepWork
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.services.live_erp import read_records
from erpintegrations.services.record_figures import by_method, cannot_be_kept, disagreements

Ours = TypeVar("Ours")

Left = UnlinkedRecord.Left
Kind, Status = Commitment.Kind, Commitment.Status
STATUSES = {
    (Kind.SUBCONTRACT, Standing.AGREED): Status.APPROVED,
    (Kind.SUBCONTRACT, Standing.FINISHED): Status.COMPLETE,
    (Kind.PURCHASE_ORDER, Standing.AGREED): Status.APPROVED,
    (Kind.PURCHASE_ORDER, Standing.FINISHED): Status.CLOSED,
}

# For one batch: far longer than it takes, far shorter than the lease.
SECONDS = 60.0
DETAIL_WIDTH = 300
PREVIEWED = ("kind", "number", "job_id", "vendor_id", "status", "amount")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed record, and the same as it was in the ERP at `seen_at`; None when it was not there any more, or when
    `problem` says what of it cannot be read.
    """

    record_id: int
    detail: ErpDetail | None
    problem: str
    seen_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Counterparts:
    """Which of ours the records of a batch refer to, by their numbers in the ERP, and what its statuses are here."""

    projects: dict[str, Project]
    vendors: dict[str, Vendor]
    cost_codes: dict[str, CostCode]
    cost_types: dict[str, CostType]
    statuses: dict[tuple[str, str], Commitment.Status]


@dataclass(frozen=True, slots=True)
class New:
    """A commitment to be created, with its lines, and the record that it is to be linked to."""

    commitment: Commitment
    lines: list[ScheduleOfValuesLine]
    record: ErpRecord

    @property
    def place(self) -> tuple[int | None, str, str]:
        """There can be one commitment here: of a kind, of a number as the ERP compares it, in a project or in all."""
        project_id = None if self.commitment.is_subcontract else self.commitment.project_id
        return project_id, self.commitment.kind, same_number(self.commitment.number)


class LeftBehind(Exception):
    """A record that is not brought in: why, and in which words where the reason alone does not say it."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(detail)
        self.why = why
        self.detail = detail


def _count(bring_in: BringIn) -> int:
    return records_to_bring_in(bring_in).count()


def _read(bring_in: BringIn, limit: int, now: datetime.datetime) -> list[Candidate]:
    rows = records_to_bring_in(bring_in).filter(pk__gt=bring_in.position).order_by("pk")
    chosen = dict(rows.values_list("pk", "erp_id")[:limit])
    details, problems = _details(bring_in.connection, chosen.values())
    return [Candidate(pk, details.get(erp_id), problems.get(erp_id, ""), now) for pk, erp_id in chosen.items()]


def _details(connection: ErpConnection, erp_ids: Collection[str]) -> tuple[dict[str, ErpDetail], dict[str, str]]:
    """Those that are there, and what cannot be read of others, which keeps nothing else from being brought in."""
    problems: dict[str, str] = {}
    while wanted := [erp_id for erp_id in erp_ids if erp_id not in problems]:
        try:
            return read_records(connection, wanted, seconds=SECONDS), problems
        except RecordsUnreadable as error:
            problems |= error.problems
    return {}, problems


def _write(bring_in: BringIn, candidates: Sequence[Candidate], now: datetime.datetime) -> BatchDone:
    """What was linked, or taken off the list, since it was read, is passed over: somebody else dealt with it."""
    connection = bring_in.connection
    rows = _locked(connection, [candidate.record_id for candidate in candidates])
    ours = _counterparts(connection, [candidate.detail for candidate in candidates if candidate.detail])
    new: dict[tuple[int | None, str, str], New] = {}
    left: list[Any] = []
    for candidate in candidates:
        row = rows.get(candidate.record_id)
        if row is None:
            continue
        try:
            if candidate.problem:
                raise LeftBehind(Left.FIGURE, candidate.problem)
            one = _new(row, candidate.detail, ours, now)
            if one.place in new:  # two of the ERP's records, of which the first was taken
                raise LeftBehind(Left.NUMBER_TAKEN)
            new[one.place] = one
        except LeftBehind as reason:
            row.left, row.left_detail = reason.why, reason.detail
            left.append(row)
    _create(bring_in, list(new.values()), seen_at=candidates[0].seen_at, now=now)
    found_out = [row for row in left if row.left not in KNOWN_BEFORE]
    UnlinkedRecord.objects.bulk_update(found_out, ["left", "left_detail"])
    return BatchDone(len(new), len(left), candidates[-1].record_id)


WORK = StepWork(count=_count, read=_read, write=_write)


def _locked(connection: ErpConnection, pks: Sequence[int]) -> dict[int, Any]:
    """Those still listed, which stay so until the transaction ends, with why they are left as it is known now."""
    list(UnlinkedRecord.objects.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))
    return {row.pk: row for row in records_of(connection).filter(pk__in=pks)}


def _counterparts(connection: ErpConnection, details: Sequence[ErpDetail]) -> Counterparts:
    records = [detail.record for detail in details]
    lines = [line for detail in details for line in detail.lines]
    living: dict[str, Any] = {"connection": connection, "gone_at": None}
    jobs = JobLink.objects.filter(erp_id__in={record.job_id for record in records}, **living)
    vendors = VendorLink.objects.filter(erp_id__in={record.vendor_id for record in records}, **living)
    codes = CostCodeLink.objects.filter(erp_id__in={line.cost_code for line in lines}, **living)
    types = CostTypeLink.objects.filter(erp_id__in={line.cost_type for line in lines}, **living)
    return Counterparts(
        projects={link.erp_id: link.project for link in jobs.select_related("project")},
        vendors={link.erp_id: link.vendor for link in vendors.select_related("vendor")},
        cost_codes={link.erp_id: link.cost_code for link in codes.select_related("cost_code")},
        cost_types={link.erp_id: link.cost_type for link in types.select_related("cost_type")},
        statuses={
            (kind, status): STATUSES[Kind(kind), standing]
            for kind, standings in connection.wording.standings.items()
            for status, standing in standings.items()
        },
    )


def _new(row: Any, detail: ErpDetail | None, ours: Counterparts, now: datetime.datetime) -> New:
    """What the record becomes; nothing of it is saved. Raises LeftBehind."""
    if detail is None or detail.record.is_void or _is_another(detail.record, row):
        raise LeftBehind(Left.CHANGED, _how_it_changed(row, detail))
    if row.why in KNOWN_BEFORE:
        raise LeftBehind(row.why)
    record = detail.record
    _require_figures(detail)
    method, figures = by_method(detail.lines)
    commitment = Commitment(
        company_id=row.company_id,
        project=_linked(ours.projects, record.job_id, Left.NO_JOB),
        kind=row.kind,
        number=row.number.strip(),
        title=record.description[:200] or row.number,
        vendor=_linked(ours.vendors, record.vendor_id, Left.NO_VENDOR),
        status=ours.statuses[record.kind, record.status],
        accounting_method=method,
        contract_date=record.contract_date,
        default_retainage_percent=detail.retainage or Decimal("0.00"),
        amount=record.amount,
        created_at=now,
        updated_at=now,
    )
    lines = [
        ScheduleOfValuesLine(
            commitment=commitment,
            position=position,
            cost_code=_coded(line, "cost code", line.cost_code, ours.cost_codes),
            cost_type=_coded(line, "cost type", line.cost_type, ours.cost_types),
            description=(line.description or commitment.title)[:200],
            quantity=quantity,
            unit_cost=unit_cost,
            amount=line.amount,
        )
        for position, (line, (quantity, unit_cost)) in enumerate(zip(detail.lines, figures, strict=True), start=1)
    ]
    return New(commitment, lines, record)


def _linked(known: Mapping[str, Ours], number: str, why: Left) -> Ours:
    """Ours of that number; its link may be gone since it was looked for. Raises LeftBehind."""
    if number not in known:
        raise LeftBehind(why)
    return known[number]


def _coded(line: ErpLine, what: str, number: str, known: Mapping[str, Ours]) -> Ours:
    """Which of ours a line's cost code or cost type is. Raises LeftBehind."""
    if number not in known:
        which = f"{what.capitalize()} {number} of line {line.number} is not brought in."
        raise LeftBehind(Left.NO_CODE, which if number else f"Line {line.number} has no {what}.")
    return known[number]


def _require_figures(detail: ErpDetail) -> None:
    """Raises LeftBehind unless there are lines, all figures agree to the cent, and they can be kept here."""
    if not detail.lines:
        raise LeftBehind(Left.NO_LINES)
    for why, told in ((Left.AMOUNTS, disagreements(detail)), (Left.FIGURE, cannot_be_kept(detail))):
        if told:
            raise LeftBehind(why, shorten(" ".join(told), DETAIL_WIDTH, placeholder=" …"))


def _how_it_changed(row: UnlinkedRecord, detail: ErpDetail | None) -> str:
    if detail is None:
        return "It was deleted since it was last read."
    if detail.record.is_void:
        return "It was voided since it was last read."
    if detail.record.status != row.status:
        return f"Its status is {detail.record.status or 'none'} by now; when it was last read, it was {row.status}."
    if detail.record.amount != row.amount:
        return f"Its amount is {detail.record.amount:,.2f} by now; when it was last read, it was {row.amount:,.2f}."
    return "It was changed since it was last read."


def _is_another(record: ErpRecord, row: UnlinkedRecord) -> bool:
    """Whether it is no longer what the preview counted and added up."""
    return any(getattr(record, name) != getattr(row, name) for name in PREVIEWED)


def _create(bring_in: BringIn, new: Sequence[New], *, seen_at: datetime.datetime, now: datetime.datetime) -> None:
    Commitment.objects.bulk_create([one.commitment for one in new])
    ScheduleOfValuesLine.objects.bulk_create([line for one in new for line in one.lines], batch_size=1000)
    link_commitments(
        connection=bring_in.connection,
        pairs=[(one.commitment, one.record) for one in new],
        by=bring_in.requested_by,
        now=now,
        seen_at=seen_at,
        verb=Verb.BROUGHT_IN,
    )
