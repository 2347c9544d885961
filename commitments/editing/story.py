"""What a history tells of an edit: each field that changed, before and after, in words. No query of its own."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from commitments.editing.inputs import FIELD_LABELS, HEADER_FIELDS
from commitments.models import Commitment, ScheduleOfValuesLine

SEPARATOR = " · "
ORDER_NAMED = 50
Words = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One line in words, as `line_words` gives them; its id tells it from the others, wherever it stands."""

    pk: int
    position: int
    words: str


def told(name: str) -> str:
    """The key under which a history tells of a field; its words are the page's label."""
    return FIELD_LABELS[name].lower().replace(" ", "_")


def header_words(commitment: Commitment) -> dict[str, str]:
    """A commitment's own fields in words, without the empty ones; its vendor must be loaded."""
    words = {told(name): _words(commitment, name) for name in HEADER_FIELDS}
    return {name: text for name, text in words.items() if text}


def line_words(line: ScheduleOfValuesLine, accounting_method: str) -> str:
    """Such as "03-300 Concrete · Material · Slab · 10 CY × 5.00 = 50.00"; its codes must be loaded."""
    amount = money(line.amount)
    if accounting_method == Commitment.AccountingMethod.UNIT_BASED:
        quantity = f"{figure(line.quantity)} {line.unit_of_measure}".strip()
        amount = f"{quantity} × {figure(line.unit_cost, 2)} = {amount}"
    return SEPARATOR.join([str(line.cost_code), str(line.cost_type), line.description, amount])


def created(commitment: Commitment, count: int) -> dict[str, str]:
    return header_words(commitment) | {"amount": money(commitment.amount), "lines": str(count)}


def deleted(commitment: Commitment, lines: Sequence[ScheduleOfValuesLine]) -> dict[str, str]:
    """All of it: nothing else will be left."""
    words = {f"line_{line.position}": line_words(line, commitment.accounting_method) for line in lines}
    return header_words(commitment) | {"amount": money(commitment.amount)} | words


def edited(
    was: Commitment,
    became: Commitment,
    old_lines: Sequence[ScheduleOfValuesLine],
    new_lines: Sequence[ScheduleOfValuesLine],
) -> tuple[Words, Words]:
    """(before, after) of what differs: fields, then lines, which are compared by their ids."""
    before: Words = {}
    after: Words = {}
    for name in HEADER_FIELDS:
        old, new = _words(was, name), _words(became, name)
        if old != new:
            before[told(name)], after[told(name)] = old, new
    of_lines = changed_lines(told_lines(was, old_lines), told_lines(became, new_lines))
    before |= of_lines[0]
    after |= of_lines[1]
    if was.amount != became.amount:
        before["amount"], after["amount"] = money(was.amount), money(became.amount)
    return before, after


def told_lines(commitment: Commitment, lines: Sequence[ScheduleOfValuesLine]) -> list[ToldLine]:
    return [ToldLine(line.pk, line.position, line_words(line, commitment.accounting_method)) for line in lines]


def changed_lines(old: Sequence[ToldLine], new: Sequence[ToldLine]) -> tuple[Words, Words]:
    """(before, after) of the lines that were added, changed or removed, and of their order."""
    before: Words = {}
    after: Words = {}
    old_by_id = {line.pk: line for line in old}
    kept = [line for line in new if line.pk in old_by_id]
    for line in new:
        was = old_by_id.get(line.pk)
        if was is None:
            before[f"added_line_{line.position}"], after[f"added_line_{line.position}"] = None, line.words
        elif was.words != line.words:
            before[f"line_{line.position}"], after[f"line_{line.position}"] = was.words, line.words
    kept_ids = {line.pk for line in kept}
    for line in old:
        if line.pk not in kept_ids:
            before[f"removed_line_{line.position}"], after[f"removed_line_{line.position}"] = line.words, None
    order = [old_by_id[line.pk].position for line in kept]
    if order != sorted(order):
        before["order_of_lines"], after["order_of_lines"] = _order(sorted(order)), _order(order)
    return before, after


def _order(positions: list[int]) -> str:
    named = ", ".join(map(str, positions[:ORDER_NAMED]))
    return f"{named}, …" if len(positions) > ORDER_NAMED else named


def _words(commitment: Commitment, name: str) -> str:
    if name == "vendor":
        return f"{commitment.vendor.name} ({commitment.vendor.number})"
    if name in ("status", "accounting_method"):
        return str(getattr(commitment, f"get_{name}_display")())
    value: Any = getattr(commitment, name)
    if name == "default_retainage_percent":
        return f"{figure(value, 2)} %"
    return value.isoformat() if isinstance(value, datetime.date) else str(value or "")


def money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def figure(value: Decimal, least: int = 0) -> str:
    """As a person writes it: separators, and no decimals that say nothing, down to `least`."""
    whole, _, fraction = f"{value:,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    return f"{whole}.{fraction}" if fraction else whole
