"""A look-up: these records alone, whose absence in the answer is proof, in so many seconds and no longer."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest

from erpintegrations.connectors import connector_for
from erpintegrations.connectors.base import Connector, NeedsAttention, Retryable
from tests.connectors.builder import Line, SageCompany
from tests.connectors.conftest import read

ROOT = Path(__file__).resolve().parents[2]
# A column whose value takes SQLite for ever, inside one call into C.
ENDLESS = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n)"


def make_endless(company: SageCompany) -> None:
    company.run(
        "ALTER TABLE actrec RENAME TO kept",
        f"CREATE VIEW actrec AS SELECT recnum, jobnme, shtnme, status FROM kept WHERE {ENDLESS} > 0",
    )


def test_what_is_there_is_found_as_a_reading_finds_it(company: SageCompany, connector: Connector, job: int) -> None:
    subcontract = company.add_subcontract("SC-1", job, lines=[Line("0.10", billed="5"), Line("0.20")])
    order = company.add_purchase_order("PO-1", job, lines=[Line(3), Line(4)])
    company.add_subcontract("SC-2", job)
    answer = connector.look_up([subcontract, order], job_ids=[str(job)])
    everything = read(connector)
    assert answer.records == {erp_id: everything[erp_id] for erp_id in (subcontract, order)}
    assert answer.identity == connector.identity()
    assert answer.job_ids == {str(job)}


def test_deleted_voided_and_purged_are_told_apart(company: SageCompany, connector: Connector, job: int) -> None:
    closed = company.add_job("Old school", status=6)
    deleted, kept = company.add_subcontract("SC-1", job), company.add_subcontract("SC-2", job)
    voided, purged = company.add_purchase_order("PO-1", job), company.add_purchase_order("PO-2", closed)
    company.delete(deleted)
    company.void(voided)
    company.purge_job(closed)
    answer = connector.look_up([deleted, kept, voided, purged], job_ids=[str(job), str(closed)], timeout_seconds=5)
    assert {erp_id: record.is_void for erp_id, record in answer.records.items()} == {kept: False, voided: True}
    assert answer.job_ids == {str(job)}


@pytest.mark.parametrize("stored", ["{id}", "{ID}", "{{{id}}}", "{{{ID}}}", "{compact}"])
@pytest.mark.parametrize("asked", ["{id}", "{ID}", "{{{ID}}}", "{compact}"])
def test_an_id_is_found_however_it_is_written(
    company: SageCompany, connector: Connector, job: int, stored: str, asked: str
) -> None:
    erp_id = company.add_subcontract("SC-1", job)
    forms = {"id": erp_id, "ID": erp_id.upper(), "compact": erp_id.replace("-", "")}
    company.run(f"UPDATE subcon SET _idnum = '{stored.format(**forms)}'")
    assert list(connector.look_up([asked.format(**forms)]).records) == [erp_id]
    assert list(read(connector)) == [erp_id]


def test_more_ids_than_one_question_holds_are_asked_in_several(
    company: SageCompany, connector: Connector, job: int
) -> None:
    ids = company.add_many(1200, job)
    jobs = [str(company.add_job(f"Job {number}")) for number in range(3)]
    gone = [str(uuid.uuid4()) for _ in range(5)]
    answer = connector.look_up([*ids, *gone], job_ids=[*jobs, *map(str, range(1000, 2000))])
    assert set(answer.records) == set(ids)
    assert answer.job_ids == set(jobs)


def test_what_cannot_be_a_job_is_not_there(company: SageCompany, connector: Connector, job: int) -> None:
    company.add_subcontract("SC-1", job)
    assert connector.look_up([], job_ids=["", "x", "-1", "9" * 30, "٣", str(job)]).job_ids == {str(job)}


def test_an_id_that_cannot_be_one_is_not_taken_for_deleted(
    company: SageCompany, connector: Connector, job: int
) -> None:
    company.add_subcontract("SC-1", job)
    with pytest.raises(NeedsAttention, match="cannot be one of Sage's"):
        connector.look_up(["SC-1"])


def test_an_empty_erp_proves_nothing(company: SageCompany, connector: Connector) -> None:
    with pytest.raises(NeedsAttention, match="no jobs at all"):
        connector.look_up([str(uuid.uuid4())])
    job = company.add_job()
    assert connector.look_up([str(uuid.uuid4())]).commitment_count == 0
    company.add_purchase_order("PO-1", job)
    answer = connector.look_up([str(uuid.uuid4())])
    assert (answer.records, answer.commitment_count) == ({}, 1)


@pytest.mark.parametrize("table", ["subcon", "sbcnln", "pchord", "pcorln", "actrec"])
def test_a_table_that_is_missing_proves_nothing(
    company: SageCompany, connector: Connector, job: int, table: str
) -> None:
    company.add_subcontract("SC-1", job)
    company.add_purchase_order("PO-1", job)
    company.run(f"DROP TABLE {table}")
    with pytest.raises(NeedsAttention, match=f"no table {table}"):
        connector.look_up([str(uuid.uuid4())], timeout_seconds=5)


def test_a_driver_that_never_returns_is_left_to_itself(company: SageCompany, connector: Connector, job: int) -> None:
    erp_id = company.add_subcontract("SC-1", job)
    make_endless(company)
    started = time.monotonic()
    with pytest.raises(Retryable, match=r"did not answer within 0.3 seconds"):
        connector.look_up([erp_id], timeout_seconds=0.3)
    assert time.monotonic() - started < 3
    left = [thread for thread in threading.enumerate() if thread.name == "erp-look-up"]
    assert all(thread.daemon for thread in left)
    for thread in left:
        thread.join(timeout=5)
        assert not thread.is_alive(), "it goes on asking although nobody waits"


def test_a_look_up_left_to_itself_keeps_no_process_alive(company: SageCompany, job: int) -> None:
    company.add_subcontract("SC-1", job)
    program = """
