"""Bring in what the ERP has: ask for it, do it batch by batch, stop it, and hand on what was left lying.

A killed process loses at most the batch that it was at, of which nothing was written. Long work is done in shifts, so
that syncs and exports get their turn in between.
"""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Sequence
from typing import Any

import structlog
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from directory.access import CompanyAccess, access_for
from directory.activity import Entry, record
from directory.models import Level, SubjectType, User, Verb
from directory.refusals import NotAllowed, Refusal
from erpintegrations.connectors.base import ErpError, Retryable
from erpintegrations.enqueue import bring_ins_in_queue, enqueue_bring_in
from erpintegrations.models import BringIn, ErpConnection
from erpintegrations.models.bring_in import SET_UP
from erpintegrations.models.counterparts import COUNTERPARTS
from erpintegrations.refusals import BringInNotPossible
from erpintegrations.services import bring_in_commitments
from erpintegrations.services.bring_in_masters import MASTER_WORK
from erpintegrations.services.bring_in_step import StepWork
from erpintegrations.services.run_sync import RETRY_WAITS
from erpintegrations.sync.lease import Clock

logger = structlog.get_logger(__name__)

State = BringIn.State

WORKS: dict[str, StepWork] = {
    **dict.fromkeys(COUNTERPARTS, MASTER_WORK),
    BringIn.Step.COMMITMENT: bring_in_commitments.WORK,
}

BATCH_SIZE = 500
# Longer than one batch may take, with all that it may wait for.
LEASE = datetime.timedelta(minutes=5)
SHIFT = datetime.timedelta(minutes=1)
MOST_ATTEMPTS = 3
PATIENCE = datetime.timedelta(minutes=3)

NO_LEASE = {"lease_token": None, "lease_expires_at": None}
GOES_ON = "What was brought in stays. Start it again, and it goes on with what is left."


class ClaimLost(Exception):
    """It has ended, or somebody else has taken it over. Whoever gets this writes nothing more."""


# ---- Asking for it ---------------------------------------------------------------------------------------------------


def request_bring_in(
    *, connection: ErpConnection, step: str, access: CompanyAccess, now: datetime.datetime, job_id: str = ""
) -> BringIn:
    """This function will hand a step of the set-up to the task processes; `job_id` narrows commitments to one job.

    Commitments take the privilege, too, as linking one of them does. Raises NotAllowed, LacksPrivilege;
    BringInNotPossible when something is being brought in already, the ERP was not read since the connection was pointed
    there, or there is nothing to bring in.
    """
    _require_right(step, access)
    wanted = BringIn(company=access.company, connection=connection, step=step, job_id=job_id)
    return begin_bring_in(wanted=wanted, by=access.user, now=now)


def begin_bring_in(*, wanted: BringIn, by: User | None, now: datetime.datetime) -> BringIn:
    """This function will hand over a step for a person, or for nobody in particular; the caller has seen to the rights.

    Raises BringInNotPossible.
    """
    wanted.requested_by, wanted.requested_at = by, now
    try:
        with transaction.atomic():
            wanted.connection = _lock_connection(wanted.connection_id)
            _require_something(wanted)
            wanted.save()
            _record(wanted, Verb.BRING_IN_STARTED, at=now, actor=by, after={"found": wanted.total})
            enqueue_bring_in(wanted.pk)
    except IntegrityError:  # the constraint decides when two start at once
        raise _under_way(wanted.connection) from None
    return wanted


def stop_bring_in(*, bring_in: BringIn, access: CompanyAccess, now: datetime.datetime) -> BringIn:
    """This function will end it after the batch that is under way; what was brought in stays.

    Raises NotAllowed; BringInNotPossible when it has ended already.
    """
    access.require_erp_integrations(Level.ADMIN)
    with transaction.atomic():
        stopped = BringIn.objects.filter(pk=bring_in.pk, company=access.company, state__in=BringIn.OPEN).update(
            state=State.STOPPED, finished_at=now, stopped_by=access.user, **NO_LEASE
        )
        bring_in.refresh_from_db()
        if not stopped:
            raise BringInNotPossible(
                f"{bring_in} had ended already: {bring_in.get_state_display().lower()}.",
                remedy="Reload the page to see what was brought in.",
            )
        _record(bring_in, Verb.BRING_IN_ENDED, at=now, actor=access.user, after=_counts(bring_in))
    return bring_in


def end_bring_in(*, connection: ErpConnection, by: User, now: datetime.datetime) -> None:
    """This function will end what is under way: from now on another database may answer than it was asked for.

    In the transaction that changes the connection, which holds its lock.
    """
    problem = f"{by.name} changed how the database is reached while it was under way."
    remedy = "What was brought in stays. Once a sync has read it, look at the list, then start it again."
    bring_in = BringIn.objects.select_for_update().filter(connection=connection, state__in=BringIn.OPEN).first()
    if bring_in is not None:
        BringIn.objects.filter(pk=bring_in.pk).update(
            state=State.FAILED, finished_at=now, problem=problem, remedy=remedy, **NO_LEASE
        )
        _record(bring_in, Verb.BRING_IN_ENDED, at=now, actor=by, after=_counts(bring_in) | {"problem": problem})


