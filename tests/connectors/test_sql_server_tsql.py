"""The T-SQL that the queries of the read map become: what only SQL Server itself would find fault with."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from erpintegrations.connectors import sage100_tables as tables
from erpintegrations.connectors.base import CommitmentKind
from erpintegrations.connectors.sql_server import Encryption, SqlServer, SqlServerAddress

SOURCE = SqlServer(SqlServerAddress("erp", "Northwind", "reader", "pa55", encryption=Encryption.OFF))
ALL_OPTIONAL = frozenset({"subcon.dscrpt", "pcorln.dscrpt"})
ID = "0a1b2c3d-0000-4000-8000-00000000abcd"
SUBCONTRACT, PURCHASE_ORDER = CommitmentKind.SUBCONTRACT, CommitmentKind.PURCHASE_ORDER


def tsql(query: sa.Select) -> str:
    """The query as the driver gets it, its values written out, on one line."""
    translated = query.execution_options(schema_translate_map={None: SOURCE.schema})
    text = str(
        translated.compile(
            dialect=mssql.dialect(),
            compile_kwargs={"render_postcompile": True, "literal_binds": True},
            schema_translate_map={None: SOURCE.schema},
            render_schema_translate=True,
        )
    )
    return " ".join(text.split())


def queries() -> dict[str, str]:
    found = {
        "jobs": tables.select_jobs(),
        "some jobs": tables.select_jobs([1, 2]),
        "ids": tables.count_ids(SOURCE),
        "any job": tables.any_row(tables.jobs),
        "retainages": tables.select_retainages([7, 8]),
        "stated amounts": tables.select_stated_amounts([7, 8]),
        "count of both kinds": tables.count_commitments(),
    }
    for kind in CommitmentKind:
        for name, chosen in {
            "all": None,
            "by number": tables.with_numbers(kind, ["SC-1"]),
        }.items():
            found[f"{kind} {name}"] = tables.select_records(kind, SOURCE, ALL_OPTIONAL, chosen)
        by_id = tables.select_records_of(kind, SOURCE, ALL_OPTIONAL)
        found[f"{kind} by id"] = by_id.params(ids=SOURCE.spellings([ID]))
        found[f"{kind} lines"] = tables.select_lines(kind, [7, 8], ALL_OPTIONAL)
    return {name: tsql(query) for name, query in found.items()}


QUERIES = queries()


@pytest.mark.parametrize("name", QUERIES)
def test_each_query_reads_the_tables_of_dbo_with_what_every_sql_server_knows(name: str) -> None:
    query = QUERIES[name]
    assert query.startswith("SELECT")
    assert not re.search(r"\b(TRIM|LIMIT|OFFSET|STRING_AGG|INSERT|UPDATE|DELETE|NOLOCK)\b", query, re.IGNORECASE)
    for table in re.findall(r"\b(?:FROM|JOIN) ([\w.\[\]]+)", query):
        assert table.startswith("dbo."), f"{table} would be looked for in the login's own schema"


def test_one_row_is_asked_for_by_top() -> None:
    assert QUERIES["any job"] == "SELECT TOP 1 dbo.actrec.recnum FROM dbo.actrec"


def test_ids_are_compared_as_uniqueidentifiers_by_their_index() -> None:
    for kind, table in tables.HEADERS.items():
        assert QUERIES[f"{kind} by id"].endswith(f"WHERE dbo.{table.name}._idnum IN ('{ID}')")


def test_numbers_are_found_under_any_collation() -> None:
    found = QUERIES[f"{SUBCONTRACT} by number"]
    assert found.endswith("WHERE upper(ltrim(rtrim(dbo.subcon.ctcnum))) IN ('SC-1')")


def test_sums_are_of_decimals_which_cannot_overflow() -> None:
    found = QUERIES[f"{SUBCONTRACT} all"]
    assert "sum(dbo.sbcnln.amount) AS amount" in found
    # A product of two whole numbers would be an int, which ends at 21 million dollars in cents on line 100.
    assert "sum(CAST(dbo.sbcnln.amount * 100 AS NUMERIC(38, 0)) * dbo.sbcnln.linnum) AS amount_check" in found
    assert "sum(CAST(dbo.sbcnln.cstcde * 1000 AS NUMERIC(38, 0)) * dbo.sbcnln.linnum) AS code_check" in found
    assert "sum(CAST(dbo.sbcnln.csttyp * 1 AS NUMERIC(38, 0)) * dbo.sbcnln.linnum) AS type_check" in found


def test_a_record_without_lines_is_a_record() -> None:
    found = QUERIES[f"{PURCHASE_ORDER} all"]
    assert "FROM dbo.pchord LEFT OUTER JOIN (SELECT dbo.pcorln.recnum AS parent" in found
    assert "GROUP BY dbo.pcorln.recnum) AS totals ON totals.parent = dbo.pchord.recnum" in found


@pytest.mark.parametrize("how", ["by id", "by number"])
def test_a_look_up_adds_up_only_the_lines_of_what_it_looks_for(how: str) -> None:
    for kind, table in tables.HEADERS.items():
        lines = tables.LINES[kind].name
        parents = (
            rf"WHERE dbo\.{lines}\.recnum IN \(SELECT dbo\.{table.name}\.recnum FROM dbo\.{table.name} WHERE .+?\)"
        )
        assert re.search(rf"{parents}+ GROUP BY dbo\.{lines}\.recnum", QUERIES[f"{kind} {how}"])


def test_lines_come_in_the_order_of_their_numbers() -> None:
    found = QUERIES[f"{SUBCONTRACT} lines"]
    assert found.endswith("WHERE dbo.sbcnln.recnum IN (7, 8) ORDER BY dbo.sbcnln.recnum, dbo.sbcnln.linnum")
