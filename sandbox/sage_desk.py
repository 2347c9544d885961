"""What a person can do at Sage's desk: each function is one menu command, one transaction on the company's file.

The product never imports this. Screens call it, and so do tests that need something to happen in the ERP. All raise
SageRefuses with Sage's own sentence, NotInSage for a record that is not there, and SageNotReachable for the file;
nothing is changed then. `now` is the moment that Sage's clock shows, today's by default.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sandbox.sage_changes import ChangedLine, change_record
from sandbox.sage_entry import NewLine, create_purchase_order, create_subcontract
from sandbox.sage_file import (
    CENT,
    HEADERS,
    JOB,
    LARGEST,
    NUMBERS,
    PURCHASE_ORDER,
    SUBCONTRACT,
    NotInSage,
    SageNotReachable,
    SageRefuses,
    boxed_job,
    clock,
    insert_raw,
    money,
    next_recnum,
    put_in_box,
    reading,
    take_from_box,
    writing,
)
from sandbox.sage_tables import actrec, pchord, pcorln, sbcnln, subcon

__all__ = [
    "PURCHASE_ORDER",
    "SUBCONTRACT",
    "ChangedLine",
    "NewLine",
    "NotInSage",
    "Removed",
    "SageNotReachable",
    "SageRefuses",
    "change_record",
    "create_purchase_order",
    "create_subcontract",
    "delete_subcontract",
    "recnum_of",
    "remove_refused_closed_jobs",
    "reopen_purchase_order",
    "restore",
    "set_changed_amount",
    "set_invoiced_amount",
    "set_job_status",
    "void_purchase_order",
]

REFUSED, CLOSED_JOB = 2, 6
JOB_STATUSES = {1: "1-Bid", 2: "2-Refused", 3: "3-Contract", 4: "4-Current", 5: "5-Complete", 6: "6-Closed"}
OPEN, VOID = 1, 5


@dataclass(frozen=True, slots=True)
class Removed:
    """What "Remove Refused/Closed Jobs" took away: jobs by number, and the numbers of their commitments."""

    jobs: list[int]
    numbers: list[str]


def recnum_of(path: str | Path, kind: str, number: str) -> int:
    """The record number of the record with this subcontract or order number. Raises NotInSage."""
    header = HEADERS[kind][0]
    with reading(path) as connection:
        recnum = connection.scalar(sa.select(header.c.recnum).where(NUMBERS[kind] == number))
    if recnum is None:
        raise NotInSage(number)
    return int(recnum)


def delete_subcontract(path: str | Path, recnum: int, *, now: datetime.datetime | None = None) -> str:
    """This function will do 6-7-1 Edit ▸ Delete Subcontract and give the number deleted.

    Sage's rule: refused as soon as a line has an invoiced or a changed amount. It is a real delete.
    """
    with writing(path) as connection:
        number = _record(connection, SUBCONTRACT, recnum).ctcnum
        totals = sa.func.count().filter(sbcnln.c.billed != 0), sa.func.count().filter(sbcnln.c.change != 0)
        invoiced, changed = connection.execute(sa.select(*totals).where(sbcnln.c.recnum == recnum)).one()
        if invoiced or changed:
            what = " and ".join(["an invoiced amount"] * bool(invoiced) + ["a changed amount"] * bool(changed))
            raise SageRefuses(
                f"You cannot delete subcontract {number}. It has {what}. "
                "A subcontract can be deleted only while it has no invoiced and no changed amount."
            )
        _delete(connection, SUBCONTRACT, recnum, how="Delete Subcontract", at=clock(now))
        return str(number)


def void_purchase_order(path: str | Path, recnum: int, *, now: datetime.datetime | None = None) -> str:
    """This function will do 6-6-1 Edit ▸ Void and give the number voided: the row stays, with status 5-Void.

    Sage's rule: refused once something has been received on it, or when it is void already.
    """
    with writing(path) as connection:
        order = _record(connection, PURCHASE_ORDER, recnum)
        if order.status == VOID:
            raise SageRefuses(f"Purchase order {order.ordnum} is void already.")
        if order.rcvdte:
            raise SageRefuses(
                f"You cannot void purchase order {order.ordnum}. It has a received amount of {order.rcvdte:,.2f}. "
                "Reverse the receipts first."
            )
        _update(connection, pchord, recnum, status=VOID, upddte=clock(now))
        return str(order.ordnum)


def reopen_purchase_order(path: str | Path, recnum: int, *, now: datetime.datetime | None = None) -> str:
    """This function will set a void purchase order back to 1-Open and give its number."""
    with writing(path) as connection:
        order = _record(connection, PURCHASE_ORDER, recnum)
        if order.status != VOID:
            raise SageRefuses(f"Purchase order {order.ordnum} is not void.")
        _update(connection, pchord, recnum, status=OPEN, upddte=clock(now))
        return str(order.ordnum)


def set_job_status(path: str | Path, recnum: int, status: int) -> None:
    """This function will give a job another status in 3-5 Jobs."""
    if status not in JOB_STATUSES:
        raise SageRefuses(f"A job's status is a number from 1 to 6, not {status}.")
    with writing(path) as connection:
        _job(connection, recnum)
        connection.execute(sa.update(actrec).where(actrec.c.recnum == recnum).values(status=status))


def remove_refused_closed_jobs(
    path: str | Path, *, only: Collection[int] | None = None, now: datetime.datetime | None = None
) -> Removed:
    """This function will remove the jobs with status 2-Refused or 6-Closed, each together with its commitments.

    Whatever was invoiced on them: that is how Sage purges old jobs. With `only`, no job but these, as previewed.
    """
    with writing(path) as connection:
        query = sa.select(actrec.c.recnum).where(actrec.c.status.in_([REFUSED, CLOSED_JOB])).order_by(actrec.c.recnum)
        jobs = [recnum for recnum in connection.scalars(query) if only is None or recnum in only]
        if not jobs:
            raise SageRefuses("There are no refused or closed jobs to remove.")
        numbers = [number for recnum in jobs for number in _remove_job(connection, recnum, clock(now))]
        return Removed(jobs, numbers)


def set_invoiced_amount(
    path: str | Path, kind: str, recnum: int, amount: Decimal, *, now: datetime.datetime | None = None
) -> None:
    """This function will make this the amount invoiced on a subcontract, or received on a purchase order.

    It fills the lines from the first on, as an invoice over that much would. Sage's rule: never more than agreed.
    """
    amount = money(amount)
    with writing(path) as connection:
        record = _record(connection, kind, recnum)
        lines = HEADERS[kind][1]
        agreed = lines.c.cntrct if kind == SUBCONTRACT else lines.c.extttl
        query = sa.select(lines.c.linnum, agreed.label("agreed"), *_quantity(kind))
        rows = connection.execute(query.where(lines.c.recnum == recnum).order_by(lines.c.linnum)).all()
        total = sum((row.agreed for row in rows), Decimal(0))
        if not 0 <= amount <= total:
            raise SageRefuses(f"The amount must be between 0.00 and the agreed total of {total:,.2f}.")
        left = amount
        for row in rows:
            taken = min(left, max(row.agreed, Decimal(0)))
            left -= taken
            _update_line(connection, lines, recnum, row.linnum, **_invoiced(kind, row, taken))
        header: dict[str, Any] = (
            {"invttl": amount}
            if kind == SUBCONTRACT
            else {"rcvdte": amount, "pchbal": record.pchttl - record.cancel - amount}
        )
        _update(connection, HEADERS[kind][0], recnum, upddte=clock(now), **header)


def set_changed_amount(path: str | Path, recnum: int, amount: Decimal, *, now: datetime.datetime | None = None) -> None:
    """This function will make this the changed amount of a subcontract, on its first line, as a change order would.

    Sage's rule: a line cannot fall below what has been invoiced on it.
    """
    amount = money(amount)
    with writing(path) as connection:
        _record(connection, SUBCONTRACT, recnum)
        row = connection.execute(
            sa.select(sbcnln).where(sbcnln.c.recnum == recnum).order_by(sbcnln.c.linnum).limit(1)
        ).first()
        if row is None:
            raise SageRefuses("The subcontract has no line that could be changed.")
        agreed = row.amount + amount
        if not row.billed <= agreed <= LARGEST:
            raise SageRefuses(f"Line {row.linnum} cannot be changed to less than the {row.billed:,.2f} invoiced on it.")
        remain = agreed - row.billed
        _update_line(connection, sbcnln, recnum, row.linnum, change=amount, cntrct=agreed, remain=remain)
        total = connection.scalar(sa.select(sa.func.sum(sbcnln.c.change)).where(sbcnln.c.recnum == recnum))
        _update(connection, subcon, recnum, upddte=clock(now), chgttl=Decimal(str(total)).quantize(CENT))


def restore(path: str | Path, deleted_id: int) -> str:
    """This function will bring back a deleted record as it was, with its identity, and give its number.

    Its job comes back with it when that was removed. Refused when its number has been given to another record since.
    """
    with writing(path) as connection:
        deleted, rows = take_from_box(connection, deleted_id)
        if deleted.kind == JOB:
            raise NotInSage
        header, lines = HEADERS[deleted.kind]
        row = rows[header.name][0]
        if connection.scalar(sa.select(header.c.recnum).where(header.c["_idnum"] == row["_idnum"])) is not None:
            raise SageRefuses(f"{deleted.number} is in the company already.")
        if connection.scalar(sa.select(header.c.recnum).where(NUMBERS[deleted.kind] == deleted.number)) is not None:
            raise SageRefuses(f"Number {deleted.number} has been used for another record since. Delete that one first.")
        _restore_job(connection, row["jobnum"])
        # A record number may have been given again since; the identity never is.
        if connection.scalar(sa.select(header.c.recnum).where(header.c.recnum == row["recnum"])) is not None:
            recnum = next_recnum(connection, header)
            for entry in (*rows[header.name], *rows[lines.name]):
                entry["recnum"] = recnum
        for table in (header.name, lines.name):
            insert_raw(connection, table, rows[table])
        return deleted.number


def _record(connection: sa.Connection, kind: str, recnum: int) -> sa.Row[Any]:
    header = HEADERS[kind][0]
    row = connection.execute(sa.select(header).where(header.c.recnum == recnum)).first()
    if row is None:
        raise NotInSage(recnum)
    return row


def _job(connection: sa.Connection, recnum: int) -> None:
    if connection.scalar(sa.select(actrec.c.recnum).where(actrec.c.recnum == recnum)) is None:
        raise NotInSage(recnum)


def _update(connection: sa.Connection, header: sa.Table, recnum: int, **values: Any) -> None:
    connection.execute(sa.update(header).where(header.c.recnum == recnum).values(**values))


def _update_line(connection: sa.Connection, lines: sa.Table, recnum: int, linnum: int, **values: Any) -> None:
    connection.execute(sa.update(lines).where(lines.c.recnum == recnum, lines.c.linnum == linnum).values(**values))


def _delete(connection: sa.Connection, kind: str, recnum: int, *, how: str, at: datetime.datetime) -> None:
    put_in_box(connection, kind, recnum, how=how, at=at)
    for table in HEADERS[kind]:
        connection.execute(sa.delete(table).where(table.c.recnum == recnum))


def _remove_job(connection: sa.Connection, job: int, at: datetime.datetime) -> list[str]:
    numbers: list[str] = []
    put_in_box(connection, JOB, job, how="Remove Refused/Closed Jobs", at=at)
    for kind, (header, _) in HEADERS.items():
        query = sa.select(header.c.recnum, NUMBERS[kind]).where(header.c.jobnum == job)
        for recnum, number in connection.execute(query.order_by(NUMBERS[kind])).all():
            _delete(connection, kind, recnum, how="Remove Refused/Closed Jobs", at=at)
            numbers.append(number)
    connection.execute(sa.delete(actrec).where(actrec.c.recnum == job))
    return numbers


def _restore_job(connection: sa.Connection, job: int) -> None:
    if connection.scalar(sa.select(actrec.c.recnum).where(actrec.c.recnum == job)) is not None:
        return
    boxed = boxed_job(connection, job)
    if boxed is None:
        raise SageRefuses(f"Job {job} does not exist any more.")
    insert_raw(connection, actrec.name, take_from_box(connection, boxed)[1][actrec.name])


def _quantity(kind: str) -> list[sa.ColumnElement[Any]]:
    return [pcorln.c.linqty] if kind == PURCHASE_ORDER else []


def _invoiced(kind: str, row: sa.Row[Any], taken: Decimal) -> dict[str, Decimal]:
    if kind == SUBCONTRACT:
        return {"billed": taken, "remain": row.agreed - taken}
    share = taken / row.agreed if row.agreed else Decimal(0)
    return {"rcvdte": (row.linqty * share).quantize(Decimal("0.0001"), ROUND_HALF_UP)}
