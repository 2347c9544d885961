"""A Sage company behind a SQL Server that is not ours: pysqlbridge answers TDS and T-SQL by its own means.

It serves the tables of a `SageCompany`'s file as they are at each question, over TLS, on loopback. What it cannot do as
SQL Server does: it has no decimals (they go over the wire as floats, which `normalise` makes exact again) and no dates
(they go as datetimes), keeps no versions of rows, and takes no locks. Where that matters, a test looks at the T-SQL.

    with SageServer(company, certificate) as server:
        connector_for("sage100", server.address(encryption=Encryption.REQUIRED).to_url()).identity()
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from pysqlbridge.catalog import Catalog
from pysqlbridge.certificate import Certificate
from pysqlbridge.logins import Login, LoginStore
from pysqlbridge.procedures import CATALOG
from pysqlbridge.source import Table
from pysqlbridge.tds.connection import Connection, ConnectionState
from pysqlbridge.tds.prelogin import Encryption as Offer
from pysqlbridge.tds.result import (
    Column,
    ColumnType,
    DateTime,
    Float,
    Integer,
    NVarChar,
    Query,
    QueryResult,
    UniqueIdentifier,
)
from pysqlbridge.tds.token import DoneStatus, done
from pysqlbridge.tds.token import error as error_token

from erpintegrations.connectors.sql_server import SqlServerAddress
from sandbox.sage_tables import metadata
from tests.connectors.builder import SageCompany

LOGIN, PASSWORD, DATABASE = "reader-login", "Pa55-w0rd; @:/?#%", "Harbor Point. Inc"
LOGINS = LoginStore([Login(LOGIN, PASSWORD, hashed=False)])
# As SQL Server says it: the reason, and then the refusal itself.
NO_SUCH_DATABASE = [
    (4060, 11, "Cannot open database requested by the login. The login failed."),
    (18456, 14, f"Login failed for user '{LOGIN}'."),
]
# What a login with a default database hears that names none, while that one is being restored.
NO_DEFAULT_DATABASE = [(4064, 11, "Cannot open user default database. Login failed."), NO_SUCH_DATABASE[1]]
BROKER = "6F9619FF-8B86-D011-B42D-00C04FC964FF"


class SageServer:
    """A server that listens as long as the `with` lasts. What is set on it holds from the next question on.

    `refusals` is what the sign-in is answered with instead, as (number, severity, text); `offer` what it says of
    encryption; `snapshot` whether the database keeps versions; `spoil` may change an answer on its way out, or raise
    QueryError. `asked` keeps what it was asked, `sessions` each session's login packet and encryption.
    """

    def __init__(self, company: SageCompany, certificate: Certificate) -> None:
        self.company = company
        self.refusals: list[tuple[int, int, str]] = []
        self.offer = Offer.OFF
        self.snapshot = False
        self.broker = BROKER
        self.missing: set[str] = set()
        self.spoil: Callable[[Query, QueryResult], QueryResult] = lambda _, answer: answer
        self.asked: list[str] = []
        self.sessions: list[_Session] = []
        self._listener = _Listener(self, certificate)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._listener.server_address[1])

    def address(self, **parts: Any) -> SqlServerAddress:
        """The way in, which is right as long as no part is given otherwise."""
        right = SqlServerAddress("localhost", DATABASE, LOGIN, PASSWORD, port=self.port)
        return replace(right, **parts)

    def answer(self, query: Query) -> QueryResult:
        self.asked.append(query.sql)
        return self.spoil(query, _ServedCompany(self).answer(query))

    def __enter__(self) -> SageServer:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()


class _ServedCompany(Catalog):
    """The tables of a company as they are now, and what the server says of its databases."""

    def __init__(self, server: SageServer) -> None:
        super().__init__()
        self._server = server
        for table in metadata.sorted_tables:
            if table.name not in server.missing:
                self.add_source(_ServedTable(server, table))

    def get(self, name: str, schema: str | None = None, parameters: dict | None = None) -> Table:
        if (schema or "").lower() == "sys" and name.lower() == "databases":
            columns = [
                Column("name", NVarChar(128)),
                Column("service_broker_guid", UniqueIdentifier()),
                Column("snapshot_isolation_state", Integer(1)),
            ]
            return Table("databases", columns, [[CATALOG, self._server.broker, int(self._server.snapshot)]])
        return super().get(name, schema, parameters)


class _ServedTable:
    """A table that is read from the company's file whenever it is asked for."""

    def __init__(self, server: SageServer, table: sa.Table) -> None:
        self.name = table.name
        self._engine = server.company.engine
        self._columns = [column for column in table.columns if f"{table.name}.{column.name}" not in server.missing]

    def schema(self) -> Table:
        return Table(self.name, [Column(column.name, _wire_type(column)) for column in self._columns], [])

    def load(self) -> Table:
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(*self._columns)).all()
        return replace(self.schema(), rows=[[_wire_value(value) for value in row] for row in rows])


