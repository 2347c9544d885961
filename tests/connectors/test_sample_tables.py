"""The sample company has the tables of a Sage company, exactly."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from erpintegrations.connectors import sage100_tables
from sandbox.sage_tables import company_engine, create_company, sbcnln, subcon

DOCUMENTED = {
    "actrec": "recnum jobnme shtnme status",
    "actpay": "recnum vndnme shtnme",
    "cstcde": "recnum cdenme",
    "csttyp": "recnum typnme",
    "subcon": "_idnum recnum ctcnum vndnum jobnum status condte dscrpt rtnrte lckedt insdte upddte invttl chgttl",
    "sbcnln": "recnum linnum dscrpt amount change cntrct billed remain cstcde csttyp",
    "pchord": "_idnum recnum ordnum orddte vndnum jobnum dscrpt status rcvdte cancel subttl slstax pchttl pchbal"
    " insdte upddte",
    "pcorln": "recnum linnum dscrpt linqty linprc extttl rcvdte cancel cstcde csttyp",
}
MAY_BE_MISSING = {"subcon": {"dscrpt", "rtnrte", "lckedt", "invttl", "chgttl"}, "pcorln": {"dscrpt"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_company(tmp_path / "company.sqlite3")
    return tmp_path / "company.sqlite3"


def columns_of(path: Path) -> dict[str, dict[str, sa.engine.interfaces.ReflectedColumn]]:
    inspector = sa.inspect(company_engine(path))
    return {name: {c["name"]: c for c in inspector.get_columns(name)} for name in inspector.get_table_names()}


def test_the_tables_and_columns_are_those_documented_and_no_others(path: Path) -> None:
    assert {name: set(columns) for name, columns in columns_of(path).items()} == {
        name: set(columns.split()) for name, columns in DOCUMENTED.items()
    }


def test_the_connector_requires_what_every_company_has_and_nothing_else() -> None:
    assert {name: set(columns) for name, columns in sage100_tables.REQUIRED.items()} == {
        name: set(columns.split()) - MAY_BE_MISSING.get(name, set()) for name, columns in DOCUMENTED.items()
    }


@pytest.mark.parametrize(
    ("table", "column", "width"),
    [
        *[("actrec", "jobnme", 75), ("actrec", "shtnme", 30), ("subcon", "ctcnum", 20), ("subcon", "dscrpt", 50)],
        *[("pchord", "ordnum", 20), ("pchord", "dscrpt", 50), ("sbcnln", "dscrpt", 50)],
    ],
)
def test_texts_are_as_wide_as_in_sage(path: Path, table: str, column: str, width: int) -> None:
    assert columns_of(path)[table][column]["type"].length == width  # type: ignore[attr-defined]


def test_ids_are_unique_and_lines_are_keyed_by_parent_and_line(path: Path) -> None:
    inspector = sa.inspect(company_engine(path))
    for table in ("subcon", "pchord"):
        assert [(i["column_names"], i["unique"]) for i in inspector.get_indexes(table)] == [(["_idnum"], 1)]
    for table in ("sbcnln", "pcorln"):
        assert inspector.get_pk_constraint(table)["constrained_columns"] == ["recnum", "linnum"]


def test_every_company_has_an_identity_of_its_own(tmp_path: Path) -> None:
    identities = set()
    for number in range(5):
        create_company(tmp_path / f"{number}.sqlite3")
        with sqlite3.connect(tmp_path / f"{number}.sqlite3") as connection:
            identities.add(connection.execute("PRAGMA application_id").fetchone()[0])
            assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert len(identities) == 5
    assert all(0 < identity < 2**31 for identity in identities)


def test_a_company_that_is_there_is_never_overwritten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        create_company(path)
    assert path.read_bytes() == before


def test_what_a_deleted_company_left_does_not_reach_the_new_one(path: Path) -> None:
    Path(f"{path}-wal").write_bytes(b"left over")
    path.unlink()
    create_company(path)
    assert [file.name for file in path.parent.iterdir()] == ["company.sqlite3"]


@pytest.mark.parametrize("amount", ["0.01", "0.29", "1234567.89", "9999999999.99", "-0.07"])
def test_money_comes_back_exactly_as_it_was_written(path: Path, amount: str) -> None:
    with company_engine(path).begin() as connection:
        connection.execute(sbcnln.insert().values(recnum=1, linnum=1, amount=Decimal(amount)))
        found = connection.scalar(sa.select(sbcnln.c.amount).where(sbcnln.c.amount == Decimal(amount)))
    assert str(found) == amount


@pytest.mark.parametrize("amount", ["0.001", "10000000000.00"])
def test_money_that_does_not_fit_is_refused_rather_than_changed(path: Path, amount: str) -> None:
    with company_engine(path).begin() as connection, pytest.raises(sa.exc.StatementError, match="does not fit"):
        connection.execute(sbcnln.insert().values(recnum=1, linnum=1, amount=Decimal(amount)))


def test_a_new_record_needs_no_more_than_a_number(path: Path) -> None:
    with company_engine(path).begin() as connection:
        connection.execute(subcon.insert().values(ctcnum="SC-1"))
        row = connection.execute(sa.select(subcon)).one()
    assert (row.recnum, row.dscrpt, row.upddte, row.invttl) == (1, "", None, Decimal("0.00"))
    assert row.insdte is not None
