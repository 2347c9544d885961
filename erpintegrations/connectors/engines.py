"""Where an ERP's database is and how to open it for reading: the only place that tells SQLite and SQL Server apart.

Connectors ask `source_for` for a `Source` and write their queries once. Nothing here writes to an ERP database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from erpintegrations.connectors.base import ErpError, ErpIdentity, NeedsAttention
from erpintegrations.connectors.errors import CORRECT_URL
from erpintegrations.connectors.sql_server import SqlServer
from erpintegrations.connectors.sql_server_address import SqlServerAddress
from erpintegrations.connectors.sqlite_file import sqlite_file


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

    def id_in(self, column: sa.ColumnElement[Any], spellings: sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
        """Whether a GUID is one of those with these spellings, by the column's index."""
        ...

    def spellings(self, ids: Iterable[str]) -> list[str]:
        """Every way in which the database may hold these canonical GUIDs, as `id_in` compares them."""
        ...

    def column_names(self, connection: sa.Connection, tables: Collection[str]) -> dict[str, frozenset[str]]:
        """The columns of each of these tables, in small letters, as they are now; none of one that is not there, or is
        not shown.
        """
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
        return sqlite_file(url)
    if backend == "mssql":
        return SqlServer(SqlServerAddress.from_url(database_url))
    raise NeedsAttention(
        "The connection names a kind of database that is not supported.",
        remedy="Use a URL that begins with mssql+pymssql:// or sqlite:///.",
        cause="unsupported database kind",
    )
