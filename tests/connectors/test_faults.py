"""Every way in which a database can be out of reach or not what it should be: a clear sentence, and no secret."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from erpintegrations.connectors import connector_for, engines, sqlite_file
from erpintegrations.connectors.base import Connector, ErpError, NeedsAttention, Retryable
from erpintegrations.connectors.errors import ask, explain_sql_server
from erpintegrations.connectors.sage100_tables import OPTIONAL, REQUIRED
from erpintegrations.connectors.sql_server import SqlServerAddress, probe
from tests.connectors.builder import Line, SageCompany
from tests.connectors.conftest import read

SECRET = "Pa55-w0rd"
LOGIN = "reader-login"


def every_call(connector: Connector) -> list[Callable[[], object]]:
    return [
        connector.identity,
        lambda: read(connector),
        lambda: connector.look_up([str(uuid.uuid4())]),
        lambda: connector.look_up([str(uuid.uuid4())], timeout_seconds=10),
    ]


def failures(database_url: str) -> list[ErpError]:
    """What each call raises, after seeing that nothing about it gives the URL's secrets away."""
    connector = connector_for("sage100", database_url)
    found = []
    for call in every_call(connector):
        with pytest.raises(ErpError) as refused:
            call()
        found.append(refused.value)
        assert_clear_and_without_secrets(refused.value)
    assert len({(type(error), error.problem) for error in found}) == 1, "each call tells the same"
    return found


def assert_clear_and_without_secrets(error: ErpError) -> None:
    assert error.__cause__ is None
    assert error.__context__ is None
    assert error.problem.endswith(".")
    assert error.remedy.endswith(".")
    shown = [error.problem, error.remedy, error.cause, repr(error), str(error), *traceback.format_exception(error)]
    for text in shown:
        assert SECRET not in text
        assert LOGIN not in text
    assert "Traceback" not in error.problem + error.remedy + error.cause
    assert "sqlite3." not in error.problem + error.remedy


def assert_fails(database_url: str, kind: type[ErpError], problem: str) -> None:
    for error in failures(database_url):
        assert type(error) is kind
        assert problem in error.problem


