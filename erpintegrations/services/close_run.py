"""How a sync run ends, each time in one transaction: completed, needs confirmation, or failed.

Services alone import this.
"""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

from django.db import transaction

from directory.models import Verb
from erpintegrations.connectors.base import ErpIdentity, Retryable
from erpintegrations.models import ErpConnection, SyncRun
from erpintegrations.services.apply_plan import apply_changes, propose_changes
from erpintegrations.services.history_of_runs import record_run
from erpintegrations.services.list_unlinked import apply_unlinked
from erpintegrations.sync.compare import Plan, What
from erpintegrations.sync.guard import Doubt
from erpintegrations.sync.lease import Lease, worn_out
from erpintegrations.sync.reading import Found

State = SyncRun.State


def complete(
    lease: Lease,
    run: SyncRun,
    found: Found,
    *,
    connection: ErpConnection,
    read_at: datetime.datetime,
    now: datetime.datetime,
) -> None:
    """This function will write everything that was found, and end the run; all of it or nothing.

    Raises LeaseLost, and Retryable when the connection was pointed elsewhere meanwhile.
    """
    with transaction.atomic():
        lease.renew()
        _keep_identity(connection, found.identity)
        applied = apply_changes(found.plan.changes, run=run, read_at=read_at, now=now)
        if found.unlinked is not None:
            apply_unlinked(found.unlinked, connection=connection, now=now)
        lease.write(state=State.COMPLETED, **_result(found.plan, applied, read_at, now))
        _supersede_older(run)
        if run.trigger != SyncRun.Trigger.SCHEDULE or applied.total() > applied[What.TOUCHED]:
            record_run(run, Verb.SYNC_COMPLETED, at=now, after=_counts(found.plan, applied))


def hold_for_confirmation(
    lease: Lease, run: SyncRun, plan: Plan, doubt: Doubt, *, read_at: datetime.datetime, now: datetime.datetime
) -> None:
    """This function will keep what was found as proposals, mark nothing, and end the run. Raises LeaseLost."""
    with transaction.atomic():
        lease.renew()
        propose_changes(plan.changes, run=run)
        counted = plan.counts()
        lease.write(
            state=State.NEEDS_CONFIRMATION,
            problem=doubt.problem,
            remedy=doubt.remedy,
            **_result(plan, counted, read_at, now),
        )
        _supersede_older(run)
        after = {"problem": doubt.problem, **_counts(plan, counted)}
        record_run(run, Verb.SYNC_NEEDS_CONFIRMATION, at=now, after=after)


def fail(lease: Lease, run: SyncRun, problem: str, remedy: str, *, now: datetime.datetime) -> None:
    """This function will end the run as failed; nothing else changes. Raises LeaseLost."""
    with transaction.atomic():
        lease.write(state=State.FAILED, problem=problem, remedy=remedy, finished_at=now, lease_expires_at=None)
        _record_failure(run, problem, now)


def give_up(run: SyncRun, *, now: datetime.datetime) -> bool:
    """This function will end a run as failed whose workers died again and again; False when it is not such a run."""
    problem = "The sync was begun several times, and each time the task process was killed before it ended."
    with transaction.atomic():
        ended = SyncRun.objects.filter(worn_out(now), pk=run.pk).update(
            state=State.FAILED,
            problem=problem,
            remedy="Nothing has been changed. Ask whoever runs this site to look at the log of the task process and at "
            "its memory, then sync again.",
            finished_at=now,
            lease_expires_at=None,
        )
        if ended:
            _record_failure(run, problem, now)
    return bool(ended)


def _record_failure(run: SyncRun, problem: str, now: datetime.datetime) -> None:
    """An ERP that stays out of reach over a weekend is told of once, not every hour."""
    before = (
        SyncRun.objects.filter(connection_id=run.connection_id, pk__lt=run.pk, finished_at__isnull=False)
        .order_by("-pk")
        .values_list("state", "problem")
        .first()
    )
    if run.trigger == SyncRun.Trigger.SCHEDULE and before == (State.FAILED, problem):
        return
    record_run(run, Verb.SYNC_FAILED, at=now, after={"problem": problem})


def _keep_identity(connection: ErpConnection, identity: ErpIdentity) -> None:
    """The first completed reading says who must answer from now on."""
    now = ErpConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    if now.database_url != connection.database_url or now.identity not in (None, identity):
        raise Retryable(
            "The connection's settings were changed while the sync read the ERP.",
            remedy="Nothing has been changed. Sync again.",
            cause="connection changed during the run",
        )
    ErpConnection.objects.filter(pk=connection.pk, server="").update(
        server=identity.server, database=identity.database, erp_company=identity.company
    )


def _supersede_older(run: SyncRun) -> None:
    SyncRun.objects.filter(connection_id=run.connection_id, pk__lt=run.pk, state=State.NEEDS_CONFIRMATION).update(
        state=State.SUPERSEDED
    )


def _result(plan: Plan, counted: Counter[What], read_at: datetime.datetime, now: datetime.datetime) -> dict[str, Any]:
    return {
        "read_at": read_at,
        "finished_at": now,
        "lease_expires_at": None,
        "records_read": plan.records_read,
        "links_compared": plan.links_compared,
        "present_count": plan.present,
        "deleted_count": counted[What.DELETED],
        "voided_count": counted[What.VOIDED],
        "purged_count": counted[What.PURGED],
        "returned_count": counted[What.RETURNED],
        "changed_count": counted[What.CHANGED],
    }


def _counts(plan: Plan, counted: Counter[What]) -> dict[str, int]:
    """What a history entry tells: how many were compared, and each kind of change that there was."""
    return {"links_compared": plan.links_compared, **{what.value: counted[what] for what in What if counted[what]}}
