"""Whether this process can do its work, for load balancers and monitors. The page that shows it is in `web`."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import Error, connection
from django.utils import timezone

from erpintegrations.models import SyncRun, TaskHeartbeat
from erpintegrations.schedules import schedule_problems

logger = structlog.get_logger(__name__)

# The housekeeping beats each minute; with one worker it waits behind a sync, which has a lease of its own to show.
LATE_AFTER_SECONDS = 180


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
    beaten_at = TaskHeartbeat.objects.order_by("-beaten_at").values_list("beaten_at", flat=True).first()
    seconds = (now - beaten_at).total_seconds() if beaten_at else None
    if seconds is not None and seconds <= LATE_AFTER_SECONDS:
        return "ok"
    if SyncRun.objects.filter(state=SyncRun.State.RUNNING, lease_expires_at__gte=now).exists():
        return "ok"
    return "never seen" if seconds is None else f"last seen {seconds:.0f} seconds ago"


def _schedules() -> str:
    return "; ".join(schedule_problems(now=timezone.now())) or "ok"
