"""What Sage's screens list and show, read from the sample company's file. Nothing here writes."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sandbox.sage_desk import CLOSED_JOB, JOB_STATUSES, REFUSED
from sandbox.sage_file import (
    CENT,
    HEADERS,
    NUMBERS,
    PURCHASE_ORDER,
    SUBCONTRACT,
    Deleted,
    NotInSage,
    backup_path,
    boxed,
    reading,
)
from sandbox.sage_tables import actpay, actrec, cstcde, csttyp, pchord, pcorln, sbcnln, subcon

PAGE_SIZE = 25
LARGEST_RECNUM = 2**63 - 1
STATUSES = {
    SUBCONTRACT: JOB_STATUSES,
    PURCHASE_ORDER: {1: "1-Open", 2: "2-Review", 3: "3-Dispute", 4: "4-Closed", 5: "5-Void", 6: "6-Master"},
}


@dataclass(frozen=True, slots=True)
class Record:
    """A subcontract or purchase order as a screen shows it. `amount` is the total of the lines as first agreed.

    `retention` is in percent; a purchase order has none.
    """

    kind: str
    recnum: int
    identity: str
    number: str
    description: str
    date: datetime.date | None
    status: str
    job: int
    job_name: str
    vendor: int
    vendor_name: str
    amount: Decimal
    changed: Decimal
    invoiced: Decimal
    retention: Decimal | None

    @property
    def is_void(self) -> bool:
        return self.kind == PURCHASE_ORDER and self.status.startswith("5")

    @property
    def left(self) -> Decimal:
        return self.amount + self.changed - self.invoiced


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    description: str
    cost_code: Decimal
    cost_code_name: str
    cost_type: str
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal
    changed: Decimal | None
    invoiced: Decimal
    cost_type_number: int


@dataclass(frozen=True, slots=True)
class Page:
    """One short page of a list. Pages count from 1; one beyond the end is the last."""

    rows: list[Record]
    number: int
    count: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE_SIZE))

    @property
    def position(self) -> str:
        first = (self.number - 1) * PAGE_SIZE + 1
        return f"{first:,}–{first + len(self.rows) - 1:,} of {self.count:,}" if self.rows else "0 records"


@dataclass(frozen=True, slots=True)
class Job:
    recnum: int
    name: str
    status: int
    subcontracts: int
    purchase_orders: int

    @property
    def status_label(self) -> str:
        return JOB_STATUSES.get(self.status, str(self.status))

    @property
    def is_removable(self) -> bool:
        return self.status in (REFUSED, CLOSED_JOB)


def list_records(path: str | Path, kind: str, *, search: str = "", page: int = 1) -> Page:
    """A page of the records whose number, description, vendor or job holds the text, ordered by number."""
    query = _records(kind)
    columns = (NUMBERS[kind], HEADERS[kind][0].c.dscrpt, actpay.c.vndnme, actrec.c.jobnme)
    if search:
        query = query.where(sa.or_(*(column.icontains(search, autoescape=True) for column in columns)))
    with reading(path) as connection:
        count = connection.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
        number = min(max(page, 1), max(1, -(-count // PAGE_SIZE)))
        ordered = query.order_by(NUMBERS[kind], HEADERS[kind][0].c.recnum)
        found = connection.execute(ordered.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE))
        return Page([_record(kind, row) for row in found], number, count)


def read_record(path: str | Path, kind: str, recnum: int) -> tuple[Record, list[Line]]:
    """A record with its lines. Raises NotInSage."""
    if recnum > LARGEST_RECNUM:
        raise NotInSage(recnum)
    with reading(path) as connection:
        row = connection.execute(_records(kind).where(HEADERS[kind][0].c.recnum == recnum)).first()
        if row is None:
            raise NotInSage(recnum)
        lines = connection.execute(_lines(kind).where(HEADERS[kind][1].c.recnum == recnum))
        return _record(kind, row), [_line(kind, line) for line in lines]


def list_jobs(path: str | Path) -> list[Job]:
    """All jobs with how many commitments each has."""
    counts = [
        sa.select(sa.func.count()).where(header.c.jobnum == actrec.c.recnum).scalar_subquery()
        for header in (subcon, pchord)
    ]
    query = sa.select(actrec.c.recnum, actrec.c.jobnme, actrec.c.status, *counts).order_by(actrec.c.recnum)
    with reading(path) as connection:
        return [Job(*row) for row in connection.execute(query).all()]


def removable_jobs(path: str | Path) -> list[tuple[Job, list[str]]]:
    """What "Remove Refused/Closed Jobs" would remove: each job with the numbers of its commitments."""
    found = [job for job in list_jobs(path) if job.is_removable]
    with reading(path) as connection:
        return [(job, _numbers_of(connection, job.recnum)) for job in found]


def list_deleted(path: str | Path) -> list[Deleted]:
    """What can be restored, the latest deleted first."""
    if not backup_path(path).exists():
        return []
    with reading(path) as connection:
        connection.exec_driver_sql("ATTACH ? AS backup", (f"{backup_path(path).as_uri()}?mode=ro",))
        return boxed(connection)


def choices(path: str | Path) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen when a record is keyed in: vendors, jobs, cost codes, cost types as (value, label)."""
    queries = {
        "vendor": sa.select(actpay.c.recnum, actpay.c.vndnme).order_by(actpay.c.vndnme),
        "job": sa.select(actrec.c.recnum, actrec.c.jobnme).order_by(actrec.c.recnum),
        "cost_code": sa.select(cstcde.c.recnum, cstcde.c.cdenme).order_by(cstcde.c.recnum),
        "cost_type": sa.select(csttyp.c.recnum, csttyp.c.typnme).order_by(csttyp.c.recnum),
    }
    with reading(path) as connection:
        return {
            name: [(str(row[0]), f"{row[0]} {row[1]}") for row in connection.execute(query)]
            for name, query in queries.items()
        }


