"""Unlink and Check now by the fewest statements of the same effect, each handed to the bare drivers."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks.data import SyncedCompany
from directory.models import User
from erpintegrations.models import SyncLink
from erpintegrations.services.observations import batches, commitment_label

GONE_STATES = "('deleted', 'voided', 'purged')"
QUESTIONS = (
    "SELECT recnum FROM actrec LIMIT 1",
    "PRAGMA application_id",
    "SELECT COUNT(*) FROM subcon",
    "SELECT COUNT(*) FROM pchord",
)
THERE = "SELECT _idnum, recnum, jobnum, status FROM {table} WHERE _idnum COLLATE NOCASE IN ({places})"
JOBS = "SELECT recnum FROM actrec WHERE recnum IN ({places})"
# A record that is there comes with the exact totals of its lines: what a link remembers of it.
RECORDS = """
    SELECT header._idnum, header.{number}, header.jobnum, header.vndnum, header.dscrpt, header.upddte,
        SUM({cents}) / 100.0, {own}, COUNT(*) || ':' || SUM({cents} * lines.linnum) || ':' ||
        SUM(CAST(ROUND(lines.cstcde * 1000) AS INTEGER) * lines.linnum) || ':' || SUM(lines.csttyp * lines.linnum)
    FROM {table} header JOIN {lines} lines ON lines.recnum = header.recnum
    WHERE header._idnum COLLATE NOCASE IN ({{places}}) GROUP BY header.recnum
"""
SUBCONTRACTS = RECORDS.format(
    table="subcon",
    lines="sbcnln",
    number="ctcnum",
    cents="CAST(ROUND(lines.amount * 100) AS INTEGER)",
    own="SUM(lines.change), SUM(lines.billed)",
)
PURCHASE_ORDERS = RECORDS.format(
    table="pchord",
    lines="pcorln",
    number="ordnum",
    cents="CAST(ROUND(lines.extttl * 100) AS INTEGER)",
    own="0, header.rcvdte",
)
LINES = """
    SELECT line.commitment_id, line.id, line.position, line.description, line.quantity, line.unit_cost, line.amount,
        code.code, code.name, type.name
    FROM commitments_scheduleofvaluesline line JOIN commitments_costcode code ON code.id = line.cost_code_id
    JOIN commitments_costtype type ON type.id = line.cost_type_id
    WHERE line.commitment_id IN ({places}) ORDER BY line.position, line.id
"""
MOVE = """
    UPDATE commitments_commitment SET erp_status = 'not_sent', revision = revision + 1, updated_at = ?
    WHERE id IN ({places}) AND erp_status = 'synced' RETURNING id, revision
"""
CLOSE = f"""
    UPDATE erpintegrations_synclink SET closed_at = ?, closed_by_id = ?, close_token = ?, checked_at = ?,
        closed_commitment_revision = ?, closed_lines = ?, version = version + 1
    WHERE id = ? AND closed_at IS NULL AND version = 1 AND presence IN {GONE_STATES}
"""
END_REQUESTS = """
    UPDATE erpintegrations_unlinkoverride SET state = 'withdrawn', answered_at = ?, answered_by_id = ?
    WHERE link_id IN ({places}) AND state = 'waiting'
"""
RECORD = """
    UPDATE erpintegrations_synclink SET presence = 'present', presence_changed_at = ?, checked_at = ?, erp_number = ?,
        erp_job_id = ?, erp_vendor_id = ?, erp_description = ?, erp_updated_at = ?, erp_amount = ?, changed_amount = ?,
        invoiced_amount = ?, erp_lines_digest = ?, version = version + 1
    WHERE id = ? AND closed_at IS NULL AND version = 1
"""
HISTORY = """
    INSERT INTO directory_activity (company_id, project_id, at, verb, actor_id, actor_label, subject_type, subject_id,
        subject_label, reason, "before", "after", sync_run_id, request_id)
    VALUES (?, ?, ?, ?, ?, ?, 'commitment', ?, ?, '', ?, ?, NULL, '')
"""


def gone(synced: SyncedCompany, links: Sequence[SyncLink]) -> bool:
    """Whether the ERP has none of those links' records."""
    with _reading(synced) as file:
        found = [
            file.execute(THERE.format(table=table, places=_places(batch)), [link.erp_id for link in batch]).fetchall()
            for batch in batches(links)
            for table in ("subcon", "pchord")
        ]
        _ask_for_jobs(file, links)
    return not any(found)


