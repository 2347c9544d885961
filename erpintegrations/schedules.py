"""What runs when: the product's django-q2 schedules, made by name and repaired when missing or broken."""

from __future__ import annotations

import ast
import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Subquery
from django_q.models import Schedule, Task

from erpintegrations.models import OPEN_STATES, ErpConnection, SyncRun

HOURLY_SYNC = "Hourly sync"
HOUSEKEEPING = "Housekeeping"
MINUTE = datetime.timedelta(minutes=1)
# The task queue looks for what is due about every 30 seconds, so each look comes a little later than the minute, by
# more or less. What falls due just after a look is counted in, or each sync would push the next one on by a minute.
BETWEEN_LOOKS = datetime.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Planned:
    """A schedule as it must be. The first time comes one interval after it is made. See `docs/adr/0006`."""

    name: str
    task: str
    schedule_type: str
    every: datetime.timedelta
    minutes: int | None = None
    purpose: str = ""

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

    def problem_of(self, named: Sequence[Schedule], now: datetime.datetime) -> str:
        """What is wrong with the schedules of this name: "missing", "broken", or "" for nothing."""
        if not named:
            return "missing"
        return "" if len(named) == 1 and self.is_whole(named[0], now) else "broken"


PLANNED = (
    Planned(
        HOURLY_SYNC,
        "erpintegrations.tasks.sync_all",
        Schedule.MINUTES,
        MINUTE,
        minutes=1,
        purpose="Looks which companies are due for a sync, by the interval of each, and hands these to a task process.",
    ),
    Planned(
        HOUSEKEEPING,
        "erpintegrations.tasks.housekeeping",
        Schedule.MINUTES,
        MINUTE,
        minutes=1,
        purpose="Gives a sign of life, mends the schedules, and hands on what a stopped task process left undone.",
    ),
)


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """A schedule as it is. `problem` is "" for one that is as it must be; `last_at` when its task last began, as far as
    the task queue remembers.
    """

    name: str
    purpose: str
    every: datetime.timedelta
    last_at: datetime.datetime | None
    next_at: datetime.datetime | None
    problem: str


def schedule_states(*, now: datetime.datetime) -> list[ScheduleState]:
    """Each schedule of the product, in two queries."""
    schedules = list(Schedule.objects.order_by("id"))
    functions = [planned.task for planned in PLANNED]
    begun = Task.objects.filter(func__in=functions).values("func").annotate(at=Max("started")).values_list("func", "at")
    last = dict(begun.order_by("func"))
    states = []
    for planned in PLANNED:
        named = [schedule for schedule in schedules if schedule.name == planned.name]
        next_at = named[0].next_run if named else None
        problem = planned.problem_of(named, now)
        states.append(
            ScheduleState(planned.name, planned.purpose, planned.every, last.get(planned.task), next_at, problem)
        )
    return states


def next_sync_due_at(connection: ErpConnection) -> datetime.datetime | None:
    """When the next sync by the schedule comes: the connection's interval after the one before; at the schedule's next
    look when that is past, or there was none. None when it is not scheduled, or switched off for this connection.
    """
    if not connection.is_enabled:
        return None
    looks = Schedule.objects.filter(name=HOURLY_SYNC).order_by("id")
    found = looks.annotate(synced_at=_last_scheduled(connection.pk)).values_list("next_run", "synced_at").first()
    next_look, synced_at = found or (None, None)
    if next_look is None or synced_at is None:
        return next_look
    return max(next_look, synced_at + interval_of(connection))


def connections_due(*, now: datetime.datetime, among: Iterable[int] | None = None) -> list[int]:
    """The connections (of all, or of these) whose sync by the schedule is due, in one query.

    One that was never synced by the schedule is due at once; one that missed many intervals, only once; one with an
    open run, not before that has ended.
    """
    runs_open = SyncRun.objects.filter(connection_id=OuterRef("pk"), state__in=OPEN_STATES)
    connections = ErpConnection.objects.filter(~Exists(runs_open), is_enabled=True).order_by("pk")
    if among is not None:
        connections = connections.filter(pk__in=among)
    found = connections.annotate(synced_at=_last_scheduled(OuterRef("pk"))).only("interval_minutes")
    return [connection.pk for connection in found if _is_due(connection, connection.synced_at, now)]


def interval_of(connection: ErpConnection) -> datetime.timedelta:
    return datetime.timedelta(minutes=connection.interval_minutes)


def _is_due(connection: ErpConnection, synced_at: datetime.datetime | None, now: datetime.datetime) -> bool:
    return synced_at is None or synced_at + interval_of(connection) <= now + BETWEEN_LOOKS


def _last_scheduled(connection_id: Any) -> Subquery:
    """When the latest sync by the schedule was asked for, whatever came of it; by the index `run_by_trigger`."""
    runs = SyncRun.objects.filter(connection_id=connection_id, trigger=SyncRun.Trigger.SCHEDULE)
    return Subquery(runs.order_by("-id").values("queued_at")[:1])


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
    problems = {
        planned.name: planned.problem_of([each for each in schedules if each.name == planned.name], now)
        for planned in PLANNED
    }
    return [f"{name} is {problem}" for name, problem in problems.items() if problem]


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
