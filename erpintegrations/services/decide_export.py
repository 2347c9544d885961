"""A person's decision about a record that is nearly what was exported: link it, or reject the export.

Also what stands in the way of rejecting an export that may have reached the ERP.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection

import structlog
from django.db import transaction

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.activity import record
from directory.models import Verb
from directory.refusals import Refusal
from erpintegrations.connectors.base import ErpError
from erpintegrations.models import Export
from erpintegrations.refusals import (
    ChangedMeanwhile,
    ErpNotReachable,
    LinkNotPossible,
    NumberNotPossible,
    ReasonRequired,
)
from erpintegrations.services.exports import current_exports, export_entry, move_commitment, name_of
from erpintegrations.services.live_bridge import BridgeOf
from erpintegrations.services.live_bridge import bridge_of as default_bridge_of
from erpintegrations.services.read_back import (
    NO_LEASE,
    ExportMovedOn,
    Sighting,
    as_candidate,
    link,
    look_for,
    look_for_one,
    move,
    moved_on,
    settle,
)
from erpintegrations.services.rejection_mail import announce_rejection

logger = structlog.get_logger(__name__)

State = Export.State
ErpStatus = Commitment.ErpStatus


def decide_candidate(
    *,
    export: Export,
    access: CompanyAccess,
    link_it: bool,
    reason: str,
    now: datetime.datetime,
    origin: str = "",
    bridge_of: BridgeOf = default_bridge_of,
) -> Export:
    """This function will link the record that was found, or reject the export: the export as it then is.

    The record is read afresh first: what has changed since it was shown is recorded, and has to be looked at again.
    Raises NotAllowed, LacksPrivilege; AlreadyAnswered; ReasonRequired; ErpNotReachable; ChangedMeanwhile;
    NumberNotPossible when it is to be rejected though its own bridge wrote the record; LinkNotPossible.
    """
    refusal = access.why_not_accounting()
    if refusal is not None:
        raise refusal
    (current,) = current_exports([export], access)
    if current.state != State.NEEDS_DECISION:
        raise moved_on(current)
    reason = reason.strip()
    if not reason:
        raise _no_reason(link_it=link_it)
    sighting = look_for_one(current, now=now)
    try:
        if link_it:
            _require_as_shown(current, sighting, access, now)
            _require_nothing_to_come(current, bridge_of)
            link(sighting, by=access.user, now=now, reason=reason)
        else:
            _require_not_ours(sighting, access, now, bridge_of)
            _reject(current, reason, access, now, origin)
    except (ExportMovedOn, LinkNotPossible) as why:
        (latest,) = current_exports([export], access)
        if isinstance(why, LinkNotPossible) and latest.state == State.NEEDS_DECISION:
            raise
        raise moved_on(latest) from None
    (latest,) = current_exports([export], access)
    return latest


def _no_reason(*, link_it: bool) -> ReasonRequired:
    if link_it:
        return ReasonRequired(
            "Linking a record with other values needs a reason.", remedy="Say why it is the right one: it is kept."
        )
    return ReasonRequired("A rejection needs a reason.", remedy="Say what is to be corrected: the sender reads it.")


def _require_as_shown(export: Export, sighting: Sighting, access: CompanyAccess, now: datetime.datetime) -> None:
    """What is linked is what the person has seen. Raises ChangedMeanwhile; what is found is recorded."""
    if sighting.candidate is not None:
        fresh = as_candidate(sighting)
        if {**fresh, "seen_at": ""} == {**export.candidate, "seen_at": ""}:
            return
    settle(sighting, by=access.user, now=now)
    raise _changed(export)


def _require_nothing_to_come(export: Export, bridge_of: BridgeOf) -> None:
    """What the bridge was given, and has not written, it never will: linked, nobody would look for it any more.

    Raises ErpNotReachable.
    """
    if export.written_at is None:
        return
    try:
        bridge_of(export.connection).cancel(export.key)
    except ErpError as error:
        logger.warning("Whether the bridge still writes an export is not known", cause=error.cause)
        raise ErpNotReachable(error.problem, remedy=f"Nothing was linked. {error.remedy}") from None


def _changed(export: Export) -> ChangedMeanwhile:
    erp = export.connection.wording.short_label
    return ChangedMeanwhile(
        f"What {erp} holds under {export.erp_number} has changed since it was shown.",
        remedy=f"It was read anew, and nothing was decided: {name_of(export)} is “{export.get_state_display()}” now.",
    )


def why_not_reject(
    *,
    exports: Collection[Export],
    access: CompanyAccess,
    now: datetime.datetime,
    bridge_of: BridgeOf = default_bridge_of,
) -> dict[int, Refusal]:
    """This function will say of exports of one connection why they must not be rejected now, by the export's id.

    Rejected, a commitment is corrected and written once more: so not while its own record lives in the ERP, or still
    may get there. What is found is recorded: a record that is what was exported is linked, one that is nearly so waits
    for a decision. Asks the ERP once for all, and the bridge about each that it was given.
    """
    if not exports:
        return {}
    try:
        sightings = look_for(next(iter(exports)).connection, exports, now=now)
    except ErpError as error:
        logger.warning("The ERP could not be asked about exports that are to be rejected", cause=error.cause)
        return {export.pk: _not_reachable(error) for export in exports}
    refusals: dict[int, Refusal] = {}
    for sighting in sightings:
        try:
            _require_not_ours(sighting, access, now, bridge_of)
        except Refusal as refusal:
            refusals[sighting.export.pk] = refusal
        except (ExportMovedOn, LinkNotPossible):
            (latest,) = current_exports([sighting.export], access)
            refusals[sighting.export.pk] = moved_on(latest)
    return refusals


def _require_not_ours(sighting: Sighting, access: CompanyAccess, now: datetime.datetime, bridge_of: BridgeOf) -> None:
    export = sighting.export
    if sighting.is_there or (sighting.needs_decision and export.state == State.AWAITING):
        settle(sighting, by=access.user, now=now)
        raise _found(export)
    if export.written_at is None:
        return
    try:
        receipt = bridge_of(export.connection).cancel(export.key)
    except ErpError as error:
        logger.warning("Whether the bridge wrote an export is not known", cause=error.cause)
        raise _not_reachable(error) from None
    if receipt is not None and receipt.exists:
        erp = export.connection.wording.short_label
        raise NumberNotPossible(
            f"{receipt.erp_number} in {erp} was written for this very commitment.",
            remedy=f"It was not rejected. Have it linked; or delete it in {erp} first, then reject.",
        )


def _not_reachable(error: ErpError) -> ErpNotReachable:
    return ErpNotReachable(error.problem, remedy=f"Nothing was rejected. {error.remedy}")


def _found(export: Export) -> NumberNotPossible:
    erp, name = export.connection.wording.short_label, name_of(export)
    if export.state == State.LINKED:
        return NumberNotPossible(
            f"{name} is in {erp} as it was exported, so it was not rejected: it is linked now.",
            remedy=f"To correct it, delete {export.erp_number} in {erp}, then unlink it.",
        )
    return NumberNotPossible(
        f"{export.erp_number} is in {erp} with other values than {name} was exported with, so it was not rejected.",
        remedy="Lay both sides next to each other on its page, and decide there.",
    )


def _reject(export: Export, reason: str, access: CompanyAccess, now: datetime.datetime, origin: str) -> None:
    """As answer_export does for those that nothing was found of."""
    rejected = ErpStatus.EXPORTING, ErpStatus.REJECTED
    with transaction.atomic():
        values = {"answered_at": now, "answered_by": access.user, "finished_at": now}
        move(export, State.REJECTED, reject_reason=reason, **values, **NO_LEASE)
        if not move_commitment(export, rejected, now=now):
            raise ExportMovedOn
        record(export_entry(export, Verb.REJECTED, rejected, at=now, actor=access.user, reason=reason))
        announce_rejection(export=export, origin=origin, now=now)
