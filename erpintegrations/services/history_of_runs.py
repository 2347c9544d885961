"""What the history tells of a sync run, and in whose name. Services alone import this."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from directory import activity
from directory.models import SubjectType, Verb
from erpintegrations.models import SyncRun

if TYPE_CHECKING:
    from directory.models import User


def teller_of(run: SyncRun) -> tuple[User | None, str]:
    """Who is named for what a run did: the person who asked for it, or what did it by itself."""
    label = "Command line" if run.trigger == SyncRun.Trigger.COMMAND else "Hourly sync"
    return run.started_by, label


def record_run(
    run: SyncRun,
    verb: Verb,
    *,
    at: datetime.datetime,
    actor: User | None = None,
    reason: str = "",
    after: dict[str, Any] | None = None,
) -> None:
    """This function will add one entry about a run to its company's history."""
    teller, label = teller_of(run)
    activity.record(
        activity.Entry(
            company_id=run.company_id,
            verb=verb,
            subject_type=SubjectType.SYNC_RUN,
            subject_id=run.pk,
            subject_label=str(run),
            at=at,
            actor=actor or teller,
            actor_label=label,
            reason=reason,
            after=after or {},
            sync_run_id=run.pk,
        )
    )
