"""Sage 100 Contractor: reads subcontracts (6-7-1) and purchase orders (6-6-1) from a company's database.

Units and sources: amounts are in the company's currency, added up from the lines; a purchase order's invoiced amount is
what its header says has been received. Moments are as the server's own clock showed them.
Imported by `connectors` alone.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor

from erpintegrations.connectors import normalise, sage100_details
from erpintegrations.connectors import sage100_tables as tables
from erpintegrations.connectors.base import (
    Choose,
    CommitmentKind,
    ErpDetail,
    ErpError,
    ErpIdentity,
    ErpLine,
    ErpRecord,
    LookUp,
    Masters,
    NeedsAttention,
    RecordsUnreadable,
    Retryable,
    StatedAmounts,
    TextWidths,
)
from erpintegrations.connectors.engines import Source, source_for
from erpintegrations.connectors.errors import TRY_AGAIN, ask, ask_within, is_of_logon_trigger, server_error_number
from erpintegrations.connectors.sage100_records import damaged, fingerprints_of, plain, record_of, records_of
from erpintegrations.connectors.sage100_wording import WORDING

Answer = TypeVar("Answer")

BATCH = 1000
CHUNK = 500  # ids in one question: SQL Server takes 2,100 parameters
CHECK_DATABASE = "Check that the connection's settings name the company's own database, and that it was restored whole."
_JOB_NUMBER = re.compile(r"[0-9]{1,18}")


class Sage100Reading:
    """One reading of a company, inside one transaction. Made by `Sage100Connector.reading` alone."""

    def __init__(self, connection: sa.Connection, source: Source) -> None:
        self._connection = connection
        self._source = source
        self.identity = source.identity(connection)
        self._optional = tables.check_tables(connection, source)
        self.job_ids = self._read_job_ids()
        self.counted = _count_commitments(connection)

    def _read_job_ids(self) -> frozenset[str]:
        counted = self._connection.scalar(tables.count(tables.jobs))
        found = [plain("actrec", "recnum", normalise.reference, row[0]) for row in self._select(tables.select_jobs())]
        if len(found) != counted:
            raise _incomplete(f"{len(found)} jobs read, {counted} counted")
        if "" in found:
            raise damaged("A job in Sage has no number.", "actrec.recnum is blank")
        return frozenset(found)

    def batches(self, choose: Choose) -> Iterator[list[ErpRecord]]:
        """Everything, of which what is chosen is made plain.

        Raises Retryable, NeedsAttention: also at the end, when the reading was not complete.
        """
        read = 0
        for kind in CommitmentKind:
            cursor = _ask(self._source, partial(self._cursor, kind))
            while batch := _ask(self._source, partial(cursor.fetchmany, BATCH)):
                read += len(batch)
                fingerprints = fingerprints_of(batch)
                yield [record_of(kind, batch[place], fingerprints[place]) for place in choose(fingerprints)]
        _ask(self._source, lambda: self._check_complete(read))

    def records(self) -> Iterator[ErpRecord]:
        """Each record once. Raises as `batches` does."""
        for batch in self.batches(lambda fingerprints: range(len(fingerprints))):
            yield from batch

    def _cursor(self, kind: CommitmentKind) -> DBAPICursor:
        """The driver's own: to make rows of its own of the driver's would take SQLAlchemy as long again."""
        cursor = self._connection.execute(tables.select_records(kind, self._source, self._optional)).cursor
        assert cursor is not None
        return cursor

    def last_change(self) -> datetime.datetime | None:
        """Raises Retryable, NeedsAttention."""
        moments = [
            plain(table.name, "upddte", normalise.date_and_time, self._ask_once(tables.last_change(table)))
            for table in tables.HEADERS.values()
        ]
        return max((moment for moment in moments if moment), default=None)

    def _ask_once(self, query: sa.Select[Any]) -> Any:
        return _ask(self._source, lambda: self._connection.scalar(query))

    def close(self) -> None:
        with suppress(ErpError):  # nothing was written, so nothing can be lost
            _ask(self._source, self._connection.close)

    def _select(self, query: sa.Select[Any]) -> sa.CursorResult[Any]:
        return self._connection.execute(query, execution_options={"yield_per": BATCH})

    def _check_complete(self, read: int) -> None:
        ids = self._connection.execute(tables.count_ids(self._source)).one()
        if ids.id_count != ids.filled_count:
            raise damaged("Two records in Sage have the same identity.", "duplicate _idnum")
        if not read == self.counted == ids.row_count:
            raise _incomplete(f"{read} records read, {self.counted} counted")


class Sage100Connector:
    """One company's Sage database, read through a database URL (secret). Each call opens and closes a connection."""

    wording = WORDING

    def __init__(self, database_url: str) -> None:
        self._source = source_for(database_url)

    def __repr__(self) -> str:
        return "Sage100Connector()"

    def identity(self) -> ErpIdentity:
        """Say who answers, once it is known to be a Sage database. Raises Retryable, NeedsAttention."""

        def action() -> ErpIdentity:
            with self._source.engine(None).connect() as connection:
                identity = self._source.identity(connection)
                tables.check_tables(connection, self._source)
                return identity

        return _ask(self._source, action)

    @contextmanager
    def reading(self) -> Iterator[Sage100Reading]:
        """Open one consistent reading. Raises Retryable, NeedsAttention."""
        reading = _ask(self._source, self._open_reading)
        try:
            yield reading
        finally:
            reading.close()

    def _open_reading(self) -> Sage100Reading:
        connection = self._source.engine(None).connect()
        try:
            return Sage100Reading(connection, self._source)
        except BaseException:
            connection.close()
            raise

    def look_up(
        self,
        erp_ids: Collection[str],
        *,
        job_ids: Collection[str] = (),
        timeout_seconds: float | None = None,
    ) -> LookUp:
        """Ask for these records and jobs alone. What is not in the answer is proven to be absent, if it
        `has_commitments` at all.

        Answers with ids in their canonical form. Raises Retryable, also when time runs out, NeedsAttention.
        """

        def action() -> LookUp:
            return _ask(self._source, lambda: self._look_up(erp_ids, job_ids, timeout_seconds))

        return action() if timeout_seconds is None else ask_within(timeout_seconds, action)

    def _look_up(self, erp_ids: Collection[str], job_ids: Collection[str], seconds: float | None) -> LookUp:
        wanted = sorted({_canonical(erp_id) for erp_id in erp_ids})
        numbers = sorted({int(job_id) for job_id in job_ids if _JOB_NUMBER.fullmatch(job_id)})
        with self._source.engine(seconds).connect() as connection:
            identity = self._source.identity(connection)
            optional = tables.check_tables(connection, self._source)
            commitment_count = _count_commitments(connection)
            records: dict[str, ErpRecord] = {}
            for chunk in _chunks(wanted):
                for record in _records_of(connection, self._source, optional, chunk):
                    if record.erp_id in records:
                        raise damaged("Two records in Sage have the same identity.", "duplicate _idnum")
                    records[record.erp_id] = record
            found = [row[0] for chunk in _chunks(numbers) for row in connection.execute(tables.select_jobs(chunk))]
        present = frozenset(plain("actrec", "recnum", normalise.reference, number) for number in found)
        return LookUp(identity, records, present, commitment_count)

    def details(self, erp_ids: Collection[str], *, timeout_seconds: float | None = None) -> dict[str, ErpDetail]:
        """Read these records with their lines; those that are not there are left out.

        Raises Retryable, NeedsAttention, RecordsUnreadable.
        """
        wanted = sorted({_canonical(erp_id) for erp_id in erp_ids})

        def read(connection: sa.Connection, optional: frozenset[str]) -> dict[str, ErpDetail]:
            return {
                detail.record.erp_id: detail
                for chunk in _chunks(wanted)
                for kind in CommitmentKind
                for detail in _details_of(
                    connection, optional, kind, _rows_with_ids(connection, self._source, optional, kind, chunk)
                )
            }

        return self._read(read, timeout_seconds)

    def find_by_number(
        self, kind: CommitmentKind, numbers: Collection[str], *, timeout_seconds: float | None = None
    ) -> list[ErpDetail]:
        """Read all records of a kind with one of these numbers, in any job, void ones too.

        Numbers are compared as SQL Server does: without regard to case and to blanks around them.
        Raises Retryable, NeedsAttention.
        """
        wanted = sorted({normalise.compared(number) for number in numbers} - {""})

        def read(connection: sa.Connection, optional: frozenset[str]) -> list[ErpDetail]:
            queries = (
                tables.select_records(kind, self._source, optional, tables.with_numbers(kind, chunk))
                for chunk in _chunks(wanted)
            )
            return [
                detail
                for query in queries
                for detail in _details_of(connection, optional, kind, connection.execute(query).all())
            ]

        return self._read(read, timeout_seconds)

    def masters(self) -> Masters:
        """Read all jobs, vendors, cost codes and cost types. Raises Retryable, NeedsAttention."""
        return self._read(lambda connection, _: sage100_details.masters(connection, plain), None)

    def text_widths(self) -> TextWidths:
        """Learn how wide the columns are that hold texts. Raises Retryable, NeedsAttention."""
        return self._read(lambda connection, _: sage100_details.text_widths(connection, self._source), None)

    def _read(self, read: Callable[[sa.Connection, frozenset[str]], Answer], seconds: float | None) -> Answer:
        """Let `read` ask one connection, once it is known to be a Sage database that holds anything at all."""

        def action() -> Answer:
            with self._source.engine(seconds).connect() as connection:
                optional = tables.check_tables(connection, self._source)
                if connection.execute(tables.any_row(tables.jobs)).first() is None:
                    raise _no_jobs()
                return read(connection, optional)

        def asked() -> Answer:
            return _ask(self._source, action)

        return asked() if seconds is None else ask_within(seconds, asked)


