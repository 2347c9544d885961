"""Where an ERP's database is and how to open it for reading: the only place that tells SQLite and SQL Server apart.

Connectors ask `source_for` for a `Source` and write their queries once. Nothing here writes to an ERP database.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.types import TypeDecorator

from erpintegrations.connectors.base import ErpError, ErpIdentity, NeedsAttention, Retryable
from erpintegrations.connectors.errors import (
    TRY_AGAIN,
    ask_within,
    did_not_answer,
    explain_sql_server,
    explain_sqlite,
)

BUSY_SECONDS = 5.0
PROBE_SECONDS = 5.0
CORRECT_URL = "Correct the database URL in the connection's settings."


class Source(Protocol):
    """One database of one dialect. Its repr holds no URL."""

    schema: str | None

    def engine(self, seconds: float | None) -> sa.Engine:
        """See that the database is within reach; an engine for one connection. Raises Retryable, NeedsAttention."""
        ...

    def identity(self, connection: sa.Connection) -> ErpIdentity: ...

    def total(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """The exact sum of an amount."""
        ...

    def weighted(
        self, column: sa.ColumnElement[Any], scale: int, weight: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[Any]:
        """The exact sum of a number of that many decimals, times a weight, as a whole number."""
        ...

    def bare_id(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """A GUID in a form in which two equal ones are equal."""
        ...

    def id_in(self, column: sa.ColumnElement[Any], ids: Iterable[str]) -> sa.ColumnElement[bool]:
        """Whether a GUID is one of these canonical ones, by the column's index."""
        ...

    def explain(self, error: Exception) -> ErpError: ...


def source_for(database_url: str) -> Source:
    """The database that a URL names. Raises NeedsAttention, which never repeats the URL."""
    failure: NeedsAttention | None = None
    try:
        url = make_url(database_url)
        backend = url.get_backend_name()
    except Exception as error:  # whatever the parser trips over, its text may repeat the URL
        failure = NeedsAttention(
            "The database URL of the connection cannot be understood.", remedy=CORRECT_URL, cause=type(error).__name__
        )
    if failure is not None:
        raise failure
    if backend == "sqlite":
        return _sqlite_file(url)
    if backend == "mssql":
        return SqlServer(url)
    raise NeedsAttention(
        "The connection names a kind of database that is not supported.",
        remedy="Use a URL that begins with mssql+pymssql:// or sqlite:///.",
        cause="unsupported database kind",
    )


class Cents(TypeDecorator[Decimal]):
    """A whole number of cents in SQL, a decimal in Python."""

    impl = sa.BigInteger
    cache_ok = True

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