def _numbers_of(connection: sa.Connection, job: int) -> list[str]:
    return [
        number
        for kind, (header, _) in HEADERS.items()
        for number in connection.scalars(sa.select(NUMBERS[kind]).where(header.c.jobnum == job).order_by(NUMBERS[kind]))
    ]


def _records(kind: str) -> sa.Select[Any]:
    header, lines = HEADERS[kind]
    date = header.c.condte if kind == SUBCONTRACT else header.c.orddte
    invoiced = _total(lines.c.billed, header) if kind == SUBCONTRACT else header.c.rcvdte
    changed = _total(lines.c.change, header) if kind == SUBCONTRACT else sa.literal(0)
    amount = _total(lines.c.amount if kind == SUBCONTRACT else lines.c.extttl, header)
    return (
        sa.select(
            *(header.c.recnum, header.c["_idnum"].label("identity"), NUMBERS[kind].label("number"), header.c.dscrpt),
            *(date.label("date"), header.c.status, header.c.jobnum, actrec.c.jobnme, header.c.vndnum),
            *(actpay.c.vndnme, amount.label("amount"), changed.label("changed"), invoiced.label("invoiced")),
            (header.c.rtnrte if kind == SUBCONTRACT else sa.null()).label("retention"),
        )
        .select_from(header)
        .outerjoin(actrec, actrec.c.recnum == header.c.jobnum)
        .outerjoin(actpay, actpay.c.recnum == header.c.vndnum)
    )


def _total(column: sa.Column[Any], header: sa.Table) -> sa.ScalarSelect[Any]:
    return (
        sa.select(sa.func.coalesce(sa.func.sum(column), 0))
        .where(column.table.c.recnum == header.c.recnum)
        .scalar_subquery()
    )


def _lines(kind: str) -> sa.Select[Any]:
    lines = HEADERS[kind][1]
    order = kind == PURCHASE_ORDER
    own: list[sa.ColumnElement[Any]] = (
        [
            *(pcorln.c.linqty.label("quantity"), pcorln.c.linprc.label("price"), pcorln.c.extttl.label("amount")),
            *(sa.null().label("changed"), pcorln.c.rcvdte.label("invoiced")),
        ]
        if order
        else [
            *(sa.null().label("quantity"), sa.null().label("price"), sbcnln.c.amount.label("amount")),
            *(sbcnln.c.change.label("changed"), sbcnln.c.billed.label("invoiced")),
        ]
    )
    return (
        sa.select(
            lines.c.linnum, lines.c.dscrpt, lines.c.cstcde, lines.c.csttyp, cstcde.c.cdenme, csttyp.c.typnme, *own
        )
        .outerjoin(cstcde, cstcde.c.recnum == lines.c.cstcde)
        .outerjoin(csttyp, csttyp.c.recnum == lines.c.csttyp)
        .order_by(lines.c.linnum)
    )


def _record(kind: str, row: sa.Row[Any]) -> Record:
    return Record(
        kind,
        *(row.recnum, row.identity, row.number, row.dscrpt, row.date),
        *(STATUSES[kind].get(row.status, str(row.status)), row.jobnum, row.jobnme or "", row.vndnum, row.vndnme or ""),
        *(_cents(row.amount), _cents(row.changed), _cents(row.invoiced), row.retention),
    )


def _line(kind: str, row: sa.Row[Any]) -> Line:
    return Line(
        *(row.linnum, row.dscrpt, row.cstcde, row.cdenme or "", row.typnme or ""),
        *(row.quantity, row.price, row.amount, row.changed, row.invoiced, row.csttyp),
    )


def _cents(value: Any) -> Decimal:
    # SQLite adds up doubles; what the screen shows is rounded to the cent they stand for.
    return Decimal(str(value)).quantize(CENT)
