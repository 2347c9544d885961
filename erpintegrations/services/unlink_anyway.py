"""Unlink anyway: two persons sever a link whose record stays in the ERP, because the ERP refuses to delete it.

One asks, with a reason; another one consents. The link is closed as `left_in_erp`: its commitment is not sent again,
and keeps the old reference for good. Where plain Unlink works, or will as soon as the record is deleted in the ERP,
this is refused.
"""

from __future__ import annotations

import datetime
import uuid

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F

from commitments.models import Commitment
from directory.access import CompanyAccess, access_for
from directory.activity import Entry, record, record_many
from directory.models import SubjectType, Verb
from directory.refusals import NotAllowed, Refusal
from erpintegrations import moments
from erpintegrations.connectors.base import CommitmentKind, ErpError
from erpintegrations.models import ErpConnection, Presence, SyncLink, UnlinkOverride
from erpintegrations.refusals import ChangedMeanwhile, ErpNotReachable, OverrideNotPossible, ReasonRequired
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.selectors.overrides import why_not_answer, why_not_ask
from erpintegrations.selectors.verdicts import unlink_verdict
from erpintegrations.services.links import (
    already_unlinked,
    current_link,
    lines_to_keep,
    linked_state,
    name_of,
    unlinked_state,
)
from erpintegrations.services.live_erp import connection_of
from erpintegrations.services.observations import commitment_label, lock_unchanged, record_observations
from erpintegrations.services.single_look import look_at

logger = structlog.get_logger(__name__)

State = UnlinkOverride.State


def ask_to_unlink_anyway(
    *, link: SyncLink, access: CompanyAccess, reason: str, now: datetime.datetime
) -> UnlinkOverride:
    """This function will ask for another person's consent to unlink a commitment that the ERP refuses to delete.

    Raises NotAllowed, LacksPrivilege; AlreadyUnlinked; OverrideNotPossible where plain Unlink works or will, or when
    somebody has asked already; PresenceUnknown; ReasonRequired; ChangedMeanwhile.
    """
    _raise(why_not_ask(link, access))
    current = current_link(link, access)
    connection = connection_of(access.company)
    _raise(_why_not_possible(current, connection, access, now))
    reason = _required(reason)
    try:
        with transaction.atomic():
            if not lock_unchanged([current]):
                raise _changed_meanwhile(current)
            override = UnlinkOverride.objects.create(
                company=access.company, link=current, reason=reason, asked_at=now, asked_by=access.user
            )
            record(_entry(override, Verb.UNLINK_ANYWAY_ASKED, access, now, reason))
    except IntegrityError:
        raise _asked_already(current, access, now) from None
    return override


def consent_to_unlink_anyway(
    *,
    override: UnlinkOverride,
    access: CompanyAccess,
    answer: str = "",
    seen_version: int | None = None,
    now: datetime.datetime,
) -> SyncLink:
    """This function will close the link and leave its record in the ERP, and set its commitment to not sent.

    `seen_version` is the link's when the person was shown what is to be left there; None where nothing was shown.
    The live ERP is asked once more: what it answers is recorded, and decides. When it cannot be reached, what was last
    recorded does. Raises NotAllowed, also for one's own request; LacksPrivilege; AlreadyUnlinked; OverrideNotPossible
    when it was answered already, who asked may not do so any more, or plain Unlink works or will; PresenceUnknown;
    ErpNotReachable when what answers is not the connection's company; ChangedMeanwhile.
    """
    override, link = _waiting(override, access, now)
    _raise(why_not_answer(override, access))
    _raise(_why_asker_may_not(override, access))
    connection = connection_of(access.company)
    _raise(_why_not_possible(link, connection, access, now))
    if seen_version not in (None, link.version):
        raise _changed_meanwhile(link)
    shown = _left_there(link)
    link, answered = _look_again(link, connection, access, now)
    _raise(_why_not_possible(link, connection, access, now))
    if seen_version is not None and _left_there(link) != shown:
        raise _changed_meanwhile(link)
    known_at = now if answered else freshness_of(connection).as_of(link)
    if not _close(override, link, access, answer.strip(), known_at, now):
        override, link = _waiting(override, access, now)
        raise _changed_meanwhile(link)
    return current_link(link, access)


def decline(*, override: UnlinkOverride, access: CompanyAccess, answer: str, now: datetime.datetime) -> UnlinkOverride:
    """This function will answer with no: the commitment stays linked.

    Raises NotAllowed, also for one's own request; LacksPrivilege; OverrideNotPossible when it was answered already;
    AlreadyUnlinked; ReasonRequired.
    """
    override, _ = _waiting(override, access, now)
    _raise(why_not_answer(override, access))
    return _end(override, State.DECLINED, Verb.UNLINK_ANYWAY_DECLINED, access, _required(answer), now)


