"""Asking for, granting and revoking 'Can Push to Accounting', and the only place where the privilege changes.

Doors call these: the request page, Django admin, and the set-up of the sample company. Every one locks the directory
entry first and then changes conditionally, so that of two people who act at once the second is told what happened.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format

from directory.access import PRIVILEGE, CompanyAccess
from directory.activity import Entry, record
from directory.models import CompanyMember, PrivilegeRequest, SubjectType, User, Verb
from directory.refusals import NotAllowed, Refusal

GRANT_PERMISSION = "directory.grant_can_push_to_accounting"
REASON_MAX_LENGTH = 500
_PENDING = PrivilegeRequest.State.PENDING


class ReasonMissing(Refusal):
    """Who changes or asks for the privilege says why."""

    code = "reason_missing"


class PrivilegeAlreadyHeld(Refusal):
    """There is nothing to ask for or to grant."""

    code = "privilege_already_held"


class PrivilegeNotHeld(Refusal):
    """There is nothing to revoke."""

    code = "privilege_not_held"


class RequestAlreadyPending(Refusal):
    """One request at a time; the sentence says since when it is pending."""

    code = "request_already_pending"


class RequestAlreadyAnswered(Refusal):
    """Somebody answered first; the sentence says who and when."""

    code = "request_already_answered"


class EntryRemoved(Refusal):
    """The person is no longer in the company's directory."""

    code = "entry_removed"


class PersonDeactivated(Refusal):
    """A person who cannot sign in is not granted anything."""

    code = "person_deactivated"


def may_grant(user: Any) -> bool:
    """Whether this person grants and revokes the privilege: active staff with the permission."""
    return bool(user.is_active and user.is_staff and user.has_perm(GRANT_PERMISSION))


def pending_request(member: CompanyMember) -> PrivilegeRequest | None:
    """The request of this directory entry that nobody has answered yet."""
    return PrivilegeRequest.objects.filter(member=member, state=_PENDING).first()


def request_privilege(*, access: CompanyAccess, reason: str, now: datetime.datetime) -> PrivilegeRequest:
    """This function will ask staff to grant the privilege to the person themselves.

    Raises ReasonMissing, PrivilegeAlreadyHeld, RequestAlreadyPending.
    """
    reason = _required(reason)
    try:
        with transaction.atomic():
            member = _locked(access.member)
            if member.can_push_to_accounting:
                raise PrivilegeAlreadyHeld(
                    f"You already have the privilege '{PRIVILEGE}' at {access.company.name}.",
                    remedy="There is nothing to request.",
                )
            request = PrivilegeRequest.objects.create(member=member, reason=reason, requested_at=now)
            _record(
                member, Verb.PRIVILEGE_REQUESTED, access.user, reason, now, before={}, after={"request": _PENDING.value}
            )
    except IntegrityError:
        raise _already_pending(access) from None
    return request


def grant_privilege(*, member: CompanyMember, by: User, reason: str, now: datetime.datetime) -> CompanyMember:
    """This function will grant the privilege, and answer the person's pending request if there is one.

    Raises NotAllowed (also for one's own entry), ReasonMissing, PersonDeactivated, PrivilegeAlreadyHeld.
    """
    _require_staff(by)
    reason = _required(reason)
    with transaction.atomic():
        member = _locked(member)
        pending = pending_request(member)
        if pending is not None:
            _answer(pending, PrivilegeRequest.State.GRANTED, by, reason, now)
        _grant(member, by, reason, now, answers=pending)
    return member


def revoke_privilege(*, member: CompanyMember, by: User, reason: str, now: datetime.datetime) -> CompanyMember:
    """This function will take the privilege away. Raises NotAllowed, ReasonMissing, PrivilegeNotHeld."""
    _require_staff(by)
    reason = _required(reason)
    with transaction.atomic():
        member = _locked(member)
        if not _change(member, has=True, becomes=False):
            raise PrivilegeNotHeld(
                f"{member} does not have the privilege '{PRIVILEGE}'.",
                remedy="Somebody may have revoked it in the meantime; the history says who.",
            )
        _record(
            member,
            Verb.PRIVILEGE_REVOKED,
            by,
            reason,
            now,
            before={"can_push_to_accounting": True},
            after={"can_push_to_accounting": False},
        )
    return member


def grant_request(*, request: PrivilegeRequest, by: User, reason: str, now: datetime.datetime) -> PrivilegeRequest:
    """This function will answer a pending request by granting the privilege.

    Raises NotAllowed (also for one's own request), ReasonMissing, RequestAlreadyAnswered, PersonDeactivated,
    PrivilegeAlreadyHeld.
    """
    _require_staff(by)
    reason = _required(reason)
    with transaction.atomic():
        member = _locked(request.member)
        _answer(request, PrivilegeRequest.State.GRANTED, by, reason, now)
        _grant(member, by, reason, now, answers=request)
    return request


