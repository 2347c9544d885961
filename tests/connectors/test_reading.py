"""A reading: everything of one moment, complete or an error."""

from __future__ import annotations

import datetime
import sqlite3
import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest

from erpintegrations.connectors import CONNECTORS, connector_for, wording_for
from erpintegrations.connectors.base import CommitmentKind, Connector, ErpRecord, NeedsAttention, Retryable
from tests.connectors.builder import CONTRACT_DATE, INSERTED, Line, SageCompany
from tests.connectors.conftest import read


def test_a_subcontract_is_read_with_the_totals_of_its_lines(
    company: SageCompany, connector: Connector, job: int, vendor: int
) -> None:
    lines = [Line("0.10", change="-5.25", billed="0.20"), Line("0.20", billed="0.10"), Line("9999999999.69")]
    erp_id = company.add_subcontract(" SC-1042 ", job, vendor, lines=lines, dscrpt="Foundations ")
    company.add_subcontract("SC-1", job, vendor, lines=[Line(77)])
    assert read(connector)[erp_id] == ErpRecord(
        erp_id=erp_id,
        kind=CommitmentKind.SUBCONTRACT,
        number="SC-1042",
        job_id=str(job),
        vendor_id=str(vendor),
        description="Foundations",
        status="4-Current",
        is_void=False,
        contract_date=CONTRACT_DATE,
        amount=Decimal("9999999999.99"),
        changed_amount=Decimal("-5.25"),
        invoiced_amount=Decimal("0.30"),
        updated_at=INSERTED,
        lines_digest="3:2999999999957:0:0",
    )


def test_a_purchase_orders_invoiced_amount_is_what_its_header_received(
    company: SageCompany, connector: Connector, job: int, vendor: int
) -> None:
    erp_id = company.add_purchase_order("PO-7", job, vendor, lines=[Line("0.29"), Line("0.57")], received="12.34")
    record = read(connector)[erp_id]
    assert (record.kind, record.number, record.status) == (CommitmentKind.PURCHASE_ORDER, "PO-7", "1-Open")
    assert (record.amount, record.changed_amount, record.invoiced_amount) == (
        Decimal("0.86"),
        Decimal("0.00"),
        Decimal("12.34"),
    )


def test_only_a_voided_purchase_order_is_void(company: SageCompany, connector: Connector, job: int) -> None:
    voided, kept = company.add_purchase_order("PO-1", job), company.add_purchase_order("PO-2", job)
    complete = company.add_subcontract("SC-5", job, status=5)
    company.void(voided)
    records = read(connector)
    assert [id for id, record in records.items() if record.is_void] == [voided]
    assert (records[voided].status, records[kept].status) == ("5-Void", "1-Open")
    assert records[complete].status == "5-Complete"


def test_sums_of_cents_are_exact_where_floats_are_not(company: SageCompany, connector: Connector, job: int) -> None:
    erp_id = company.add_subcontract("SC-1", job, lines=[Line("0.10")] * 1000)
    assert str(read(connector)[erp_id].amount) == "100.00"


def test_a_record_without_lines_job_vendor_or_edit_is_read(
    company: SageCompany, connector: Connector, job: int
) -> None:
    erp_id = company.add_subcontract("SC-1", 0, 0, lines=[], condte=None, status=9)
    record = read(connector)[erp_id]
    assert (record.job_id, record.vendor_id, record.contract_date, record.status) == ("", "", None, "9")
    assert record.amount == record.invoiced_amount == 0


def test_an_edit_is_when_the_record_was_updated(company: SageCompany, connector: Connector, job: int) -> None:
    edited = datetime.datetime(2026, 4, 1, 12)  # noqa: DTZ001
    erp_id = company.add_subcontract("SC-1", job, upddte=edited)
    assert read(connector)[erp_id].updated_at == edited


