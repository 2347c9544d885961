"""Many companies at once: twenty of them, whose syncs are due at the same moment, by 1, 2 and 4 task processes.

Held against one company after another in one process without a queue, which no target judges: more task processes than
cores, or than the database answers at once, cannot be faster. In the last case a task process is killed in the middle
of its work. Its run is handed on by the housekeeping, as ever, but its lease is cut short after ten seconds. After
each, every company has exactly one new run, completed, and none was begun twice but the killed one.

*Of the hour* is how many times over 1,000 companies with 5,000 links each would be done within one at that speed. On
SQLite there is one task process alone.
"""

from __future__ import annotations

import datetime
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from django.db import connection
from django.utils import timezone

from benchmarks.data import make_synced_company
from benchmarks.harness import Against, Case, Measured, Way
from benchmarks.programs import family_of, running
from benchmarks.syncing import sync
from erpintegrations.models import ErpConnection, SyncRun
from erpintegrations.models.run import OPEN_STATES
from erpintegrations.services.keep_house import hand_on_abandoned_runs
from erpintegrations.services.run_sync import request_sync
from erpintegrations.sync.lease import LEASE

SIZES = (100_000,)
SKIPPED = ""
COMPANIES = 20
PROMISED_LINKS = 1_000 * 5_000
HOUR = 3_600.0
SECONDS_AT_MOST = 600.0
LOOKED_EVERY = 0.05
# A run that gave no sign for so long is that of the process that was killed.
SILENCE = datetime.timedelta(seconds=10)


def cases(size: int, folder: Path) -> Iterator[Case]:
    each = max(1, size // COMPANIES)
    made = [make_synced_company(each, folder, name=f"Builders-{number}") for number in range(1, COMPANIES + 1)]
    connections = [synced.connection for synced in made]
    against = [Against(Way("one after another", partial(_one_after_another, connections)))]
    for processes in (1, 2, 4) if connection.vendor == "postgresql" else (1,):
        ours = Way("task processes", partial(_sync_all, connections, each * COMPANIES, processes))
        yield Case(f"Task processes: {processes}", size, ours=ours, against=against, runs=3, is_whole=True)
    killed = Way("task processes", partial(_sync_all, connections, each * COMPANIES, 2, kills=True))
    yield Case("Task processes: 2, one killed meanwhile", size, ours=killed, against=against, runs=3, is_whole=True)


def _one_after_another(connections: Sequence[ErpConnection]) -> None:
    for erp in connections:
        sync(erp.pk)


def _sync_all(connections: Sequence[ErpConnection], links: int, processes: int, *, kills: bool = False) -> Measured:
    """Raises RuntimeError when a run is left out, or was done twice."""
    cluster = [sys.executable, "manage.py", "qcluster"]
    with running(cluster, TASK_WORKERS=str(processes)) as program:
        _until(lambda: len(family_of(program.pid)) > processes + 1)
        before = SyncRun.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        started = time.perf_counter()
        for erp in connections:
            request_sync(connection=erp, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=timezone.now())
        runs = SyncRun.objects.filter(pk__gt=before)
        if kills:
            _kill_one(program.pid)
        _until(partial(_have_ended, waits_for_leases=not kills))
        seconds = time.perf_counter() - started
    done = list(runs.filter(state=SyncRun.State.COMPLETED).values_list("connection_id", "attempts"))
    if sorted(pk for pk, _ in done) != sorted(erp.pk for erp in connections) or runs.count() != len(done):
        raise RuntimeError("A company was left out, or synced twice.")
    if sum(attempts - 1 for _, attempts in done) > kills:
        raise RuntimeError("A run was begun twice.")
    return Measured(seconds, beside={"of the hour": round(HOUR / (seconds * PROMISED_LINKS / links), 1)})


def _kill_one(pid: int) -> None:
    """Kill a task process while runs are worked on."""
    _until(SyncRun.objects.filter(state=SyncRun.State.RUNNING).exists)
    _, _, task_process, *_ = family_of(pid)  # after the cluster itself and its guard
    os.kill(task_process, signal.SIGKILL)


def _have_ended(*, waits_for_leases: bool) -> bool:
    now = timezone.now()
    if not waits_for_leases:
        silent = SyncRun.objects.filter(state=SyncRun.State.RUNNING, lease_expires_at__lt=now + LEASE - SILENCE)
        if silent.update(lease_expires_at=now - SILENCE):
            hand_on_abandoned_runs(now=now)
    return not SyncRun.objects.filter(state__in=OPEN_STATES).exists()


def _until(is_so: Callable[[], bool]) -> None:
    """Raises RuntimeError when it is not so for too long."""
    deadline = time.monotonic() + SECONDS_AT_MOST
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError("The task processes take too long.")
        time.sleep(LOOKED_EVERY)
