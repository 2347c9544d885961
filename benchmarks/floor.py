"""The least that a sync can cost: both sides read by the bare drivers, into one dictionary by id.

The sums of the lines are the databases' own, without the care for exact cents that the product takes. Of each link it
reads the 14 columns that a comparison of values needs, as whoever begins would. The product reads three, one of them
the fingerprint of the record, and the others of those links alone whose record is another one. That is how a sync,
which does much besides, stays near this floor at all: one that went by fingerprints too would be lower.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone

from benchmarks.bulk import write_rows
from benchmarks.data import SyncedCompany
from benchmarks.database import url_of

_LINES = """
    SELECT recnum AS parent, SUM({amount}) AS amount, {sums} COUNT(*) AS line_count,
        SUM({amount} * linnum) AS amount_check, SUM(cstcde * linnum) AS code_check, SUM(csttyp * linnum) AS type_check
    FROM {lines} GROUP BY recnum
"""
_RECORDS = """
    SELECT h._idnum, h.{number}, h.jobnum, h.vndnum, h.status, h.dscrpt, h.{date}, h.insdte, h.upddte, t.amount, {own},
        t.line_count, t.amount_check, t.code_check, t.type_check
    FROM {header} h LEFT JOIN ({totals}) t ON t.parent = h.recnum
"""
RECORDS = (
    _RECORDS.format(
        header="subcon",
        number="ctcnum",
        date="condte",
        own="t.changed, t.invoiced",
        totals=_LINES.format(lines="sbcnln", amount="amount", sums="SUM(change) AS changed, SUM(billed) AS invoiced,"),
    ),
    _RECORDS.format(
        header="pchord",
        number="ordnum",
        date="orddte",
        own="0, h.rcvdte",
        totals=_LINES.format(lines="pcorln", amount="extttl", sums=""),
    ),
)
LINKS = """
    SELECT erp_id, id, version, presence, erp_number, erp_job_id, erp_vendor_id, erp_status, erp_description,
        erp_amount, changed_amount, invoiced_amount, erp_lines_digest, erp_updated_at
    FROM erpintegrations_synclink WHERE connection_id = %s AND closed_at IS NULL
"""


@contextmanager
def bare_connection() -> Iterator[Any]:
    """The product's own database without Django: what the driver itself makes of it."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        bare: Any = sqlite3.connect(settings["NAME"])
    else:
        bare = psycopg.connect(url_of(settings).replace("postgres://", "postgresql://"))
    try:
        yield bare
    finally:
        bare.close()


def read_links(bare: Any, connection_id: int) -> dict[str, Any]:
    """All open links, raw, by the id of their record."""
    query = LINKS if connection.vendor == "postgresql" else LINKS.replace("%s", "?")
    return {row[0]: row for row in bare.execute(query, [connection_id])}


def read_records(synced: SyncedCompany) -> Iterator[tuple[Any, ...]]:
    """All records of the ERP, raw, one after another."""
    file = sqlite3.connect(synced.sage)
    try:
        for query in RECORDS:
            yield from file.execute(query)
    finally:
        file.close()


def look_up_each(synced: SyncedCompany) -> int:
    """Look every record up among the links, and say how many have one."""
    with bare_connection() as bare:
        links = read_links(bare, synced.connection.pk)
        return sum(row[0].lower() in links for row in read_records(synced))


def update_links(pks: list[int], values: dict[str, Any]) -> None:
    """Write these columns of these links in one bulk write."""
    with bare_connection() as bare, closing(bare.cursor()) as cursor:
        mark = "%s" if connection.vendor == "postgresql" else "?"
        columns = ", ".join(f"{name} = {mark}" for name in values)
        sql = f"UPDATE erpintegrations_synclink SET {columns}, version = version + 1 WHERE id = {mark}"
        cursor.executemany(sql, [(*values.values(), pk) for pk in pks])
        bare.commit()


def insert_unlinked(synced: SyncedCompany, records: Iterator[tuple[Any, ...]]) -> None:
    """Write all records to the list of those without a link in one bulk write."""
    erp, now = synced.connection, timezone.now().isoformat(" ")
    same = (erp.company_id, erp.pk, "subcontract", now, "", "", "")
    columns = ("company_id", "connection_id", "kind", "first_seen_at", "left", "left_detail", "fingerprint")
    own = ("erp_id", "number", "description", "job_id", "vendor_id", "status", "amount")
    rows = (
        (*same, row[0].lower(), row[1], row[5], str(row[2]), str(row[3]), str(row[4]), f"{row[9]:.2f}")
        for row in records
    )
    write_rows("erpintegrations_unlinkedrecord", (*columns, *own), rows)
