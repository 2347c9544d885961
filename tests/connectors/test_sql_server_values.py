"""Where SQL Server and SQLite hand the same value over in different ways, `normalise` makes one of it."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pysqlbridge.tds.result import Bit, Column, ColumnType, DateTime, Float, Integer, NVarChar, Query, QueryResult
from pysqlbridge.tds.result import UniqueIdentifier as Guid

from erpintegrations.connectors import normalise
from erpintegrations.connectors.sql_server import Encryption, SqlServer
from tests.connectors.tds_company import SageServer
from tests.connectors.wire_types import Date, DecimalNumber

ID = "0a1b2c3d-0000-4000-8000-00000000abcd"
DAY = datetime.date(2026, 3, 2)
MOMENT = datetime.datetime(2026, 3, 2, 8, 30)  # noqa: DTZ001

# What it is, SQL Server's type and value, SQLite's value, how it is read, and what it is to be.
DIFFERENCES: dict[str, tuple[ColumnType, object, object, Callable[[object], object], object]] = {
    "a GUID is an object, or text in capitals": (Guid(), ID, ID.upper(), normalise.guid, ID),
    "an amount is a decimal, or a double": (DecimalNumber(), "0.29", 0.29, normalise.amount, Decimal("0.29")),
    "a whole amount is a decimal, or an int": (DecimalNumber(), "12", 12, normalise.amount, Decimal("12.00")),
    "the largest amount": (
        *(DecimalNumber(), "-9999999999.99", -9999999999.99),
        *(normalise.amount, Decimal("-9999999999.99")),
    ),
    "no amount": (DecimalNumber(), None, None, normalise.amount, Decimal("0.00")),
    "a sum of doubles": (Float(), 0.1 + 0.2, 0.3, normalise.amount, Decimal("0.30")),
    "a cost code keeps its zeros, or loses them": (DecimalNumber(15, 3), "3.300", 3.3, normalise.code, "3.3"),
    "a whole cost code": (DecimalNumber(15, 3), "1000", 1000, normalise.code, "1000"),
    "no cost code": (DecimalNumber(15, 3), "0", 0, normalise.code, ""),
    "a quantity has zeros behind it, or not": (DecimalNumber(15, 6), "2.5", 2.5, normalise.number, Decimal("2.5")),
    "a reference is a bigint": (Integer(8), 2**40, 2**40, normalise.reference, str(2**40)),
    "a reference to nothing": (Integer(8), None, 0, normalise.reference, ""),
    "a cost type is a tinyint": (Integer(1), 200, 200, normalise.whole_number, 200),
    "a status is a bit, or a number": (Bit(), True, 1, normalise.whole_number, 1),
    "a date is a date, or text": (Date(), DAY, "2026-03-02", normalise.date, DAY),
    "a date may be a datetime": (DateTime(), MOMENT, "2026-03-02 00:00:00.000000", normalise.date, DAY),
    "no date": (Date(), None, None, normalise.date, None),
    "a moment is a datetime, or text": (
        *(DateTime(), MOMENT, "2026-03-02 08:30:00.000000"),
        *(normalise.date_and_time, MOMENT),
    ),
    "a text has blanks behind it": (NVarChar(10), "SC-1      ", "SC-1", normalise.text, "SC-1"),
    "a blank text": (NVarChar(10), "          ", "", normalise.text, ""),
    "no text": (NVarChar(10), None, "", normalise.text, ""),
    "a text in another script": (NVarChar(10), "Łódź ½ 漢", "Łódź ½ 漢", normalise.text, "Łódź ½ 漢"),
    "SC-1 is sc-1": (NVarChar(10), "sc-1  ", "SC-1", normalise.compared, "SC-1"),
}


def from_sqlite(value: object) -> object:
    with sqlite3.connect(":memory:") as connection:
        return connection.execute("SELECT ?", [value]).fetchone()[0]


def from_sql_server(server: SageServer, kind: ColumnType, value: Any) -> object:
    def answer(query: Query, whole: QueryResult) -> QueryResult:
        return QueryResult([Column("value", kind)], [[value]]) if "the_value" in query.sql else whole

    server.spoil = answer
    with SqlServer(server.address(encryption=Encryption.REQUIRED)).engine(None).connect() as connection:
        return connection.exec_driver_sql("SELECT 1 AS the_value").scalar()


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_one_value_comes_of_both(server: SageServer, difference: str) -> None:
    kind, value, of_sqlite, read, expected = DIFFERENCES[difference]
    found = [read(from_sql_server(server, kind, value)), read(from_sqlite(of_sqlite))]
    assert found == [expected, expected]
    assert [type(one) for one in found] == [type(expected)] * 2


def test_nothing_depends_on_the_order_of_guids() -> None:
    """SQL Server sorts them by their last bytes first."""
    read_map = Path(normalise.__file__).with_name("sage100_tables.py").read_text()
    ordered = [line for line in read_map.splitlines() if "order_by" in line]
    assert ordered
    assert not [line for line in ordered if "_idnum" in line]
