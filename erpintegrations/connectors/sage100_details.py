"""What Sage holds beside totals: lines, masters, and how wide its texts are. Only `sage100` imports this.

Lines are in the order of their number. A subcontract's line keeps no quantity; a purchase order's received quantity is
turned into an amount by its price.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa

from erpintegrations.connectors import normalise
from erpintegrations.connectors import sage100_tables as tables
from erpintegrations.connectors.base import (
    CommitmentKind,
    ErpLine,
    Master,
    Masters,
    NeedsAttention,
    StatedAmounts,
    TextWidths,
)
from erpintegrations.connectors.columns import columns_of
from erpintegrations.connectors.engines import Source

Value = TypeVar("Value")
Plain = Callable[[str, str, Callable[[object], Value], object], Value]

JOB_STATUS = {1: "1-Bid", 2: "2-Refused", 3: "3-Contract", 4: "4-Current", 5: "5-Complete", 6: "6-Closed"}


Problems = dict[int, NeedsAttention]
"""By a record's number, what of it cannot be read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which records' details are wanted, by their numbers, and which optional columns the database has."""

    kind: CommitmentKind
    parents: Sequence[int]
    optional: frozenset[str]


def lines_of(
    connection: sa.Connection, asked: Asked, plain: Plain[Any], problems: Problems
) -> dict[int, tuple[ErpLine, ...]]:
    """The lines of these records, by the record's number."""
    found: defaultdict[int, list[ErpLine]] = defaultdict(list)
    for row in connection.execute(tables.select_lines(asked.kind, asked.parents, asked.optional)):
        with _told(problems, row.parent) as parent:
            found[parent].append(_line(asked.kind, row, plain))
    return {parent: tuple(lines) for parent, lines in found.items()}


def _line(kind: CommitmentKind, row: sa.Row[Any], plain: Plain[Any]) -> ErpLine:
    table = tables.LINES[kind].name

    def read(column: str, how: Callable[[object], Value]) -> Value:
        return plain(table, column, how, getattr(row, column))

    is_order = kind is CommitmentKind.PURCHASE_ORDER
    price = read("price", normalise.number) if is_order else None
    received = read("received", normalise.number) if is_order else None
    return ErpLine(
        number=read("linnum", normalise.whole_number) or 0,
        description=read("description", normalise.text),
        cost_code=read("cstcde", normalise.code),
        cost_type=read("csttyp", normalise.reference),
        quantity=read("quantity", normalise.number) if is_order else None,
        unit_price=price,
        amount=read("amount", normalise.amount),
        changed_amount=Decimal("0.00") if is_order else read("changed", normalise.amount),
        invoiced_amount=plain(table, "received", partial(normalise.amount_of, price=price), received)
        if is_order
        else read("invoiced", normalise.amount),
        total_amount=None if is_order else read("total", normalise.amount),
        cancelled_quantity=(read("cancelled", normalise.number) or Decimal(0)) if is_order else Decimal(0),
    )


def retainages_of(connection: sa.Connection, asked: Asked, plain: Plain[Any], problems: Problems) -> dict[int, Decimal]:
    """The rate of each of these subcontracts by its number, in percent; none where the database has no such column."""
    found: dict[int, Decimal] = {}
    if asked.kind is CommitmentKind.SUBCONTRACT and "subcon.rtnrte" in asked.optional:
        for row in connection.execute(tables.select_retainages(asked.parents)):
            with _told(problems, row.recnum) as number:
                found[number] = plain("subcon", "rtnrte", normalise.number, row.rtnrte) or Decimal(0)
    return found


def stated_of(
    connection: sa.Connection, asked: Asked, plain: Plain[Any], problems: Problems
) -> dict[int, StatedAmounts]:
    """What the header of each of these purchase orders says, by its number."""
    found: dict[int, StatedAmounts] = {}
    if asked.kind is CommitmentKind.PURCHASE_ORDER:
        for row in connection.execute(tables.select_stated_amounts(asked.parents)):
            with _told(problems, row.recnum) as number:
                read = (plain("pchord", name, normalise.amount, getattr(row, name)) for name in tables.STATED)
                found[number] = StatedAmounts(*read)
    return found


@contextmanager
def _told(problems: Problems, number: object) -> Iterator[int]:
    """What cannot be read of one record keeps nobody from reading the others."""
    record = int(str(number))
    try:
        yield record
    except NeedsAttention as problem:
        problems[record] = problem


def masters(connection: sa.Connection, plain: Plain[Any]) -> Masters:
    """All jobs, vendors, cost codes and cost types, in the order of their numbers."""
    return Masters(
        jobs=_read(connection, tables.jobs, "jobnme", normalise.reference, plain, has_status=True),
        vendors=_read(connection, tables.vendors, "vndnme", normalise.reference, plain),
        cost_codes=_read(connection, tables.cost_codes, "cdenme", normalise.code, plain),
        cost_types=_read(connection, tables.cost_types, "typnme", normalise.reference, plain),
    )


def _read(
    connection: sa.Connection,
    table: sa.Table,
    name: str,
    number: Callable[[object], str],
    plain: Plain[Any],
    *,
    has_status: bool = False,
) -> tuple[Master, ...]:
    short = "shtnme" if "shtnme" in table.c else None
    rows = connection.execute(sa.select(table).order_by(table.c.recnum))
    return tuple(
        Master(
            erp_id=plain(table.name, "recnum", number, row.recnum),
            name=plain(table.name, name, normalise.text, getattr(row, name)),
            short_name=plain(table.name, short, normalise.text, getattr(row, short)) if short else "",
            status=_job_status(plain(table.name, "status", normalise.whole_number, row.status)) if has_status else "",
        )
        for row in rows
    )


def _job_status(status: int | None) -> str:
    return "" if status is None else JOB_STATUS.get(status, str(status))


def text_widths(connection: sa.Connection, source: Source) -> TextWidths:
    """The narrower of both kinds' columns counts, so that what fits one fits the other. Where a column does not say how
    wide it is, the published limit stands.
    """
    there = columns_of(connection, source.schema, tables.REQUIRED)

    def width(*columns: tuple[str, str]) -> int | None:
        lengths = [getattr(there[table].get(column), "length", None) for table, column in columns]
        return min((length for length in lengths if isinstance(length, int) and length > 0), default=None)

    limits = TextWidths()
    return TextWidths(
        number=width(("subcon", "ctcnum"), ("pchord", "ordnum")) or limits.number,
        title=width(("subcon", "dscrpt"), ("pchord", "dscrpt")) or limits.title,
        line_description=width(("sbcnln", "dscrpt"), ("pcorln", "dscrpt")) or limits.line_description,
        vendor_name=width(("actpay", "vndnme")) or limits.vendor_name,
    )
