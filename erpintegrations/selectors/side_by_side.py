"""A commitment here and a record of the ERP next to each other, and where they differ. No ERP is asked.

Numbers, codes and amounts count as different; texts, dates and states are shown, but are no drift. What of ours is not
linked to a counterpart in the ERP is told by our own name.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import zip_longest

from django.utils.formats import date_format

from commitments.models import Commitment, ScheduleOfValuesLine
from erpintegrations.connectors.base import ErpDetail, ErpLine
from erpintegrations.models import ErpConnection, JobLink, SyncLink, VendorLink
from erpintegrations.selectors.commitments import lines_of
from erpintegrations.selectors.references import References, references_of

NOT_LINKED = "not linked"


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing on both sides, as text. `decides` is False for what may well be another one."""

    label: str
    ours: str
    theirs: str
    decides: bool = True
    is_same: bool = False

    @property
    def differs(self) -> bool:
        return not self.is_same and self.ours != self.theirs

    @property
    def counts(self) -> bool:
        return self.differs and self.decides


@dataclass(frozen=True, slots=True)
class LinePair:
    """The lines at one place on both sides; one of them may have none there."""

    place: int
    pairs: tuple[Pair, ...]
    is_ours: bool
    is_theirs: bool

    @property
    def differing(self) -> str:
        """Such as "Cost code and amount differ"."""
        labels = [pair.label.lower() for pair in self.pairs if pair.counts]
        return f"{' and '.join(labels)} differ{'' if len(labels) > 1 else 's'}".capitalize()

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


def compare_with_record(commitment: Commitment, connection: ErpConnection, detail: ErpDetail) -> SideBySide:
    """A commitment, loaded with project and vendor, and a record as it was just read. Seven queries."""
    lines = list(lines_of(commitment))
    references = references_of(commitment, lines, connection)
    record = detail.record
    header = (
        *_numbers(commitment, connection, references, record.number, record.vendor_id, record.job_id, record.amount),
        Pair("Description", commitment.title, record.description, decides=False),
        Pair("Date", _date(commitment.contract_date), _date(record.contract_date), decides=False),
        Pair("Status", commitment.get_status_display(), record.status, decides=False),
        Pair("Changed by change orders", "", _money(record.changed_amount), decides=False),
        Pair("Invoiced", "", _money(record.invoiced_amount), decides=False),
    )
    pairs = enumerate(zip_longest(lines, detail.lines), start=1)
    return SideBySide(header, tuple(_line(place, one, other, references) for place, (one, other) in pairs))


def compare_with_recorded(commitment: Commitment, link: SyncLink) -> SideBySide:
    """A commitment and what is recorded of its record, when the ERP cannot be asked. Four queries."""
    references = references_of(commitment, [], link.connection)
    numbers = (link.erp_number, link.erp_vendor_id, link.erp_job_id, link.erp_amount)
    return SideBySide(
        (
            *_numbers(commitment, link.connection, references, *numbers),
            Pair("Description", commitment.title, link.erp_description, decides=False),
            Pair("Status", commitment.get_status_display(), link.erp_status, decides=False),
            Pair("Changed by change orders", "", _money(link.changed_amount), decides=False),
            Pair("Invoiced", "", _money(link.invoiced_amount), decides=False),
        )
    )


def _numbers(
    commitment: Commitment,
    connection: ErpConnection,
    references: References,
    number: str,
    vendor_id: str,
    job_id: str,
    amount: Decimal,
) -> tuple[Pair, ...]:
    vendor, job = references.vendor, references.job
    return (
        Pair("Number", commitment.number, number, is_same=commitment.number.strip().upper() == number.strip().upper()),
        Pair(
            "Vendor",
            _named(vendor.erp_id if vendor else "", commitment.vendor.name),
            _named(vendor_id, _vendor_name(connection, vendor_id), ""),
            is_same=vendor is not None and vendor.erp_id == vendor_id,
        ),
        Pair(
            "Job",
            _named(job.erp_id if job else "", str(commitment.project)),
            _named(job_id, _job_name(connection, job_id), ""),
            is_same=job is not None and job.erp_id == job_id,
        ),
        Pair("Amount", _money(commitment.amount), _money(amount)),
    )


def _line(place: int, ours: ScheduleOfValuesLine | None, theirs: ErpLine | None, references: References) -> LinePair:
    code = references.cost_codes.get(ours.cost_code_id) if ours else None
    kind = references.cost_types.get(ours.cost_type_id) if ours else None
    pairs = (
        Pair("Description", ours.description if ours else "", theirs.description if theirs else "", decides=False),
        Pair(
            "Cost code",
            _named(code.erp_id if code else "", str(ours.cost_code)) if ours else "",
            _figure(theirs.cost_code) if theirs else "",
            is_same=code is not None and theirs is not None and _figure(code.erp_id) == _figure(theirs.cost_code),
        ),
        Pair(
            "Cost type",
            _named(kind.erp_id if kind else "", str(ours.cost_type)) if ours else "",
            theirs.cost_type if theirs else "",
            is_same=kind is not None and theirs is not None and kind.erp_id == theirs.cost_type,
        ),
        Pair("Amount", _money(ours.amount) if ours else "", _money(theirs.amount) if theirs else ""),
    )
    return LinePair(place, pairs, is_ours=ours is not None, is_theirs=theirs is not None)


def _named(erp_id: str, name: str, otherwise: str = NOT_LINKED) -> str:
    """Such as "7 · Bayshore Concrete", or "Bayshore Concrete (not linked)"."""
    if not erp_id:
        return f"{name} ({otherwise})" if otherwise and name else name
    return f"{erp_id} · {name}" if name else erp_id


def _vendor_name(connection: ErpConnection, erp_id: str) -> str:
    return _name_of(VendorLink, connection, erp_id)


def _job_name(connection: ErpConnection, erp_id: str) -> str:
    return _name_of(JobLink, connection, erp_id)


def _name_of(links: type[VendorLink | JobLink], connection: ErpConnection, erp_id: str) -> str:
    found = links.objects.filter(connection=connection, erp_id=erp_id).values_list("erp_name", flat=True)
    return (found.first() or "") if erp_id else ""


def _figure(value: str) -> str:
    """Without trailing zeros: "3.300" is "3.3"."""
    try:
        return f"{Decimal(value).normalize():f}"
    except InvalidOperation:
        return value


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _date(value: datetime.date | None) -> str:
    return date_format(value, "M j, Y") if value else ""
