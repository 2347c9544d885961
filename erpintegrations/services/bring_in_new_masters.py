"""Bring in the new jobs, vendors and codes for which a standing decision says that they are created by themselves."""

from __future__ import annotations

import datetime

import structlog

from erpintegrations.models import BringIn, StandingDecision
from erpintegrations.refusals import BringInNotPossible
from erpintegrations.selectors.set_up import new_masters
from erpintegrations.services.bring_in import begin_bring_in

logger = structlog.get_logger(__name__)


def bring_in_new_masters(*, now: datetime.datetime) -> list[BringIn]:
    """This function will begin to bring in what completed readings found new.

    A connection for which something is being brought in already waits for the next minute.
    """
    begun = []
    decisions = StandingDecision.objects.filter(connection__masters_read_at__isnull=False)
    for decision in decisions.select_related("company", "connection"):
        if _is_due(decision):
            wanted = BringIn(company=decision.company, connection=decision.connection, step=decision.kind)
            try:
                begun.append(begin_bring_in(wanted=wanted, by=None, now=now))
            except BringInNotPossible as refusal:
                logger.info("What is new is brought in later", reason=refusal.message)
    return begun


def _is_due(decision: StandingDecision) -> bool:
    """Whether there is anything new; what failed or was stopped waits for the next reading."""
    tried = BringIn.objects.exclude(state=BringIn.State.DONE).filter(
        connection=decision.connection_id,
        step=decision.kind,
        requested_by=None,
        requested_at__gte=decision.connection.masters_read_at,
    )
    return new_masters(decision.connection, decision.kind).exists() and not tried.exists()