def _require_right(step: str, access: CompanyAccess) -> None:
    """Raises NotAllowed, LacksPrivilege."""
    access.require_erp_integrations(Level.ADMIN)
    why_not = access.why_not_accounting() if step == BringIn.Step.COMMITMENT else None
    if why_not is not None:
        raise why_not


def _lock_connection(connection_id: int) -> ErpConnection:
    """It is not pointed elsewhere before the transaction ends."""
    return ErpConnection.objects.select_for_update(no_key=True).get(pk=connection_id)


def _require_something(wanted: BringIn) -> None:
    """Raises BringInNotPossible."""
    connection = wanted.connection
    if connection.identity is None or connection.masters_read_at is None or connection.has_foreign_counterparts:
        erp = connection.wording.short_label
        raise BringInNotPossible(
            f"{erp} was not read since the connection was set up, or pointed elsewhere.",
            remedy="Wait for the next sync, or use Sync now. Then look at the list, and start it.",
        )
    wanted.total = WORKS[wanted.step].count(wanted)
    if not wanted.total:
        raise BringInNotPossible(
            f"There is nothing to bring in of the {wanted.get_step_display().lower()}.",
            remedy="Look at the list for what was decided, and for what was left and why.",
        )


def _under_way(connection: ErpConnection) -> BringInNotPossible:
    found = BringIn.objects.filter(connection=connection, state__in=BringIn.OPEN).select_related("requested_by").first()
    if found is None:
        return BringInNotPossible("Somebody else started the same at this moment.", remedy="Look at what it did.")
    return BringInNotPossible(
        f"{found} is under way already; {found.begun_by} started it.",
        remedy="Wait until it has ended, or stop it. Then start this.",
    )


# ---- Doing it --------------------------------------------------------------------------------------------------------


def perform_bring_in(
    *, bring_in_id: int, clock: Clock = timezone.now, retry_waits: Sequence[float] = RETRY_WAITS
) -> BringIn:
    """This function will claim it and work on it for one shift, or to its end; give it as it then is.

    One that has ended, or that somebody else works on, is left alone. What goes wrong ends it as failed, in plain
    words; only being told to stop (SystemExit, KeyboardInterrupt) is passed on, and puts it back for another process.
    """
    bring_in = _claim(bring_in_id, now=clock())
    if bring_in is not None:
        with structlog.contextvars.bound_contextvars(bring_in_id=bring_in_id):
            _perform(bring_in, clock, retry_waits)
    return BringIn.objects.get(pk=bring_in_id)


def hand_on_bring_ins(*, now: datetime.datetime) -> list[int]:
    """This function will enqueue again what a killed process left, or whose task was lost. Twice does no harm."""
    lost = Q(state=State.WAITING, requested_at__lt=now - PATIENCE)
    found = BringIn.objects.filter(_abandoned(now) | lost).order_by("pk").values_list("pk", flat=True)
    queued = bring_ins_in_queue(now) if found else frozenset()
    handed_on = [pk for pk in found if pk not in queued]
    for pk in handed_on:
        logger.warning("Bringing in was abandoned, and is handed to a task process again", bring_in_id=pk)
        enqueue_bring_in(pk)
    return handed_on


def _claim(bring_in_id: int, *, now: datetime.datetime) -> BringIn | None:
    """It, if it waits or the lease of whoever worked on it ran out; else None."""
    claimed = BringIn.objects.filter(Q(state=State.WAITING) | _abandoned(now), pk=bring_in_id).update(
        state=State.WORKING,
        lease_token=uuid.uuid4(),
        lease_expires_at=now + LEASE,
        attempts=F("attempts") + 1,
        started_at=Coalesce("started_at", Value(now)),
    )
    if not claimed:
        return None
    return BringIn.objects.select_related("company", "connection", "requested_by").get(pk=bring_in_id)


def _abandoned(now: datetime.datetime) -> Q:
    return Q(state=State.WORKING, lease_expires_at__lt=now)


def _perform(bring_in: BringIn, clock: Clock, retry_waits: Sequence[float]) -> None:
    try:
        try:
            _work_a_shift(bring_in, clock, retry_waits)
        except ClaimLost:
            raise
        except Exception as error:
            problem, remedy = _explain(bring_in, error)
            _end(bring_in, State.FAILED, now=clock(), problem=problem, remedy=remedy)
        except BaseException:
            _write(bring_in, state=State.WAITING, attempts=0, **NO_LEASE)
            raise
    except ClaimLost:
        logger.warning("Bringing in was stopped or taken over; the batch that this process was at is dropped")
    except Exception:
        # Not even the failure could be written. The lease runs out, and the housekeeping hands it on.
        logger.exception("Bringing in could not be ended")