@contextmanager
def as_nobody() -> Iterator[None]:
    """Files are closed to nobody, but open to root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def secret_folder(tmp_path: Path) -> Path:
    (tmp_path / SECRET).mkdir()
    return tmp_path / SECRET


def test_a_missing_file_is_an_error_and_stays_missing(secret_folder: Path) -> None:
    missing = secret_folder / "company.sqlite3"
    assert_fails(f"sqlite:///{missing}", NeedsAttention, "file is not there")
    assert_fails(f"sqlite:///{missing}/below", NeedsAttention, "file is not there")
    assert list(secret_folder.iterdir()) == []


def test_a_folder_is_no_database(secret_folder: Path) -> None:
    assert_fails(f"sqlite:///{secret_folder}", NeedsAttention, "folder, not a database file")


def test_a_pipe_is_no_database_and_is_not_waited_for(secret_folder: Path) -> None:
    os.mkfifo(secret_folder / "pipe")
    assert_fails(f"sqlite:///{secret_folder / 'pipe'}", NeedsAttention, "not a file")


def test_an_empty_file_is_no_database_and_stays_empty(secret_folder: Path) -> None:
    empty = secret_folder / "company.sqlite3"
    empty.touch()
    assert_fails(f"sqlite:///{empty}", NeedsAttention, "file is empty")
    assert empty.stat().st_size == 0


def test_another_kind_of_file_is_no_database(secret_folder: Path) -> None:
    letter = secret_folder / "letter.txt"
    letter.write_text(f"Dear Sir or Madam, {SECRET}. " * 500)
    assert_fails(f"sqlite:///{letter}", NeedsAttention, "is not a database")


@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_file_that_we_may_not_read_says_so(secret_folder: Path, tmp_path: Path, closed: str) -> None:
    company = SageCompany(secret_folder / "company.sqlite3")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == secret_folder.owner() and folder != Path("/"):
            folder.chmod(0o755)
    (company.path if closed == "file" else secret_folder).chmod(0)
    try:
        with as_nobody():
            assert_fails(company.database_url, NeedsAttention, "may not read the ERP database file")
    finally:
        secret_folder.chmod(0o755)


def test_a_damaged_database_says_so(secret_folder: Path) -> None:
    company = SageCompany(secret_folder / "company.sqlite3")
    company.add_many(500, company.add_job())
    size = company.path.stat().st_size
    with company.path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))
    connector = connector_for("sage100", company.database_url)
    for call in every_call(connector)[1:]:  # the identity is in what is left
        with pytest.raises(NeedsAttention, match="is damaged") as refused:
            call()
        assert_clear_and_without_secrets(refused.value)


def test_a_truncated_database_is_never_read_as_deletions(secret_folder: Path) -> None:
    company = SageCompany(secret_folder / "company.sqlite3")
    company.add_many(5000, company.add_job())
    whole = company.path.stat().st_size
    os.truncate(company.path, whole // 2 // 4096 * 4096)
    with pytest.raises(ErpError) as refused:
        read(connector_for("sage100", company.database_url))
    assert_clear_and_without_secrets(refused.value)


def test_a_file_locked_by_another_program_is_retryable(company: SageCompany, connector: Connector, job: int) -> None:
    company.run("PRAGMA journal_mode = DELETE")
    locker = sqlite3.connect(company.path, isolation_level=None)
    locker.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    with pytest.raises(Retryable, match="locked by another program") as refused:
        connector.identity()
    assert time.monotonic() - started > 2, "it waits a little before it gives up"
    assert_clear_and_without_secrets(refused.value)
    locker.rollback()
    locker.close()
    assert connector.identity()


def test_a_database_cut_off_in_the_middle_of_a_reading_is_no_complete_reading(
    company: SageCompany, connector: Connector, job: int
) -> None:
    company.add_many(20_000, job)
    with connector.reading() as reading:
        records = reading.records()
        next(records)
        os.truncate(company.path, 8192)
        with pytest.raises(ErpError) as refused:
            list(records)
    assert_clear_and_without_secrets(refused.value)


def test_text_that_is_not_text_is_told(company: SageCompany, connector: Connector, job: int) -> None:
    company.add_subcontract("SC-1", job)
    company.run("UPDATE subcon SET dscrpt = CAST(x'ff' AS TEXT)")
    with pytest.raises(NeedsAttention, match="something that cannot be read") as refused:
        read(connector)
    assert_clear_and_without_secrets(refused.value)


def test_another_programs_database_is_named_by_the_first_table_it_lacks(secret_folder: Path) -> None:
    path = secret_folder / "other.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA application_id = 5")
        connection.execute("CREATE TABLE actors (name TEXT)")
    assert_fails(f"sqlite:///{path}", NeedsAttention, "no table actrec")


def test_a_database_that_does_not_say_which_company_it_is_needs_attention(company: SageCompany) -> None:
    company.run("PRAGMA application_id = 0")
    assert_fails(company.database_url, NeedsAttention, "does not say which company")


@pytest.mark.parametrize("table", sorted(REQUIRED))
def test_a_missing_table_is_named(company: SageCompany, job: int, table: str) -> None:
    company.run(f"DROP TABLE {table}")
    assert_fails(company.database_url, NeedsAttention, f"no table {table}")


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in REQUIRED.items() for column in columns]
)
def test_a_missing_column_is_named(company: SageCompany, connector: Connector, table: str, column: str) -> None:
    company.run(f"ALTER TABLE {table} RENAME COLUMN {column} TO elsewhere")
    with pytest.raises(NeedsAttention) as refused:
        connector.identity()
    assert refused.value.problem == f"The table {table} of the ERP database has no column {column}."
    assert_clear_and_without_secrets(refused.value)


@pytest.mark.parametrize("table", [table for table in OPTIONAL if "dscrpt" in OPTIONAL[table]])
def test_missing_descriptions_are_done_without(
    company: SageCompany, connector: Connector, job: int, table: str
) -> None:
    described = Line(1, description="Foundations")
    add = {"subcon": company.add_subcontract, "pcorln": company.add_purchase_order}[table]
    erp_id = add("SC-1", job, dscrpt="Foundations", lines=[described])
    assert "Foundations" in texts(connector, erp_id, table)
    company.run(f"ALTER TABLE {table} DROP COLUMN dscrpt")
    assert "Foundations" not in texts(connector, erp_id, table)
    assert erp_id in read(connector)
    assert erp_id in connector.look_up([erp_id]).records


def texts(connector: Connector, erp_id: str, table: str) -> list[str]:
    """The descriptions that come from this table."""
    detail = connector.details([erp_id])[erp_id]
    return [detail.record.description] if table == "subcon" else [line.description for line in detail.lines]


@pytest.mark.parametrize("column", ["rtnrte", "lckedt", "invttl", "chgttl"])
def test_a_column_that_only_some_databases_have_is_not_asked_for(
    company: SageCompany, connector: Connector, job: int, column: str
) -> None:
    erp_id = company.add_subcontract("SC-1", job)
    company.run(f"ALTER TABLE subcon DROP COLUMN {column}")
    assert erp_id in read(connector)


def test_nothing_is_ever_written(company: SageCompany, job: int, tmp_path: Path) -> None:
    company.add_subcontract("SC-1", job)
    company.engine.dispose()
    before = company.path.read_bytes()
    connector = connector_for("sage100", company.database_url)
    for call in every_call(connector):
        call()
    assert company.path.read_bytes() == before
    with engines.source_for(company.database_url).engine(None).connect() as connection, pytest.raises(DBAPIError):
        connection.exec_driver_sql("DELETE FROM subcon")


def test_a_path_with_signs_that_mean_something_in_a_url_is_a_path(company: SageCompany, tmp_path: Path) -> None:
    company.add_job()
    odd = tmp_path / "Müller & Sons #1? 100%41.sqlite3"
    shutil.copy(company.path, odd)
    assert connector_for("sage100", SageCompany(odd).database_url).identity().database == odd.name


@pytest.mark.parametrize(
    "url",
    [
        *[
            "",
            SECRET,
            f"://{SECRET}",
            f"mssql+pymssql://{LOGIN}:{SECRET}@host:port/db",
            f"nosuch://{LOGIN}:{SECRET}@h/d",
        ],
        *[f"postgresql://{LOGIN}:{SECRET}@h/d", "sqlite://", "sqlite:///:memory:", f"sqlite:///file:{SECRET}?uri=true"],
        *[
            f"mssql+pymssql://{LOGIN}:{SECRET}@/db",
            f"mssql+pymssql://{LOGIN}:{SECRET}@host",
            f"sqlite:///{SECRET}?mode=rwc",
        ],
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(NeedsAttention) as refused:
        connector_for("sage100", url)
    assert_clear_and_without_secrets(refused.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///company.sqlite3?mode=rwc"])
def test_a_url_of_sqlite_without_a_plain_file_says_how_to_name_one(url: str) -> None:
    with pytest.raises(NeedsAttention) as refused:
        connector_for("sage100", url)
    assert refused.value.problem == "The database URL names no database file."
    assert refused.value.remedy == "Use sqlite:/// and the file's full path in the connection's settings."


def test_an_address_that_cannot_be_one_says_what_is_wrong_with_it() -> None:
    with pytest.raises(NeedsAttention) as refused:
        connector_for("sage100", f"mssql+pymssql://{LOGIN}:{SECRET}@/db")
    assert refused.value.problem == (
        "The connection's settings do not name a database that can be read: Enter the name or address of the server."
    )
    assert refused.value.remedy == "Correct the connection's settings."
    assert_clear_and_without_secrets(refused.value)


def test_what_nobody_foresaw_of_a_file_is_worth_another_try(secret_folder: Path) -> None:
    """Here: a name that is longer than the operating system's longest."""
    (error, *_) = failures(f"sqlite:///{secret_folder / ('x' * 300)}")
    assert type(error) is Retryable
    assert error.problem == "Reading the ERP database was cut off."
    assert error.remedy == (
        "Nothing has been changed. Try again in a minute; if it keeps failing, tell whoever runs the ERP database."
    )


