"""What can be looked at on any Microsoft SQL Server, whoever's it is: encryption, sign-in, the rights of the login.

Only the checks of a connector import this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import sqlalchemy as sa

from erpintegrations.connectors.base import ErpError
from erpintegrations.connectors.checks import Finding, passed, warned
from erpintegrations.connectors.errors import LIBRARY_NUMBERS, is_of_logon_trigger, server_error_number
from erpintegrations.connectors.sql_server import ASK_FOR_VERSIONS_OF_ROWS, SNAPSHOT, VERSION, isolation_level
from erpintegrations.connectors.sql_server_address import Encryption, SqlServerAddress

VERIFY = "Set the encryption to verified under Configure Settings, with the CA file of the server's certificate."
YEARS = {"13": "2016", "14": "2017", "15": "2019", "16": "2022", "17": "2025"}
READS_AT = {
    True: "each reading as of one moment",
    False: "since the database does not allow snapshot isolation",
}
WRITING = ("INSERT", "UPDATE", "DELETE")
NO_DATABASE = (916, 4060, 4064)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no connection, and at which check it shows."""

    at: str
    error: ErpError


def refusal(error: Exception, explain: Callable[[Exception], ErpError]) -> Refusal:
    explained = error if isinstance(error, ErpError) else explain(error)
    return Refusal(_refused_at(server_error_number(error)), explained)


def _refused_at(number: int | None) -> str:
    """At which check a refusal shows. One without a number of the server's own came before it looked at the login."""
    if is_of_logon_trigger(number):
        return "logon_trigger"
    if number in NO_DATABASE:
        return "identity"
    return "encrypted" if number is None or number in LIBRARY_NUMBERS else "signed_in"


def encryption(address: SqlServerAddress) -> Finding:
    """How a connection that was made is protected."""
    if address.encryption is Encryption.VERIFIED:
        facts = {"Certificate for": address.host, "Trusted authorities": address.ca_file or "Those of this machine"}
        return passed(
            "The conversation is encrypted, and the server has proved by its certificate who it is.", facts=facts
        )
    if address.encryption is Encryption.REQUIRED:
        return warned(
            "The conversation is encrypted, but any server that answers at this address would be believed, and be "
            "handed the password.",
            VERIFY,
        )
    return warned(
        "The conversation is not encrypted: whoever listens on the network can read what is in the books, and the "
        "password.",
        VERIFY,
    )


def version(engine: sa.Engine) -> str:
    """The server's version, as it says before anybody signs in: "16.0.1000 (SQL Server 2022)"."""
    number = str(engine.get_execution_options()[VERSION])
    year = YEARS.get(number.partition(".")[0])
    return f"{number} (SQL Server {year})" if year else number


def isolation(connection: sa.Connection) -> str:
    """What a reading of the database is, by the level that it is read at."""
    level = isolation_level(connection.exec_driver_sql(ASK_FOR_VERSIONS_OF_ROWS).one_or_none())
    return f"{level}, {READS_AT[level == SNAPSHOT]}"


def writable(connection: sa.Connection, schema: str, tables: Collection[str]) -> list[str]:
    """The tables that the login could write to, as the server itself says."""
    asked = [(table, permission) for table in tables for permission in WRITING]
    may = (sa.func.has_perms_by_name(f"{schema}.{table}", "OBJECT", permission) for table, permission in asked)
    answers = connection.execute(sa.select(*may)).one()
    return sorted({table for (table, _), answer in zip(asked, answers, strict=True) if answer == 1})


def is_sysadmin(connection: sa.Connection) -> bool:
    return connection.scalar(sa.select(sa.func.is_srvrolemember("sysadmin"))) == 1
