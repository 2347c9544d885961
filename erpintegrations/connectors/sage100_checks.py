"""What Test connection looks at in a Sage 100 Contractor database, in which order, and what each needs.

The looks at the columns ask for their names and types; only the counts and the full reading read rows. Nothing is
written. What it says to people at length is in `sage100_check_texts`. Imported by `connectors` alone.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from erpintegrations.connectors import sage100_check_texts as texts
from erpintegrations.connectors import sage100_details, sql_server_checks
from erpintegrations.connectors import sage100_tables as tables
from erpintegrations.connectors.base import WIDTH_LABELS, ErpError, ErpIdentity
from erpintegrations.connectors.checks import (
    Check,
    Finding,
    Step,
    carry_out,
    failed,
    failed_by,
    noted,
    passed,
    skipped,
    warned,
)
from erpintegrations.connectors.columns import Columns, columns_of
from erpintegrations.connectors.engines import Source, source_for
from erpintegrations.connectors.errors import ask
from erpintegrations.connectors.sage100 import Sage100Connector
from erpintegrations.connectors.sql_server_address import SqlServerAddress
from erpintegrations.connectors.sql_server_probe import WrongEncryption
from erpintegrations.connectors.whereabouts import whereabouts

# A server that is slower than this at one look, or at the full reading, is told to be.
FULL_READING_SECONDS = 120.0
# The server is asked once more why it refused a sign-in.
SIGN_IN_SECONDS = 45.0
NO_SERVER = "Not needed: the company is in a file on this machine."
Answer = TypeVar("Answer")
# How a column may keep a yes or no. A tinyint may be one too, which its type does not tell.
FLAGS: dict[str, Callable[[sa.types.TypeEngine], bool]] = {
    "As a bit": lambda kind: isinstance(kind, sa.Boolean),
    "As one letter": lambda kind: isinstance(kind, sa.String) and kind.length == 1,
}
TABLES_WITH_COMMITMENTS = ("subcon", "pchord")


def check_sage100(database_url: str, expected: ErpIdentity | None = None) -> Iterator[Check]:
    """This function will look at everything that reading this company needs; it connects at the second check.

    `expected` is who answered before, if anybody did. Raises nothing that has to do with the ERP.
    """
    stage = _Stage(database_url, expected)
    return carry_out(stage.steps(), close=stage.close)


class _Stage:
    """One connection, and the looks that share it."""

    def __init__(self, database_url: str, expected: ErpIdentity | None) -> None:
        self._url = database_url
        self._expected = expected
        self._source: Source
        self._address: SqlServerAddress | None = None
        self._engine: sa.Engine
        self._connection: sa.Connection | None = None
        self._refusal: sql_server_checks.Refusal | None = None
        self._columns: dict[str, Columns] = {}

    def steps(self) -> Iterator[Step]:
        yield Step("address", "Address", self._look_at_address)
        yield Step("reachable", "Reachable", self._reach, ("address",))
        yield Step("encrypted", "Encrypted and verified", self._connect, ("reachable",), SIGN_IN_SECONDS)
        yield Step("signed_in", "Signed in", self._look_at_sign_in, ("encrypted",))
        yield Step("logon_trigger", "Logon trigger", self._look_at_trigger, ("signed_in",))
        yield Step("identity", "Server and database", self._look_at_identity, ("logon_trigger",))
        for table in tables.REQUIRED:
            title = f"Table {table} ({texts.TABLES[table]})"
            yield Step(f"table_{table}", title, self._table(table), ("identity",))
        all_tables = tuple(f"table_{table}" for table in tables.REQUIRED)
        yield Step("widths", "Widths of texts", self._asked(self._learn_widths), all_tables)
        yield Step("flags", "Encoding of flags", self._look_at_flags, all_tables)
        yield Step("may_write", "May only read", self._of_server(self._may_write), ("identity",))
        yield Step("sysadmin", "Not a sysadmin", self._of_server(self._is_sysadmin), ("identity",))
        yield Step("counts", "Rows", self._asked(self._count), all_tables)
        yield Step("full_reading", "Full reading", self._read_all, (*all_tables, "counts"), FULL_READING_SECONDS + 30)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    # ---- Getting in --------------------------------------------------------------------------------------------------

    def _look_at_address(self) -> Finding:
        self._source = source_for(self._url)
        if self._source.schema is not None:  # a server, not a file
            self._address = SqlServerAddress.from_url(self._url)
        return passed("The settings say where the database is.", facts={"Reads from": whereabouts(self._url)})

    def _reach(self) -> Finding:
        started = time.monotonic()
        try:
            self._engine = self._source.engine(FULL_READING_SECONDS)
        except WrongEncryption as error:  # it answered, though
            self._refusal = sql_server_checks.Refusal("encrypted", error)
        took = f"{time.monotonic() - started:.1f} s"
        if self._address is None:
            return passed("The company's file is there and can be read.")
        facts = {"Answered within": took}
        if self._refusal is None:
            facts["Version"] = sql_server_checks.version(self._engine)
        return passed("The server answers, and speaks SQL Server's protocol.", facts=facts)

    def _connect(self) -> Finding:
        if self._refusal is None:
            try:
                self._connection = self._engine.connect()
            except (ErpError, SQLAlchemyError, sqlite3.Error, OSError) as error:
                self._refusal = sql_server_checks.refusal(error, self._source.explain)
        if self._address is None:
            return failed_by(self._refusal.error) if self._refusal else skipped(NO_SERVER)
        if self._refusal and self._refusal.at == "encrypted":
            return failed_by(self._refusal.error)
        return sql_server_checks.encryption(self._address)

    def _look_at_sign_in(self) -> Finding:
        if self._address is None:
            return skipped(NO_SERVER)
        if self._refusal and self._refusal.at == "signed_in":
            return failed_by(self._refusal.error)
        return passed("The server accepted the login and the password.")

    def _look_at_trigger(self) -> Finding:
        if self._address is None:
            return skipped(NO_SERVER)
        if self._refusal and self._refusal.at == "logon_trigger":
            return failed(texts.LOGON_TRIGGER, texts.LOGON_TRIGGER_WAYS, statements=texts.LOGON_TRIGGER_STATEMENTS)
        return passed("No trigger of the server kept the connection out.")

    def _look_at_identity(self) -> Finding:
        if self._refusal:
            return replace(failed_by(self._refusal.error), statements=texts.GRANT_READING)
        found = self._ask(lambda connection: self._source.identity(connection))
        facts = self._shown(found)
        if self._address is not None:
            facts["Reads at"] = self._ask(sql_server_checks.isolation)
        if self._expected is None:
            return passed(
                "Who answers is known. The first sync keeps it, and another one is refused from then on.", facts=facts
            )
        if found == self._expected:
            return passed("The same server, database and company as before answer.", facts=facts)
        return failed(
            "Another server, database or company answers than the one that was read before.",
            "If the company has moved there on purpose, enter its login and password, or its URL, again under "
            "Configure Settings: then it is learned anew. Otherwise correct the address.",
            facts=facts | {f"{label} before": text for label, text in self._shown(self._expected).items()},
        )

    def _shown(self, identity: ErpIdentity) -> dict[str, str]:
        """Who answers; without a file's folder, which is nobody's business."""
        server = {"Server": identity.server} if self._address else {}
        return server | {"Database": identity.database, "Identity of the company": identity.company}

    # ---- What is there -----------------------------------------------------------------------------------------------

    def _table(self, table: str) -> Callable[[], Finding]:
        return self._asked(lambda connection: self._look_at_table(connection, table))

    def _look_at_table(self, connection: sa.Connection, table: str) -> Finding:
        found = columns_of(connection, self._source.schema, [table])[table]
        self._columns[table] = found
        if not found:
            return failed(
                f"The table {table} is not there, or the login may not read it.",
                "See that the settings name the company's own database, and that the login may read all of it.",
                statements=texts.GRANT_READING if self._address else "",
            )
        missing = [column for column in tables.REQUIRED[table] if column not in found]
        if missing:
            return failed(
                f"Missing in the table {table}: {', '.join(missing)}.",
                "See that the settings name the company's own database. If they do, report the missing columns, and "
                "the release of Sage, to the support of this product.",
            )
        optional = tables.OPTIONAL.get(table, ())
        off = [column for column in optional if column not in found]
        facts = {"Columns that are read": str(len(tables.REQUIRED[table]) + len(optional) - len(off))}
        if off:
            without = "; ".join(f"without {column}, {texts.WITHOUT[f'{table}.{column}']}" for column in off)
            sentence = f"Every column that is needed is there. Not there: {without}."
            return noted(sentence, facts=facts)
        return passed("Every column is there.", facts=facts)

    def _learn_widths(self, connection: sa.Connection) -> Finding:
        widths = asdict(sage100_details.text_widths(connection, self._source))
        facts = {label: f"{widths[name]} characters" for name, label in WIDTH_LABELS.items()}
        return passed("What is longer is refused before it is sent, never cut off.", facts=facts)

    def _look_at_flags(self) -> Finding:
        columns = {f"{table}.{name}": kind for table, found in self._columns.items() for name, kind in found.items()}
        flags = {label: [name for name in columns if is_one(columns[name])] for label, is_one in FLAGS.items()}
        if not any(flags.values()):
            return skipped("None of these tables has a column for a yes or no.")
        return noted(
            "This is how the database keeps a yes or no. Nothing that is read depends on it.",
            facts={label: ", ".join(names) for label, names in flags.items() if names},
        )

    def _may_write(self, connection: sa.Connection) -> Finding:
        writable = sql_server_checks.writable(connection, str(self._source.schema), tables.REQUIRED)
        if not writable:
            return passed("The login can write to none of the tables.")
        return warned(
            texts.MAY_WRITE,
            "Have whoever runs the database server take that right away.",
            statements=texts.TAKE_WRITING,
            facts={"It could write to": ", ".join(writable)},
        )

    def _is_sysadmin(self, connection: sa.Connection) -> Finding:
        if not sql_server_checks.is_sysadmin(connection):
            return passed("The login is no sysadmin.")
        return warned(texts.IS_SYSADMIN, texts.IS_SYSADMIN_REMEDY, statements=texts.TAKE_SYSADMIN)

    # ---- What is in it -----------------------------------------------------------------------------------------------

    def _count(self, connection: sa.Connection) -> Finding:
        counts = {table: connection.scalar(tables.count(tables.TABLES[table])) or 0 for table in tables.REQUIRED}
        facts = {texts.TABLES[table].capitalize(): f"{count:,}" for table, count in counts.items()}
        if not counts["actrec"]:
            return failed(
                "There is no job at all, so this cannot be the company's whole database.",
                "See that the settings name the company's own database, and that it was restored whole.",
                facts=facts,
            )
        if not any(counts[table] for table in TABLES_WITH_COMMITMENTS):
            return warned(
                "There is no subcontract and no purchase order.",
                "That is right for a company that has none yet. Otherwise have the database checked: a sync that finds "
                "none marks nothing as gone, and asks a person.",
                facts=facts,
            )
        return passed("The tables hold what a company has.", facts=facts)

    def _read_all(self) -> Finding:
        started, read = time.monotonic(), 0
        with Sage100Connector(self._url).reading() as reading:
            for _ in reading.records():
                read += 1
                if time.monotonic() - started > FULL_READING_SECONDS:
                    break
            took = time.monotonic() - started
            facts = {"Records": f"{read:,}", "Time": f"{took:.1f} s"}
            if read < reading.counted:
                return warned(
                    f"After {FULL_READING_SECONDS:g} seconds, {read:,} of {reading.counted:,} records were read, and "
                    "this check stopped there.",
                    "Have whoever runs the database server look why it is slow; a sync takes as long as it needs.",
                    facts=facts,
                )
        return passed("Every subcontract and purchase order was read, as each sync does.", facts=facts)

    # ---- Asking ------------------------------------------------------------------------------------------------------

    def _of_server(self, look: Callable[[sa.Connection], Finding]) -> Callable[[], Finding]:
        """A look at what only a server has."""
        asked = self._asked(look)
        return lambda: skipped(NO_SERVER) if self._address is None else asked()

    def _asked(self, look: Callable[[sa.Connection], Finding]) -> Callable[[], Finding]:
        return lambda: self._ask(look)

    def _ask(self, look: Callable[[sa.Connection], Answer]) -> Answer:
        """Let a look ask the connection, in a transaction of its own. Raises Retryable, NeedsAttention."""
        connection = self._connection
        assert connection is not None, "Every look that asks it needs a check that fails without a connection."

        def action() -> Answer:
            with connection.begin():
                return look(connection)

        return ask(action, self._source.explain)
