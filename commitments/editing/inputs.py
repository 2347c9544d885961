"""What somebody wants a commitment to be: typed, tidied, and its amounts computed. Pure; no query."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, fields, replace
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from commitments.models import Commitment, ScheduleOfValuesLine

MOST_LINES = 500
CENT = Decimal("0.01")
# Digits enough for the product of any two numbers that can be typed.
EXACT = 200

FIELD_LABELS = {
    "number": "Number",
    "title": "Title",
    "vendor": "Contract company",
    "status": "Status",
    "accounting_method": "Accounting method",
    "contract_date": "Contract date",
    "start_date": "Start date",
    "estimated_completion_date": "Estimated completion date",
    "delivery_date": "Delivery date",
    "default_retainage_percent": "Default retainage",
    "description": "Description",
    "inclusions": "Inclusions",
    "exclusions": "Exclusions",
    "lines": "Schedule of values",
    "cost_code": "Cost code",
    "cost_type": "Cost type",
    "quantity": "Quantity",
    "unit_of_measure": "Unit",
    "unit_cost": "Unit cost",
    "amount": "Amount",
}
SUBCONTRACT_FIELDS = ("start_date", "estimated_completion_date", "inclusions", "exclusions")
PURCHASE_ORDER_FIELDS = ("delivery_date",)
DATES = ("contract_date", "start_date", "estimated_completion_date", "delivery_date")
LONG_TEXTS = ("description", "inclusions", "exclusions")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentInput:
    """A commitment's own fields. None stands for what was left empty."""

    number: str
    title: str
    vendor: int | None
    status: str
    accounting_method: str
    default_retainage_percent: Decimal | None = Decimal("0.00")
    contract_date: datetime.date | None = None
    start_date: datetime.date | None = None
    estimated_completion_date: datetime.date | None = None
    delivery_date: datetime.date | None = None
    description: str = ""
    inclusions: str = ""
    exclusions: str = ""

    @classmethod
    def of(cls, commitment: Commitment) -> CommitmentInput:
        """A commitment as it is."""
        values = {name: getattr(commitment, name) for name in HEADER_FIELDS if name != "vendor"}
        return cls(vendor=commitment.vendor_id, **values)

    def tidied(self) -> CommitmentInput:
        """Without space around texts, nor line breaks within those of one line."""
        texts: dict[str, Any] = {name: one_line(getattr(self, name)) for name in ("number", "title")}
        texts |= {name: many_lines(getattr(self, name)) for name in LONG_TEXTS}
        return replace(self, **texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineInput:
    """One line of the schedule of values. `id` is that of the line it was, None for a new one.

    The unit-based accounting method takes quantity, unit and unit cost; the amount-based one takes the amount.
    """

    id: int | None = None
    cost_code: int | None
    cost_type: int | None
    description: str
    quantity: Decimal | None = None
    unit_of_measure: str = ""
    unit_cost: Decimal | None = None
    amount: Decimal | None = None

    @classmethod
    def of(cls, line: ScheduleOfValuesLine) -> LineInput:
        """A line as it is."""
        return cls(
            id=line.pk,
            cost_code=line.cost_code_id,
            cost_type=line.cost_type_id,
            description=line.description,
            quantity=line.quantity,
            unit_of_measure=line.unit_of_measure,
            unit_cost=line.unit_cost,
            amount=line.amount,
        )

    def tidied(self, accounting_method: str) -> LineInput:
        """With texts tidied, and the figures that the accounting method does not ask for computed."""
        line = replace(self, description=one_line(self.description), unit_of_measure=one_line(self.unit_of_measure))
        if accounting_method == Commitment.AccountingMethod.AMOUNT_BASED:
            return replace(line, quantity=Decimal(1), unit_of_measure="", unit_cost=line.amount)
        return replace(line, amount=amount_of(line.quantity, line.unit_cost))


HEADER_FIELDS = tuple(field.name for field in fields(CommitmentInput))
LINE_FIELDS = tuple(field.name for field in fields(LineInput) if field.name != "id")


def amount_of(quantity: Decimal | None, unit_cost: Decimal | None) -> Decimal | None:
    """Quantity × unit cost in cents, a half rounded up. None while one of them is missing."""
    if quantity is None or unit_cost is None:
        return None
    with localcontext(prec=EXACT):
        return (quantity * unit_cost).quantize(CENT, rounding=ROUND_HALF_UP)


def fields_of_kind(kind: str) -> tuple[str, ...]:
    """The fields that a commitment of this kind has."""
    others = PURCHASE_ORDER_FIELDS if kind == Commitment.Kind.SUBCONTRACT else SUBCONTRACT_FIELDS
    return tuple(name for name in HEADER_FIELDS if name not in others)


def statuses_of_kind(kind: str) -> list[tuple[str, str]]:
    """(value, label) of each status that a commitment of this kind can have."""
    is_subcontract = kind == Commitment.Kind.SUBCONTRACT
    values = Commitment.SUBCONTRACT_STATUSES if is_subcontract else Commitment.PURCHASE_ORDER_STATUSES
    return [(str(value), str(Commitment.Status(value).label)) for value in values]


def one_line(text: str) -> str:
    return " ".join(text.split())


def many_lines(text: str) -> str:
    return re.sub(r"\r\n?", "\n", text).strip()


def plain(value: Any) -> Any:
    """For comparing what was with what is wanted: 1 and 1.00 are the same figure."""
    return value.normalize() if isinstance(value, Decimal) else value