def withdraw(*, override: UnlinkOverride, access: CompanyAccess, now: datetime.datetime) -> UnlinkOverride:
    """This function will take back what one asked for oneself.

    Raises NotAllowed for somebody else's; OverrideNotPossible when it was answered already; AlreadyUnlinked.
    """
    override, _ = _waiting(override, access, now)
    if override.asked_by != access.user:
        raise NotAllowed(
            f"Only {override.asked_by.name}, who asked for it, can withdraw this.",
            remedy="Whoever may consent can decline it instead.",
        )
    return _end(override, State.WITHDRAWN, Verb.UNLINK_ANYWAY_WITHDRAWN, access, "", now)


def _why_not_possible(
    link: SyncLink, connection: ErpConnection, access: CompanyAccess, now: datetime.datetime
) -> Refusal | None:
    """None when the record is in the ERP, and the ERP refuses to delete it."""
    if not link.is_open:
        return already_unlinked(link, access, now)
    wording, name = connection.wording, name_of(link)
    if link.erp_forbids_deletion:
        return None
    if link.is_gone:
        became = link.get_presence_display().lower()
        return OverrideNotPossible(
            f"{name} is no longer in {wording.short_label} ({became}), so plain Unlink works.",
            remedy="Click Unlink: nobody's consent is needed.",
        )
    if link.presence == Presence.PRESENT:
        return OverrideNotPossible(
            f"{wording.short_label} lets {name} be deleted: nothing is invoiced or changed.",
            remedy=f"{wording.how_to_delete[CommitmentKind(link.kind)]} Then plain Unlink works.",
        )
    return unlink_verdict(link, freshness_of(connection), wording, now).refusal


def _left_there(link: SyncLink) -> tuple[object, ...]:
    """What is consented to: that this stays in the ERP."""
    return (link.erp_number, link.erp_vendor_id, link.erp_amount, link.changed_amount, link.invoiced_amount)


def _why_asker_may_not(override: UnlinkOverride, access: CompanyAccess) -> OverrideNotPossible | None:
    """It takes two: None while the one who asked for it might still ask for it."""
    asker = access_for(override.asked_by, access.company)
    if asker is not None and why_not_ask(override.link, asker) is None:
        return None
    return OverrideNotPossible(
        f"{override.asked_by.name}, who asked for it, may not unlink {name_of(override.link)} anyway any more.",
        remedy="Decline it. Somebody who may can then ask anew.",
    )


def _look_again(
    link: SyncLink, connection: ErpConnection, access: CompanyAccess, now: datetime.datetime
) -> tuple[SyncLink, bool]:
    """The link with what the live ERP says of it now, and whether it answered."""
    try:
        seen = look_at(connection, link)
    except ErpError as error:
        if not error.out_of_reach:
            raise ErpNotReachable(error.problem, remedy=error.remedy) from None
        logger.warning("Unlink anyway goes by what is recorded: the ERP cannot be reached", cause=error.cause)
        return link, False
    record_observations([seen], checked_at=now, actor=access.user)
    return current_link(link, access), True


class _SomebodyWasFaster(Exception):
    """One of the rows is not as it was read. What was begun is rolled back."""


def _close(
    override: UnlinkOverride,
    link: SyncLink,
    access: CompanyAccess,
    answer: str,
    known_at: datetime.datetime | None,
    now: datetime.datetime,
) -> bool:
    """One transaction: False when somebody else was faster, and nothing was changed."""
    commitment_id = link.linked_commitment.pk
    try:
        with transaction.atomic():
            if not lock_unchanged([link]):
                raise _SomebodyWasFaster
            consented = UnlinkOverride.objects.filter(pk=override.pk, state=State.WAITING).update(
                state=State.CONSENTED, answered_at=now, answered_by=access.user, answer=answer
            )
            moved = Commitment.objects.filter(pk=commitment_id, erp_status=Commitment.ErpStatus.SYNCED).update(
                erp_status=Commitment.ErpStatus.NOT_SENT, revision=F("revision") + 1, updated_at=now
            )
            if not (consented and moved):
                raise _SomebodyWasFaster
            closed = SyncLink.objects.filter(
                pk=link.pk, closed_at=None, version=link.version, presence=Presence.PRESENT
            ).update(
                closed_at=now,
                closed_by=access.user,
                close_reason=override.reason,
                close_token=uuid.uuid4(),
                closed_commitment_revision=Commitment.objects.values_list("revision", flat=True).get(pk=commitment_id),
                closed_lines=lines_to_keep([link.linked_commitment])[commitment_id],
                checked_at=known_at or link.checked_at,
                left_in_erp=True,
                version=F("version") + 1,
            )
            if not closed:
                raise _SomebodyWasFaster
            record_many(_entries(override, link, access, answer, now))
    except _SomebodyWasFaster:
        return False
    return True


