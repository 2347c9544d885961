"""Sync a company's links with its ERP: ask for a run, perform it, or only preview what it would find.

The hour, Sync now, a confirmation and `manage.py sync_erp` all come through here.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from directory.models import Verb
from erpintegrations.connectors.base import Connector, ErpError, Retryable
from erpintegrations.encryption import SecretUnreadable
from erpintegrations.enqueue import enqueue_sync, runs_in_queue
from erpintegrations.models import OPEN_STATES, ErpConnection, SyncChange, SyncRun
from erpintegrations.services import close_run
from erpintegrations.services.history_of_runs import record_run
from erpintegrations.services.read_back import read_back
from erpintegrations.services.read_masters import read_masters
from erpintegrations.sync.compare import VANISHED
from erpintegrations.sync.guard import Doubt, doubt
from erpintegrations.sync.lease import Clock, Lease, LeaseLost, claim
from erpintegrations.sync.links import open_links
from erpintegrations.sync.reading import Beat, Found, read_and_compare
from erpintegrations.sync.unlinked import known_unlinked

if TYPE_CHECKING:
    from directory.models import User

logger = structlog.get_logger(__name__)

# Seconds to wait before each further try, when the ERP could not be reached or was busy.
RETRY_WAITS = (1.0, 3.0)

# How long a run may wait before asking again looks whether its task was lost; the housekeeping is more patient.
PATIENCE = datetime.timedelta(seconds=30)

ConnectorOf = Callable[[ErpConnection], Connector]


def request_sync(
    *, connection: ErpConnection, trigger: str, by: User | None, now: datetime.datetime, confirms: SyncRun | None = None
) -> SyncRun:
    """This function will hand a new run to the task processes, or give the one that is waiting or running already.

    A new one has `queued_at == now`. One whose worker was killed is handed on again once its lease is over, and one
    whose task was lost once it has waited for half a minute. Handed on twice does no harm.
    """
    with transaction.atomic():
        run, is_new = open_run(connection=connection, trigger=trigger, by=by, now=now, confirms=confirms)
        if is_new or _is_left_lying(run, now):
            enqueue_sync(run.pk)
    return run


def _is_left_lying(run: SyncRun, now: datetime.datetime) -> bool:
    if run.state == SyncRun.State.QUEUED:
        return run.queued_at < now - PATIENCE and run.pk not in runs_in_queue(now)
    return run.lease_expires_at is not None and run.lease_expires_at < now


def open_run(
    *, connection: ErpConnection, trigger: str, by: User | None, now: datetime.datetime, confirms: SyncRun | None = None
) -> tuple[SyncRun, bool]:
    """This function will create a waiting run, without handing it to anybody; or give the open one, and False.

    The constraint decides, so that of two at once only one creates it.
    """
    while True:
        try:
            with transaction.atomic():
                run = SyncRun.objects.create(
                    company_id=connection.company_id,
                    connection=connection,
                    trigger=trigger,
                    started_by=by,
                    confirms=confirms,
                    queued_at=now,
                )
                if trigger in (SyncRun.Trigger.PERSON, SyncRun.Trigger.GONE):
                    record_run(run, Verb.SYNC_STARTED, at=now)
            return run, True
        except IntegrityError:
            existing = SyncRun.objects.filter(connection=connection, state__in=OPEN_STATES).first()
            if existing is not None:
                return existing, False


def perform_sync(
    *,
    run_id: int,
    clock: Clock = timezone.now,
    on_progress: Beat | None = None,
    retry_waits: Sequence[float] = RETRY_WAITS,
    connector_of: ConnectorOf = ErpConnection.connector,
) -> SyncRun:
    """This function will claim a run and bring it to its end; give the run as it then is.

    A run that has ended, or that somebody else is working on, is left alone. What goes wrong ends the run as failed, in
    plain words, and changes nothing else; only being told to stop (SystemExit, KeyboardInterrupt) is passed on.
    """
    lease = claim(run_id, clock=clock)
    run = SyncRun.objects.select_related("started_by", "confirms").get(pk=run_id)
    if lease is None:
        if close_run.give_up(run, now=clock()):
            logger.error("Sync run given up after too many attempts", run_id=run_id)
    else:
        with structlog.contextvars.bound_contextvars(sync_run_id=run_id):
            _perform(lease, run, clock, partial(_beat, lease, on_progress), retry_waits, connector_of)
            run.refresh_from_db()
            if run.state == SyncRun.State.COMPLETED:
                _keep_masters(run, clock)
                _read_exports_back(run, clock)
    run.refresh_from_db()
    return run


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sync would find now, and why it would ask a person first, if it would."""

    found: Found
    doubt: Doubt | None


def preview_sync(
    *,
    connection: ErpConnection,
    on_progress: Beat | None = None,
    retry_waits: Sequence[float] = RETRY_WAITS,
    connector_of: ConnectorOf = ErpConnection.connector,
) -> Preview:
    """This function will read and compare as a sync does, and write nothing. Raises Retryable, NeedsAttention."""
    beat = on_progress or _ignore
    found = _read(connection, connector_of(connection), beat, retry_waits)
    return Preview(found, _doubt(connection, found))


