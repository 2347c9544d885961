"""Each command of Sage's desk: what it does to the file, and what Sage refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import sqlalchemy as sa

from erpintegrations.connectors import connector_for
from sandbox import sage_desk, sage_records
from sandbox.sage_desk import PURCHASE_ORDER, SUBCONTRACT, NotInSage, SageNotReachable, SageRefuses
from sandbox.sage_tables import actrec, company_engine, metadata, pchord, pcorln, sbcnln
from tests.sandbox.conftest import JOB, NOW, OTHER_JOB, TODAY, VENDOR, key_in_purchase_order, key_in_subcontract, line


def rows(path, table):
    with company_engine(path).connect() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def everything(path):
    return {table.name: rows(path, table) for table in metadata.sorted_tables}


def refusal(command, *arguments, **keywords) -> str:
    with pytest.raises(SageRefuses) as raised:
        command(*arguments, **keywords)
    return raised.value.message


class TestDeleteSubcontract:
    def test_removes_the_record_and_its_lines(self, sage_path):
        kept, gone = key_in_subcontract(sage_path, "SC-1"), key_in_subcontract(sage_path, "SC-2")
        assert sage_desk.delete_subcontract(sage_path, gone) == "SC-2"
        assert sage_desk.recnum_of(sage_path, SUBCONTRACT, "SC-1") == kept
        with pytest.raises(NotInSage):
            sage_desk.recnum_of(sage_path, SUBCONTRACT, "SC-2")
        assert {row["recnum"] for row in rows(sage_path, sbcnln)} == {kept}

    def test_is_refused_with_an_invoiced_amount(self, sage_path):
        recnum = key_in_subcontract(sage_path)
        sage_desk.set_invoiced_amount(sage_path, SUBCONTRACT, recnum, Decimal("0.01"))
        before = everything(sage_path)
        assert "an invoiced amount" in refusal(sage_desk.delete_subcontract, sage_path, recnum)
        assert everything(sage_path) == before

    def test_is_refused_with_a_changed_amount(self, sage_path):
        recnum = key_in_subcontract(sage_path)
        sage_desk.set_changed_amount(sage_path, recnum, Decimal("-10.00"))
        assert "a changed amount" in refusal(sage_desk.delete_subcontract, sage_path, recnum)

    def test_is_possible_again_when_the_invoice_is_reversed(self, sage_path):
        recnum = key_in_subcontract(sage_path)
        sage_desk.set_invoiced_amount(sage_path, SUBCONTRACT, recnum, Decimal(700))
        sage_desk.set_invoiced_amount(sage_path, SUBCONTRACT, recnum, Decimal(0))
        assert sage_desk.delete_subcontract(sage_path, recnum) == "SC-1"

    def test_finds_nothing_the_second_time(self, sage_path):
        recnum = key_in_subcontract(sage_path)
        sage_desk.delete_subcontract(sage_path, recnum)
        with pytest.raises(NotInSage):
            sage_desk.delete_subcontract(sage_path, recnum)

    def test_of_many_at_once_exactly_one_deletes(self, sage_path):
        recnum = key_in_subcontract(sage_path)

        def delete(_):
            try:
                return sage_desk.delete_subcontract(sage_path, recnum)
            except NotInSage:
                return None

        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(delete, range(6)), key=bool) == [None] * 5 + ["SC-1"]
        assert len(sage_records.list_deleted(sage_path)) == 1


class TestVoidPurchaseOrder:
    def test_keeps_the_row_with_status_5(self, sage_path):
        recnum = key_in_purchase_order(sage_path)
        assert sage_desk.void_purchase_order(sage_path, recnum, now=NOW) == "PO-1"
        [order] = rows(sage_path, pchord)
        assert (order["status"], order["upddte"]) == (5, NOW.replace(tzinfo=None))
        assert len(rows(sage_path, pcorln)) == 2

    def test_is_refused_with_a_received_amount(self, sage_path):
        recnum = key_in_purchase_order(sage_path)
        sage_desk.set_invoiced_amount(sage_path, PURCHASE_ORDER, recnum, Decimal("250.00"))
        assert "received amount of 250.00" in refusal(sage_desk.void_purchase_order, sage_path, recnum)
        assert rows(sage_path, pchord)[0]["status"] == 1

    def test_is_refused_the_second_time(self, sage_path):
        recnum = key_in_purchase_order(sage_path)
        sage_desk.void_purchase_order(sage_path, recnum)
        assert "void already" in refusal(sage_desk.void_purchase_order, sage_path, recnum)

    def test_can_be_opened_again(self, sage_path):
        recnum = key_in_purchase_order(sage_path)
        assert "not void" in refusal(sage_desk.reopen_purchase_order, sage_path, recnum)
        sage_desk.void_purchase_order(sage_path, recnum)
        assert sage_desk.reopen_purchase_order(sage_path, recnum) == "PO-1"
        assert rows(sage_path, pchord)[0]["status"] == 1


class TestRemoveRefusedClosedJobs:
    def test_takes_the_commitments_along_invoiced_or_not(self, sage_path):
        invoiced = key_in_subcontract(sage_path, "SC-1", job=OTHER_JOB)
        sage_desk.set_invoiced_amount(sage_path, SUBCONTRACT, invoiced, Decimal(1500))
        key_in_purchase_order(sage_path, "PO-1", job=OTHER_JOB)
        key_in_subcontract(sage_path, "SC-2", job=JOB)
        sage_desk.set_job_status(sage_path, OTHER_JOB, 6)
        [(job, numbers)] = sage_records.removable_jobs(sage_path)
        assert (job.recnum, numbers) == (OTHER_JOB, ["SC-1", "PO-1"])
        removed = sage_desk.remove_refused_closed_jobs(sage_path)
        assert (removed.jobs, removed.numbers) == ([OTHER_JOB], ["SC-1", "PO-1"])
        assert [row["recnum"] for row in rows(sage_path, actrec)] == [JOB]
        assert rows(sage_path, pchord) == []
        assert sage_desk.recnum_of(sage_path, SUBCONTRACT, "SC-2")

    def test_removes_refused_jobs_too_and_no_other(self, sage_path):
        for status in (1, 3, 4, 5):
            sage_desk.set_job_status(sage_path, OTHER_JOB, status)
            assert "no refused or closed jobs" in refusal(sage_desk.remove_refused_closed_jobs, sage_path)
        sage_desk.set_job_status(sage_path, OTHER_JOB, 2)
        assert sage_desk.remove_refused_closed_jobs(sage_path).jobs == [OTHER_JOB]

    def test_removes_only_what_was_previewed(self, sage_path):
        for job in (JOB, OTHER_JOB):
            sage_desk.set_job_status(sage_path, job, 6)
        assert sage_desk.remove_refused_closed_jobs(sage_path, only=[JOB]).jobs == [JOB]

    def test_a_job_has_one_of_six_statuses(self, sage_path):
        assert "1 to 6" in refusal(sage_desk.set_job_status, sage_path, JOB, 7)
        with pytest.raises(NotInSage):
            sage_desk.set_job_status(sage_path, 99, 6)


class TestKeyingIn:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"number": "  "}, "1 to 20 characters"),
            ({"number": "S" * 21}, "1 to 20 characters"),
            ({"number": "sc-1"}, "in use already"),
            ({"vendor": 1}, "no vendor 1"),
            ({"job": 1}, "no job 1"),
            ({"description": "d" * 51}, "at most 50"),
            ({"lines": []}, "at least one line"),
            ({"lines": [line("1e11")]}, "ten digits"),
        ],
    )
    def test_sage_checks_what_is_typed(self, sage_path, changes, sentence):
        key_in_subcontract(sage_path, "SC-1", job=OTHER_JOB)
        before = everything(sage_path)
        typed = {"number": "SC-2", "vendor": VENDOR, "job": JOB, "description": "", "lines": [line("1")], **changes}
        assert sentence in refusal(sage_desk.create_subcontract, sage_path, contract_date=TODAY, **typed)
        assert everything(sage_path) == before

    def test_both_kinds_are_read_by_the_connector_as_typed(self, sage_path):
        key_in_subcontract(sage_path, "SC-1", "1000.10", "0.20")
        key_in_purchase_order(sage_path, "PO-1")
        with connector_for("sage100", f"sqlite:///{sage_path}").reading() as reading:
            found = {record.number: record for record in reading.records()}
        assert (found["SC-1"].amount, found["PO-1"].amount) == (Decimal("1000.30"), Decimal("1099.99"))
        assert found["SC-1"].contract_date == TODAY
        assert not found["PO-1"].is_void

    def test_the_number_of_a_deleted_record_can_be_used_again_under_another_identity(self, sage_path):
        recnum = key_in_subcontract(sage_path)
        first = sage_records.read_record(sage_path, SUBCONTRACT, recnum)[0]
        sage_desk.delete_subcontract(sage_path, recnum)
        again = sage_records.read_record(sage_path, SUBCONTRACT, key_in_subcontract(sage_path))[0]
        assert (again.recnum, again.number) == (first.recnum, first.number)
        assert again.identity != first.identity


class TestAmounts:
    def test_an_invoice_fills_the_lines_from_the_first_on(self, sage_path):
        recnum = key_in_subcontract(sage_path, "SC-1", "1000.00", "500.00")
        sage_desk.set_invoiced_amount(sage_path, SUBCONTRACT, recnum, Decimal("1200.00"))
        record, lines = sage_records.read_record(sage_path, SUBCONTRACT, recnum)
        assert (record.invoiced, [entry.invoiced for entry in lines]) == (Decimal(1200), [Decimal(1000), Decimal(200)])
        assert [row["remain"] for row in rows(sage_path, sbcnln)] == [Decimal(0), Decimal(300)]

    @pytest.mark.parametrize("amount", ["-0.01", "1500.01", "0.001", "NaN", "1e30"])
    def test_never_more_than_agreed_nor_less_than_nothing(self, sage_path, amount):
        recnum = key_in_subcontract(sage_path)
        before = everything(sage_path)
        refusal(sage_desk.set_invoiced_amount, sage_path, SUBCONTRACT, recnum, Decimal(amount))
        assert everything(sage_path) == before

    def test_a_receipt_counts_quantities_on_the_lines(self, sage_path):
        recnum = key_in_purchase_order(sage_path)
        sage_desk.set_invoiced_amount(sage_path, PURCHASE_ORDER, recnum, Decimal("500.00"))
        [order] = rows(sage_path, pchord)
        assert (order["rcvdte"], order["pchbal"]) == (Decimal(500), Decimal("599.99"))
        assert [row["rcvdte"] for row in rows(sage_path, pcorln)] == [Decimal(5), Decimal(0)]

    def test_a_change_cannot_undercut_what_is_invoiced(self, sage_path):
        recnum = key_in_subcontract(sage_path)
        sage_desk.set_invoiced_amount(sage_path, SUBCONTRACT, recnum, Decimal(800))
        assert "invoiced on it" in refusal(sage_desk.set_changed_amount, sage_path, recnum, Decimal("-200.01"))
        sage_desk.set_changed_amount(sage_path, recnum, Decimal("-200.00"))
        record, _ = sage_records.read_record(sage_path, SUBCONTRACT, recnum)
        assert (record.changed, record.left) == (Decimal(-200), Decimal(500))


class TestRestore:
    def test_brings_everything_back_as_it_was(self, sage_path):
        recnum = key_in_subcontract(sage_path, "SC-1", "1000.10", "0.20")
        before = everything(sage_path)
        sage_desk.delete_subcontract(sage_path, recnum)
        [deleted] = sage_records.list_deleted(sage_path)
        assert (deleted.number, deleted.how) == ("SC-1", "Delete Subcontract")
        assert sage_desk.restore(sage_path, deleted.id) == "SC-1"
        assert everything(sage_path) == before
        assert sage_records.list_deleted(sage_path) == []

    def test_brings_the_job_back_with_its_first_record(self, sage_path):
        for number in ("SC-1", "SC-2"):
            key_in_subcontract(sage_path, number, job=OTHER_JOB)
        sage_desk.set_job_status(sage_path, OTHER_JOB, 6)
        before = everything(sage_path)
        sage_desk.remove_refused_closed_jobs(sage_path)
        for deleted in sage_records.list_deleted(sage_path):
            sage_desk.restore(sage_path, deleted.id)
        assert everything(sage_path) == before

    def test_is_refused_when_the_number_is_used_again(self, sage_path):
        sage_desk.delete_subcontract(sage_path, key_in_subcontract(sage_path))
        key_in_subcontract(sage_path)
        [deleted] = sage_records.list_deleted(sage_path)
        assert "has been used" in refusal(sage_desk.restore, sage_path, deleted.id)
        assert sage_records.list_deleted(sage_path) == [deleted]

    def test_keeps_the_identity_even_when_the_record_number_was_given_again(self, sage_path):
        recnum = key_in_subcontract(sage_path, "SC-1")
        identity = sage_records.read_record(sage_path, SUBCONTRACT, recnum)[0].identity
        sage_desk.delete_subcontract(sage_path, recnum)
        assert key_in_subcontract(sage_path, "SC-2") == recnum
        [deleted] = sage_records.list_deleted(sage_path)
        sage_desk.restore(sage_path, deleted.id)
        back = sage_records.read_record(sage_path, SUBCONTRACT, sage_desk.recnum_of(sage_path, SUBCONTRACT, "SC-1"))
        assert (back[0].identity, back[0].amount) == (identity, Decimal(1500))

    def test_an_unknown_one_is_not_there(self, sage_path):
        with pytest.raises(NotInSage):
            sage_desk.restore(sage_path, 7)


class TestTheFile:
    def test_a_missing_one_is_said_and_never_made(self, tmp_path):
        path = tmp_path / "nothing.sqlite3"
        for command in (lambda: sage_desk.delete_subcontract(path, 1), lambda: sage_records.list_jobs(path)):
            with pytest.raises(SageNotReachable, match="not there"):
                command()
        assert list(tmp_path.iterdir()) == []

    def test_a_damaged_one_is_said(self, tmp_path):
        path = tmp_path / "company.sqlite3"
        path.write_bytes(b"this is no database, but long enough to look like one" * 50)
        with pytest.raises(SageNotReachable, match="damaged"):
            sage_records.list_jobs(path)

    def test_it_keeps_exactly_sages_tables(self, sage_path):
        sage_desk.delete_subcontract(sage_path, key_in_subcontract(sage_path))
        assert set(sa.inspect(company_engine(sage_path)).get_table_names()) == set(metadata.tables)