import sqlite3, sys
from erpintegrations.connectors import connector_for
from erpintegrations.connectors.base import Retryable
from erpintegrations.connectors.errors import ask_within
def endless():
    sqlite3.connect(":memory:").execute(sys.argv[2]).fetchone()
try:
    ask_within(0.2, endless)
except Retryable:
    print("left")
"""
    arguments = [sys.executable, "-c", program, company.database_url, f"SELECT {ENDLESS}"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "left\n"


def test_no_time_at_all_is_a_time_out(company: SageCompany, connector: Connector, job: int) -> None:
    erp_id = company.add_subcontract("SC-1", job)
    make_endless(company)
    for seconds in (0, -1):
        with pytest.raises(Retryable):
            connector.look_up([erp_id], timeout_seconds=seconds)


def test_a_locked_file_is_waited_for_and_then_retryable(company: SageCompany, connector: Connector, job: int) -> None:
    erp_id = company.add_subcontract("SC-1", job)
    company.run("PRAGMA journal_mode = DELETE")
    locker = sqlite3.connect(company.path, isolation_level=None)
    locker.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    with pytest.raises(Retryable, match="locked by another program"):
        connector.look_up([erp_id], timeout_seconds=3)
    assert time.monotonic() - started < 5
    locker.rollback()
    locker.close()
    assert erp_id in connector.look_up([erp_id], timeout_seconds=5).records


def test_many_may_ask_at_once(company: SageCompany, job: int) -> None:
    ids = company.add_many(50, job)
    found: list[str] = []

    def ask(erp_id: str) -> None:
        found.extend(connector_for("sage100", company.database_url).look_up([erp_id], timeout_seconds=20).records)

    threads = [threading.Thread(target=ask, args=(erp_id,)) for erp_id in ids[:20]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(ids[:20])


# ---- What was asked before decides nothing ---------------------------------------------------------------------------


def test_a_column_that_goes_missing_between_two_questions_is_told(
    company: SageCompany, connector: Connector, job: int
) -> None:
    erp_id = company.add_subcontract("SC-1", job)
    assert erp_id in connector.look_up([erp_id]).records
    company.run("ALTER TABLE pchord DROP COLUMN cancel")
    with pytest.raises(NeedsAttention, match="The table pchord of the ERP database has no column cancel"):
        connector.look_up([erp_id])
    company.run("ALTER TABLE pchord ADD COLUMN cancel TEXT", "DROP TABLE pcorln")
    with pytest.raises(NeedsAttention, match="The ERP database has no table pcorln"):
        connector.look_up([erp_id])


def test_a_column_that_comes_later_is_read(company: SageCompany, connector: Connector, job: int) -> None:
    erp_id = company.add_subcontract("SC-1", job)
    company.run("ALTER TABLE subcon DROP COLUMN dscrpt")
    assert connector.look_up([erp_id]).records[erp_id].description == ""
    company.run("ALTER TABLE subcon ADD COLUMN dscrpt TEXT", "UPDATE subcon SET dscrpt = 'Concrete'")
    assert connector.look_up([erp_id]).records[erp_id].description == "Concrete"


def test_another_file_in_the_same_place_answers_for_itself(
    company: SageCompany, connector: Connector, job: int, tmp_path: Path
) -> None:
    erp_id = company.add_subcontract("SC-1", job)
    before = connector.look_up([erp_id])
    other = SageCompany(tmp_path / "other.sqlite3")
    other.add_job()
    other.run("PRAGMA application_id = 4711")
    other.path.replace(company.path)
    after = connector.look_up([erp_id])
    assert before.identity.company != after.identity.company == "4711"
    assert (before.commitment_count, after.commitment_count) == (1, 0)
    assert after.records == {}


def test_a_link_to_another_file_is_followed_anew(company: SageCompany, job: int, tmp_path: Path) -> None:
    erp_id = company.add_subcontract("SC-1", job)
    other = SageCompany(tmp_path / "other.sqlite3")
    other.add_job()
    place = tmp_path / "current.sqlite3"
    connector = connector_for("sage100", f"sqlite:///{place}")
    place.symlink_to(company.path)
    assert erp_id in connector.look_up([erp_id]).records
    place.unlink()
    place.symlink_to(other.path)
    assert connector.look_up([erp_id]).records == {}
    assert connector.identity().database == "other.sqlite3"