def decline_request(*, request: PrivilegeRequest, by: User, reason: str, now: datetime.datetime) -> PrivilegeRequest:
    """This function will answer a pending request with no. Raises NotAllowed, ReasonMissing, RequestAlreadyAnswered."""
    _require_staff(by)
    reason = _required(reason)
    with transaction.atomic():
        member = _locked(request.member)
        _answer(request, PrivilegeRequest.State.DECLINED, by, reason, now)
        _record(
            member,
            Verb.PRIVILEGE_DECLINED,
            by,
            reason,
            now,
            before={"request": _PENDING.value},
            after={"request": PrivilegeRequest.State.DECLINED.value},
        )
    return request


def _require_staff(by: User) -> None:
    if not may_grant(by):
        raise NotAllowed(
            f"Only staff with the permission to grant '{PRIVILEGE}' may do this.",
            remedy="Ask an administrator of this site for the permission.",
        )


def _required(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise ReasonMissing("A reason is needed.", remedy="Say why in a few words; the history keeps it.")
    if len(reason) > REASON_MAX_LENGTH or "\x00" in reason:
        raise ReasonMissing(
            "The reason cannot be stored like this.",
            remedy=f"Write it in at most {REASON_MAX_LENGTH} characters of plain text.",
        )
    return reason


def _locked(member: CompanyMember) -> CompanyMember:
    """The entry as it is now, locked on PostgreSQL; on SQLite the transaction itself is the only writer."""
    entries = CompanyMember.objects.select_for_update(of=("self",)).select_related("user", "company")
    locked = entries.filter(pk=member.pk).first()
    if locked is None:
        raise EntryRemoved("This directory entry was removed a moment ago.", remedy="Reload the list.")
    return locked


def _grant(
    member: CompanyMember, by: User, reason: str, now: datetime.datetime, *, answers: PrivilegeRequest | None
) -> None:
    if member.user_id == by.pk:
        raise NotAllowed(
            f"Nobody grants '{PRIVILEGE}' to themselves.", remedy="Ask another administrator to grant it to you."
        )
    if not member.user.is_active:
        raise PersonDeactivated(
            f"{member.user.name} is deactivated.", remedy="Activate the person first, then grant the privilege."
        )
    if not _change(member, has=False, becomes=True):
        raise PrivilegeAlreadyHeld(
            f"{member} already has the privilege '{PRIVILEGE}'.",
            remedy="Somebody may have granted it in the meantime; the history says who.",
        )
    before: dict[str, Any] = {"can_push_to_accounting": False}
    after: dict[str, Any] = {"can_push_to_accounting": True}
    if answers is not None:
        before["request"], after["request"] = _PENDING.value, PrivilegeRequest.State.GRANTED.value
    _record(member, Verb.PRIVILEGE_GRANTED, by, reason, now, before=before, after=after)


def _change(member: CompanyMember, *, has: bool, becomes: bool) -> bool:
    entry = CompanyMember.objects.filter(pk=member.pk, can_push_to_accounting=has)
    if entry.update(can_push_to_accounting=becomes) != 1:
        return False
    member.can_push_to_accounting = becomes
    return True


def _answer(
    request: PrivilegeRequest, state: PrivilegeRequest.State, by: User, reason: str, now: datetime.datetime
) -> None:
    pending = PrivilegeRequest.objects.filter(pk=request.pk, state=_PENDING)
    answered = pending.update(state=state, answered_at=now, answered_by=by, answer=reason)
    request.refresh_from_db()
    if answered != 1:
        raise RequestAlreadyAnswered(
            f"{request} was {request.get_state_display().lower()} already, by {request.answered_by}.",
            remedy="Nothing more needs to be done; the history has the details.",
        )


def _already_pending(access: CompanyAccess) -> Refusal:
    pending = pending_request(access.member)
    if pending is None:  # answered between our try and this look
        return RequestAlreadyAnswered(
            "An earlier request of yours was answered a moment ago.", remedy="Look at the answer before asking again."
        )
    since = date_format(timezone.localtime(pending.requested_at), "M j, Y, g:i A")
    return RequestAlreadyPending(
        f"Your request for '{PRIVILEGE}' has been pending since {since}.",
        remedy=f"An administrator of {access.company.name} will answer it; ask them if it is urgent.",
    )


def _record(
    member: CompanyMember,
    verb: Verb,
    actor: User,
    reason: str,
    now: datetime.datetime,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    record(
        Entry(
            company_id=member.company_id,
            verb=verb,
            subject_type=SubjectType.MEMBER,
            subject_id=member.pk,
            subject_label=str(member),
            at=now,
            actor=actor,
            reason=reason,
            before=before,
            after=after,
        )
    )
