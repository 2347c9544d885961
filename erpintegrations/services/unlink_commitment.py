"""Unlink: close links whose record is gone from the ERP, one or many at once, by the same way."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.activity import Entry, record_many
from directory.models import SubjectType, Verb
from directory.refusals import Refusal
from erpintegrations.connectors.base import ErpError
from erpintegrations.models import GONE, ErpConnection, Presence, SyncLink, UnlinkOverride
from erpintegrations.refusals import ChangedMeanwhile, ErpNotReachable, ReasonRequired
from erpintegrations.selectors.freshness import Freshness, freshness_of
from erpintegrations.selectors.verdicts import back_in_erp, unlink_verdict
from erpintegrations.services.links import already_unlinked, current_links, linked_state, name_of, unlinked_state
from erpintegrations.services.live_erp import ask_about, connection_of
from erpintegrations.services.observations import (
    batches,
    commitment_label,
    lock_unchanged,
    observe,
    record_observations,
)

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


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks for what, and what is known so far: the same for all links of one call."""

    access: CompanyAccess
    connection: ErpConnection
    freshness: Freshness
    reason: str
    now: datetime.datetime


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
    connection = connection_of(access.company)
    asked = _Asked(access, connection, freshness_of(connection), reason.strip(), now)
    refusals, passing = _sort_out(chosen, asked)
    found_again, answered = _ask_the_erp(passing, asked)
    refusals |= found_again
    remaining = [link for link in passing if link.pk not in found_again]
    for _ in range(ATTEMPTS):
        if not remaining:
            break
        closed = _close(remaining, asked, known_at=now if answered else asked.freshness.read_at)
        # Whoever was faster: say what they did, or, when it still is to be unlinked, try again as it is now.
        lost = current_links([link for link in remaining if link.pk not in closed], access)
        why_lost, remaining = _sort_out(lost, asked)
        refusals |= why_lost
    refusals |= {link.pk: _changed_meanwhile(link) for link in remaining}
    return [Outcome(link, refusals.get(link.pk)) for link in current_links(chosen, access)]


def _sort_out(links: Collection[SyncLink], asked: _Asked) -> tuple[dict[int, Refusal], list[SyncLink]]:
    """Rights, what is recorded, and the reason where one is needed: the refusals by link, and the links that pass."""
    verdicts = {link.pk: _why_not(link, asked) for link in links}
    refusals = {pk: refusal for pk, refusal in verdicts.items() if refusal is not None}
    return refusals, [link for link in links if link.pk not in refusals]


def _why_not(link: SyncLink, asked: _Asked) -> Refusal | None:
    not_allowed = asked.access.why_not_unlink(link.project_id, link.project_name)
    if not_allowed is not None:
        return not_allowed
    if not link.is_open:
        return already_unlinked(link, asked.access, asked.now)
    if link.linked_commitment.erp_status != Commitment.ErpStatus.SYNCED:
        return _changed_meanwhile(link)
    wording = asked.connection.wording
    verdict = unlink_verdict(link, asked.freshness, wording, asked.now)
    if verdict.refusal is None and verdict.needs_reason and not asked.reason:
        return ReasonRequired(
            f"{name_of(link)} was removed from {wording.short_label} together with its job, so unlinking it needs a "
            "reason.",
            remedy="Say why it is to be unlinked, and click Unlink again.",
        )
    return verdict.refusal


