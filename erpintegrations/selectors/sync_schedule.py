"""What the page Sync Schedule shows: what runs by itself, when, and whether the task processes are there to run it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from erpintegrations.models import ErpConnection, SyncRun, TaskHeartbeat
from erpintegrations.schedules import ScheduleState, schedule_states

# The housekeeping beats each minute; with one worker it waits behind a sync, which has a lease of its own to show.
LATE_AFTER = datetime.timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class TaskProcesses:
    """Whether somebody works: by a sign of life of the last minutes, or by a sync whose lease is renewed."""

    seen_at: datetime.datetime | None
    is_late: bool
    is_syncing: bool

    @property
    def are_there(self) -> bool:
        return not self.is_late or self.is_syncing


@dataclass(frozen=True, slots=True)
class SyncSchedule:
    """`last_run` is the last one by the schedule, whatever came of it; None when there was none yet."""

    schedules: list[ScheduleState]
    processes: TaskProcesses
    last_run: SyncRun | None

    @property
    def problems(self) -> list[ScheduleState]:
        return [schedule for schedule in self.schedules if schedule.problem]


def sync_schedule_of(connection: ErpConnection | None, *, now: datetime.datetime) -> SyncSchedule:
    """Five queries, whatever the number of runs."""
    runs = SyncRun.objects.filter(connection=connection, trigger=SyncRun.Trigger.SCHEDULE).order_by("-id")
    return SyncSchedule(
        schedules=schedule_states(now=now),
        processes=task_processes(now=now),
        last_run=runs.first() if connection else None,
    )


def task_processes(*, now: datetime.datetime) -> TaskProcesses:
    seen_at = TaskHeartbeat.objects.order_by("-beaten_at").values_list("beaten_at", flat=True).first()
    is_late = seen_at is None or now - seen_at > LATE_AFTER
    syncing = SyncRun.objects.filter(state=SyncRun.State.RUNNING, lease_expires_at__gte=now)
    return TaskProcesses(seen_at=seen_at, is_late=is_late, is_syncing=is_late and syncing.exists())
