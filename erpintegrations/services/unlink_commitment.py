"""Unlink: close links whose record is gone from the ERP, one or many at once, by the same way."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

import structlog

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.refusals import Refusal
from erpintegrations import moments
from erpintegrations.connectors.base import ErpError
from erpintegrations.models import ErpConnection, Presence, SyncLink
from erpintegrations.refusals import ChangedMeanwhile, ErpNotReachable, ReasonRequired
from erpintegrations.selectors.freshness import Freshness, freshness_of
from erpintegrations.selectors.verdicts import back_in_erp, needs_reason, unlink_verdict
from erpintegrations.services.close_links import Closing, close_links
from erpintegrations.services.links import already_unlinked, current_links, name_of
from erpintegrations.services.live_erp import ask_about, connection_of
from erpintegrations.services.observations import observe, record_observations

logger = structlog.get_logger(__name__)

ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one link, which is given as it is now. `refusal` is None when this call unlinked it."""

    link: SyncLink
    refusal: Refusal | None

    @property
    def unlinked(self) -> bool:
        return self.refusal is None

    @property
    def message(self) -> str:
        return self.refusal.message if self.refusal else ""

    @property
    def remedy(self) -> str:
        return self.refusal.remedy if self.refusal else ""


@dataclass(frozen=True)
class _Asked:
    """Who asks for what, and what is known so far: the same for all links of one call."""

    access: CompanyAccess
    connection: ErpConnection
    reason: str
    now: datetime.datetime

    @cached_property
    def freshness(self) -> Freshness:
        """Of what is gone, it is needed only where the ERP cannot be asked."""
        return freshness_of(self.connection)


def unlink_commitment(*, link: SyncLink, access: CompanyAccess, reason: str = "", now: datetime.datetime) -> SyncLink:
    """This function will close a link whose record is gone from the ERP, and set its commitment to not sent.

    Raises NotAllowed, LacksPrivilege; AlreadyUnlinked; CommitmentStillInErp, ErpForbidsDeletion, PresenceUnknown;
    ReasonRequired for a record purged with its job; ErpNotReachable when what answers is not the connection's company
    or cannot be read; ChangedMeanwhile.
    """
    (outcome,) = unlink_selected(links=[link], access=access, reason=reason, now=now)
    if outcome.refusal is not None:
        raise outcome.refusal
    return outcome.link


def unlink_selected(
    *, links: Iterable[SyncLink], access: CompanyAccess, reason: str = "", now: datetime.datetime
) -> list[Outcome]:
    """This function will unlink those of the links that may go, and say of each what became of it, in the order given.

    Raises nothing of its own: each outcome carries its refusal. The number of statements does not grow with that of the
    links, but for batches.
    """
    chosen = current_links(list(links), access)
    if not chosen:
        return []
    asked = _Asked(access, connection_of(access.company), reason.strip(), now)
    outcomes = {link.pk: Outcome(link, None) for link in chosen}
    refused, passing = _sort_out(chosen, asked)
    back, answered = _ask_the_erp(passing, asked)
    outcomes |= refused | back
    remaining = [link for link in passing if link.pk not in back]
    for _ in range(ATTEMPTS):
        if not remaining:
            break
        closed = close_links(remaining, _closing(asked, answered=answered))
        outcomes |= {link.pk: Outcome(link, None) for link in remaining if link.pk in closed}
        # Whoever was faster: say what they did, or, when it still is to be unlinked, try again as it is now.
        lost = current_links([link for link in remaining if link.pk not in closed], access)
        refused, remaining = _sort_out(lost, asked)
        outcomes |= refused
    outcomes |= {link.pk: Outcome(link, _changed_meanwhile(link)) for link in remaining}
    return list(outcomes.values())


def _sort_out(links: Collection[SyncLink], asked: _Asked) -> tuple[dict[int, Outcome], list[SyncLink]]:
    """Rights, what is recorded, and the reason where one is needed: those refused, by link, and the links that pass."""
    refused: dict[int, Outcome] = {}
    passing: list[SyncLink] = []
    for link in links:
        refusal = _why_not(link, asked)
        if refusal is None:
            passing.append(link)
        else:
            refused[link.pk] = Outcome(link, refusal)
    return refused, passing


def _why_not(link: SyncLink, asked: _Asked) -> Refusal | None:
    not_allowed = asked.access.why_not_unlink(link.project_id, link.project_name)
    if not_allowed is not None:
        return not_allowed
    if not link.is_open:
        return already_unlinked(link, asked.access, asked.now)
    if link.linked_commitment.erp_status != Commitment.ErpStatus.SYNCED:
        return _changed_meanwhile(link)
    wording = asked.connection.wording
    if not link.is_gone:
        return unlink_verdict(link, asked.freshness, wording, asked.now).refusal
    if needs_reason(link) and not asked.reason:
        return ReasonRequired(
            f"{name_of(link)} was removed from {wording.short_label} together with its job, so unlinking it needs a "
            "reason.",
            remedy="Say why it is to be unlinked, and click Unlink again.",
        )
    return None


def _ask_the_erp(links: list[SyncLink], asked: _Asked) -> tuple[dict[int, Outcome], bool]:
    """Ask the live ERP once more: who is refused by its answer, by link, and whether that proves anything.

    What was found again is recorded at once. When the ERP cannot be reached, what was last recorded decides.
    """
    if not links:
        return {}, False
    try:
        answer = ask_about(asked.connection, links)
    except ErpError as error:
        if error.out_of_reach:
            logger.warning("Unlink goes by what is recorded: the ERP cannot be reached", cause=error.cause)
            return {}, False
        logger.warning("Unlink was refused: the ERP's answer proves nothing", cause=error.cause)
        problem = ErpNotReachable(error.problem, remedy=error.remedy)
        return {link.pk: Outcome(link, problem) for link in links}, False
    back = [
        observation
        for observation in (observe(link, answer) for link in links)
        if observation.presence == Presence.PRESENT
    ]
    written = record_observations(back, checked_at=asked.now, actor=asked.access.user)
    found_again = [observation.link for observation in back if observation.link.pk in written]
    found_again += current_links([seen.link for seen in back if seen.link.pk not in written], asked.access)
    moments_of = {link.checked_at or asked.now for link in found_again}
    in_words = {moment: moments.both(moment, asked.now) for moment in moments_of}
    refused = {
        link.pk: Outcome(link, _why_still_there(link, asked, in_words[link.checked_at or asked.now]))
        for link in found_again
    }
    return refused, answer.commitment_count > 0


def _why_still_there(link: SyncLink, asked: _Asked, found_at: str) -> Refusal:
    if not link.is_open:
        return already_unlinked(link, asked.access, asked.now)
    return back_in_erp(link, asked.connection.wording, found_at)


def _closing(asked: _Asked, *, answered: bool) -> Closing:
    known_at = asked.now if answered else asked.freshness.read_at
    return Closing(asked.access.user, asked.reason, asked.now, known_at)


def _changed_meanwhile(link: SyncLink) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"Somebody else changed {name_of(link)} at the same moment: it was not unlinked, and its ERP status is "
        f"“{link.linked_commitment.get_erp_status_display()}”.",
        remedy="Reload the page to see it as it is now, then try again.",
    )
