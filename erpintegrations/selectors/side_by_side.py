"""A commitment here and a record of the ERP next to each other, and where they differ. No ERP is asked.

Numbers, codes and amounts count as different; texts, dates and states are shown, but are no drift. The number of a
linked one counts no more: accounting may have accepted it under another. What of ours is not linked to a counterpart in
the ERP is told by our own name.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import Any

from django.utils.formats import date_format

from commitments.models import Commitment, ScheduleOfValuesLine
from erpintegrations.amounts import money
from erpintegrations.connectors.base import ErpDetail, ErpLine, ErpRecord
from erpintegrations.models import ErpConnection, SyncLink
from erpintegrations.selectors.commitments import lines_of
from erpintegrations.selectors.erp_names import COST_CODE, COST_TYPE, JOB, VENDOR, ErpNames, erp_names
from erpintegrations.selectors.references import Reference, References, references_of
from erpintegrations.sync.matching import percentage

NOT_LINKED = "not linked"


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing on both sides, as text. `decides` is False for what may well be another one.

    `variance` is by how much the ERP's amount differs from ours, None for what is no amount.
    """

    label: str
    ours: str
    theirs: str
    decides: bool = True
    is_same: bool = False
    variance: Decimal | None = None

    @property
    def differs(self) -> bool:
        return not self.is_same and self.ours != self.theirs

    @property
    def counts(self) -> bool:
        return self.differs and self.decides

    @property
    def differing(self) -> str:
        """Such as "Differs", or "Differs by 2,500.00"."""
        return "Differs" if self.variance is None else f"Differs by {money(self.variance)}"


@dataclass(frozen=True, slots=True)
class LinePair:
    """The lines at one place on both sides; one of them may have none there."""

    place: int
    pairs: tuple[Pair, ...]
    is_ours: bool
    is_theirs: bool

    @property
    def differing(self) -> str:
        """Such as "Cost code and amount differ", or "Amount differs by 2,500.00"."""
        differing = [pair for pair in self.pairs if pair.counts]
        labels = [pair.label.lower() for pair in differing]
        variances = [f" by {money(pair.variance)}" for pair in differing if pair.variance is not None]
        return f"{' and '.join(labels)} differ{'' if len(labels) > 1 else 's'}".capitalize() + "".join(variances)

    @property
    def counts(self) -> bool:
        return not (self.is_ours and self.is_theirs) or any(pair.counts for pair in self.pairs)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Both sides. `lines` is empty when only what is recorded could be shown."""

    header: tuple[Pair, ...]
    lines: tuple[LinePair, ...] = ()

    @property
    def differences(self) -> int:
        return sum(pair.counts for pair in self.header) + sum(line.counts for line in self.lines)


def amount_pair(label: str, ours: Decimal | None, theirs: Decimal | None, *, decides: bool = True) -> Pair:
    """None where a side has no such amount."""
    variance = theirs - ours if ours is not None and theirs is not None else None
    return Pair(label, _money(ours), _money(theirs), decides=decides, variance=variance)


def compare_with_record(
    commitment: Commitment, connection: ErpConnection, detail: ErpDetail, *, is_linked: bool = False
) -> SideBySide:
    """A commitment, loaded with project and vendor, and a record as it was just read. Six queries."""
    lines, record = list(lines_of(commitment)), detail.record
    references = references_of(commitment, lines, connection)
    names = erp_names(connection.pk, _numbers_of(record.vendor_id, record.job_id, detail.lines))
    header = (
        Pair(
            "Number",
            commitment.number,
            record.number,
            decides=not is_linked,
            is_same=commitment.number.strip().upper() == record.number.strip().upper(),
        ),
        *_partners(commitment, references, names, record.vendor_id, record.job_id),
        amount_pair("Amount", commitment.amount, record.amount),
        *_retainage(commitment, detail),
        Pair("Description", commitment.title, record.description, decides=False),
        Pair("Date", _date(commitment.contract_date), _date(record.contract_date), decides=False),
        Pair("Status", commitment.get_status_display(), record.status, decides=False),
        *_amounts_there(record),
    )
    pairs = enumerate(zip_longest(lines, detail.lines), start=1)
    return SideBySide(header, tuple(_line(place, one, other, references, names) for place, (one, other) in pairs))


def _retainage(commitment: Commitment, detail: ErpDetail) -> tuple[Pair, ...]:
    """Nothing where the ERP keeps none."""
    if detail.retainage is None:
        return ()
    return (Pair("Retainage", percentage(commitment.default_retainage_percent), percentage(detail.retainage)),)


def compare_with_recorded(commitment: Commitment, link: SyncLink) -> SideBySide:
    """A commitment and what is recorded of its record, when the ERP cannot be asked. Five queries."""
    references = references_of(commitment, [], link.connection)
    names = erp_names(link.connection_id, _numbers_of(link.erp_vendor_id, link.erp_job_id))
    return SideBySide(
        (
            Pair("Number", commitment.number, link.erp_number, decides=False),
            *_partners(commitment, references, names, link.erp_vendor_id, link.erp_job_id),
            amount_pair("Amount", commitment.amount, link.erp_amount),
            Pair("Description", commitment.title, link.erp_description, decides=False),
            Pair("Status", commitment.get_status_display(), link.erp_status, decides=False),
            *_amounts_there(link),
        )
    )


def _numbers_of(vendor_id: str, job_id: str, lines: Sequence[ErpLine] = ()) -> dict[str, list[str]]:
    """What the ERP's side is known by there, by kind."""
    return {
        VENDOR: [vendor_id],
        JOB: [job_id],
        COST_CODE: [figure(line.cost_code) for line in lines],
        COST_TYPE: [line.cost_type for line in lines],
    }