def _ask_the_erp(links: list[SyncLink], asked: _Asked) -> tuple[dict[int, Refusal], bool]:
    """Ask the live ERP once more: the refusals that follow, and whether its answer proves anything.

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
        return {link.pk: ErpNotReachable(error.problem, remedy=error.remedy) for link in links}, False
    back = [
        observation
        for observation in (observe(link, answer) for link in links)
        if observation.presence == Presence.PRESENT
    ]
    record_observations(back, checked_at=asked.now, actor=asked.access.user)
    found_again = current_links([observation.link for observation in back], asked.access)
    return {link.pk: _why_still_there(link, asked) for link in found_again}, answer.commitment_count > 0


def _why_still_there(link: SyncLink, asked: _Asked) -> Refusal:
    if not link.is_open:
        return already_unlinked(link, asked.access, asked.now)
    return back_in_erp(link, asked.connection.wording, asked.now)


class _CommitmentMovedOn(Exception):
    """A commitment stopped being synced between two statements. What was begun is rolled back."""


def _close(links: list[SyncLink], asked: _Asked, *, known_at: datetime.datetime | None) -> frozenset[int]:
    """One transaction: close the links that are as they were read. The answer holds the ids of those that it closed."""
    token = uuid.uuid4()
    closed: set[int] = set()
    try:
        with transaction.atomic():
            unchanged = lock_unchanged(links)
            for batch in batches(link for link in links if link.pk in unchanged):
                closed |= _close_batch(batch, token, asked, known_at)
            record_many(_entry(link, asked) for link in links if link.pk in closed)
    except _CommitmentMovedOn:
        return frozenset()
    return frozenset(closed)


def _close_batch(
    links: list[SyncLink], token: uuid.UUID, asked: _Asked, known_at: datetime.datetime | None
) -> frozenset[int]:
    """Claim the links with the token, and change only what then carries it."""
    for version in sorted({link.version for link in links}):
        _claim([link.pk for link in links if link.version == version], version, token, asked)
    ours = SyncLink.objects.filter(pk__in=[link.pk for link in links], close_token=token)
    commitment_ids = dict(ours.values_list("pk", "commitment_id"))
    moved = Commitment.objects.filter(pk__in=commitment_ids.values(), erp_status=Commitment.ErpStatus.SYNCED).update(
        erp_status=Commitment.ErpStatus.NOT_SENT, revision=F("revision") + 1, updated_at=asked.now
    )
    if moved != len(commitment_ids):
        raise _CommitmentMovedOn
    # Undo works until the commitment's revision is another. Only now is it sure to be ours.
    revision = Commitment.objects.filter(pk=OuterRef("commitment_id")).values("revision")
    ours.update(closed_commitment_revision=Subquery(revision))
    if known_at is not None:
        _keep_known_at(ours, known_at)
    _end_requests(list(commitment_ids), asked)
    return frozenset(commitment_ids)


def _claim(pks: list[int], version: int, token: uuid.UUID, asked: _Asked) -> None:
    # Only columns of the link itself and a plain IN: with a join, PostgreSQL would not look again at a row that
    # somebody else changed while this statement waited for it.
    synced = Commitment.objects.filter(erp_status=Commitment.ErpStatus.SYNCED)
    SyncLink.objects.filter(
        pk__in=pks, closed_at=None, version=version, presence__in=GONE, commitment_id__in=synced.values("pk")
    ).update(
        closed_at=asked.now,
        closed_by=asked.access.user,
        close_reason=asked.reason,
        close_token=token,
        closed_commitment_revision=0,
        version=F("version") + 1,
    )


def _keep_known_at(ours: QuerySet[SyncLink], known_at: datetime.datetime) -> None:
    """No sync looks at a closed link: keep as of when its record was known, which Undo then restores."""
    ours.filter(
        Q(checked_at=None) | Q(checked_at__lt=known_at),
        Q(reopened_at=None) | Q(reopened_at__lte=known_at),
        linked_at__lte=known_at,
    ).update(checked_at=known_at)


def _end_requests(pks: list[int], asked: _Asked) -> None:
    """What somebody asked to unlink anyway is unlinked now, without anybody's consent."""
    UnlinkOverride.objects.filter(link_id__in=pks, state=UnlinkOverride.State.WAITING).update(
        state=UnlinkOverride.State.WITHDRAWN,
        answered_at=asked.now,
        answered_by=asked.access.user,
        answer="It was unlinked without it.",
    )


def _entry(link: SyncLink, asked: _Asked) -> Entry:
    return Entry(
        company_id=link.company_id,
        project_id=link.project_id,
        verb=Verb.UNLINKED,
        subject_type=SubjectType.COMMITMENT,
        subject_id=link.linked_commitment.pk,
        subject_label=commitment_label(link),
        at=asked.now,
        actor=asked.access.user,
        reason=asked.reason,
        before=linked_state(link),
        after=unlinked_state(),
    )


def _changed_meanwhile(link: SyncLink) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"Somebody else changed {name_of(link)} at the same moment: it was not unlinked, and its ERP status is "
        f"“{link.linked_commitment.get_erp_status_display()}”.",
        remedy="Reload the page to see it as it is now, then try again.",
    )