def _details_of(
    connection: sa.Connection, optional: frozenset[str], kind: CommitmentKind, rows: Sequence[sa.Row[Any]]
) -> list[ErpDetail]:
    records = dict(zip((int(row.recnum) for row in rows), records_of(kind, rows), strict=True))
    lines: dict[int, tuple[ErpLine, ...]] = {}
    problems: dict[int, NeedsAttention] = {}
    retainages: dict[int, Decimal] = {}
    stated: dict[int, StatedAmounts] = {}
    for chunk in _chunks(list(records)):
        asked = sage100_details.Asked(kind, chunk, optional)
        lines |= sage100_details.lines_of(connection, asked, plain, problems)
        retainages |= sage100_details.retainages_of(connection, asked, plain, problems)
        stated |= sage100_details.stated_of(connection, asked, plain, problems)
    if problems:
        raise RecordsUnreadable({records[number].erp_id: problem for number, problem in problems.items()})
    return [
        ErpDetail(record, lines.get(number, ()), number, retainages.get(number), stated.get(number))
        for number, record in records.items()
    ]


def _ask(source: Source, action: Callable[[], Answer]) -> Answer:
    """This function will run what asks the database. Raises Retryable, NeedsAttention, free of secrets."""

    def explain(error: Exception) -> ErpError:
        if is_of_logon_trigger(server_error_number(error)):
            return NeedsAttention(
                "Sage keeps other programs out of its database server (SageApplicationsOnly).",
                remedy="Let the connection read a copy of the company's database, or have the server's administrator "
                "exempt the connection's login from that trigger.",
                cause="refused by the logon trigger",
                out_of_reach=True,
            )
        return source.explain(error)

    return ask(action, explain)


