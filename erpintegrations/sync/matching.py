"""Is a record of the ERP the document that was exported? Pure; called by services.

A document is a commitment in the ERP's field names, as `Export.document` keeps it. Exact means that a person who lays
both side by side would find the same number, job, vendor, retainage and lines; texts and dates are shown, but decide
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from erpintegrations.connectors.base import CommitmentKind, ErpDetail, ErpLine

NUMBER_FIELD = {CommitmentKind.SUBCONTRACT: "ctcnum", CommitmentKind.PURCHASE_ORDER: "ordnum"}
DATE_FIELD = {CommitmentKind.SUBCONTRACT: "condte", CommitmentKind.PURCHASE_ORDER: "orddte"}
AMOUNT_FIELD = {CommitmentKind.SUBCONTRACT: "amount", CommitmentKind.PURCHASE_ORDER: "extttl"}
NONE = ""


class Nearness(StrEnum):
    EXACT = "exact"
    NEAR = "near"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field on both sides, as text. `decides` is False for what may differ between two that match."""

    field: str
    ours: str
    theirs: str
    decides: bool = True

    @property
    def differs(self) -> bool:
        return self.ours != self.theirs


@dataclass(frozen=True, slots=True)
class LineComparison:
    """The lines at one place on both sides; one of them may have none there."""

    place: int
    fields: tuple[Comparison, ...]
    is_ours: bool
    is_theirs: bool

    @property
    def differs(self) -> bool:
        return not (self.is_ours and self.is_theirs) or any(one.differs and one.decides for one in self.fields)


@dataclass(frozen=True, slots=True)
class Match:
    """How near a record is to a document, with everything laid side by side."""

    nearness: Nearness
    header: tuple[Comparison, ...]
    lines: tuple[LineComparison, ...]

    @property
    def differences(self) -> int:
        return sum(one.differs and one.decides for one in self.header) + sum(line.differs for line in self.lines)

    @property
    def same_lines(self) -> bool:
        return not any(line.differs for line in self.lines)


def same_number(one: str, other: str) -> bool:
    """As the ERP compares numbers: without regard to case and to blanks around them."""
    return one.strip().upper() == other.strip().upper()


def match(detail: ErpDetail, document: Mapping[str, Any]) -> Match:
    """How near this record is to this document. Another number, another kind or a void record is no match at all."""
    record, kind = detail.record, CommitmentKind(document["kind"])
    lines = _lines(kind, detail.lines, document.get("lines", []))
    number = str(document.get(NUMBER_FIELD[kind], ""))
    date = record.contract_date.isoformat() if record.contract_date else NONE
    header = (
        Comparison("Number", number.strip().upper(), record.number.strip().upper()),
        Comparison("Vendor", _number(document.get("vndnum")), record.vendor_id),
        Comparison("Job", _number(document.get("jobnum")), record.job_id),
        Comparison("Total of the lines", _total(kind, document), _money(record.amount)),
        # What a change order added is no longer what was exported.
        Comparison("Changed amount", "0.00", _money(record.changed_amount)),
        *_retainage(detail, document),
        Comparison("Description", str(document.get("dscrpt", "")).strip(), record.description, decides=False),
        Comparison("Date", str(document.get(DATE_FIELD[kind]) or NONE), date, decides=False),
        Comparison("Status", NONE, record.status, decides=False),
    )
    return Match(_nearness(detail, kind, header, lines), header, lines)


def _retainage(detail: ErpDetail, document: Mapping[str, Any]) -> tuple[Comparison, ...]:
    """What is kept back of each invoice is money, too; nothing to compare where the ERP keeps none."""
    if detail.retainage is None:
        return ()
    return (Comparison("Retainage", percentage(_decimal(document.get("rtnrte"))), percentage(detail.retainage)),)


def percentage(rate: Decimal | None) -> str:
    """Such as "10 %"."""
    return f"{(rate or Decimal(0)).normalize():f} %"


def _nearness(
    detail: ErpDetail, kind: CommitmentKind, header: tuple[Comparison, ...], lines: tuple[LineComparison, ...]
) -> Nearness:
    if detail.record.kind != kind or detail.record.is_void or header[0].differs:
        return Nearness.NONE
    differs = any(one.differs and one.decides for one in header) or any(line.differs for line in lines)
    return Nearness.NEAR if differs else Nearness.EXACT


def _lines(kind: CommitmentKind, theirs: tuple[ErpLine, ...], ours: list[Any]) -> tuple[LineComparison, ...]:
    pairs = zip_longest(ours, theirs)
    return tuple(_line(kind, place, one, other) for place, (one, other) in enumerate(pairs, start=1))


def _line(kind: CommitmentKind, place: int, ours: Mapping[str, Any] | None, theirs: ErpLine | None) -> LineComparison:
    document: Mapping[str, Any] = ours or {}
    fields = [
        Comparison(
            "Description", str(document.get("dscrpt", "")).strip(), theirs.description if theirs else NONE, False
        ),
        Comparison("Cost code", _number(document.get("cstcde")), _number(theirs.cost_code) if theirs else NONE),
        Comparison("Cost type", _number(document.get("csttyp")), theirs.cost_type if theirs else NONE),
        Comparison(
            "Amount",
            _money(_decimal(document.get(AMOUNT_FIELD[kind]))) if ours is not None else NONE,
            _money(theirs.amount) if theirs else NONE,
        ),
    ]
    if kind is CommitmentKind.PURCHASE_ORDER:
        quantity = _number(theirs.quantity) if theirs else NONE
        fields.insert(3, Comparison("Quantity", _number(document.get("linqty")), quantity, decides=False))
    return LineComparison(place, tuple(fields), is_ours=ours is not None, is_theirs=theirs is not None)


def _total(kind: CommitmentKind, document: Mapping[str, Any]) -> str:
    amounts = (_decimal(line.get(AMOUNT_FIELD[kind])) for line in document.get("lines", []))
    return _money(sum((amount or Decimal(0) for amount in amounts), Decimal(0)))


def _decimal(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _number(value: object) -> str:
    """A number or a reference without trailing zeros, as text: "3.300" is "3.3", none and 0 are ''."""
    found = _decimal(value)
    return f"{found.normalize():f}" if found else NONE


def _money(amount: Decimal | None) -> str:
    return NONE if amount is None else f"{amount:.2f}"
