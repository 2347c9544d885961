"""Accounting's answers: Accept, Reject and Retry, one export or many at once, by the same way.

Each export has a transaction and an outcome of its own: what is refused for one keeps no other from going through.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.activity import record
from directory.models import Verb
from directory.refusals import Refusal
from erpintegrations.connectors.base import CommitmentKind, ErpDetail, ErpError, TextWidths
from erpintegrations.enqueue import enqueue_export
from erpintegrations.models import ErpConnection, Export
from erpintegrations.refusals import (
    ChangedMeanwhile,
    ErpNotReachable,
    NumberNotPossible,
    ReasonRequired,
)
from erpintegrations.selectors.numbers import exports_with_numbers, living, same_number, used_by_export, used_by_record
from erpintegrations.selectors.widths import as_stored
from erpintegrations.services import live_erp
from erpintegrations.services.decide_export import why_not_reject
from erpintegrations.services.exports import already_answered, current_exports, export_entry, move_commitment, name_of
from erpintegrations.services.live_bridge import BridgeOf, bridge_of
from erpintegrations.services.read_back import NO_LEASE
from erpintegrations.services.rejection_mail import announce_rejection
from erpintegrations.services.widths import widths_in_force

logger = structlog.get_logger(__name__)

State = Export.State
ErpStatus = Commitment.ErpStatus
# What a rejection leaves behind in the ERP, if anything, is looked for first unless accounting never accepted it.
REJECTABLE = {
    State.READY: ErpStatus.READY_TO_EXPORT,
    State.FAILED: ErpStatus.FAILED_TO_EXPORT,
    State.AWAITING: ErpStatus.EXPORTING,
}
ACCEPTABLE = (State.READY,)
# An accepted one only while it waits for its next attempt: it is made at once then.
RETRYABLE = {State.FAILED: ErpStatus.FAILED_TO_EXPORT, State.ACCEPTED: ErpStatus.EXPORTING}
BLANK = "Commitment ID can't be blank."
UNPRINTABLE = "Commitment ID has characters that cannot be printed."
NOTHING_CHANGED = "Nothing was changed. Try again in a minute."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one export, which is given as it is now. `refusal` is None when this call did what was asked."""

    export: Export
    refusal: Refusal | None

    @property
    def done(self) -> bool:
        return self.refusal is None


def too_long(widths: TextWidths) -> str:
    return f"Commitment ID is too long. Maximum {widths.number} characters."


def accept_exports(
    *, exports: Iterable[Export], access: CompanyAccess, numbers: Mapping[int, str], now: datetime.datetime
) -> list[Outcome]:
    """This function will accept exports under these numbers (by the export's id), and hand them on to be exported.

    Asks the ERP once for all, for a few seconds at most. Raises nothing of its own: each outcome, in the order given,
    carries its refusal: NotAllowed, LacksPrivilege; AlreadyAnswered; NumberNotPossible; ErpNotReachable;
    ChangedMeanwhile.
    """
    chosen = current_exports(list(exports), access)
    refusals = _not_allowed(chosen, access) or _answered(chosen, ACCEPTABLE, access, now)
    passing = [export for export in chosen if export.pk not in refusals]
    wanted = {export.pk: as_stored(numbers.get(export.pk, "")) for export in passing}
    refusals |= _impossible_numbers(passing, wanted, now)
    for export in passing:
        if export.pk not in refusals and (refusal := _accept(export, wanted[export.pk], access, now)):
            refusals[export.pk] = refusal
    return _outcomes(chosen, refusals, access)


