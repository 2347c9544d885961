"""Whether this process can do its work, for load balancers and monitors. The page that shows it is in `web`."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import Error, connection
from django.utils import timezone

from erpintegrations.schedules import schedule_problems
from erpintegrations.selectors.sync_schedule import task_processes

logger = structlog.get_logger(__name__)


def health() -> tuple[bool, dict[str, Any]]:
    """Healthy, and the details.

    Healthy means that pages can be served: the database answers. Late tasks or missing schedules are told in the
    details and do not count: taking web servers out of service would not bring the task processes back.
    """
    try:
        connection.ensure_connection()
        details = {"database": "ok", "tasks": _tasks(), "schedules": _schedules()}
    except Error as error:
        logger.error("The database does not answer", kind=type(error).__name__)
        return False, {"database": "does not answer", "tasks": "unknown", "schedules": "unknown"}
    return True, details


def _tasks() -> str:
    now = timezone.now()
    processes = task_processes(now=now)
    if processes.are_there:
        return "ok"
    if processes.seen_at is None:
        return "never seen"
    return f"last seen {(now - processes.seen_at).total_seconds():.0f} seconds ago"


def _schedules() -> str:
    return "; ".join(schedule_problems(now=timezone.now())) or "ok"