def _count_commitments(connection: sa.Connection) -> int:
    """How many there are of both kinds. A database without a job cannot be a company's."""
    if connection.execute(tables.any_row(tables.jobs)).first() is None:
        raise _no_jobs()
    return sum(connection.execute(tables.count_commitments()).one())


def _records_of(
    connection: sa.Connection, source: Source, optional: frozenset[str], erp_ids: Sequence[str]
) -> Iterator[ErpRecord]:
    for kind in CommitmentKind:
        yield from records_of(kind, _rows_with_ids(connection, source, optional, kind, erp_ids))


def _rows_with_ids(
    connection: sa.Connection, source: Source, optional: frozenset[str], kind: CommitmentKind, erp_ids: Sequence[str]
) -> Sequence[sa.Row[Any]]:
    query = tables.select_records_of(kind, source, optional)
    return connection.execute(query, {"ids": source.spellings(erp_ids)}).all()


def _chunks(values: Sequence[Answer]) -> Iterator[Sequence[Answer]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def _canonical(erp_id: str) -> str:
    """What cannot be an id is not simply absent: that would prove a deletion."""
    with suppress(normalise.UnreadableValue):
        return normalise.guid(erp_id)
    raise NeedsAttention(
        "A linked record's Sage identity, as it is kept here, cannot be one of Sage's.",
        remedy="Report this to whoever runs this site.",
        cause="asked for an _idnum that is not a GUID",
    )


def _no_jobs() -> NeedsAttention:
    return NeedsAttention(
        "The Sage database holds no jobs at all, so it cannot be the company's whole database.",
        remedy=CHECK_DATABASE,
        cause="actrec is empty",
    )


def _incomplete(cause: str) -> Retryable:
    return Retryable("The Sage database changed or was cut off while it was read.", remedy=TRY_AGAIN, cause=cause)
