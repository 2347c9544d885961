"""Opening the sample company's file, and the box of deleted records beside it. Only the desk and its lists import this.

The company's file holds exactly Sage's tables. What is deleted is kept in a second SQLite file beside it, attached in
the same transaction, so that it can be restored as from a backup.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sandbox import sage_tables as tables

SUBCONTRACT = "subcontract"
PURCHASE_ORDER = "purchase_order"
JOB = "job"
HEADERS: dict[str, tuple[sa.Table, sa.Table]] = {
    SUBCONTRACT: (tables.subcon, tables.sbcnln),
    PURCHASE_ORDER: (tables.pchord, tables.pcorln),
}
NUMBERS = {SUBCONTRACT: tables.subcon.c.ctcnum, PURCHASE_ORDER: tables.pchord.c.ordnum}

CENT = Decimal("0.01")
LARGEST = Decimal("9999999999.99")

CREATE_BACKUP = (
    "CREATE TABLE IF NOT EXISTS backup.deleted (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, identity TEXT NOT NULL, "
    "number TEXT NOT NULL, description TEXT NOT NULL, how TEXT NOT NULL, deleted_at TEXT NOT NULL, rows TEXT NOT NULL)"
)


class SageRefuses(Exception):
    """Sage does not do what was asked for, in its own tone. Nothing was changed."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SageNotReachable(Exception):
    """The company's file is missing, damaged or held by another program. Nothing was changed."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotInSage(LookupError):
    """There is no such record."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deleted record, as the box remembers it. `how` is what deleted it."""

    id: int
    kind: str
    identity: str
    number: str
    description: str
    how: str
    deleted_at: datetime.datetime


def backup_path(path: str | Path) -> Path:
    return Path(f"{Path(path).resolve()}.deleted")


@contextmanager
def reading(path: str | Path) -> Iterator[sa.Connection]:
    """A connection that only reads. Raises SageNotReachable."""
    with _explained(), tables.company_engine(path).connect() as connection:
        yield connection


@contextmanager
def writing(path: str | Path) -> Iterator[sa.Connection]:
    """One transaction on the company and the box; other writers wait. Raises SageNotReachable."""
    with _explained(), tables.company_engine(path).connect() as connection:
        connection.exec_driver_sql("ATTACH ? AS backup", (f"{backup_path(path).as_uri()}?mode=rwc",))
        # From the start on the only writer: what a check has seen still holds when the change is made.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql(CREATE_BACKUP)
        yield connection
        connection.commit()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        text = str(error.orig)
        if "locked" in text or "busy" in text:
            raise SageNotReachable(
                "Another program is writing to the company. Please try again in a minute."
            ) from error
        if "unable to open" in text:
            problem = "The sample company's Sage file is not there or cannot be opened."
        elif isinstance(error, sa.exc.DatabaseError):
            problem = "The sample company's Sage file cannot be read: it is damaged, or a table is missing."
        else:
            raise
        raise SageNotReachable(f"{problem} Put it back, or start over with: script/server --fresh") from error


def clock(now: datetime.datetime | None) -> datetime.datetime:
    """What Sage's columns take for this moment, or for now: they hold no time zone, and its clock here is UTC."""
    moment = now or datetime.datetime.now(datetime.UTC)
    return moment.astimezone(datetime.UTC).replace(tzinfo=None, microsecond=0)


def money(amount: Decimal) -> Decimal:
    """An amount that fits Sage's columns. Raises SageRefuses."""
    if not amount.is_finite() or abs(amount) > LARGEST or amount != amount.quantize(CENT):
        raise SageRefuses("An amount has at most ten digits before and two after the decimal point.")
    return amount.quantize(CENT)


def next_recnum(connection: sa.Connection, header: sa.Table) -> int:
    """The next free record number. That of a deleted record can come again, as in Sage."""
    return (connection.scalar(sa.select(sa.func.max(header.c.recnum))) or 0) + 1


def put_in_box(connection: sa.Connection, kind: str, recnum: int, *, how: str, at: datetime.datetime) -> None:
    """This function will copy a record with its lines, or a job, into the box. The caller deletes it."""
    found = {table.name: _raw_rows(connection, table, recnum) for table in _tables_of(kind)}
    first = next(iter(found.values()))[0]
    number = str(first["recnum"]) if kind == JOB else first[NUMBERS[kind].name]
    connection.exec_driver_sql(
        "INSERT INTO backup.deleted (kind, identity, number, description, how, deleted_at, rows) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(kind, str(first.get("_idnum", recnum)), number, first.get("dscrpt", first.get("jobnme", ""))),
            *(how, at.isoformat(), json.dumps(found)),
        ),
    )


def boxed(connection: sa.Connection) -> list[Deleted]:
    """What can be restored, the latest first; jobs come back with their records and are not listed."""
    if connection.exec_driver_sql("SELECT name FROM backup.sqlite_master WHERE name = 'deleted'").first() is None:
        return []
    rows = connection.exec_driver_sql(
        "SELECT id, kind, identity, number, description, how, deleted_at FROM backup.deleted "
        "WHERE kind <> ? ORDER BY id DESC",
        (JOB,),
    )
    return [_deleted(row) for row in rows]


def take_from_box(connection: sa.Connection, deleted_id: int) -> tuple[Deleted, dict[str, list[dict[str, Any]]]]:
    """This function will take a deleted record out of the box. Raises NotInSage."""
    row = connection.exec_driver_sql(
        "SELECT id, kind, identity, number, description, how, deleted_at, rows FROM backup.deleted WHERE id = ?",
        (deleted_id,),
    ).first()
    if row is None:
        raise NotInSage
    connection.exec_driver_sql("DELETE FROM backup.deleted WHERE id = ?", (deleted_id,))
    return _deleted(row), json.loads(row.rows)


def boxed_job(connection: sa.Connection, recnum: int) -> int | None:
    """The id in the box of the job with this number, the latest deleted."""
    return connection.exec_driver_sql(
        "SELECT max(id) FROM backup.deleted WHERE kind = ? AND identity = ?", (JOB, str(recnum))
    ).scalar()


def insert_raw(connection: sa.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """This function will write rows back as they were read, value by value."""
    known = tables.metadata.tables[table]
    for row in rows:
        columns = [column for column in row if column in known.c]
        names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" for _ in columns)
        connection.exec_driver_sql(
            f'INSERT INTO "{table}" ({names}) VALUES ({marks})',  # noqa: S608  names come from our own tables
            tuple(row[column] for column in columns),
        )


def _deleted(row: sa.Row[Any]) -> Deleted:
    at = datetime.datetime.fromisoformat(row.deleted_at).replace(tzinfo=datetime.UTC)  # as Sage's clock here
    return Deleted(row.id, row.kind, row.identity, row.number, row.description, row.how, at)


def _tables_of(kind: str) -> tuple[sa.Table, ...]:
    return (tables.actrec,) if kind == JOB else HEADERS[kind]


def _raw_rows(connection: sa.Connection, table: sa.Table, recnum: int) -> list[dict[str, Any]]:
    # Past SQLAlchemy's types: SQLite's own values survive JSON without loss.
    query = f"SELECT * FROM main.{table.name} WHERE recnum = ?"  # noqa: S608  a name of our own
    return [dict(row) for row in connection.exec_driver_sql(query, (recnum,)).mappings()]
