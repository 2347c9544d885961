"""The sample company's tables, named and columned as in a Sage 100 Contractor database, in a SQLite file.

`create_company` makes the file; the sandbox's screens and the tests write into it with these tables. The product
never imports this module: it finds the same tables with its connector, as it would in a real company's database.
"""

from __future__ import annotations

import datetime
import os
import secrets
import sqlite3
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import UserDefinedType

NOW = sa.text("CURRENT_TIMESTAMP")
LARGEST_APPLICATION_ID = 2**31 - 1


class ExactDecimal(UserDefinedType[Decimal]):
    """A decimal that reads back exactly as it was written.

    SQLite keeps a NUMERIC column as a whole number or a double. A double holds any decimal of up to 15 digits without
    loss and no column here has more, so rounding to the column's scale on reading gives the very same decimal.
    NUMERIC rather than TEXT, because `billed <> 0` and sorting must compare numbers.
    """

    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        if precision > 15:
            raise ValueError("SQLite keeps at most 15 digits exactly.")
        self.precision = precision
        self.scale = scale

    def get_col_spec(self, **_: Any) -> str:
        return f"NUMERIC({self.precision}, {self.scale})"

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], str | None]:
        unit = Decimal(1).scaleb(-self.scale)
        limit = Decimal(10) ** (self.precision - self.scale)

        def to_database(value: Any) -> str | None:
            if value is None:
                return None
            number = Decimal(str(value))
            if number != number.quantize(unit) or abs(number) >= limit:
                raise ValueError(f"{number} does not fit decimal({self.precision},{self.scale}).")
            return str(number.quantize(unit))

        return to_database

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Decimal | None]:
        unit = Decimal(1).scaleb(-self.scale)
        return lambda value: None if value is None else Decimal(str(value)).quantize(unit)


def new_idnum() -> str:
    """A row's identity as SQL Server shows a uniqueidentifier: in capitals."""
    return str(uuid.uuid4()).upper()


def key() -> sa.Column[int]:
    return sa.Column("recnum", sa.Integer, primary_key=True)


def idnum() -> sa.Column[str]:
    # A uniqueidentifier has no case, so neither has its text here.
    return sa.Column("_idnum", sa.String(36, collation="NOCASE"), nullable=False, default=new_idnum)


def text(name: str, width: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(width), nullable=False, default="", server_default="")


def reference(name: str) -> sa.Column[int]:
    """The recnum of another table's row; 0 means none."""
    return sa.Column(name, sa.Integer, nullable=False, default=0, server_default="0")


def small(name: str, default: int = 0) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger, nullable=False, default=default, server_default=str(default))


def decimal(name: str, precision: int = 12, scale: int = 2) -> sa.Column[Decimal]:
    return sa.Column(name, ExactDecimal(precision, scale), nullable=False, default=Decimal(0), server_default="0")


def cost_code() -> sa.Column[Decimal]:
    return decimal("cstcde", 15, 3)


def inserted() -> sa.Column[datetime.datetime]:
    return sa.Column("insdte", sa.DateTime, nullable=False, server_default=NOW)


def updated() -> sa.Column[datetime.datetime]:
    """Stays NULL until the first edit."""
    return sa.Column("upddte", sa.DateTime)


metadata = sa.MetaData()

actrec = sa.Table("actrec", metadata, key(), text("jobnme", 75), text("shtnme", 30), small("status", 4))
actpay = sa.Table("actpay", metadata, key(), text("vndnme", 75), text("shtnme", 30))
cstcde = sa.Table("cstcde", metadata, sa.Column("recnum", ExactDecimal(15, 3), primary_key=True), text("cdenme", 50))
csttyp = sa.Table("csttyp", metadata, sa.Column("recnum", sa.SmallInteger, primary_key=True), text("typnme", 30))

subcon = sa.Table(
    "subcon",
    metadata,
    idnum(),
    key(),
    text("ctcnum", 20),
    reference("vndnum"),
    reference("jobnum"),
    small("status", 4),
    sa.Column("condte", sa.Date),
    text("dscrpt", 50),
    decimal("rtnrte", 5, 2),
    small("lckedt"),
    inserted(),
    updated(),
    decimal("invttl"),
    decimal("chgttl"),
    sa.Index("subcon_idnum", "_idnum", unique=True),
)

sbcnln = sa.Table(
    "sbcnln",
    metadata,
    sa.Column("recnum", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("linnum", sa.Integer, primary_key=True, autoincrement=False),
    text("dscrpt", 50),
    decimal("amount"),
    decimal("change"),
    decimal("cntrct"),
    decimal("billed"),
    decimal("remain"),
    cost_code(),
    small("csttyp"),
    sqlite_with_rowid=False,
)

pchord = sa.Table(
    "pchord",
    metadata,
    idnum(),
    key(),
    text("ordnum", 20),
    sa.Column("orddte", sa.Date),
    reference("vndnum"),
    reference("jobnum"),
    text("dscrpt", 50),
    small("status", 1),
    decimal("rcvdte"),
    decimal("cancel"),
    decimal("subttl"),
    decimal("slstax"),
    decimal("pchttl"),
    decimal("pchbal"),
    inserted(),
    updated(),
    sa.Index("pchord_idnum", "_idnum", unique=True),
)

pcorln = sa.Table(
    "pcorln",
    metadata,
    sa.Column("recnum", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("linnum", sa.Integer, primary_key=True, autoincrement=False),
    text("dscrpt", 50),
    decimal("linqty", 15, 4),
    decimal("linprc", 15, 6),
    decimal("extttl"),
    decimal("rcvdte", 15, 4),
    decimal("cancel", 15, 4),
    cost_code(),
    small("csttyp"),
    sqlite_with_rowid=False,
)


def company_engine(path: str | os.PathLike[str]) -> sa.Engine:
    """An engine that writes to the company's file; it waits for other writers, and never creates a file."""
    return _engine(Path(path).resolve(), mode="rw")


def _engine(path: Path, *, mode: str) -> sa.Engine:
    uri = f"{path.as_uri()}?mode={mode}"
    return sa.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(uri, uri=True, timeout=20), poolclass=sa.NullPool
    )


def create_company(path: str | os.PathLike[str]) -> None:
    """Create a company without any records, as an identity of its own. Raises FileExistsError.

    The file appears under its name only when it is whole, so a set-up that is killed leaves no half company.
    """
    target = Path(path).resolve()
    if target.exists():
        raise FileExistsError(f"{target.name} is there already.")
    for suffix in ("-wal", "-shm", "-journal", ".new"):  # what an earlier company left must not reach the new one
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    unfinished = Path(f"{target}.new")
    engine = _engine(unfinished, mode="rwc")
    with engine.begin() as connection:
        metadata.create_all(connection)
        # The company's identity, as service_broker_guid is in SQL Server; a table for it would not be one of Sage's.
        identity = 1 + secrets.randbelow(LARGEST_APPLICATION_ID)
        connection.exec_driver_sql(f"PRAGMA application_id = {identity}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    unfinished.rename(target)