def test_deleted_and_purged_records_are_gone_and_so_is_the_purged_job(
    company: SageCompany, connector: Connector, job: int
) -> None:
    closed = company.add_job("Old school", status=6)
    deleted, kept = company.add_subcontract("SC-1", job), company.add_subcontract("SC-2", job)
    company.add_purchase_order("PO-1", closed)
    company.delete(deleted)
    company.purge_job(closed)
    with connector.reading() as reading:
        assert reading.job_ids == {str(job)}
        assert [record.erp_id for record in reading.records()] == [kept]


def test_the_identity_is_the_files_and_the_companys(company: SageCompany, tmp_path: Path, job: int) -> None:
    other = SageCompany(tmp_path / "other.sqlite3")
    identity = connector_for("sage100", company.database_url).identity()
    assert (identity.server, identity.database) == (str(tmp_path), "company.sqlite3")
    assert identity.company != connector_for("sage100", other.database_url).identity().company
    with connector_for("sage100", company.database_url).reading() as reading:
        assert reading.identity == identity


def test_another_company_at_the_same_place_has_another_identity(company: SageCompany, connector: Connector) -> None:
    before = connector.identity()
    company.path.unlink()
    SageCompany(company.path)
    assert connector.identity() != before


def test_a_reading_sees_one_moment_whatever_is_committed_meanwhile(
    company: SageCompany, connector: Connector, job: int
) -> None:
    erp_id = company.add_subcontract("SC-1", job)
    order = company.add_purchase_order("PO-1", job)
    with connector.reading() as reading:
        records = reading.records()
        company.delete(erp_id)
        first = next(records)
        company.void(order)
        company.bill(erp_id, 5)
        company.add_subcontract("SC-2", job)
        rest = list(records)
    assert [record.erp_id for record in (first, *rest)] == [erp_id, order]
    assert not rest[0].is_void
    assert read(connector)[order].is_void


def test_a_reading_blocks_nobody_who_writes(company: SageCompany, connector: Connector, job: int) -> None:
    company.add_many(2000, job)
    with connector.reading() as reading:
        next(reading.records())
        with sqlite3.connect(company.path, timeout=0) as writer:
            writer.execute("UPDATE subcon SET dscrpt = 'written'")


def test_an_error_of_the_reader_passes_as_it_is_and_closes_the_reading(
    company: SageCompany, connector: Connector, job: int
) -> None:
    with pytest.raises(ZeroDivisionError), connector.reading():
        raise ZeroDivisionError
    with sqlite3.connect(company.path) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "somebody still reads"


def test_a_company_without_jobs_proves_nothing(company: SageCompany, connector: Connector) -> None:
    with pytest.raises(NeedsAttention, match="no jobs at all"), connector.reading():
        pass


def test_a_company_with_jobs_but_no_commitments_yet_is_read(connector: Connector, job: int) -> None:
    assert read(connector) == {}


def test_fewer_rows_counted_than_read_is_an_incomplete_reading(
    company: SageCompany, connector: Connector, job: int
) -> None:
    """Counting walks an index, reading walks the table: here the index has lost a row."""
    company.add_subcontract("SC-1", job)
    index = "name = 'subcon_idnum'"
    company.run(
        "PRAGMA writable_schema = ON",
        f"CREATE TEMP TABLE kept AS SELECT * FROM sqlite_schema WHERE {index}",
        f"DELETE FROM sqlite_schema WHERE {index}",
        "PRAGMA writable_schema = RESET",
        "INSERT INTO subcon (_idnum, ctcnum) VALUES ('0A1B2C3D-0000-4000-8000-00000000ABCD', 'SC-2')",
        "PRAGMA writable_schema = ON",
        "INSERT INTO sqlite_schema SELECT * FROM kept",
        "PRAGMA writable_schema = RESET",
    )
    with connector.reading() as reading, pytest.raises(Retryable, match="cut off") as incomplete:
        assert len(list(reading.records())) == reading.counted
    assert incomplete.value.cause == "2 records read, 1 counted"


