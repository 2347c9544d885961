"""What runs when: the product's django-q2 schedules, made by name and repaired when missing or broken."""

from __future__ import annotations

import ast
import datetime
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django_q.models import Schedule

from erpintegrations.models import ErpConnection

HOURLY_SYNC = "Hourly sync"
HOUSEKEEPING = "Housekeeping"


@dataclass(frozen=True, slots=True)
class Planned:
    """A schedule as it must be. The first time comes one interval after it is made."""

    name: str
    task: str
    schedule_type: str
    every: datetime.timedelta
    minutes: int | None = None

    def columns(self) -> dict[str, Any]:
        return {
            "func": self.task,
            "schedule_type": self.schedule_type,
            "minutes": self.minutes,
            "repeats": -1,
            "args": None,
            "kwargs": None,
            "hook": None,
            "cron": None,
            "cluster": None,
            "intended_date_kwarg": None,
        }

    def is_whole(self, schedule: Schedule, now: datetime.datetime) -> bool:
        if schedule.next_run is None or schedule.next_run > now + 2 * self.every:
            return False
        return all((getattr(schedule, name) or None) == value for name, value in self.columns().items())


PLANNED = (
    Planned(HOURLY_SYNC, "erpintegrations.tasks.sync_all", Schedule.HOURLY, datetime.timedelta(hours=1)),
    Planned(
        HOUSEKEEPING, "erpintegrations.tasks.housekeeping", Schedule.MINUTES, datetime.timedelta(minutes=1), minutes=1
    ),
)


def next_sync_due_at(connection: ErpConnection) -> datetime.datetime | None:
    """When the hourly sync comes next; None when it is not scheduled, or switched off for this connection."""
    if not connection.is_enabled:
        return None
    return Schedule.objects.filter(name=HOURLY_SYNC).values_list("next_run", flat=True).order_by("id").first()


def ensure_schedules(*, now: datetime.datetime) -> list[str]:
    """This function will make the schedules that are missing, mend those that are broken, and say what it did.

    Also removes schedules of any other name that cannot be run: a single one would keep all of them from running.
    """
    with transaction.atomic():
        schedules = list(Schedule.objects.select_for_update().order_by("id"))
        done = [sentence for planned in PLANNED if (sentence := _ensure(planned, schedules, now))]
        names = {planned.name for planned in PLANNED}
        for schedule in schedules:
            if schedule.name not in names and not _can_be_run(schedule):
                done.append(f"Removed schedule {schedule.pk}, which could not be run.")
                schedule.delete()
    return done


def schedule_problems(*, now: datetime.datetime) -> list[str]:
    """What `ensure_schedules` would mend."""
    schedules = list(Schedule.objects.all())
    problems = []
    for planned in PLANNED:
        named = [schedule for schedule in schedules if schedule.name == planned.name]
        if len(named) != 1 or not planned.is_whole(named[0], now):
            problems.append(f"{planned.name} is {'broken' if named else 'missing'}")
    return problems


def _ensure(planned: Planned, schedules: list[Schedule], now: datetime.datetime) -> str:
    named = [schedule for schedule in schedules if schedule.name == planned.name]
    if not named:
        Schedule.objects.create(name=planned.name, next_run=now + planned.every, **planned.columns())
        return f"Scheduled: {planned.name}."
    kept, *spare = named
    if not spare and planned.is_whole(kept, now):
        return ""
    for schedule in spare:
        schedule.delete()
    if not planned.is_whole(kept, now):
        Schedule.objects.filter(pk=kept.pk).update(next_run=now + planned.every, **planned.columns())
    return f"Mended: {planned.name}."


def _can_be_run(schedule: Schedule) -> bool:
    """Whether django-q2 can make a task of it; what it cannot read stops its whole round."""
    try:
        if schedule.args:
            ast.literal_eval(schedule.args)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return schedule.next_run is not None and schedule.schedule_type in dict(Schedule.TYPE)