def test_a_file_outside_the_folders_of_this_site_is_refused_whatever_is_there(
    company: SageCompany, secret_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secret_folder / "allowed").mkdir()
    monkeypatch.setattr(sqlite_file, "_folders", (secret_folder / "allowed",))
    (secret_folder / "allowed" / "link").symlink_to(company.path)
    (secret_folder / "allowed" / "circle").symlink_to("circle")
    for place in (
        *[company.path, secret_folder, secret_folder / "missing", secret_folder / "allowed" / "../missing"],
        *[
            secret_folder / "allowed" / "link",
            secret_folder / "allowed" / "circle",
            secret_folder / "allowed-not" / "x",
            "/etc/passwd",
            "/srv/\0company",
        ],
    ):
        with pytest.raises(NeedsAttention) as refused:
            connector_for("sage100", f"sqlite:///{place}")
        assert refused.value.problem == "This site reads no SQLite file from that place."
        assert_clear_and_without_secrets(refused.value)
    assert_fails(f"sqlite:///{secret_folder / 'allowed' / 'x'}", NeedsAttention, "file is not there")


def test_an_unknown_connector_is_refused_with_those_there_are() -> None:
    with pytest.raises(NeedsAttention) as refused:
        connector_for("abacus", "sqlite:///x.sqlite3")
    assert refused.value.problem == "The connection names an ERP that this product does not know."
    assert refused.value.remedy == "Choose one of these in the connection's settings: sage100."