def duplicate(company: SageCompany, erp_id: str, written: str) -> None:
    company.run("DROP INDEX subcon_idnum", f"INSERT INTO subcon (_idnum, ctcnum) VALUES ('{written}', 'SC-2')")


@pytest.mark.parametrize("written", ["{}", "{{{}}}"])
def test_an_identity_that_two_records_share_needs_attention(
    company: SageCompany, connector: Connector, job: int, written: str
) -> None:
    erp_id = company.add_subcontract("SC-1", job)
    duplicate(company, erp_id, written.format(erp_id))
    with pytest.raises(NeedsAttention, match="same identity"):
        read(connector)
    with pytest.raises(NeedsAttention, match="same identity"):
        connector.look_up([erp_id])


def test_a_subcontract_and_a_purchase_order_cannot_share_an_identity(
    company: SageCompany, connector: Connector, job: int
) -> None:
    company.add_purchase_order("PO-1", job, erp_id=company.add_subcontract("SC-1", job))
    with pytest.raises(NeedsAttention, match="same identity"):
        read(connector)


@pytest.mark.parametrize("blank", ["''", "'  '", "NULL"])
def test_a_record_without_an_identity_needs_attention(
    company: SageCompany, connector: Connector, job: int, blank: str
) -> None:
    company.add_purchase_order("PO-1", job)
    company.run(
        "ALTER TABLE pchord RENAME TO kept",
        f"CREATE VIEW pchord AS SELECT {blank} AS _idnum, recnum, ordnum, orddte, vndnum, jobnum, dscrpt, status,"
        " rcvdte, cancel, subttl, slstax, pchttl, pchbal, insdte, upddte FROM kept",
    )
    with pytest.raises(NeedsAttention, match="pchord has no identity"):
        read(connector)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE subcon SET condte = 'soon'", "subcon cannot be read (contract_date)"),
        ("UPDATE subcon SET _idnum = 'SC-1'", "subcon cannot be read (erp_id)"),
        ("UPDATE subcon SET jobnum = 'x'", "subcon cannot be read (jobnum)"),
        ("UPDATE pchord SET rcvdte = 'much'", "pchord cannot be read (invoiced)"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_and_not_guessed(
    company: SageCompany, connector: Connector, job: int, statement: str, named: str
) -> None:
    company.add_subcontract("SC-1", job)
    company.add_purchase_order("PO-1", job)
    company.run(statement)
    with pytest.raises(NeedsAttention) as refused:
        read(connector)
    assert named in refused.value.problem


def test_twenty_thousand_records_are_read_in_little_memory(
    company: SageCompany, connector: Connector, job: int
) -> None:
    def peak() -> int:
        tracemalloc.start()
        with connector.reading() as reading:
            rows = sum(1 for _ in reading.records())
        assert rows == reading.counted
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    company.add_many(2_000, job)
    read(connector)  # what is loaded and cached once is not this test's subject
    of_few = peak()
    company.add_many(18_000, job)
    assert peak() < of_few * 1.5


def test_the_connector_speaks_for_its_erp() -> None:
    for key in CONNECTORS:
        wording = wording_for(key)
        assert set(wording.how_to_delete) == set(wording.why_refused) == set(CommitmentKind)
    wording = wording_for("sage100")
    assert (wording.label, wording.short_label) == ("Sage 100 Contractor®", "Sage")
    assert wording.purge_name == "Remove Refused/Closed Jobs"
    assert connector_for("sage100", "sqlite:///x.sqlite3").wording is wording
    assert (
        "6-7-1 Subcontracts and choose Edit ▸ Delete Subcontract" in wording.how_to_delete[CommitmentKind.SUBCONTRACT]
    )
    assert "6-6-1 Purchase Orders and choose Edit ▸ Void" in wording.how_to_delete[CommitmentKind.PURCHASE_ORDER]
    for kind in CommitmentKind:
        assert "because 7.00 is invoiced" in wording.why_refused[kind].format(amounts="7.00 is invoiced")