def _entries(
    override: UnlinkOverride, link: SyncLink, access: CompanyAccess, answer: str, now: datetime.datetime
) -> list[Entry]:
    both = {"asked_by": override.asked_by.name, "consented_by": access.user.name}
    consented = _entry(override, Verb.UNLINK_ANYWAY_CONSENTED, access, now, answer, {"asked_by": both["asked_by"]})
    unlinked = Entry(
        company_id=link.company_id,
        project_id=link.project_id,
        verb=Verb.UNLINKED,
        subject_type=SubjectType.COMMITMENT,
        subject_id=link.linked_commitment.pk,
        subject_label=commitment_label(link),
        at=now,
        actor=access.user,
        reason=override.reason,
        before=linked_state(link),
        after={**unlinked_state(), "left_in_erp": True, **both},
    )
    return [consented, unlinked]


def _end(
    override: UnlinkOverride, state: str, verb: Verb, access: CompanyAccess, answer: str, now: datetime.datetime
) -> UnlinkOverride:
    with transaction.atomic():
        ended = UnlinkOverride.objects.filter(pk=override.pk, state=State.WAITING).update(
            state=state, answered_at=now, answered_by=access.user, answer=answer
        )
        if ended:
            record(_entry(override, verb, access, now, answer))
    latest = _current(override, access)
    if not ended:
        raise _answered_already(latest, access, now)
    return latest


def _waiting(
    override: UnlinkOverride, access: CompanyAccess, now: datetime.datetime
) -> tuple[UnlinkOverride, SyncLink]:
    """The request and its link as they are now. Raises OverrideNotPossible and AlreadyUnlinked."""
    current = _current(override, access)
    link = current_link(current.link, access)
    if current.state != State.WAITING:
        raise _answered_already(current, access, now)
    if not link.is_open:
        raise already_unlinked(link, access, now)
    return current, link


def _current(override: UnlinkOverride, access: CompanyAccess) -> UnlinkOverride:
    rows = UnlinkOverride.objects.filter(company=access.company).select_related("link", "asked_by", "answered_by")
    return rows.get(pk=override.pk)


def _required(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise ReasonRequired(
            "Unlinking a commitment that stays in the accounting system needs a reason, and so does declining it.",
            remedy="Say why in a few words: it is kept in the history with your name.",
        )
    return reason


def _asked_already(link: SyncLink, access: CompanyAccess, now: datetime.datetime) -> OverrideNotPossible:
    waiting = UnlinkOverride.objects.filter(link=link, state=State.WAITING).select_related("asked_by").first()
    who = "Somebody" if waiting is None else _who(waiting.asked_by, access)
    when = f" {moments.both(waiting.asked_at, now)}" if waiting else ""
    return OverrideNotPossible(
        f"{who} already asked to unlink {name_of(link)} anyway{when}.",
        remedy="Another person who may unlink it must consent or decline; who asked can withdraw it.",
    )


def _answered_already(override: UnlinkOverride, access: CompanyAccess, now: datetime.datetime) -> OverrideNotPossible:
    act = {State.CONSENTED: "consented to", State.DECLINED: "declined", State.WITHDRAWN: "withdrew"}
    did = act.get(State(override.state), "answered")
    who = _who(override.answered_by, access) if override.answered_by else "Somebody"
    when = f" {moments.both(override.answered_at, now)}" if override.answered_at else ""
    return OverrideNotPossible(
        f"{who} already {did} unlinking {name_of(override.link)} anyway{when}.",
        remedy="Look at the commitment's page for where it stands now.",
    )


def _changed_meanwhile(link: SyncLink) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"Somebody else changed {name_of(link)} at the same moment: nothing was done.",
        remedy="Reload the page to see it as it is now, then try again.",
    )


def _who(person: object, access: CompanyAccess) -> str:
    return "You" if person == access.user else str(getattr(person, "name", person))


def _entry(
    override: UnlinkOverride,
    verb: Verb,
    access: CompanyAccess,
    now: datetime.datetime,
    reason: str,
    after: dict[str, str] | None = None,
) -> Entry:
    link = override.link
    return Entry(
        company_id=link.company_id,
        project_id=link.project_id,
        verb=verb,
        subject_type=SubjectType.COMMITMENT,
        subject_id=link.commitment_id or 0,
        subject_label=commitment_label(link),
        at=now,
        actor=access.user,
        reason=reason,
        after={"erp_number": link.erp_number, **(after or {})},
    )


def _raise(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise refusal
