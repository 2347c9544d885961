"""Whatever goes wrong with the ERP: the run says so in plain words, the log says why, and no link changes."""

import contextlib
import sqlite3
from functools import partial

import pytest

from directory.models import Activity
from erpintegrations.connectors import connector_for
from erpintegrations.connectors.base import Retryable
from erpintegrations.models import ErpConnection, SyncRun
from tests.connectors.builder import SageCompany

pytestmark = pytest.mark.django_db

State = SyncRun.State


@pytest.fixture
def synced(linked):
    """Three subcontracts, of which one was deleted in Sage since the last sync."""
    links = linked.subcontracts(3)
    linked.sync()
    linked.sage.delete(links[0].erp_id)
    return linked


def take_away(linked):
    linked.sage.path.unlink()


def cut_in_half(linked):
    linked.sage.run("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = linked.sage.path.read_bytes()
    linked.sage.path.write_bytes(whole[: len(whole) // 2])


def overwrite(linked):
    for suffix in ("-wal", "-shm"):
        linked.sage.path.with_name(linked.sage.path.name + suffix).unlink(missing_ok=True)
    linked.sage.path.write_bytes(b"this is a text and no database at all" * 200)


def make_empty(linked):
    linked.sage.path.write_bytes(b"")


def delete_every_job(linked):
    linked.sage.run("DELETE FROM actrec")


def drop_table(linked):
    linked.sage.run("DROP TABLE sbcnln")


def rename_column(linked):
    linked.sage.run("ALTER TABLE subcon RENAME COLUMN ctcnum TO number")


def become_another_company(linked):
    linked.sage.run("PRAGMA application_id = 77")


def write_nonsense(linked):
    linked.sage.run("UPDATE subcon SET _idnum = 'not an id' WHERE recnum = (SELECT max(recnum) FROM subcon)")


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (take_away, "The ERP database file is not there."),
        (cut_in_half, "damaged"),
        (overwrite, "not a database"),
        (make_empty, "The ERP database file is empty."),
        (delete_every_job, "holds no jobs at all"),
        (drop_table, "has no table sbcnln"),
        (rename_column, "has no column ctcnum"),
        (become_another_company, "Another company answered"),
        (write_nonsense, "cannot be read"),
    ],
)
def test_a_fault_fails_the_run_and_changes_nothing_else(synced, break_it, problem, caplog):
    before = synced.recorded()
    break_it(synced)
    run = synced.sync()
    assert run.state == State.FAILED
    assert problem in run.problem
    assert run.remedy
    assert str(synced.sage.path) not in run.problem + run.remedy
    assert synced.recorded() == before
    assert not run.changes.exists()
    assert run.read_at is None
    assert any("Sync run failed" in str(message.msg) for message in caplog.records)


def test_another_company_of_the_same_path_is_never_read_as_deletions(synced, tmp_path):
    other = SageCompany(tmp_path / "other" / "company.sqlite3") if (tmp_path / "other").mkdir() is None else None
    other.add_subcontract("SC-9", other.add_job())
    before = synced.recorded()
    ErpConnection.objects.filter(pk=synced.connection.pk).update(database_url=other.database_url)
    run = synced.sync()
    assert run.state == State.FAILED
    assert "Another server and company answered" in run.problem
    assert synced.recorded() == before


def test_a_locked_database_is_tried_again_and_then_fails(synced):
    before = synced.recorded()
    synced.sage.run("PRAGMA journal_mode = DELETE")
    tries = []
    with contextlib.closing(sqlite3.connect(synced.sage.path, isolation_level=None)) as other_program:
        other_program.execute("BEGIN EXCLUSIVE")
        run = synced.sync(
            on_progress=lambda phase, done=0, total=0: tries.append(phase) if phase == "connecting" else None,
            retry_waits=(0.01,),
        )
    assert len(tries) == 2
    assert (run.state, run.problem) == (State.FAILED, "The ERP database is locked by another program.")
    assert synced.recorded() == before


class BusyOnce:
    """A connector whose first reading breaks off in the middle."""

    def __init__(self, connection: ErpConnection) -> None:
        self._real = connector_for(connection.connector_key, connection.database_url)
        self.wording = self._real.wording
        self.readings = 0

    @contextlib.contextmanager
    def reading(self):
        self.readings += 1
        with self._real.reading() as reading:
            if self.readings == 1:
                reading.batches = partial(self._broken, reading.batches)
            yield reading

    def look_up(self, *args, **kwargs):
        return self._real.look_up(*args, **kwargs)

    @staticmethod
    def _broken(batches, choose):
        yield next(batches(choose))
        raise Retryable("The ERP's server broke off the conversation.", remedy="Try again.", cause="test")


def test_a_reading_that_breaks_off_is_begun_anew(synced):
    connectors = []

    def connector_of(connection):
        connectors.append(BusyOnce(connection))
        return connectors[-1]

    run = synced.sync(connector_of=connector_of, retry_waits=(0.0,))
    assert connectors[0].readings == 2
    assert (run.state, run.records_read, run.deleted_count) == (State.COMPLETED, 2, 1)


def test_a_record_that_the_reading_missed_but_that_is_there_is_present(synced):
    class Forgetful(BusyOnce):
        @staticmethod
        def _broken(batches, choose):
            return batches(lambda fingerprints: [place + 1 for place in choose(fingerprints[1:])])

    run = synced.sync(connector_of=Forgetful)
    assert (run.state, run.deleted_count, run.present_count) == (State.COMPLETED, 1, 2)


def test_a_connection_that_is_pointed_elsewhere_meanwhile_fails_the_run(synced):
    before = synced.recorded()

    def point_elsewhere(phase, done=0, total=0):
        if phase == "comparing":
            synced.connection.database_url = "sqlite:////elsewhere.sqlite3"
            synced.connection.server = synced.connection.database = synced.connection.erp_company = ""
            synced.connection.save()

    run = synced.sync(on_progress=point_elsewhere)
    assert (run.state, "settings were changed" in run.problem) == (State.FAILED, True)
    assert synced.recorded() == before
    assert ErpConnection.objects.get(pk=synced.connection.pk).identity is None


def test_a_url_that_cannot_be_understood_fails_the_run_without_repeating_it(synced, caplog):
    ErpConnection.objects.filter(pk=synced.connection.pk).update(database_url="postgres://user:hunter2@host/db")
    run = synced.sync()
    assert run.state == State.FAILED
    assert "hunter2" not in run.problem + run.remedy + caplog.text


def test_an_unreadable_secret_fails_the_run(synced, settings):
    run = synced.run()
    settings.ENCRYPTION_KEYS = ["YW5vdGhlci1rZXktMDEyMzQ1Njc4OS0wMTIzNDU2Nzg="]
    run = synced.perform(run)
    assert (run.state, run.problem) == (State.FAILED, "The stored database URL of the connection cannot be read.")
    assert "encryption key" in run.remedy


def test_a_bug_fails_the_run_names_it_for_the_log_and_is_logged_with_its_traceback(synced, caplog):
    before = synced.recorded()

    def connector_of(connection):
        raise ZeroDivisionError("a secret detail")

    run = synced.sync(connector_of=connector_of)
    assert run.state == State.FAILED
    assert f"under sync run {run.pk}" in run.remedy
    assert "secret detail" not in run.problem + run.remedy
    assert any(isinstance(record.msg, dict) and record.msg.get("exc_info") for record in caplog.records)
    assert synced.recorded() == before


def test_being_told_to_stop_ends_the_run_and_is_passed_on(synced):
    def stop(phase, done=0, total=0):
        raise SystemExit(1)

    run = synced.run()
    with pytest.raises(SystemExit):
        synced.perform(run, on_progress=stop)
    run.refresh_from_db()
    assert (run.state, run.problem) == (State.FAILED, "The sync was stopped before it ended.")


def test_the_same_failure_hour_after_hour_is_told_once(synced):
    take_away(synced)
    first, second = synced.sync(), synced.sync()
    failed = Activity.objects.filter(verb="sync_failed")
    assert [entry.subject_id for entry in failed] == [first.pk]
    assert failed.get().after["problem"] == first.problem == second.problem


def test_a_persons_sync_that_fails_again_is_told_again(synced, admin):
    take_away(synced)
    synced.sync()
    run = synced.sync(SyncRun.Trigger.PERSON, admin)
    assert Activity.objects.filter(verb="sync_failed", subject_id=run.pk, actor=admin).exists()


def test_after_a_failure_the_next_sync_finds_everything(synced):
    synced.sage.run("ALTER TABLE subcon RENAME COLUMN ctcnum TO number")
    assert synced.sync().state == State.FAILED
    synced.sage.run("ALTER TABLE subcon RENAME COLUMN number TO ctcnum")
    run = synced.sync()
    assert (run.state, run.deleted_count) == (State.COMPLETED, 1)