def test_a_connector_shows_no_secret_when_it_is_printed() -> None:
    connector = connector_for("sage100", f"mssql+pymssql://{LOGIN}:{SECRET}@host/db")
    assert SECRET not in f"{connector!r}{connector}{vars(connector)}"


def host_url(port: int, host: str = "127.0.0.1") -> str:
    return f"mssql+pymssql://{LOGIN}:{SECRET}@{host}:{port}/db"


def test_a_refused_connection_says_that_the_server_is_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening: refused, and nobody else can take the port
        assert_fails(host_url(unused.getsockname()[1]), Retryable, "no database answers at that port")


def test_an_unknown_host_says_so() -> None:
    with pytest.raises(ErpError, match="name of the ERP's server is not known") as refused:
        connector_for("sage100", host_url(1433, "no-such-host.invalid")).identity()
    assert_clear_and_without_secrets(refused.value)


def test_a_host_name_that_no_host_can_have_is_unknown() -> None:
    with pytest.raises(NeedsAttention, match="name of the ERP's server is not known"):
        connector_for("sage100", host_url(1433, "a" * 70 + ".example")).identity()


def test_a_host_that_swallows_everything_is_given_up_in_time() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        host, port = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]  # they fill the queue: whoever comes next hears nothing
        for other in waiting:
            other.setblocking(False)
            other.connect_ex((host, port))
        started = time.monotonic()
        with pytest.raises(Retryable, match=r"did not answer within 0.5 seconds") as refused:
            probe(SqlServerAddress(host, "db", LOGIN, SECRET, port=port), seconds=0.5)
        assert time.monotonic() - started < 3
        assert_clear_and_without_secrets(refused.value)
        for other in waiting:
            other.close()


@pytest.mark.parametrize(
    ("number", "kind", "problem"),
    [
        (18456, NeedsAttention, "refused the sign-in"),
        (4060, NeedsAttention, "does not have that database"),
        (229, NeedsAttention, "may not read"),
        (1222, Retryable, "busy"),
        (20003, Retryable, "did not answer in time"),
        (20006, Retryable, "broke off"),
    ],
)
def test_what_sql_server_says_is_told_without_its_text(number: int, kind: type[ErpError], problem: str) -> None:
    said = Exception((number, f"Login failed for user '{LOGIN}' with {SECRET}.".encode()))

    def action() -> None:
        raise DBAPIError(f"SELECT '{SECRET}'", {"p": SECRET}, said)

    with pytest.raises(kind, match=problem) as refused:
        ask(action, explain_sql_server)
    assert str(number) in refused.value.cause
    assert_clear_and_without_secrets(refused.value)
