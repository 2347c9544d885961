"""Reading back: find exported commitments in the ERP and link them. The one way in which an export becomes synced.

Called before anything is written, right after, by each completed sync, and by Check now. The ERP is asked outside any
transaction; what follows is written in one, and only while the export is as it was read.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from django.db import transaction
from django.db.models import F

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.activity import record
from directory.models import Level, Verb
from erpintegrations.enqueue import enqueue_export
from erpintegrations.models import ErpConnection, Export, SyncLink
from erpintegrations.refusals import AlreadyAnswered, LinkNotPossible
from erpintegrations.services.documents import document_to_write
from erpintegrations.services.exports import (
    already_answered,
    current_exports,
    export_entry,
    move_commitment,
    name_of,
)
from erpintegrations.services.link_commitment import Expected, link_commitments
from erpintegrations.services.sightings import Sighting, as_candidate, is_as_kept, look_for, look_for_one

if TYPE_CHECKING:
    from directory.models import User

logger = structlog.get_logger(__name__)

State = Export.State
ErpStatus = Commitment.ErpStatus
LOOKED_FOR = (State.AWAITING, State.NEEDS_DECISION, State.FAILED)
AT_ONCE = 100
# No digest of the ERP's is this one: a record that was linked with other lines than ours has drifted from the start.
OTHER_LINES = "other lines"


class ExportMovedOn(Exception):
    """The export is not as it was read: somebody else was faster. What was begun is rolled back."""


@dataclass(slots=True)
class ReadBack:
    """What one reading back did: the exports by what became of them."""

    linked: list[int] = field(default_factory=list)
    to_decide: list[int] = field(default_factory=list)
    not_there: list[int] = field(default_factory=list)


def read_back(*, connection: ErpConnection, now: datetime.datetime) -> ReadBack:
    """This function will look for all exports of a connection that may be in the ERP by now. Raises Retryable,
    NeedsAttention; what was found until then stays recorded.
    """
    done = ReadBack()
    waiting = _loaded().filter(connection=connection, state__in=LOOKED_FOR).order_by("pk")
    exports = list(waiting)
    for start in range(0, len(exports), AT_ONCE):
        for sighting in look_for(connection, exports[start : start + AT_ONCE], now=now):
            _settle_or_log(sighting, done, now)
    return done


def check_export(*, export: Export, access: CompanyAccess, now: datetime.datetime) -> Export:
    """This function will look for one export in the ERP at once, and record what is found: the export as it then is.

    Raises NotAllowed; AlreadyAnswered for one that is in no state to be looked for; ErpNotReachable.
    """
    access.require_erp_integrations(Level.STANDARD)
    (current,) = current_exports([export], access)
    if current.state not in LOOKED_FOR:
        raise already_answered(current, access, now)
    sighting = look_for_one(current, now=now)
    try:
        settle(sighting, by=access.user, now=now)
    except (ExportMovedOn, LinkNotPossible):
        (latest,) = current_exports([export], access)
        raise moved_on(latest) from None
    (latest,) = current_exports([export], access)
    return latest


def moved_on(export: Export) -> AlreadyAnswered:
    return AlreadyAnswered(
        f"Somebody else, or a sync, was faster: {name_of(export)} is “{export.get_state_display()}” now.",
        remedy="Nothing was changed by you. Look at its page for where it stands.",
    )


# ---- What is found ---------------------------------------------------------------------------------------------------


def _loaded() -> Any:
    return Export.objects.select_related("commitment__project", "commitment__vendor", "connection", "sent_by")


# ---- What follows ----------------------------------------------------------------------------------------------------


def _settle_or_log(sighting: Sighting, done: ReadBack, now: datetime.datetime) -> None:
    """One export that cannot be settled keeps no other from it."""
    pk = sighting.export.pk
    try:
        state = settle(sighting, by=None, now=now)
    except (ExportMovedOn, LinkNotPossible):
        logger.info("An export moved on while it was read back", export_id=pk)
    except Exception:
        logger.exception("An export could not be read back", export_id=pk)
    else:
        which = {State.LINKED: done.linked, State.NEEDS_DECISION: done.to_decide}.get(State(state), done.not_there)
        which.append(pk)


def settle(sighting: Sighting, *, by: User | None, now: datetime.datetime) -> str:
    """This function will write what follows from a sighting, and give the state in which the export then is.

    Raises ExportMovedOn, LinkNotPossible.
    """
    export = sighting.export
    if sighting.is_there and not _bridge_is_to_be_asked(export):
        link(sighting, by=by, now=now)
    elif export.state == State.FAILED:
        pass  # why it failed still stands, and a person is on it
    elif sighting.is_there:
        if not is_as_kept(sighting):
            _bring_on_its_way(export)
    elif sighting.needs_decision:
        ask_for_decision(sighting, now=now)
    elif sighting.linked is not None:
        problem, remedy = taken_by(export, sighting.linked)
        fail(export, problem, remedy, now=now)
    elif export.state == State.NEEDS_DECISION:
        _wait_again(export)
    return export.state


def _bridge_is_to_be_asked(export: Export) -> bool:
    """It was given the document, and has not said that it wrote it just so: linked, nobody would look for what may
    still arrive. Whoever brings the export on its way asks.
    """
    is_confirmed = export.state == State.AWAITING and not export.problem
    was_given = export.method == Export.Method.BRIDGE and export.written_at is not None
    return was_given and not is_confirmed and export.state != State.WRITING


def link(sighting: Sighting, *, by: User | None, now: datetime.datetime, reason: str = "") -> SyncLink:
    """This function will link the record that was found, and end the export as linked. Raises ExportMovedOn,
    LinkNotPossible.
    """
    export, candidate = sighting.export, sighting.candidate
    if candidate is None or sighting.match is None or export.commitment is None:
        raise ExportMovedOn
    digest = candidate.record.lines_digest if sighting.match.same_lines else OTHER_LINES
    expected = Expected(str(document_to_write(export)["vndnum"]), digest)
    with transaction.atomic():
        _lock(export)
        (made,) = link_commitments(
            connection=export.connection,
            pairs=[(export.commitment, candidate.record)],
            by=by,
            now=now,
            seen_at=sighting.seen_at,
            expected={export.commitment.pk: expected},
            reason=reason,
        )
        move(export, State.LINKED, link=made, problem="", remedy="", candidate={}, finished_at=now, **NO_LEASE)
    return made


def ask_for_decision(sighting: Sighting, *, now: datetime.datetime) -> None:
    """This function will keep what was found for a person to decide; nothing is written when it is known already."""
    export = sighting.export
    candidate = as_candidate(sighting)
    known = {**export.candidate, "seen_at": candidate["seen_at"]}
    if export.state == State.NEEDS_DECISION and known == candidate:
        return
    with transaction.atomic():
        before = export.state
        move(export, State.NEEDS_DECISION, candidate=candidate, problem=candidate["why"], remedy="", **NO_LEASE)
        if before != State.NEEDS_DECISION:
            still = ErpStatus.EXPORTING, ErpStatus.EXPORTING
            after = {"erp_number": candidate["number"], "problem": candidate["why"]}
            record(export_entry(export, Verb.EXPORT_NEEDS_DECISION, still, at=now, actor=None, after=after))


def fail(export: Export, problem: str, remedy: str, *, now: datetime.datetime, **values: Any) -> None:
    """This function will end an attempt for good: a person corrects, retries or rejects. Raises ExportMovedOn."""
    failed = ErpStatus.EXPORTING, ErpStatus.FAILED_TO_EXPORT
    with transaction.atomic():
        move(export, State.FAILED, problem=problem, remedy=remedy, candidate={}, attempts=0, **NO_LEASE, **values)
        if not move_commitment(export, failed, now=now):
            raise ExportMovedOn
        record(export_entry(export, Verb.EXPORT_FAILED, failed, at=now, actor=None, after={"problem": problem}))


NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_expires_at": None}


def move(export: Export, state: str, **values: Any) -> None:
    """This function will write an export while it is as it was read, here too. Raises ExportMovedOn."""
    written = Export.objects.filter(pk=export.pk, state=export.state, version=export.version).update(
        state=state, version=F("version") + 1, **values
    )
    if written != 1:
        raise ExportMovedOn
    export.state, export.version = state, export.version + 1
    for name, value in values.items():
        setattr(export, name, value)


def _lock(export: Export) -> None:
    """Everybody takes the export before its commitment: in another order, two would wait for each other for ever.

    Raises ExportMovedOn.
    """
    as_read = Export.objects.select_for_update(no_key=True).filter(
        pk=export.pk, state=export.state, version=export.version
    )
    if as_read.first() is None:
        raise ExportMovedOn


def taken_by(export: Export, linked: SyncLink) -> tuple[str, str]:
    erp = export.connection.wording.short_label
    return (
        f"{linked.erp_number} in {erp} is linked to {linked.get_kind_display().lower()} {linked.number} of "
        f"{linked.project_name}, so this one cannot have that number.",
        f"Reject it, so that it is sent again under another number; or, if it is the wrong one that is linked, delete "
        f"{linked.erp_number} in {erp}, unlink it there, and retry.",
    )


def _wait_again(export: Export) -> None:
    """What had to be decided about is gone."""
    if export.method == Export.Method.BRIDGE:
        _bring_on_its_way(export)
    else:
        move(export, State.AWAITING, candidate={}, problem="", **NO_LEASE)


def _bring_on_its_way(export: Export) -> None:
    """Anew: the bridge is asked what it wrote, before anything is linked or written."""
    with transaction.atomic():
        move(export, State.ACCEPTED, candidate={}, problem="", remedy="", attempts=0, **NO_LEASE)
        enqueue_export(export.pk)
