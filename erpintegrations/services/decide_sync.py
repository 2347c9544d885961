"""What an Admin of ERP Integrations decides about what is missing: a run that needs confirmation is confirmed or
discarded, with a reason kept; jobs, vendors and codes are gone.
"""

from __future__ import annotations

import datetime

from django.db import transaction

from directory.access import CompanyAccess
from directory.models import Level, Verb
from erpintegrations.models import ErpConnection, SyncRun
from erpintegrations.refusals import ReasonRequired, SyncNotPossible
from erpintegrations.services.history_of_runs import record_run
from erpintegrations.services.run_sync import request_sync


def confirm_sync(*, run: SyncRun, access: CompanyAccess, reason: str, now: datetime.datetime) -> SyncRun:
    """This function will accept the disappearances that a run proposed, and ask for the run that records them.

    The new run reads everything once more; what was proposed and is still missing counts as confirmed. Raises
    NotAllowed; ReasonRequired; SyncNotPossible when the run waits for no decision any more, or when another one is
    under way.
    """
    with transaction.atomic():
        _decide(run, access, SyncRun.State.CONFIRMED, Verb.SYNC_CONFIRMED, reason, now)
        confirming = request_sync(
            connection=run.connection,
            trigger=SyncRun.Trigger.CONFIRMATION,
            by=access.user,
            now=now,
            confirms=run,
        )
        if confirming.confirms_id != run.pk:
            raise SyncNotPossible(
                f"Sync run {confirming.pk} is under way, so this cannot be confirmed right now.",
                remedy="Wait until it has ended: if it still needs confirmation, confirm that run; it has the newer "
                "findings.",
            )
    return confirming


def accept_gone_masters(*, connection: ErpConnection, access: CompanyAccess, now: datetime.datetime) -> SyncRun:
    """This function will ask for a run that also marks all jobs, vendors and codes that are missing from the ERP as
    gone, however many: a person looked, and says so.

    Raises NotAllowed; SyncNotPossible when another run is under way.
    """
    access.require_erp_integrations(Level.ADMIN)
    run = request_sync(connection=connection, trigger=SyncRun.Trigger.GONE, by=access.user, now=now)
    if run.trigger != SyncRun.Trigger.GONE:
        raise SyncNotPossible(
            f"Sync run {run.pk} is under way, so nothing can be marked as gone right now.",
            remedy="Wait until it has ended: if jobs, vendors or codes are still missing then, say so again.",
        )
    return run


def discard_sync(*, run: SyncRun, access: CompanyAccess, reason: str, now: datetime.datetime) -> SyncRun:
    """This function will drop what a run proposed; nothing else changes, and the next sync compares again.

    Raises NotAllowed; ReasonRequired; SyncNotPossible when the run waits for no decision any more.
    """
    with transaction.atomic():
        _decide(run, access, SyncRun.State.DISCARDED, Verb.SYNC_DISCARDED, reason, now)
    run.refresh_from_db()
    return run


def _decide(
    run: SyncRun, access: CompanyAccess, state: SyncRun.State, verb: Verb, reason: str, now: datetime.datetime
) -> None:
    access.require_erp_integrations(Level.ADMIN)
    reason = reason.strip()
    if not reason:
        raise ReasonRequired(
            f"Nothing was decided about sync run {run.pk}: a decision needs a reason, which the history keeps.",
            remedy="Say what you found out, then confirm or discard again.",
        )
    decided = SyncRun.objects.filter(
        pk=run.pk, company_id=access.company.pk, state=SyncRun.State.NEEDS_CONFIRMATION
    ).update(state=state, decided_at=now, decided_by=access.user, decision_reason=reason)
    if not decided:
        raise _already_decided(run)
    record_run(run, verb, at=now, actor=access.user, reason=reason)


def _already_decided(run: SyncRun) -> SyncNotPossible:
    current = SyncRun.objects.select_related("decided_by").get(pk=run.pk)
    if current.decided_by is not None:
        message = f"{current.decided_by.name} already decided this: {current.get_state_display().lower()}."
        return SyncNotPossible(message, remedy="Look at the latest sync run for what is recorded now.")
    if current.state == SyncRun.State.SUPERSEDED:
        message = "A later sync run has taken the place of this one."
        return SyncNotPossible(message, remedy="Decide about the latest run that needs confirmation, if there is one.")
    message = f"Sync run {current.pk} waits for no decision: it is {current.get_state_display().lower()}."
    return SyncNotPossible(message, remedy="Look at the list of sync runs for one that needs confirmation.")