def _perform(
    lease: Lease, run: SyncRun, clock: Clock, beat: Beat, retry_waits: Sequence[float], connector_of: ConnectorOf
) -> None:
    try:
        try:
            _read_and_close(lease, run, clock, beat, retry_waits, connector_of)
        except LeaseLost:
            raise
        except BaseException as error:
            problem, remedy = _explain(error, run)
            close_run.fail(lease, run, problem, remedy, now=clock())
            if not isinstance(error, Exception):
                raise
    except LeaseLost:
        logger.warning("Sync run was taken over, or had ended; what this process found is dropped")
    except Exception:
        # Not even the failure could be written. The lease runs out, and the housekeeping hands the run on.
        logger.exception("Sync run could not be ended")


def _read_and_close(
    lease: Lease, run: SyncRun, clock: Clock, beat: Beat, retry_waits: Sequence[float], connector_of: ConnectorOf
) -> None:
    connection = ErpConnection.objects.get(pk=run.connection_id)
    read_at = clock()

    def read_afresh(phase: str, done: int = 0, total: int = 0) -> None:
        nonlocal read_at
        if phase == SyncRun.Phase.CONNECTING:  # each try begins with it
            read_at = clock()
        beat(phase, done, total)

    found = _read(connection, connector_of(connection), read_afresh, retry_waits, lists_unlinked=True)
    why = _doubt(connection, found, confirmed=_confirmed_links(run))
    beat(SyncRun.Phase.APPLYING)
    if why is not None:
        close_run.hold_for_confirmation(lease, run, found.plan, why, read_at=read_at, now=clock())
        logger.warning("Sync run needs confirmation", problem=why.problem)
    else:
        close_run.complete(lease, run, found, connection=connection, read_at=read_at, now=clock())


def _read(
    connection: ErpConnection,
    connector: Connector,
    beat: Beat,
    retry_waits: Sequence[float],
    *,
    lists_unlinked: bool = False,
) -> Found:
    for wait in (*retry_waits, None):
        try:
            return read_and_compare(
                connector,
                partial(open_links, connection.pk),
                expected=connection.identity,
                beat=beat,
                load_unlinked=partial(known_unlinked, connection.pk) if lists_unlinked else None,
            )
        except Retryable as error:
            if wait is None:
                raise
            logger.info("The ERP could not be read; trying again", cause=error.cause, seconds=wait)
            time.sleep(wait)
    raise AssertionError("Every try either returns or raises.")


def _doubt(connection: ErpConnection, found: Found, confirmed: Collection[int] = frozenset()) -> Doubt | None:
    is_first_answer = connection.identity is None
    return doubt(found.plan, erp=connection.wording.label, is_first_answer=is_first_answer, confirmed=confirmed)


def _confirmed_links(run: SyncRun) -> frozenset[int]:
    """The links whose disappearance a person has confirmed: those that the confirmed run proposed, and no others."""
    if run.confirms_id is None:
        return frozenset()
    proposed = SyncChange.objects.filter(run_id=run.confirms_id, what__in=[what.value for what in VANISHED])
    return frozenset(proposed.values_list("link_id", flat=True))


def _read_exports_back(run: SyncRun, clock: Clock) -> None:
    """What was exported since should be in the ERP by now. The run has ended: nothing here can make it fail."""
    try:
        done = read_back(connection=run.connection, now=clock())
    except ErpError as error:
        logger.warning("Exports could not be read back; the next sync looks again", cause=error.cause)
    except Exception:
        logger.exception("Exports could not be read back; the next sync looks again")
    else:
        if done.linked or done.to_decide:
            logger.info("Exports were read back", linked=done.linked, to_decide=done.to_decide)


def _keep_masters(run: SyncRun, clock: Clock) -> None:
    """Jobs, vendors and codes are kept up to date by the way. The run has ended: nothing here can make it fail."""
    accepts_gone = run.trigger == SyncRun.Trigger.GONE
    try:
        read_masters(
            connection=run.connection,
            now=clock(),
            by=run.started_by if accepts_gone else None,
            accepts_gone=accepts_gone,
        )
    except ErpError as error:
        logger.warning("Jobs, vendors and codes could not be read; the next sync reads them", cause=error.cause)
    except Exception:
        logger.exception("Jobs, vendors and codes could not be kept up to date; the next sync reads them")


def _explain(error: BaseException, run: SyncRun) -> tuple[str, str]:
    """Problem and remedy for the person; the cause goes to the log."""
    if isinstance(error, ErpError):
        logger.warning("Sync run failed", problem=error.problem, cause=error.cause)
        return error.problem, error.remedy
    if isinstance(error, SecretUnreadable):
        logger.error("Sync run failed", problem=str(error))
        return (
            "The stored database URL of the connection cannot be read.",
            "Ask whoever runs this site to put back the encryption key that it was stored with, or enter the database "
            "URL again in the connection's settings.",
        )
    if not isinstance(error, Exception):
        logger.warning("Sync run was stopped", kind=type(error).__name__)
        return (
            "The sync was stopped before it ended.",
            "Nothing has been changed. Sync again; if it is always stopped after the same time, tell whoever runs "
            "this site.",
        )
    logger.error("Sync run failed unexpectedly", exc_info=error)
    return (
        "Something unexpected went wrong in this product.",
        f"Nothing has been changed. Sync again; if it fails again, tell whoever runs this site: the log explains it "
        f"under sync run {run.pk}.",
    )


def _beat(lease: Lease, on_progress: Beat | None, phase: str, done: int = 0, total: int = 0) -> None:
    lease.beat(phase, done, total)
    if on_progress is not None:
        on_progress(phase, done, total)


def _ignore(phase: str, done: int = 0, total: int = 0) -> None:
    """Nobody looks at the progress."""
