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
from erpintegrations.connectors.base import CommitmentKind, ErpError
from erpintegrations.connectors.bridge import BridgeReceipt
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
from erpintegrations.services.read_back import NO_LEASE, ExportMovedOn, link, move, moved_on, settle
from erpintegrations.services.rejection_mail import announce_rejection
from erpintegrations.services.sightings import Sighting, is_as_kept, look_for, look_for_one

logger = structlog.get_logger(__name__)

State = Export.State
ErpStatus = Commitment.ErpStatus
NOT_REJECTED = "Nothing was rejected."


def decide_candidate(
    *,
    export: Export,
    access: CompanyAccess,
    link_it: bool,
    is_anothers: bool = False,
    reason: str,
    seen_version: int,
    now: datetime.datetime,
    origin: str = "",
    bridge_of: BridgeOf = default_bridge_of,
) -> Export:
    """This function will link the record that was found, or reject the export: the export as it then is.

    `seen_version` is the export's when both sides were shown, and the record is read afresh first: what has changed
    since is recorded, and has to be looked at again. `is_anothers` is the person's word that the record was not made
    for this commitment: without it, the export is not rejected while the record is in the ERP.
    Raises NotAllowed, LacksPrivilege; AlreadyAnswered; ReasonRequired; ErpNotReachable; ChangedMeanwhile;
    NumberNotPossible when the record, or another one, is or may be this commitment's; LinkNotPossible.
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
    if current.version != seen_version:
        raise _changed(current)
    sighting = look_for_one(current, now=now)
    try:
        if link_it or sighting.needs_decision:
            _require_as_shown(sighting, access, now)
        if link_it:
            _require_no_other_record(sighting, bridge_of)
            link(sighting, by=access.user, now=now, reason=reason)
        else:
            _require_said_to_be_anothers(sighting, is_anothers=is_anothers)
            _require_not_ours(sighting, access, now, bridge_of)
            _reject(sighting, reason, access, now, origin)
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


def _require_as_shown(sighting: Sighting, access: CompanyAccess, now: datetime.datetime) -> None:
    """What is decided about is what the person has seen. Raises ChangedMeanwhile; what is found is recorded."""
    if sighting.candidate is None or not is_as_kept(sighting):
        settle(sighting, by=access.user, now=now)
        raise _changed(sighting.export)


def _require_no_other_record(sighting: Sighting, bridge_of: BridgeOf) -> None:
    """Linked to one while another of its records is in the ERP, or still may come, the commitment would be there twice.

    Raises NumberNotPossible, ErpNotReachable.
    """
    receipt = None if sighting.beside else _write_no_more(sighting.export, bridge_of, "Nothing was linked.")
    if receipt is not None and sighting.is_another(receipt):
        sighting = sighting.with_another(receipt)
    if sighting.beside:
        erp = sighting.export.connection.wording.short_label
        raise NumberNotPossible(
            sighting.beside, remedy=f"Nothing was linked. Delete one of the two in {erp}: it would be there twice."
        )


def _require_said_to_be_anothers(sighting: Sighting, *, is_anothers: bool) -> None:
    """Raises NumberNotPossible: what was keyed in for a commitment must not stay when it is sent once more."""
    if sighting.needs_decision and not is_anothers:
        export, erp = sighting.export, sighting.export.connection.wording.short_label
        raise NumberNotPossible(
            f"{export.erp_number} in {erp} may have been made for {name_of(export)}, so it was not rejected.",
            remedy=f"Delete it in {erp} first, if it was. Otherwise say that it is another one's, and stays there.",
        )


def _write_no_more(export: Export, bridge_of: BridgeOf, nothing_was_done: str) -> BridgeReceipt | None:
    """What the bridge was given, and has not written, it never will; what it has written. Raises ErpNotReachable."""
    if export.written_at is None:
        return None
    try:
        return bridge_of(export.connection).cancel(export.key)
    except ErpError as error:
        logger.warning("Whether the bridge wrote an export is not known", cause=error.cause)
        raise ErpNotReachable(error.problem, remedy=f"{nothing_was_done} {error.remedy}") from None


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
        refusal = ErpNotReachable(error.problem, remedy=f"{NOT_REJECTED} {error.remedy}")
        return {export.pk: refusal for export in exports}
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
    if sighting.is_there or (sighting.needs_decision and export.state in (State.AWAITING, State.FAILED)):
        settle(sighting, by=access.user, now=now)
        raise _found(export)
    receipt = _write_no_more(export, bridge_of, NOT_REJECTED)
    # What it wrote may be another commitment's record by now, or void: then it is not this one's, and never will be.
    if receipt is not None and sighting.is_living(receipt):
        erp = export.connection.wording.short_label
        raise NumberNotPossible(
            f"{receipt.erp_number} in {erp} was written for this very commitment.",
            remedy=f"It was not rejected. Have it linked; or delete it in {erp} first, then reject.",
        )


def _found(export: Export) -> NumberNotPossible:
    wording, name = export.connection.wording, name_of(export)
    erp = wording.short_label
    if export.state == State.LINKED:
        return NumberNotPossible(
            f"{name} is in {erp} as it was exported, so it was not rejected: it is linked now.",
            remedy=f"To correct it: {wording.how_to_delete[CommitmentKind(export.kind)]} Then unlink it.",
        )
    if export.state in (State.FAILED, State.ACCEPTED):
        return NumberNotPossible(
            f"{export.erp_number} is in {erp}, so {name} was not rejected.",
            remedy="Retry it: it is linked, or both sides are laid next to each other."
            if export.state == State.FAILED
            else "The bridge is asked what it wrote; then it is linked.",
        )
    return NumberNotPossible(
        f"{export.erp_number} is in {erp} with other values than {name} was exported with, so it was not rejected.",
        remedy="Lay both sides next to each other on its page, and decide there.",
    )


def _reject(sighting: Sighting, reason: str, access: CompanyAccess, now: datetime.datetime, origin: str) -> None:
    """As answer_export does for those that nothing was found of."""
    export, rejected = sighting.export, (ErpStatus.EXPORTING, ErpStatus.REJECTED)
    after = {"anothers_record": sighting.candidate.record.number} if sighting.candidate else {}
    with transaction.atomic():
        values = {"answered_at": now, "answered_by": access.user, "finished_at": now}
        move(export, State.REJECTED, reject_reason=reason, **values, **NO_LEASE)
        if not move_commitment(export, rejected, now=now):
            raise ExportMovedOn
        record(export_entry(export, Verb.REJECTED, rejected, at=now, actor=access.user, reason=reason, after=after))
        announce_rejection(export=export, origin=origin, now=now)
