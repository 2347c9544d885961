"""One link's record, looked at alone in the live ERP, and whether what is seen can be believed without a whole reading.

Services alone import this. A record that is there proves itself. That one is *not* there proves something only if the
ERP is otherwise as it was: it holds about as many commitments as at the last sync, the records that were changed last
are still there and no older, and no sync waits for a person to decide whether to believe the ERP at all.
"""

from __future__ import annotations

import datetime

from erpintegrations.connectors.base import LookUp
from erpintegrations.models import ErpConnection, Presence, SyncLink, SyncRun
from erpintegrations.refusals import ErpNotReachable
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.services.links import name_of
from erpintegrations.services.live_erp import ask_about
from erpintegrations.services.observations import Observation, observe
from erpintegrations.sync.compare import VANISHED
from erpintegrations.sync.guard import Witness, doubt_absence

WITNESSES = 10


def look_at(connection: ErpConnection, link: SyncLink) -> Observation:
    """This function will ask the ERP about one link, and give what was seen. Nothing is recorded.

    What is missing is asked for once more, together with what an older copy of the ERP would lack too: then all that
    decides is of one answer.

    Raises Retryable and NeedsAttention as `ask_about` does, and ErpNotReachable when the record is missing in a way
    that proves nothing.
    """
    answer = ask_about(connection, [link])
    observation = observe(link, answer)
    if not _needs_proof(observation, answer):
        return observation
    witnesses = _witnesses_for(connection, link)
    answer = ask_about(connection, [link, *witnesses])
    observation = observe(link, answer)
    if _needs_proof(observation, answer):
        _require_proof(connection, link, answer, witnesses)
    return observation


def _needs_proof(observation: Observation, answer: LookUp) -> bool:
    return answer.commitment_count == 0 or bool(observation.change and observation.change.what in VANISHED)


def _witnesses_for(connection: ErpConnection, link: SyncLink) -> list[SyncLink]:
    """The links whose records were changed last, which an older copy of the ERP would lack or show as they were."""
    others = SyncLink.objects.filter(connection=connection, closed_at=None, presence=Presence.PRESENT)
    known = others.exclude(pk=link.pk).exclude(erp_updated_at=None)
    return list(known.order_by("-erp_updated_at", "-id")[:WITNESSES])


def _require_proof(connection: ErpConnection, link: SyncLink, answer: LookUp, witnesses: list[SyncLink]) -> None:
    freshness = freshness_of(connection)
    waiting, completed = freshness.last_finished, freshness.last_completed
    if waiting is not None and waiting.state == SyncRun.State.NEEDS_CONFIRMATION:
        raise ErpNotReachable(
            f"{name_of(link)} was not found, but the last sync found so much missing that a person must confirm it "
            "first.",
            remedy=f"An Admin of ERP Integrations confirms or discards sync run {waiting.pk} on its page.",
        )
    problem = doubt_absence(
        erp=connection.wording.label,
        count=answer.commitment_count,
        count_before=completed.records_read if completed else 0,
        witnesses=[_witness(other, answer) for other in witnesses],
    )
    if problem:
        raise ErpNotReachable(
            problem,
            remedy="Nothing was recorded. Use Sync now, which reads everything; if the commitment is really deleted, "
            "an Admin of ERP Integrations confirms that run.",
        )


def _witness(link: SyncLink, answer: LookUp) -> Witness:
    record = answer.records.get(link.erp_id)
    recorded, found = link.erp_updated_at, record.updated_at if record else None
    return Witness(
        recorded_at=recorded and recorded.astimezone(datetime.UTC).replace(tzinfo=None),
        found_at=found and found.replace(tzinfo=None),
        is_there=record is not None,
    )
