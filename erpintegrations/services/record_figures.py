"""The figures of an ERP's record: whether they agree with each other to the cent, and what they are here.

Pure. `bring_in_commitments` alone imports this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from commitments.editing.inputs import amount_of
from commitments.models import Commitment
from erpintegrations.connectors.base import ErpDetail, ErpLine, StatedAmounts

Method = Commitment.AccountingMethod

FOUR_PLACES, TWO_PLACES = Decimal("0.0001"), Decimal("0.01")
# What the columns hold of a line's quantity, unit cost and, as it may be the unit cost, its amount.
BEYOND = Decimal(10) ** 10
HUNDRED_PERCENT = Decimal(100)


def disagreements(detail: ErpDetail) -> list[str]:
    """Where the ERP says two things of one amount, or has money in the record that is in none of its lines. Sentences
    with the figures.
    """
    amount = sum((line.amount for line in detail.lines), Decimal("0.00"))
    found = []
    if amount != detail.record.amount:
        found.append(f"Its lines make {amount:,.2f}, the record {detail.record.amount:,.2f}.")
    if detail.stated is not None:
        found += _of_header(amount, detail.stated)
    for line in detail.lines:
        found += _of_line(line)
    return found


def _of_header(amount: Decimal, stated: StatedAmounts) -> Iterator[str]:
    if stated.subtotal != amount:
        yield f"Its lines make {amount:,.2f}, its subtotal is {stated.subtotal:,.2f}."
    if stated.sales_tax:
        yield f"A sales tax of {stated.sales_tax:,.2f} is in none of its lines."
    if stated.total != stated.subtotal + stated.sales_tax:
        made = stated.subtotal + stated.sales_tax
        yield f"Its subtotal and sales tax make {made:,.2f}, its total is {stated.total:,.2f}."
    if stated.cancelled:
        yield f"{stated.cancelled:,.2f} of it is cancelled, which its lines still hold."


def _of_line(line: ErpLine) -> Iterator[str]:
    made = line.amount + line.changed_amount
    if line.total_amount is not None and line.total_amount != made:
        yield f"Line {line.number} and its changes make {made:,.2f}, its total is {line.total_amount:,.2f}."
    if line.cancelled_quantity:
        of = f" of {line.quantity:f}" if line.quantity is not None else ""
        yield f"Of line {line.number}, {line.cancelled_quantity:f}{of} is cancelled, which its amount still holds."


def cannot_be_kept(detail: ErpDetail) -> list[str]:
    """Which figures no commitment here can have. Sentences with the figures."""
    retainage = detail.retainage or Decimal(0)
    found = []
    if not 0 <= retainage <= HUNDRED_PERCENT or retainage != retainage.quantize(TWO_PLACES):
        found.append(f"Its retainage is {retainage:f} %; here it is from 0 to 100 %, with two decimals at most.")
    found += [
        f"Line {line.number} is {line.amount:,.2f}; here a line is less than {BEYOND:,}."
        for line in detail.lines
        if abs(line.amount) >= BEYOND
    ]
    return found


def by_method(lines: Sequence[ErpLine]) -> tuple[str, list[tuple[Decimal, Decimal]]]:
    """The accounting method, and each line's quantity and unit cost by it.

    By units where the ERP keeps quantity and price of every line, and they make its amount to the cent.
    """
    units = [
        (line.quantity, line.unit_price)
        for line in lines
        if line.quantity is not None
        and line.unit_price is not None
        and all(_fits(number) for number in (line.quantity, line.unit_price))
        and amount_of(line.quantity, line.unit_price) == line.amount
    ]
    if len(units) == len(lines):
        return Method.UNIT_BASED, units
    return Method.AMOUNT_BASED, [(Decimal(1), line.amount) for line in lines]


def _fits(number: Decimal) -> bool:
    return abs(number) < BEYOND and number == number.quantize(FOUR_PLACES)