def _partners(
    commitment: Commitment, references: References, names: ErpNames, vendor_id: str, job_id: str
) -> tuple[Pair, Pair]:
    return (
        _coded("Vendor", VENDOR, references.vendor, commitment.vendor, vendor_id, names),
        _coded("Job", JOB, references.job, commitment.project, job_id, names),
    )


def _amounts_there(there: ErpRecord | SyncLink) -> tuple[Pair, Pair]:
    return (
        Pair("Changed by change orders", "", money(there.changed_amount), decides=False),
        Pair("Invoiced", "", money(there.invoiced_amount), decides=False),
    )


def _line(
    place: int,
    ours: ScheduleOfValuesLine | None,
    theirs: ErpLine | None,
    references: References,
    names: ErpNames,
) -> LinePair:
    code = references.cost_codes.get(ours.cost_code_id) if ours else None
    kind = references.cost_types.get(ours.cost_type_id) if ours else None
    code_there, kind_there = (figure(theirs.cost_code), theirs.cost_type) if theirs else ("", "")
    pairs = (
        Pair("Description", ours.description if ours else "", theirs.description if theirs else "", decides=False),
        _coded("Cost code", COST_CODE, code, ours and ours.cost_code, code_there, names),
        _coded("Cost type", COST_TYPE, kind, ours and ours.cost_type, kind_there, names),
        amount_pair("Amount", ours.amount if ours else None, theirs.amount if theirs else None),
    )
    return LinePair(place, pairs, is_ours=ours is not None, is_theirs=theirs is not None)


def _coded(label: str, kind: str, reference: Reference | None, ours: Any, theirs: str, names: ErpNames) -> Pair:
    """What the ERP knows by a number: ours, which has a name, with its counterpart's number if it has one."""
    not_linked = f"{ours} ({NOT_LINKED})" if ours else ""
    return Pair(
        label,
        f"{reference.erp_id} · {ours.name}" if reference else not_linked,
        names.named(kind, theirs),
        is_same=reference is not None and figure(reference.erp_id) == figure(theirs),
    )


def figure(value: str) -> str:
    """Without trailing zeros: "3.300" is "3.3"."""
    try:
        return f"{Decimal(value).normalize():f}"
    except InvalidOperation:
        return value


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else money(amount)


def _date(value: datetime.date | None) -> str:
    return date_format(value, "M j, Y") if value else ""