def _work_a_shift(bring_in: BringIn, clock: Clock, retry_waits: Sequence[float]) -> None:
    if bring_in.attempts > MOST_ATTEMPTS:
        raise Retryable(
            "It was begun several times, and each time the task process was killed before a batch was done.",
            remedy="Ask whoever runs this site to look at the log of the task process and at its memory, then start "
            "it again.",
            cause="too many attempts",
        )
    end_of_shift = clock() + SHIFT
    while _do_batch(bring_in, clock, retry_waits):
        if clock() >= end_of_shift:
            with transaction.atomic():
                _write(bring_in, state=State.WAITING, **NO_LEASE)
                enqueue_bring_in(bring_in.pk)
            return
    _end(bring_in, State.DONE, now=clock())


def _do_batch(bring_in: BringIn, clock: Clock, retry_waits: Sequence[float]) -> bool:
    """Whether there was anything to do. What may go better in a moment is tried again, from what is there then."""
    _require_right_still(bring_in)
    work = WORKS[bring_in.step]
    for wait in (*retry_waits, None):
        try:
            now = clock()
            _write(bring_in, lease_expires_at=now + LEASE)
            rows = work.read(bring_in, BATCH_SIZE, now)
            if rows:
                _write_batch(bring_in, work, rows, clock)
            return bool(rows)
        except (Retryable, Refusal, DatabaseError) as error:
            if wait is None:
                raise
            logger.info("A batch could not be brought in; trying again", cause=str(error), seconds=wait)
            time.sleep(wait)
    raise AssertionError("Every try either returns or raises.")


def _require_right_still(bring_in: BringIn) -> None:
    """Nothing is done in the name of somebody who may not do it any more. Raises BringInNotPossible."""
    if bring_in.requested_by_id is None:
        return
    person = User.objects.get(pk=bring_in.requested_by_id)
    access = access_for(person, bring_in.company)
    try:
        allowed = access is not None
        if access is not None:
            _require_right(bring_in.step, access)
    except NotAllowed:
        allowed = False
    if not allowed:
        raise BringInNotPossible(f"{person.name}, who started it, may not do this any more.")


def _write_batch(bring_in: BringIn, work: StepWork, rows: Sequence[Any], clock: Clock) -> None:
    """The first write keeps everybody else from taking it over or stopping it before the transaction ends.

    The connection is locked before, in the order in which its settings are changed: who changes them ends it.
    """
    with transaction.atomic():
        _lock_connection(bring_in.connection_id)
        _write(bring_in, lease_expires_at=clock() + LEASE, attempts=0)
        done = work.write(bring_in, rows, clock())
        _write(
            bring_in,
            position=done.position,
            done_count=bring_in.done_count + done.done,
            left_count=bring_in.left_count + done.left,
        )
    bring_in.position = done.position
    bring_in.done_count += done.done
    bring_in.left_count += done.left


def _write(bring_in: BringIn, **values: object) -> None:
    """Raises ClaimLost."""
    ours = BringIn.objects.filter(pk=bring_in.pk, lease_token=bring_in.lease_token, state=State.WORKING)
    if ours.update(**values) != 1:
        raise ClaimLost


def _end(bring_in: BringIn, state: str, *, now: datetime.datetime, problem: str = "", remedy: str = "") -> None:
    with transaction.atomic():
        _write(bring_in, state=state, finished_at=now, problem=problem, remedy=remedy, **NO_LEASE)
        after = _counts(bring_in) | ({"problem": problem} if problem else {})
        _record(bring_in, Verb.BRING_IN_ENDED, at=now, actor=bring_in.requested_by, after=after)


def _explain(bring_in: BringIn, error: Exception) -> tuple[str, str]:
    """Problem and remedy for the person; the cause goes to the log."""
    if isinstance(error, ErpError):
        logger.warning("Bringing in failed", problem=error.problem, cause=error.cause)
        return error.problem, f"{error.remedy} {GOES_ON}"
    if isinstance(error, Refusal):
        logger.warning("Bringing in failed", problem=error.message)
        return error.message, GOES_ON
    logger.error("Bringing in failed unexpectedly", exc_info=error)
    return (
        "Something unexpected went wrong in this product.",
        f"{GOES_ON} If it fails again, tell whoever runs this site: the log explains it under bringing in "
        f"{bring_in.pk}.",
    )


def _counts(bring_in: BringIn) -> dict[str, Any]:
    return {"brought_in": bring_in.done_count, "left": bring_in.left_count}


def _record(bring_in: BringIn, verb: Verb, *, at: datetime.datetime, actor: User | None, after: dict[str, Any]) -> None:
    record(
        Entry(
            company_id=bring_in.company_id,
            verb=verb,
            subject_type=SubjectType.BRING_IN,
            subject_id=bring_in.pk,
            subject_label=str(bring_in),
            at=at,
            actor=actor,
            actor_label=SET_UP,
            after=after,
        )
    )
