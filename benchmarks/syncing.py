"""Performing a sync as the task process does. A fresh process that measures memory calls this too."""

from __future__ import annotations

import signal
from threading import Event

from django.utils import timezone

from erpintegrations.models import ErpConnection, SyncRun
from erpintegrations.services.run_sync import open_run, perform_sync


def sync(connection_id: int | str) -> SyncRun:
    """This function will sync a connection once, from asking for the run to its end. Raises RuntimeError."""
    erp = ErpConnection.objects.get(pk=connection_id)
    run, _ = open_run(connection=erp, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=timezone.now())
    run = perform_sync(run_id=run.pk)
    if run.state != SyncRun.State.COMPLETED:
        raise RuntimeError(f"The sync did not complete: {run.state}. {run.problem}")
    return run


def sync_until_stopped(connection_id: str) -> None:
    """This function will sync a connection over and over, until the process is asked to stop; the last one ends."""
    is_stopped = Event()
    signal.signal(signal.SIGTERM, lambda *_: is_stopped.set())
    while not is_stopped.is_set():
        sync(connection_id)
