"""A company's database on Microsoft SQL Server, opened for reading alone. Only connectors import this."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from erpintegrations.connectors import freetds, sql_server_sign_in
from erpintegrations.connectors.base import ErpError, ErpIdentity, NeedsAttention
from erpintegrations.connectors.columns import columns_of
from erpintegrations.connectors.errors import explain_sql_server
from erpintegrations.connectors.sql_server_address import DRIVER, NO_AUTHORITIES, Encryption, SqlServerAddress
from erpintegrations.connectors.sql_server_probe import Reachable, probe

__all__ = ["Encryption", "Reachable", "SqlServer", "SqlServerAddress", "probe"]

PROBE_SECONDS = 5.0
QUERY_SECONDS = 600
LOCK_MILLISECONDS = 5000
SNAPSHOT = "SNAPSHOT"
ASK_FOR_VERSIONS_OF_ROWS = "SELECT snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()"
VERSION = "server_version"  # the option of an engine that holds the server's own, such as "16.0.1000"
FREETDS_WORDS = {Encryption.OFF: "off", Encryption.REQUIRED: "require", Encryption.VERIFIED: "require"}


class SqlServer:
    """The database at an address. `service_broker_guid` says which company it is."""

    schema: str | None = "dbo"

    def __init__(self, address: SqlServerAddress) -> None:
        """Raises NeedsAttention when the address cannot be one."""
        for part, sentence in address.faults().items():
            raise NeedsAttention(
                f"The connection's settings do not name a database that can be read: {sentence}",
                remedy="Correct the connection's settings.",
                cause=f"fault in the address: {part}",
                out_of_reach=True,
            )
        self._address = address

    def __repr__(self) -> str:
        return "SqlServer()"

    def engine(self, seconds: float | None) -> sa.Engine:
        patience = PROBE_SECONDS if seconds is None else min(PROBE_SECONDS, seconds)
        found = probe(self._address, patience)
        query_seconds = QUERY_SECONDS if seconds is None else max(1, int(seconds))
        engine = sa.create_engine(
            f"{DRIVER}://",
            creator=lambda: self._sign_in(found.port, query_seconds),
            poolclass=sa.NullPool,
            pool_reset_on_return=None,  # it is closed, which undoes a transaction as well
            hide_parameters=True,
        )
        event.listen(engine, "connect", _begin_reading)
        options = {"schema_translate_map": {None: self.schema}, VERSION: found.version}
        return engine.execution_options(**options)

    def _sign_in(self, port: int, query_seconds: int) -> Any:
        """A connection of the driver, which finds the way there in a section of its library's configuration."""
        address, configuration = self._address, freetds.configuration()
        section = configuration.section(
            host=address.host,
            port=port,
            encryption=FREETDS_WORDS[address.encryption],
            authorities=self._authorities(),
            query_seconds=query_seconds,
        )
        login = {"user": address.login, "password": address.password, "database": address.database}
        return sql_server_sign_in.sign_in(section, port, login, keep_open=(configuration.file,))

    def _authorities(self) -> str:
        """The file against which the certificate is verified, '' where none is to be. Raises NeedsAttention."""
        if self._address.encryption is not Encryption.VERIFIED:
            return ""
        if not (authorities := self._address.authorities()):
            raise NeedsAttention(
                NO_AUTHORITIES,
                remedy="Name the CA file of the server's certificate in the connection's settings.",
                cause="no authorities to verify against",
                out_of_reach=True,
            )
        return authorities

    def identity(self, connection: sa.Connection) -> ErpIdentity:
        row = connection.exec_driver_sql(
            "SELECT COALESCE(@@SERVERNAME, CAST(SERVERPROPERTY('ServerName') AS nvarchar(128))), DB_NAME(),"
            " CAST(service_broker_guid AS nvarchar(36)) FROM sys.databases WHERE name = DB_NAME()"
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

    def id_in(self, column: sa.ColumnElement[Any], spellings: sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
        return column.in_(spellings)

    def spellings(self, ids: Iterable[str]) -> list[str]:
        return list(ids)

    def column_names(self, connection: sa.Connection, tables: Collection[str]) -> dict[str, frozenset[str]]:
        return {table: frozenset(found) for table, found in columns_of(connection, self.schema, tables).items()}

    def explain(self, error: Exception) -> ErpError:
        return explain_sql_server(error)


def _begin_reading(connection: Any, _: Any) -> None:
    """A live ERP is never blocked, nor do we wait for it without end; and what we read is of one moment where the
    database keeps versions of its rows.
    """
    connection.autocommit(True)  # else the driver has begun a transaction already, on another level
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCK_TIMEOUT {LOCK_MILLISECONDS}")
        cursor.execute(ASK_FOR_VERSIONS_OF_ROWS)
        cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation_level(cursor.fetchone())}")
    connection.autocommit(False)


def isolation_level(answer: Sequence[Any] | None) -> str:
    """At which level a database is read that gave this answer."""
    return SNAPSHOT if answer and answer[0] == 1 else "READ COMMITTED"
