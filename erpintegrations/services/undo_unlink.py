"""Undo: reopen a link that a person unlinked, as it was, until its commitment is changed or sent."""

from __future__ import annotations

import datetime

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.activity import Entry, record
from directory.models import Activity, SubjectType, Verb
from erpintegrations import moments
from erpintegrations.models import SyncLink
from erpintegrations.refusals import UndoNotPossible
from erpintegrations.services.links import current_link, linked_state, name_of, unlinked_state
from erpintegrations.services.observations import commitment_label

INSTEAD = "Export the commitment again when it is correct; that links it anew."


def can_undo(link: SyncLink) -> bool:
    """Whether Undo would work now, as far as the rules go; who may is for `CompanyAccess.why_not_unlink` to say."""
    return not link.is_open and _why_not(link, link.commitment) is None


def undo_unlink(*, link: SyncLink, access: CompanyAccess, now: datetime.datetime) -> SyncLink:
    """This function will reopen an unlinked link as it was, and set its commitment to synced.

    The record may have come back to the ERP meanwhile: the next sync, or Check now, finds that out.
    Raises NotAllowed, LacksPrivilege; UndoNotPossible when it was undone already, or the commitment was changed, sent
    or linked since.
    """
    not_allowed = access.why_not_unlink(link.project_id, link.project_name)
    if not_allowed is not None:
        raise not_allowed
    current = current_link(link, access)
    if current.is_open:
        raise _already_undone(current, access, now)
    refusal = _why_not(current, current.commitment)
    if refusal is not None:
        raise refusal
    if not _reopen(current, access, now):
        raise _what_happened(current_link(link, access), access, now)
    return current_link(link, access)


def _why_not(link: SyncLink, commitment: Commitment | None) -> UndoNotPossible | None:
    name = name_of(link)
    if commitment is None:
        return UndoNotPossible(
            f"{name} was deleted since it was unlinked.", remedy="Create it anew, then export that one."
        )
    if commitment.erp_status != Commitment.ErpStatus.NOT_SENT:
        problem = f"{name} was sent or linked again since: its ERP status is “{commitment.get_erp_status_display()}”."
        return UndoNotPossible(problem, remedy="Look at the commitment's page for where it stands now.")
    if commitment.revision != link.closed_commitment_revision:
        return UndoNotPossible(f"{name} was changed since it was unlinked.", remedy=INSTEAD)
    if SyncLink.objects.filter(commitment=commitment, pk__gt=link.pk).exists():
        return UndoNotPossible(
            f"{name} was linked again since, and only its latest link can come back.", remedy=INSTEAD
        )
    taken = SyncLink.objects.filter(connection_id=link.connection_id, erp_id=link.erp_id, closed_at=None)
    if taken.exclude(pk=link.pk).exists():  # this very link may have been reopened since it was read
        return _taken(link)
    return None


def _reopen(link: SyncLink, access: CompanyAccess, now: datetime.datetime) -> bool:
    """One transaction: False when somebody else was faster, and nothing was changed."""
    try:
        with transaction.atomic():
            reopened = SyncLink.objects.filter(pk=link.pk, close_token=link.close_token, version=link.version).update(
                closed_at=None,
                closed_by=None,
                close_reason="",
                close_token=None,
                closed_commitment_revision=None,
                closed_lines=None,
                reopened_at=now,
                left_in_erp=False,
                version=F("version") + 1,
            )
            moved = Commitment.objects.filter(
                pk=link.linked_commitment.pk,
                erp_status=Commitment.ErpStatus.NOT_SENT,
                revision=link.linked_commitment.revision,
            ).update(erp_status=Commitment.ErpStatus.SYNCED, revision=F("revision") + 1, updated_at=now)
            if not (reopened and moved):
                raise _SomebodyWasFaster
            record(_entry(link, access, now))
    except _SomebodyWasFaster:
        return False
    except (IntegrityError, OperationalError):
        # Linked again, or deleted, at the same moment. The constraints decide; or the database, which lets one go on of
        # two that wait for each other.
        return False
    return True


class _SomebodyWasFaster(Exception):
    """One of the rows is not as it was read. What was begun is rolled back."""


def _what_happened(link: SyncLink, access: CompanyAccess, now: datetime.datetime) -> UndoNotPossible:
    if link.is_open:
        return _already_undone(link, access, now)
    return _why_not(link, link.commitment) or UndoNotPossible(
        f"Somebody else changed {name_of(link)} at the same moment: nothing was undone.",
        remedy="Reload the page to see it as it is now, then try again.",
    )


def _already_undone(link: SyncLink, access: CompanyAccess, now: datetime.datetime) -> UndoNotPossible:
    name = name_of(link)
    undone = (
        Activity.objects.filter(
            subject_type=SubjectType.COMMITMENT, subject_id=link.linked_commitment.pk, verb=Verb.UNLINK_UNDONE
        )
        .select_related("actor")
        .order_by("-id")
        .first()
    )
    if undone is None or undone.actor is None:
        return UndoNotPossible(f"{name} is linked: there is nothing to undo.", remedy="Nothing more is needed here.")
    who = "You" if undone.actor == access.user else undone.actor.name
    return UndoNotPossible(
        f"{who} already undid this {moments.both(undone.at, now)}: {name} is linked again.",
        remedy="Nothing more is needed here.",
    )


def _taken(link: SyncLink) -> UndoNotPossible:
    return UndoNotPossible(
        f"{name_of(link)}, or its record {link.erp_number} in {link.connection.wording.short_label}, is linked again "
        "since, so this link cannot come back.",
        remedy="Look for it in the list of synced commitments, and unlink that one first if it is wrong.",
    )


def _entry(link: SyncLink, access: CompanyAccess, now: datetime.datetime) -> Entry:
    return Entry(
        company_id=link.company_id,
        project_id=link.project_id,
        verb=Verb.UNLINK_UNDONE,
        subject_type=SubjectType.COMMITMENT,
        subject_id=link.linked_commitment.pk,
        subject_label=commitment_label(link),
        at=now,
        actor=access.user,
        before=unlinked_state(),
        after=linked_state(link),
    )