def found(synced: SyncedCompany, links: Sequence[SyncLink]) -> dict[str, tuple[Any, ...]]:
    """The records of those links that the ERP has, by id."""
    with _reading(synced) as file:
        rows = [
            row
            for batch in batches(links)
            for query in (SUBCONTRACTS, PURCHASE_ORDERS)
            for row in file.execute(query.format(places=_places(batch)), [link.erp_id for link in batch])
        ]
        _ask_for_jobs(file, links)
    return {row[0].lower(): row for row in rows}


@contextmanager
def _reading(synced: SyncedCompany) -> Iterator[sqlite3.Connection]:
    """The ERP at one moment, once it has said who it is and how much it holds."""
    with closing(sqlite3.connect(synced.sage)) as file:
        file.execute("BEGIN")
        for question in QUESTIONS:
            file.execute(question).fetchone()
        yield file


def _ask_for_jobs(file: sqlite3.Connection, links: Sequence[SyncLink]) -> None:
    for batch in batches(links):
        jobs = sorted({link.erp_job_id for link in batch})
        file.execute(JOBS.format(places=_places(jobs)), jobs).fetchall()


def unlink(bare: Any, links: Sequence[SyncLink], user: User) -> None:
    """Close the links with the lines of their commitments, set these to not sent, and tell the history."""
    now = timezone.now().isoformat(" ")
    for batch in batches(links):
        pks, own = [link.commitment_id for link in batch], [link.pk for link in batch]
        revisions = dict(_run(bare, MOVE.format(places=_places(batch)), [now, *pks]).fetchall())
        kept: defaultdict[int | None, list[tuple[int, int, str]]] = defaultdict(list)
        for commitment, pk, position, text, *figures in _run(bare, LINES.format(places=_places(batch)), pks):
            quantity, cost, amount, code, name, kind = figures
            words = f"{code} {name} · {kind} · {text} · {float(quantity):g} × {cost:,.2f} = {amount:,.2f}"
            kept[commitment].append((pk, position, words))
        rows = [
            (now, user.pk, "0" * 32, now, revisions[link.commitment_id], json.dumps(kept[link.commitment_id]), link.pk)
            for link in batch
        ]
        _run_many(bare, CLOSE, rows)
        _run(bare, END_REQUESTS.format(places=_places(batch)), [now, user.pk, *own])
    before = ({"erp_number": link.erp_number, "presence": "Deleted", "erp_status": "Synced"} for link in links)
    _tell(bare, _entries(links, user, now, "unlinked", before, {"erp_status": "Not sent"}))
    bare.commit()


def record(bare: Any, links: Sequence[SyncLink], records: dict[str, tuple[Any, ...]], user: User) -> None:
    """Write to the links what their records hold, and tell the history of those that came back."""
    now = timezone.now().isoformat(" ")
    back = [link for link in links if link.is_gone]
    rows = []
    for link in links:
        _, number, job, vendor, text, changed_at, *amounts, digest = records[link.erp_id]
        values = (number, str(job), str(vendor), text, f"{changed_at[:19]}{_utc()}")
        rows.append((now, now, *values, *(f"{amount or 0:.2f}" for amount in amounts), digest, link.pk))
    _run_many(bare, RECORD, rows)
    if back:
        before = ({"presence": "Deleted"} for _ in back)
        _tell(bare, _entries(back, user, now, "presence_changed", before, {"presence": "In the ERP"}))
    bare.commit()


def _entries(
    links: Sequence[SyncLink], user: User, now: str, verb: str, befores: Iterable[dict[str, str]], after: dict[str, str]
) -> Iterator[tuple[Any, ...]]:
    who, became = (verb, user.pk, str(user)), json.dumps(after)
    for link, before in zip(links, befores, strict=True):
        what = (link.commitment_id, commitment_label(link), json.dumps(before), became)
        yield (link.company_id, link.project_id, now, *who, *what)


def _tell(bare: Any, entries: Iterable[tuple[Any, ...]]) -> None:
    _run_many(bare, HISTORY, list(entries))


def _run(bare: Any, statement: str, values: Sequence[Any]) -> Any:
    return bare.execute(_dialect(statement), values)


def _run_many(bare: Any, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    with closing(bare.cursor()) as cursor:
        cursor.executemany(_dialect(statement), rows)


def _places(values: Sequence[Any]) -> str:
    return ", ".join("?" for _ in values)


def _utc() -> str:
    """What a moment has to say of its zone: SQLite's are all UTC."""
    return "+00:00" if connection.vendor == "postgresql" else ""


def _dialect(statement: str) -> str:
    return statement.replace("?", "%s") if connection.vendor == "postgresql" else statement
