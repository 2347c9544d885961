"""Keying in a subcontract or a purchase order by hand, with Sage's checks. Callers go through `sandbox.sage_desk`."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sandbox.sage_file import (
    HEADERS,
    NUMBERS,
    PURCHASE_ORDER,
    SUBCONTRACT,
    SageRefuses,
    clock,
    money,
    next_recnum,
    writing,
)
from sandbox.sage_tables import actpay, actrec, cstcde, csttyp, pchord, pcorln, sbcnln, subcon

Also = Callable[[sa.Connection, int], None]

OPEN, CURRENT = 1, 4
NUMBER_WIDTH, DESCRIPTION_WIDTH = 20, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line to be keyed in. A subcontract's line is its amount; a purchase order's is quantity × price."""

    description: str
    amount: Decimal
    cost_code: Decimal
    cost_type: int
    quantity: Decimal = Decimal(1)


def create_subcontract(
    path: str | Path,
    *,
    number: str,
    vendor: int,
    job: int,
    description: str,
    contract_date: datetime.date,
    lines: Sequence[NewLine],
    retention: Decimal | None = None,
    now: datetime.datetime | None = None,
    also: Also | None = None,
) -> int:
    """This function will key in a subcontract by hand and give its record number; `retention` is its rate in percent.

    Sage's rules: the number is not blank and not used on any job of the company; vendor, job, cost codes and cost
    types exist; at least one line. `also` is done in the same transaction.
    """
    with writing(path) as connection:
        check_header(connection, SUBCONTRACT, number, vendor, job, description, lines)
        recnum = next_recnum(connection, subcon)
        connection.execute(
            sa.insert(subcon).values(
                recnum=recnum,
                ctcnum=number.strip(),
                vndnum=vendor,
                jobnum=job,
                status=CURRENT,
                condte=contract_date,
                dscrpt=description.strip(),
                rtnrte=retention or Decimal(0),
                insdte=clock(now),
            )
        )
        for position, line in enumerate(lines, start=1):
            connection.execute(
                sa.insert(sbcnln).values(
                    recnum=recnum,
                    linnum=position,
                    dscrpt=line.description.strip(),
                    amount=line.amount,
                    cntrct=line.amount,
                    remain=line.amount,
                    cstcde=line.cost_code,
                    csttyp=line.cost_type,
                )
            )
        if also is not None:
            also(connection, recnum)
        return recnum


def create_purchase_order(
    path: str | Path,
    *,
    number: str,
    vendor: int,
    job: int,
    description: str,
    order_date: datetime.date,
    lines: Sequence[NewLine],
    now: datetime.datetime | None = None,
    also: Also | None = None,
) -> int:
    """This function will key in a purchase order by hand and give its record number. Rules as for a subcontract."""
    with writing(path) as connection:
        check_header(connection, PURCHASE_ORDER, number, vendor, job, description, lines)
        recnum, total = next_recnum(connection, pchord), sum(line.amount for line in lines)
        connection.execute(
            sa.insert(pchord).values(
                recnum=recnum,
                ordnum=number.strip(),
                vndnum=vendor,
                jobnum=job,
                status=OPEN,
                orddte=order_date,
                dscrpt=description.strip(),
                insdte=clock(now),
                subttl=total,
                pchttl=total,
                pchbal=total,
            )
        )
        for position, line in enumerate(lines, start=1):
            price = (line.amount / line.quantity).quantize(Decimal("0.000001"), ROUND_HALF_UP)
            connection.execute(
                sa.insert(pcorln).values(
                    recnum=recnum,
                    linnum=position,
                    dscrpt=line.description.strip(),
                    linqty=line.quantity,
                    linprc=price,
                    extttl=line.amount,
                    cstcde=line.cost_code,
                    csttyp=line.cost_type,
                )
            )
        if also is not None:
            also(connection, recnum)
        return recnum


def check_header(
    connection: sa.Connection,
    kind: str,
    number: str,
    vendor: int,
    job: int,
    description: str,
    lines: Sequence[NewLine],
    *,
    recnum: int | None = None,
) -> None:
    """This function will check what is keyed in, for a new record or the one with this record number.

    Raises SageRefuses.
    """
    name = "Subcontract number" if kind == SUBCONTRACT else "Order number"
    number = number.strip()
    if not 1 <= len(number) <= NUMBER_WIDTH:
        raise SageRefuses(f"{name} must have 1 to {NUMBER_WIDTH} characters.")
    if len(description.strip()) > DESCRIPTION_WIDTH:
        raise SageRefuses(f"The description must have at most {DESCRIPTION_WIDTH} characters.")
    same = sa.select(HEADERS[kind][0].c.recnum).where(sa.func.lower(NUMBERS[kind]) == number.lower())
    if any(found != recnum for found in connection.scalars(same)):
        raise SageRefuses(f"{name} {number} is in use already. Numbers are unique across all jobs.")
    _require(connection, actpay.c.recnum, vendor, "vendor")
    _require(connection, actrec.c.recnum, job, "job")
    if not lines:
        raise SageRefuses("Please enter at least one line.")
    for line in lines:
        _check_line(connection, line)


def _check_line(connection: sa.Connection, line: NewLine) -> None:
    money(line.amount)
    if line.quantity <= 0:
        raise SageRefuses("A line's quantity must be more than zero.")
    if len(line.description.strip()) > DESCRIPTION_WIDTH:
        raise SageRefuses(f"A line's description must have at most {DESCRIPTION_WIDTH} characters.")
    _require(connection, cstcde.c.recnum, line.cost_code, "cost code")
    _require(connection, csttyp.c.recnum, line.cost_type, "cost type")


def _require(connection: sa.Connection, key: sa.Column[Any], value: Any, what: str) -> None:
    if connection.scalar(sa.select(key).where(key == value)) is None:
        raise SageRefuses(f"There is no {what} {value}.")