class SqliteFile:
    """A company in a SQLite file. `PRAGMA application_id` says which company it is."""

    schema: str | None = None

    def __init__(self, path: Path) -> None:
        self._path = path

    def engine(self, seconds: float | None) -> sa.Engine:
        self._check_file()
        engine = sa.create_engine("sqlite://", creator=self._opener(seconds), poolclass=sa.NullPool)

        # The sqlite3 module begins no transaction before a SELECT; a reading needs one, to be all of one moment.
        @event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN")

        return engine

    def _opener(self, seconds: float | None) -> Callable[[], sqlite3.Connection]:
        # Waiting for a lock ends before the asker's patience does, so that the lock is what gets told; a query ends
        # after it, when nobody waits for its answer any more.
        patience = BUSY_SECONDS if seconds is None else min(BUSY_SECONDS, max(seconds, 0) * 0.8)
        deadline = None if seconds is None else time.monotonic() + seconds + 0.25
        uri = f"{self._path.resolve().as_uri()}?mode=rw"  # rw: unlike rwc, it never creates a missing file

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA query_only = ON")
            if deadline is not None:
                connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
            return connection

        return connect

    def _check_file(self) -> None:
        # Never by opening it: closing a file drops the locks that SQLite holds on it elsewhere in this process.
        problem, cause = "", ""
        try:
            found = self._path.stat()
        except (FileNotFoundError, NotADirectoryError, ValueError):
            problem, cause = "The ERP database file is not there.", "no such file"
        except PermissionError:
            problem, cause = "This program may not read the ERP database file.", "permission denied"
        else:
            if stat.S_ISDIR(found.st_mode):
                problem, cause = "The connection names a folder, not a database file.", "is a directory"
            elif not stat.S_ISREG(found.st_mode):
                problem, cause = "The connection names something that is not a file.", "not a regular file"
            elif not os.access(self._path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
                problem, cause = "This program may not read the ERP database file.", "permission denied"
            elif found.st_size == 0:
                problem, cause = "The ERP database file is empty.", "empty file"
        if problem:
            remedy = {
                "permission denied": "Let this program read the file and write in its folder, then try again.",
                "empty file": "Restore the file from a backup, then sync again.",
                "no such file": f"Put the file back in its place. If it has moved: {CORRECT_URL}",
            }.get(cause, CORRECT_URL)
            # An empty file is an answer, and a wrong one; what cannot be opened is none.
            raise NeedsAttention(problem, remedy=remedy, cause=cause, out_of_reach=cause != "empty file")

    def identity(self, connection: sa.Connection) -> ErpIdentity:
        company = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        if not company:
            raise NeedsAttention(
                "The database does not say which company it holds.",
                remedy=CORRECT_URL,
                cause="application_id is 0",
            )
        path = self._path.resolve()
        return ErpIdentity(server=str(path.parent), database=path.name, company=str(company))

    def total(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        # SQLite would add up doubles. Whole cents are added exactly.
        cents = sa.cast(sa.func.round(column * sa.literal_column("100")), sa.Integer)
        return sa.type_coerce(sa.func.sum(cents), Cents())

    def weighted(
        self, column: sa.ColumnElement[Any], scale: int, weight: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[Any]:
        whole = sa.cast(sa.func.round(column * sa.literal_column(str(10**scale))), sa.Integer)
        return sa.func.sum(whole * weight)

    def bare_id(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        for character in "{}-":
            column = sa.func.replace(column, character, "")
        return sa.func.lower(sa.func.trim(column))

    def id_in(self, column: sa.ColumnElement[Any], ids: Iterable[str]) -> sa.ColumnElement[bool]:
        # Every way to write a GUID that `normalise.guid` reads and a text column can hold; NOCASE covers the letters.
        spellings = [form for id in ids for form in (id, f"{{{id}}}", id.replace("-", ""))]
        return sa.collate(column, "NOCASE").in_(spellings)

    def explain(self, error: Exception) -> ErpError:
        return explain_sqlite(error)


class SqlServer:
    """A company's database on Microsoft SQL Server. `service_broker_guid` says which company it is."""

    schema: str | None = "dbo"

    def __init__(self, url: URL) -> None:
        if not url.host or not url.database:
            raise NeedsAttention(
                "The database URL names no server or no database.", remedy=CORRECT_URL, cause="incomplete URL"
            )
        self._url = url

    def engine(self, seconds: float | None) -> sa.Engine:
        patience = PROBE_SECONDS if seconds is None else min(PROBE_SECONDS, seconds)
        probe(str(self._url.host), self._url.port or 1433, seconds=patience)
        missing = False
        try:
            engine = sa.create_engine(
                self._url,
                poolclass=sa.NullPool,
                hide_parameters=True,
                connect_args={"login_timeout": 5, "timeout": 600 if seconds is None else max(1, int(seconds))},
            )
        except ImportError:
            missing = True
        if missing:
            raise NeedsAttention(
                "This installation lacks the driver for Microsoft SQL Server.",
                remedy="Ask whoever runs this site to install the driver that the database URL names.",
                cause="driver not installed",
                out_of_reach=True,
            )

        # A live ERP is never blocked, nor do we wait for it without end.
        @event.listens_for(engine, "connect")
        def connected(connection: Any, _: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCK_TIMEOUT 5000")

        return engine.execution_options(schema_translate_map={None: self.schema})

    def identity(self, connection: sa.Connection) -> ErpIdentity:
        row = connection.exec_driver_sql(
            "SELECT CAST(@@SERVERNAME AS nvarchar(128)), DB_NAME(), CAST(service_broker_guid AS nvarchar(36))"
            " FROM sys.databases WHERE name = DB_NAME()"
        ).one()
        server, database, company = (str(value or "").strip().lower() for value in row)
        if not (server and database and company):
            raise NeedsAttention(
                "The ERP's server does not say which database it is.",
                remedy="Ask whoever runs the database server to let the login see sys.databases.",
                cause="identity is blank",
            )
        return ErpIdentity(server=server, database=database, company=company)

    def total(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.func.sum(column)

    def weighted(
        self, column: sa.ColumnElement[Any], scale: int, weight: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[Any]:
        whole = sa.cast(column * sa.literal_column(str(10**scale)), sa.Numeric(38, 0))
        return sa.func.sum(whole * weight)

    def bare_id(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return column

    def id_in(self, column: sa.ColumnElement[Any], ids: Iterable[str]) -> sa.ColumnElement[bool]:
        return column.in_(list(ids))

    def explain(self, error: Exception) -> ErpError:
        return explain_sql_server(error)


def probe(host: str, port: int, *, seconds: float) -> None:
    """This function will see that somebody listens there, in so many seconds at most. Raises Retryable, NeedsAttention.

    A driver tells these cases apart badly, and may wait far longer than it was told to.
    """
    ask_within(seconds, lambda: _probe(host, port, seconds))


def _probe(host: str, port: int, seconds: float) -> None:
    failure: ErpError | None = None
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except TimeoutError:
        failure = did_not_answer(seconds)
    except ConnectionRefusedError:
        failure = Retryable(
            "The ERP's server is there, but no database answers at that port.",
            remedy="Have the database service and the port checked, then try again.",
            cause="connection refused",
        )
    except (socket.gaierror, UnicodeError) as error:
        kind = Retryable if getattr(error, "errno", None) == socket.EAI_AGAIN else NeedsAttention
        failure = kind(
            "The name of the ERP's server is not known on the network.",
            remedy=f"Have the name checked. If it is wrong: {CORRECT_URL}",
            cause="unknown host",
            out_of_reach=True,
        )
    except OSError as error:
        failure = Retryable("The ERP's server cannot be reached.", remedy=TRY_AGAIN, cause=f"OSError {error.errno}")
    if failure is not None:
        raise failure


def _sqlite_file(url: URL) -> SqliteFile:
    name = url.database or ""
    if name in ("", ":memory:") or name.startswith("file:") or url.query or url.host:
        raise NeedsAttention(
            "The database URL names no database file.",
            remedy="Use sqlite:/// and the file's full path in the connection's settings.",
            cause="no file in the URL",
        )
    return SqliteFile(Path(name))
