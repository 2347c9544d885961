"""What runs when: the product's django-q2 schedules, made by name and repaired when missing or broken."""

from __future__ import annotations

import datetime

from django_q.models import Schedule

from erpintegrations.models import ErpConnection

HOURLY_SYNC = "Hourly sync"


def next_sync_due_at(connection: ErpConnection) -> datetime.datetime | None:
    """When the hourly sync comes next; None when it is not scheduled, or switched off for this connection."""
    if not connection.is_enabled:
        return None
    return Schedule.objects.filter(name=HOURLY_SYNC).values_list("next_run", flat=True).order_by("id").first()
