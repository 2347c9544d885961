"""Every query of the read map over TDS: what SQL Server answers is what the same company's file answers."""

from __future__ import annotations

import datetime
import uuid

import pytest

from erpintegrations.connectors import connector_for
from erpintegrations.connectors.base import CommitmentKind, Connector, NeedsAttention, Retryable
from erpintegrations.connectors.sage100_tables import OPTIONAL, REQUIRED
from erpintegrations.connectors.sql_server import Encryption
from tests.connectors.builder import Line, SageCompany
from tests.connectors.conftest import read
from tests.connectors.proxy import Proxy
from tests.connectors.tds_company import BROKER, SageServer
from tests.connectors.test_faults import assert_clear_and_without_secrets


@pytest.fixture
def over_tds(server: SageServer) -> Connector:
    return connector_for("sage100", server.address(encryption=Encryption.REQUIRED).to_url())


@pytest.fixture
def records(company: SageCompany, job: int, vendor: int) -> list[str]:
    """One of each kind of thing that a Sage company holds."""
    lines = [
        Line("9999999999.99", change="-0.01", billed="0.10", cost_code="3.300", cost_type=4, description="Walls "),
        Line("0.29", cost_code="100.125", cost_type=1),
    ]
    company.add_cost_code("3.300")
    company.add_cost_code("100.125", "Rebar")
    company.add_cost_type(4)
    closed = company.add_job("Old school", status=6)
    voided = company.add_purchase_order("PO-2", closed, lines=[Line("12.30", description="Bricks")], received="7.77")
    company.void(voided)
    return [
        voided,
        company.add_subcontract("SC-1", job, vendor, lines=lines, dscrpt="Façade, Łódź – 3 ½″"),
        company.add_subcontract("sc-2 ", job, lines=[], condte=None, status=6),
        company.add_subcontract("", 0, upddte=datetime.datetime(2026, 4, 1, 23, 59, 59)),  # noqa: DTZ001
        company.add_purchase_order("PO-1", job, vendor, lines=[Line("999999999.99"), Line("-5")]),
    ]


def test_a_reading_finds_what_the_file_holds(over_tds: Connector, connector: Connector, records: list[str]) -> None:
    assert read(over_tds) == read(connector)
    assert set(read(over_tds)) == set(records)


def test_a_look_up_finds_what_the_file_holds(over_tds: Connector, connector: Connector, records: list[str]) -> None:
    asked = [*records, str(uuid.uuid4())]
    for timeout_seconds in (None, 30):
        found = over_tds.look_up(asked, job_ids=["1", "2", "3"], timeout_seconds=timeout_seconds)
        expected = connector.look_up(asked, job_ids=["1", "2", "3"])
        assert found.records == expected.records
        assert (found.job_ids, found.commitment_count) == (expected.job_ids, expected.commitment_count)


def test_details_are_those_of_the_file(over_tds: Connector, connector: Connector, records: list[str]) -> None:
    assert over_tds.details(records) == connector.details(records)
    assert len(over_tds.details(records)) == len(records)


@pytest.mark.parametrize("number", ["SC-1", "sc-1", " SC-2  ", "SC-3"])
def test_a_number_is_found_whatever_its_case_and_blanks(
    over_tds: Connector, connector: Connector, records: list[str], number: str
) -> None:
    found = over_tds.find_by_number(CommitmentKind.SUBCONTRACT, [number])
    assert found == connector.find_by_number(CommitmentKind.SUBCONTRACT, [number])
    assert len(found) == (0 if number == "SC-3" else 1)


def test_masters_and_widths_are_those_of_the_file(
    over_tds: Connector, connector: Connector, records: list[str]
) -> None:
    assert over_tds.masters() == connector.masters()
    assert over_tds.text_widths() == connector.text_widths()


def test_the_broker_says_which_company_it_is(over_tds: Connector, job: int, server: SageServer) -> None:
    assert over_tds.identity().company == BROKER.lower()
    server.broker = str(uuid.UUID(int=5))
    assert over_tds.identity().company == server.broker


def test_more_ids_than_one_question_holds_are_asked_in_several(
    over_tds: Connector, company: SageCompany, job: int
) -> None:
    ids = company.add_many(1200, job, lines=1)
    assert set(over_tds.look_up(ids).records) == set(ids)


def test_a_big_reading_is_handed_on_while_it_arrives(server: SageServer, company: SageCompany, job: int) -> None:
    """Or it would have to fit into memory."""
    company.add_many(3000, job, lines=1)
    with Proxy(server.port, limit=280_000) as proxy:
        address = server.address(port=proxy.port, encryption=Encryption.REQUIRED)
        with connector_for("sage100", address.to_url()).reading() as reading:
            records = reading.records()
            first = [next(records) for _ in range(1000)]
            assert len({record.erp_id for record in first}) == 1000
            with pytest.raises(Retryable):
                list(records)


@pytest.mark.parametrize("table", sorted(REQUIRED))
def test_a_missing_table_is_named(server: SageServer, over_tds: Connector, job: int, table: str) -> None:
    server.missing = {table}
    with pytest.raises(NeedsAttention, match=f"no table {table}") as refused:
        over_tds.look_up([str(uuid.uuid4())])
    assert_clear_and_without_secrets(refused.value)


@pytest.mark.parametrize(("table", "column"), [(table, columns[-1]) for table, columns in REQUIRED.items()])
def test_a_missing_column_is_named(server: SageServer, over_tds: Connector, job: int, table: str, column: str) -> None:
    server.missing = {f"{table}.{column}"}
    with pytest.raises(NeedsAttention, match=f"table {table} of the ERP database has no column {column}") as refused:
        read(over_tds)
    assert_clear_and_without_secrets(refused.value)


def test_optional_columns_are_done_without(server: SageServer, over_tds: Connector, records: list[str]) -> None:
    server.missing = {f"{table}.{column}" for table, columns in OPTIONAL.items() for column in columns}
    assert set(read(over_tds)) == set(records)
    described = {record.description for record in read(over_tds).values() if record.kind == "subcontract"}
    assert described == {""}
    assert len(over_tds.details(records)) == len(records)


def test_we_say_who_we_are_and_that_we_only_read(server: SageServer, over_tds: Connector, job: int) -> None:
    over_tds.identity()
    login = server.sessions[-1].login
    assert login is not None
    assert login.app_name == "ERP Integrations"
    assert login.type_flags & 0x20, "the intent to read only (TYPE_FLAGS.fReadOnlyIntent of LOGIN7)"


@pytest.mark.parametrize(("keeps_versions", "level"), [(True, "SNAPSHOT"), (False, "READ COMMITTED")])
def test_a_reading_is_one_short_transaction_that_waits_for_nobody(
    server: SageServer, over_tds: Connector, job: int, keeps_versions: bool, level: str
) -> None:
    server.snapshot = keeps_versions
    read(over_tds)
    said = server.asked
    begun = said.index(f"SET TRANSACTION ISOLATION LEVEL {level}")
    first_read = next(place for place, statement in enumerate(said) if "actrec" in statement)
    assert "SET LOCK_TIMEOUT 5000" in said[:begun]
    assert said[begun + 1 : first_read].count("BEGIN TRAN") == 1
    assert "ROLLBACK TRAN" not in said[begun:first_read], "the level holds for one transaction over the whole reading"
    assert said[begun:].count("BEGIN TRAN") - said[begun:].count("ROLLBACK TRAN") <= 1
    assert not [one for one in said if one.split(maxsplit=1)[0].upper() in ("INSERT", "UPDATE", "DELETE", "EXEC")]
