"""Changing a record on its screen, with Sage's checks. Callers go through `sandbox.sage_desk`."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sandbox.sage_entry import NewLine, check_header
from sandbox.sage_file import HEADERS, LARGEST, NUMBERS, SUBCONTRACT, NotInSage, SageRefuses, clock, writing
from sandbox.sage_tables import pcorln

VOID = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedLine:
    """A line as it is to be. `number` is that of the line as it is now; None for one that is added."""

    number: int | None
    line: NewLine


def change_record(
    path: str | Path,
    kind: str,
    recnum: int,
    *,
    number: str,
    vendor: int,
    description: str,
    lines: Sequence[ChangedLine],
    retention: Decimal | None = None,
    now: datetime.datetime | None = None,
) -> None:
    """This function will save a record as its screen shows it: lines that are not among these are removed.

    Sage's rules: those for keying in; a void purchase order stays as it is; what is invoiced or received on a line
    keeps it there, and its agreed amount from falling below; so does a changed amount.
    """
    header, table = HEADERS[kind]
    with writing(path) as connection:
        record = connection.execute(sa.select(header).where(header.c.recnum == recnum)).first()
        if record is None:
            raise NotInSage(recnum)
        if kind != SUBCONTRACT and record.status == VOID:
            raise SageRefuses(f"Purchase order {record.ordnum} is void. Set it to 1-Open before you change it.")
        check_header(
            connection, kind, number, vendor, record.jobnum, description, [each.line for each in lines], recnum=recnum
        )
        rows = connection.execute(sa.select(table).where(table.c.recnum == recnum)).all()
        _save_lines(connection, kind, recnum, {row.linnum: row for row in rows}, lines)
        connection.execute(
            sa.update(header)
            .where(header.c.recnum == recnum)
            .values(
                {
                    NUMBERS[kind].name: number.strip(),
                    "vndnum": vendor,
                    "dscrpt": description.strip(),
                    **({"rtnrte": retention or Decimal(0)} if kind == SUBCONTRACT else {}),
                    "upddte": clock(now),
                    **_totals(connection, kind, record),
                }
            )
        )


def _save_lines(
    connection: sa.Connection, kind: str, recnum: int, there: dict[int, sa.Row[Any]], wanted: Sequence[ChangedLine]
) -> None:
    table = HEADERS[kind][1]
    kept = [each.number for each in wanted if each.number is not None]
    if len(set(kept)) != len(kept) or not set(kept) <= there.keys():
        raise SageRefuses("Another person changed the lines of this record. Open it again.")
    for number in there.keys() - set(kept):
        _refuse_used(kind, there[number], "removed")
        connection.execute(sa.delete(table).where(table.c.recnum == recnum, table.c.linnum == number))
    next_number = max(there, default=0) + 1
    for each in wanted:
        if each.number is None:
            values = _new(kind, each.line)
            connection.execute(sa.insert(table).values(recnum=recnum, linnum=next_number, **values))
            next_number += 1
        else:
            values = _changed(kind, each.line, there[each.number])
            where = table.c.recnum == recnum, table.c.linnum == each.number
            connection.execute(sa.update(table).where(*where).values(**values))


def _new(kind: str, line: NewLine) -> dict[str, Any]:
    if kind == SUBCONTRACT:
        return {**_common(line), "amount": line.amount, "cntrct": line.amount, "remain": line.amount}
    return {**_common(line), **_quantity_and_price(line)}


def _changed(kind: str, line: NewLine, row: sa.Row[Any]) -> dict[str, Any]:
    if kind != SUBCONTRACT:
        if (line.quantity, line.amount) == (row.linqty, row.extttl):
            return _common(line)
        _refuse_used(kind, row, "given another quantity or price")
        return {**_common(line), **_quantity_and_price(line)}
    agreed = line.amount + row.change
    if not row.billed <= agreed <= LARGEST:
        raise SageRefuses(f"Line {row.linnum} cannot be changed to less than the {row.billed:,.2f} invoiced on it.")
    return {**_common(line), "amount": line.amount, "cntrct": agreed, "remain": agreed - row.billed}


def _refuse_used(kind: str, row: sa.Row[Any], what: str) -> None:
    """Raises SageRefuses for a line that something was invoiced, changed or received on."""
    used = row.billed or row.change if kind == SUBCONTRACT else row.rcvdte
    if used:
        why = "an invoiced or changed amount" if kind == SUBCONTRACT else "a received quantity"
        raise SageRefuses(f"Line {row.linnum} cannot be {what}. It has {why}.")


def _common(line: NewLine) -> dict[str, Any]:
    return {"dscrpt": line.description.strip(), "cstcde": line.cost_code, "csttyp": line.cost_type}


def _quantity_and_price(line: NewLine) -> dict[str, Decimal]:
    price = (line.amount / line.quantity).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    return {"linqty": line.quantity.quantize(Decimal("0.0001")), "linprc": price, "extttl": line.amount}


def _totals(connection: sa.Connection, kind: str, record: sa.Row[Any]) -> dict[str, Decimal]:
    """What a purchase order's header keeps of its lines' amounts; a subcontract's keeps what does not change here."""
    if kind == SUBCONTRACT:
        return {}
    amounts = connection.scalars(sa.select(pcorln.c.extttl).where(pcorln.c.recnum == record.recnum))
    total = sum(amounts, Decimal(0))
    return {
        "subttl": total,
        "pchttl": total + record.slstax,
        "pchbal": total + record.slstax - record.cancel - record.rcvdte,
    }
