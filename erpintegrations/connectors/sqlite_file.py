"""A company in a SQLite file: the sample company's, and that of tests. Only `engines` imports this."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL

from erpintegrations.connectors.base import ErpError, ErpIdentity, NeedsAttention
from erpintegrations.connectors.errors import CORRECT_URL, explain_sqlite

BUSY_SECONDS = 5.0
ENGINES = 32  # so many files and patiences are remembered
# Of tables and views. What a virtual table hides cannot be read.
COLUMNS = sa.text(
    "SELECT container.name, part.name FROM sqlite_master AS container JOIN pragma_table_xinfo(container.name) AS part"
    " WHERE container.type IN ('table', 'view') AND container.name IN :tables AND part.hidden <> 1"
).bindparams(sa.bindparam("tables", expanding=True))
_folders: tuple[Path, ...] = ()


class SqliteFile:
    """A company in a SQLite file. `PRAGMA application_id` says which company it is."""

    schema: str | None = None

    def __init__(self, path: Path) -> None:
        self._path = path

    def engine(self, seconds: float | None) -> sa.Engine:
        self._check_file()
        return _engine_for(self._path, seconds)

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
        # SQLite would add up doubles. Whole cents are added exactly, and a double holds any sum of 15 digits.
        cents = sa.cast(sa.func.round(column * sa.literal_column("100")), sa.Integer)
        return sa.func.sum(cents) / sa.literal_column("100.0")

    def weighted(
        self, column: sa.ColumnElement[Any], scale: int, weight: sa.ColumnElement[Any]
    ) -> sa.ColumnElement[Any]:
        whole = sa.cast(sa.func.round(column * sa.literal_column(str(10**scale))), sa.Integer)
        return sa.func.sum(whole * weight)

    def bare_id(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        for character in "{}-":
            column = sa.func.replace(column, character, "")
        return sa.func.lower(sa.func.trim(column))

    def id_in(self, column: sa.ColumnElement[Any], spellings: sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
        return sa.collate(column, "NOCASE").in_(spellings)

    def spellings(self, ids: Iterable[str]) -> list[str]:
        # Every way to write a GUID that `normalise.guid` reads and a text column can hold; NOCASE covers the letters.
        return [form for id in ids for form in (id, f"{{{id}}}", id.replace("-", ""))]

    def column_names(self, connection: sa.Connection, tables: Collection[str]) -> dict[str, frozenset[str]]:
        names: dict[str, set[str]] = {table: set() for table in tables}
        for table, column in connection.execute(COLUMNS, {"tables": list(tables)}).all():
            names[table].add(column.lower())
        return {table: frozenset(columns) for table, columns in names.items()}

    def explain(self, error: Exception) -> ErpError:
        return explain_sqlite(error)


@lru_cache(maxsize=ENGINES)
def _engine_for(path: Path, seconds: float | None) -> sa.Engine:
    """Kept for the statements that it has compiled. It keeps no connection, and nothing of what is in the file."""
    engine = sa.create_engine("sqlite://", creator=_opener(path, seconds), poolclass=sa.NullPool)

    # The sqlite3 module begins no transaction before a SELECT; a reading needs one, to be all of one moment.
    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _opener(path: Path, seconds: float | None) -> Callable[[], sqlite3.Connection]:
    # Waiting for a lock ends before the asker's patience does, so that the lock is what gets told; a query ends
    # after it, when nobody waits for its answer any more.
    patience = BUSY_SECONDS if seconds is None else min(BUSY_SECONDS, max(seconds, 0) * 0.8)

    def connect() -> sqlite3.Connection:
        uri = f"{path.resolve().as_uri()}?mode=rw"  # rw: unlike rwc, it never creates a missing file
        connection = sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
        if seconds is not None:
            deadline = time.monotonic() + seconds + 0.25
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        return connection

    return connect


def allow_sqlite_files_in(folders: Iterable[Path]) -> None:
    """This function will let SQLite files in these folders, and below, be read from now on, and no others.

    Who sets up a company is not who runs the machine: without this they could read any company's file on it, and find
    out which files there are.
    """
    global _folders
    _folders = tuple(folder.resolve() for folder in folders)


def sqlite_file(url: URL) -> SqliteFile:
    """The file that a URL names. Raises NeedsAttention."""
    name = url.database or ""
    if name in ("", ":memory:") or name.startswith("file:") or url.query or url.host:
        raise NeedsAttention(
            "The database URL names no database file.",
            remedy="Use sqlite:/// and the file's full path in the connection's settings.",
            cause="no file in the URL",
        )
    path = Path(name)
    if not _is_allowed(path):
        raise NeedsAttention(
            "This site reads no SQLite file from that place.",
            remedy="Connect the company's SQL Server, or ask whoever runs this site to allow the file's folder.",
            cause="not in one of the SQLite folders",
            out_of_reach=True,
        )
    return SqliteFile(path)


def _is_allowed(path: Path) -> bool:
    try:
        real = path.resolve()
    except (OSError, RuntimeError, ValueError):  # no path at all, or links in a circle
        return False
    return any(real.is_relative_to(folder) for folder in _folders)
