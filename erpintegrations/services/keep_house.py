"""What the product does by itself, by the clock: ask for the syncs that are due, and mend what was left lying."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import structlog
from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat

from commitments.models import Vendor
from directory.models import Project
from erpintegrations.enqueue import enqueue_export, enqueue_sync, exports_in_queue, runs_in_queue
from erpintegrations.models import ErpConnection, Export, SyncLink, SyncRun, TaskHeartbeat
from erpintegrations.ops.sign_in_lock import forget_old_failures
from erpintegrations.schedules import connections_due, ensure_schedules
from erpintegrations.services.bring_in import hand_on_bring_ins
from erpintegrations.services.bring_in_new_masters import bring_in_new_masters
from erpintegrations.services.check_connection import hand_on_checks
from erpintegrations.services.export_commitment import due
from erpintegrations.services.refresh_statistics import refresh_statistics
from erpintegrations.services.rejection_mail import hand_on_rejection_mails
from erpintegrations.services.run_sync import request_sync
from erpintegrations.services.sign_in_links import hand_on_sign_in_links
from erpintegrations.sync.lease import abandoned

logger = structlog.get_logger(__name__)

HEARTBEAT = "tasks"
PATIENCE = datetime.timedelta(minutes=3)
# How far before the last sign of life a rename is still looked for, in case a round was missed or broke off.
OVERLAP = datetime.timedelta(days=1)


def request_due_syncs(*, now: datetime.datetime) -> None:
    """This function will ask for a sync of each connection for which one is due; if one fails, the others go on."""
    for connection_id in connections_due(now=now):
        try:
            _request_once(connection_id, now)
        except Exception:
            logger.exception("The hourly sync of a connection could not be asked for", connection_id=connection_id)


def keep_house(*, now: datetime.datetime) -> None:
    """This function will give the sign of life, mend the schedules, hand on what was left lying, and copy new names."""
    last = TaskHeartbeat.objects.filter(pk=HEARTBEAT).values_list("beaten_at", flat=True).first()
    steps: tuple[Callable[[], object], ...] = (
        lambda: TaskHeartbeat.objects.update_or_create(name=HEARTBEAT, defaults={"beaten_at": now}),
        lambda: _mend_schedules(now),
        lambda: hand_on_abandoned_runs(now=now),
        lambda: hand_on_exports(now=now),
        lambda: hand_on_bring_ins(now=now),
        lambda: bring_in_new_masters(now=now),
        lambda: hand_on_rejection_mails(now=now),
        lambda: hand_on_sign_in_links(now=now),
        lambda: hand_on_checks(now=now),
        lambda: forget_old_failures(now=now),
        lambda: copy_renamed(since=last and last - OVERLAP),
        refresh_statistics,
    )
    for step in steps:
        try:
            step()
        except Exception:
            logger.exception("A part of the housekeeping failed; it is tried again in a minute")


def hand_on_abandoned_runs(*, now: datetime.datetime) -> list[int]:
    """This function will enqueue runs again whose worker was killed, or whose task was lost. Twice does no harm."""
    lost = Q(state=SyncRun.State.QUEUED, queued_at__lt=now - PATIENCE)
    runs = SyncRun.objects.filter(abandoned(now) | lost).order_by("pk").values_list("pk", flat=True)
    queued = runs_in_queue(now) if runs else frozenset()
    handed_on = [run_id for run_id in runs if run_id not in queued]
    for run_id in handed_on:
        logger.warning("Sync run was abandoned, and is handed to a task process again", run_id=run_id)
        enqueue_sync(run_id)
    return handed_on


def hand_on_exports(*, now: datetime.datetime) -> list[int]:
    """This function will enqueue exports that are due: those to be tried again, left by a killed worker, or lost."""
    just_accepted = Q(state=Export.State.ACCEPTED, lease_expires_at=None, answered_at__gte=now - PATIENCE)
    exports = Export.objects.filter(due(now)).exclude(just_accepted).order_by("pk").values_list("pk", flat=True)
    queued = exports_in_queue(now) if exports else frozenset()
    handed_on = [export_id for export_id in exports if export_id not in queued]
    for export_id in handed_on:
        logger.info("An export is handed to a task process again", export_id=export_id)
        enqueue_export(export_id)
    return handed_on


def copy_renamed(*, since: datetime.datetime | None) -> None:
    """This function will copy the names of projects and vendors that changed since then to the links that show them."""
    label = Concat("project__number", Value(" "), "project__name")
    projects = SyncLink.objects.filter(_since("project", since)).exclude(project_name=label)
    for project in Project.objects.filter(pk__in=projects.values("project_id")):
        SyncLink.objects.filter(project=project).update(project_name=str(project))
    vendors = SyncLink.objects.filter(_since("vendor", since)).exclude(vendor_name=F("vendor__name"))
    for vendor in Vendor.objects.filter(pk__in=vendors.values("vendor_id")):
        SyncLink.objects.filter(vendor=vendor).update(vendor_name=vendor.name)


def _since(whose: str, moment: datetime.datetime | None) -> Q:
    return Q() if moment is None else Q(**{f"{whose}__updated_at__gte": moment})


def _request_once(connection_id: int, now: datetime.datetime) -> None:
    """Two task processes may look at the same time: the second waits, and then finds that nothing is due any more."""
    with transaction.atomic():
        connection = ErpConnection.objects.select_for_update(no_key=True).get(pk=connection_id)
        if connections_due(now=now, among=[connection_id]):
            request_sync(connection=connection, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=now)


def _mend_schedules(now: datetime.datetime) -> None:
    for sentence in ensure_schedules(now=now):
        logger.warning("A schedule was mended", what=sentence)
