"""What holds at every moment, asked of the two databases themselves, past the product."""

from __future__ import annotations

import sqlite3
from pathlib import Path

NEVER = {
    "a commitment has two open links": """
        SELECT commitment_id FROM erpintegrations_synclink WHERE closed_at IS NULL
        GROUP BY commitment_id HAVING COUNT(*) > 1""",
    "an ERP record has two open links": """
        SELECT erp_id FROM erpintegrations_synclink WHERE closed_at IS NULL
        GROUP BY connection_id, erp_id HAVING COUNT(*) > 1""",
    "the history tells of another number of unlinks than there are": """
        SELECT link.number,
          SUM(link.closed_at IS NOT NULL) AS closed,
          (SELECT COUNT(*) FROM directory_activity a WHERE a.subject_type = 'commitment'
             AND a.subject_id = link.commitment_id AND a.verb = 'unlinked') AS unlinked,
          (SELECT COUNT(*) FROM directory_activity a WHERE a.subject_type = 'commitment'
             AND a.subject_id = link.commitment_id AND a.verb = 'unlink_undone') AS undone
        FROM erpintegrations_synclink link GROUP BY link.commitment_id HAVING closed <> unlinked - undone""",
    "a commitment's ERP status does not fit its link": """
        SELECT c.number, c.erp_status FROM commitments_commitment c
        WHERE (c.erp_status = 'synced') <> EXISTS (
          SELECT 1 FROM erpintegrations_synclink l WHERE l.commitment_id = c.id AND l.closed_at IS NULL)""",
    "a link is closed though its record is in the ERP": """
        SELECT number FROM erpintegrations_synclink WHERE closed_at IS NOT NULL
          AND (upper(erp_id) IN (SELECT upper(_idnum) FROM sage.subcon)
            OR upper(erp_id) IN (SELECT upper(_idnum) FROM sage.pchord WHERE status <> 5))""",
    "a record is marked as gone that is in the ERP": """
        SELECT number FROM erpintegrations_synclink WHERE presence IN ('deleted', 'purged')
          AND upper(erp_id) IN (SELECT upper(_idnum) FROM sage.subcon
                                UNION SELECT upper(_idnum) FROM sage.pchord)""",
    "a run that did not complete has recorded changes": """
        SELECT run.id, run.state FROM erpintegrations_syncrun run
        JOIN erpintegrations_syncchange change ON change.run_id = run.id
        WHERE run.state NOT IN ('completed', 'needs_confirmation', 'superseded')""",
    "a completed run counts other changes than it recorded": """
        SELECT run.id FROM erpintegrations_syncrun run WHERE run.state = 'completed' AND run.deleted_count <> (
          SELECT COUNT(*) FROM erpintegrations_syncchange change
          WHERE change.run_id = run.id AND change.what = 'deleted')""",
    "two runs are open": """
        SELECT connection_id FROM erpintegrations_syncrun WHERE state IN ('queued', 'running')
        GROUP BY connection_id HAVING COUNT(*) > 1""",
    "a foreign key leads nowhere": "SELECT * FROM pragma_foreign_key_check",
    "a database is damaged": "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
}
OPEN_RUNS = "SELECT id, state FROM erpintegrations_syncrun WHERE state IN ('queued', 'running')"
NOT_NOTICED = """
    SELECT number FROM erpintegrations_synclink WHERE closed_at IS NULL AND presence = 'present'
      AND upper(erp_id) NOT IN (SELECT upper(_idnum) FROM sage.subcon)
      AND upper(erp_id) NOT IN (SELECT upper(_idnum) FROM sage.pchord WHERE status <> 5)"""


def connect(directory: Path) -> sqlite3.Connection:
    """Both databases in one connection: the product's, and the ERP's as `sage`."""
    database = sqlite3.connect(directory / "erp-integrations.sqlite3", timeout=30)
    database.execute("ATTACH ? AS sage", [str(directory / "sample-company.sqlite3")])
    return database


def broken(database: sqlite3.Connection) -> list[str]:
    """Each invariant that does not hold, with up to three examples."""
    found = [(name, database.execute(query).fetchall()) for name, query in NEVER.items()]
    return [f"{name}: {rows[:3]}" for name, rows in found if rows]


def open_runs(database: sqlite3.Connection) -> list[tuple[int, str]]:
    return database.execute(OPEN_RUNS).fetchall()


def not_noticed(database: sqlite3.Connection) -> list[str]:
    """Links whose record is gone from the ERP, which no sync has recorded yet."""
    return [number for (number,) in database.execute(NOT_NOTICED)]