def _wire_type(column: sa.Column[Any]) -> ColumnType:
    if column.name == "_idnum":
        return UniqueIdentifier()
    if isinstance(column.type, sa.String):
        return NVarChar(column.type.length)
    if isinstance(column.type, sa.Date | sa.DateTime):
        return DateTime()
    if isinstance(column.type, sa.Integer):
        return Integer(1) if isinstance(column.type, sa.SmallInteger) else Integer(8)
    return Float()


def _wire_value(value: object) -> object:
    return float(value) if hasattr(value, "as_tuple") else value


class _Session(Connection):
    """One client's conversation, which may be refused, or go on without encryption, as SQL Server's may."""

    def __init__(self, server: SageServer, certificate: Certificate) -> None:
        offer = Offer.REQUIRED if server.offer is Offer.REQUIRED else Offer.OFF
        super().__init__(certificate, encryption=offer, query_handler=server.answer, database=DATABASE, logins=LOGINS)
        self._server = server

    def _negotiate_encryption(self, requested: Offer | None) -> Offer:
        if self._server.offer is Offer.NOT_SUPPORTED or requested is Offer.NOT_SUPPORTED:
            return self._server.offer if self._server.offer is Offer.REQUIRED else Offer.NOT_SUPPORTED
        if self._server.offer is Offer.REQUIRED and requested is Offer.OFF:
            return Offer.REQUIRED
        return super()._negotiate_encryption(requested)

    def _step_prelogin(self, responses: list[bytes]) -> bool:
        moved = super()._step_prelogin(responses)
        if moved and self._plain:
            self._state, self._tunnel = ConnectionState.EXPECT_LOGIN, _NoTunnel()  # type: ignore[assignment]
        return moved

    @property
    def _plain(self) -> bool:
        asked = self._client_prelogin
        return asked is not None and self._negotiate_encryption(asked.encryption) is Offer.NOT_SUPPORTED

    def _answer_sql_login(self, responses: list[bytes]) -> bool:
        self._server.sessions.append(self)
        refusals = self._server.refusals
        if self._login is not None and self._login.database not in ("master", DATABASE):
            refusals = NO_SUCH_DATABASE if self._login.database else NO_DEFAULT_DATABASE
        if not refusals:
            return super()._answer_sql_login(responses)
        tokens = b"".join(
            error_token(number, text, server="SAGE", severity=severity, tds_version=self._tds_version)
            for number, severity, text in refusals
        )
        self._send(responses, tokens + done(status=DoneStatus.ERROR, tds_version=self._tds_version))
        self._state = ConnectionState.FAILED
        return True


class _NoTunnel:
    """What a conversation without encryption goes through."""

    handshake_complete = True

    def unwrap(self, data: bytes) -> bytes:
        return data

    def wrap(self, plaintext: bytes) -> bytes:
        return plaintext


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, server: SageServer, certificate: Certificate) -> None:
        self.sage, self.certificate = server, certificate
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(socketserver.BaseRequestHandler):
    server: _Listener

    def handle(self) -> None:
        session = _Session(self.server.sage, self.server.certificate)
        self.request.settimeout(30)
        try:
            while data := self.request.recv(65536):
                for response in session.receive(data):
                    self.request.sendall(response)
                if session.state is ConnectionState.FAILED:
                    return
        except OSError:
            return  # the client hung up, which is its right