def reject_exports(
    *,
    exports: Iterable[Export],
    access: CompanyAccess,
    reason: str,
    now: datetime.datetime,
    origin: str = "",
    bridge_of: BridgeOf = bridge_of,
) -> list[Outcome]:
    """This function will reject exports: the commitments can be edited again, and who sent them is told by mail.

    What was accepted once may have reached the ERP, and is looked for there first: if it has, it is linked. `origin` is
    the site's own address, for the link in the mail. Raises ReasonRequired; for the rest, each outcome carries its
    refusal: NotAllowed, LacksPrivilege; AlreadyAnswered; NumberNotPossible for one that is in the ERP; ErpNotReachable;
    ChangedMeanwhile.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonRequired("A rejection needs a reason.", remedy="Say what is to be corrected: the sender reads it.")
    chosen = current_exports(list(exports), access)
    refusals = _not_allowed(chosen, access) or _answered(chosen, REJECTABLE, access, now)
    passing = [export for export in chosen if export.pk not in refusals]
    accepted_once = [export for export in passing if export.state != State.READY]
    refusals |= why_not_reject(exports=accepted_once, access=access, now=now, bridge_of=bridge_of)
    for export in passing:
        if export.pk not in refusals and (refusal := _reject(export, reason, access, now, origin)):
            refusals[export.pk] = refusal
    return _outcomes(chosen, refusals, access)


def retry_exports(*, exports: Iterable[Export], access: CompanyAccess, now: datetime.datetime) -> list[Outcome]:
    """This function will hand exports that failed, or wait for their next attempt, on to be exported again at once.

    Under the number that they were accepted with.

    Raises nothing of its own: each outcome carries its refusal: NotAllowed, LacksPrivilege; AlreadyAnswered;
    ChangedMeanwhile.
    """
    chosen = current_exports(list(exports), access)
    refusals = _not_allowed(chosen, access) or _answered(chosen, RETRYABLE, access, now)
    for export in chosen:
        if export.pk not in refusals and (refusal := _retry(export, access, now)):
            refusals[export.pk] = refusal
    return _outcomes(chosen, refusals, access)


def why_not_answer(
    *, exports: Collection[Export], access: CompanyAccess, states: Collection[str], now: datetime.datetime
) -> dict[int, Refusal]:
    """This function will say, by the export's id, why it cannot be answered, as far as that is known without the ERP.

    `states` are those in which it can: `ACCEPTABLE`, `REJECTABLE` or `RETRYABLE`.
    """
    return _not_allowed(exports, access) or _answered(exports, states, access, now)


# ---- What is refused -------------------------------------------------------------------------------------------------


def _not_allowed(exports: Collection[Export], access: CompanyAccess) -> dict[int, Refusal]:
    refusal = access.why_not_accounting()
    return {export.pk: refusal for export in exports} if refusal else {}


def _answered(
    exports: Collection[Export], states: Collection[str], access: CompanyAccess, now: datetime.datetime
) -> dict[int, Refusal]:
    return {
        export.pk: already_answered(export, access, now)
        for export in exports
        if export.state not in states or (export.state == State.ACCEPTED and export.next_attempt_at is None)
    }


def _impossible_numbers(
    exports: Collection[Export], wanted: Mapping[int, str], now: datetime.datetime
) -> dict[int, Refusal]:
    """Blank, too long, on its way, or living in the ERP. All exports are of one connection."""
    if not exports:
        return {}
    connection = next(iter(exports)).connection
    widths = widths_in_force(connection=connection, now=now)
    refusals: dict[int, Refusal] = {}
    given: set[tuple[str, str]] = set()
    for export in exports:
        number = wanted[export.pk]
        key = (export.kind, same_number(number))
        if not number:
            refusals[export.pk] = NumberNotPossible(BLANK, remedy=_enter(connection))
        elif len(number) > widths.number:
            refusals[export.pk] = NumberNotPossible(too_long(widths), remedy=_enter(connection))
        elif not number.isprintable():
            refusals[export.pk] = NumberNotPossible(UNPRINTABLE, remedy=_enter(connection))
        elif key in given:
            refusals[export.pk] = _number_taken(f"{number} is given to another of the selected commitments.")
        given.add(key)
    asked = [export for export in exports if export.pk not in refusals]
    return refusals | _taken(asked, wanted, connection)


def _enter(connection: ErpConnection) -> str:
    return f"Enter the number that it gets in {connection.wording.short_label}."


def _taken(exports: Collection[Export], wanted: Mapping[int, str], connection: ErpConnection) -> dict[int, Refusal]:
    on_their_way: dict[tuple[str, str], str] = {}
    for kind in {export.kind for export in exports}:
        numbers = {wanted[export.pk] for export in exports if export.kind == kind}
        for other in exports_with_numbers(connection, kind, numbers, ready_too=False):
            on_their_way[kind, same_number(other.erp_number)] = used_by_export(other, connection.wording)
    refusals: dict[int, Refusal] = {
        export.pk: _number_taken(on_their_way[key])
        for export in exports
        if (key := (export.kind, same_number(wanted[export.pk]))) in on_their_way
    }
    asked = {export: wanted[export.pk] for export in exports if export.pk not in refusals}
    return refusals | _living(asked, connection)


def _number_taken(sentence: str) -> NumberNotPossible:
    return NumberNotPossible(sentence, remedy="Enter another number.")


def _living(numbers: Mapping[Export, str], connection: ErpConnection) -> dict[int, Refusal]:
    """The exports whose number a living record has; all of them when the ERP does not answer."""
    if not numbers:
        return {}
    try:
        records = living(detail.record for detail in _find(numbers, connection))
    except ErpError as error:
        logger.warning("Whether numbers are free in the ERP could not be asked", cause=error.cause)
        problem = f"Whether its number is free in {connection.wording.short_label} could not be checked:"
        return {export.pk: ErpNotReachable(f"{problem} {error.problem}", remedy=NOTHING_CHANGED) for export in numbers}
    taken = {(str(record.kind), same_number(record.number)): record for record in records}
    return {
        export.pk: _number_taken(used_by_record(taken[key], connection.wording))
        for export, number in numbers.items()
        if (key := (export.kind, same_number(number))) in taken
    }


def _find(numbers: Mapping[Export, str], connection: ErpConnection) -> list[ErpDetail]:
    by_kind = {
        kind: sorted({number for export, number in numbers.items() if export.kind == kind}) for kind in CommitmentKind
    }
    return live_erp.find_numbers(connection, by_kind)


# ---- What is written -------------------------------------------------------------------------------------------------


class _CommitmentMovedOn(Exception):
    """The commitment's ERP status is not its export's any more. What was begun is rolled back."""


def _accept(export: Export, number: str, access: CompanyAccess, now: datetime.datetime) -> Refusal | None:
    move = ErpStatus.READY_TO_EXPORT, ErpStatus.EXPORTING
    try:
        with transaction.atomic():
            accepted = Export.objects.filter(pk=export.pk, state=State.READY).update(
                state=State.ACCEPTED,
                erp_number=number,
                answered_at=now,
                answered_by=access.user,
                version=F("version") + 1,
            )
            if not accepted:
                return _lost(export, access, now)
            if not move_commitment(export, move, now=now):
                raise _CommitmentMovedOn
            after = {"erp_number": number}
            record(export_entry(export, Verb.ACCEPTED, move, at=now, actor=access.user, after=after))
            enqueue_export(export.pk)
    except IntegrityError:  # the constraint decides when two accept under one number at once
        return _number_taken(f"{number} was given to another commitment at the same moment.")
    except _CommitmentMovedOn:
        return _changed_meanwhile(export)
    return None


def _reject(export: Export, reason: str, access: CompanyAccess, now: datetime.datetime, origin: str) -> Refusal | None:
    move = REJECTABLE[State(export.state)], ErpStatus.REJECTED
    try:
        with transaction.atomic():
            rejected = Export.objects.filter(pk=export.pk, state=export.state, version=export.version).update(
                state=State.REJECTED,
                reject_reason=reason,
                answered_at=now,
                answered_by=access.user,
                finished_at=now,
                version=F("version") + 1,
            )
            if not rejected:
                return _lost(export, access, now)
            if not move_commitment(export, move, now=now):
                raise _CommitmentMovedOn
            record(export_entry(export, Verb.REJECTED, move, at=now, actor=access.user, reason=reason))
            announce_rejection(export=export, origin=origin, now=now)
    except _CommitmentMovedOn:
        return _changed_meanwhile(export)
    return None


def _retry(export: Export, access: CompanyAccess, now: datetime.datetime) -> Refusal | None:
    move = RETRYABLE[State(export.state)], ErpStatus.EXPORTING
    try:
        with transaction.atomic():
            retried = Export.objects.filter(pk=export.pk, state=export.state, version=export.version).update(
                state=State.ACCEPTED, problem="", remedy="", **NO_LEASE, version=F("version") + 1
            )
            if not retried:
                return _lost(export, access, now)
            if not move_commitment(export, move, now=now):
                raise _CommitmentMovedOn
            record(export_entry(export, Verb.EXPORT_RETRIED, move, at=now, actor=access.user))
            enqueue_export(export.pk)
    except _CommitmentMovedOn:
        return _changed_meanwhile(export)
    return None


def _lost(export: Export, access: CompanyAccess, now: datetime.datetime) -> Refusal:
    (latest,) = current_exports([export], access)
    return _changed_meanwhile(export) if latest.state == export.state else already_answered(latest, access, now)


def _changed_meanwhile(export: Export) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"Somebody else changed {name_of(export)} at the same moment.",
        remedy="Nothing was changed by you. Reload the page to see it as it is now, then try again.",
    )


def _outcomes(exports: list[Export], refusals: Mapping[int, Refusal], access: CompanyAccess) -> list[Outcome]:
    return [Outcome(export, refusals.get(export.pk)) for export in current_exports(exports, access)]
