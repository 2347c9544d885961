"""Export: bring an accepted commitment on its way into the ERP, at most once, whatever dies or times out in between.

Claim → commit → look into the ERP, then ask the bridge, before anything is written → write → read back. Every write
here is conditional on the export being as this process left it, so that one that was taken for dead writes nothing.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from commitments.models import Commitment
from directory.activity import record
from directory.models import Verb
from erpintegrations.connectors.base import CommitmentKind, ErpError, NeedsAttention, Retryable
from erpintegrations.connectors.bridge import BridgeReceipt
from erpintegrations.models import Export
from erpintegrations.refusals import LinkNotPossible
from erpintegrations.services.documents import document_to_write
from erpintegrations.services.exports import export_entry, name_of
from erpintegrations.services.former_records import living_former_record
from erpintegrations.services.live_bridge import BridgeOf, bridge_of
from erpintegrations.services.read_back import NO_LEASE, ExportMovedOn, fail, move, settle
from erpintegrations.services.sightings import Sighting, former_is_back, look_for
from erpintegrations.sync.lease import Clock
from erpintegrations.sync.matching import same_number

logger = structlog.get_logger(__name__)


class WrittenAndGone(NeedsAttention):
    """What the bridge wrote under the export's key was deleted in the ERP since: it writes no more under that key."""


State = Export.State
ErpStatus = Commitment.ErpStatus

# Longer than all that one attempt may wait for, all time-outs added up.
LEASE = datetime.timedelta(minutes=5)
# Before each further attempt; the last one again and again.
PAUSES = tuple(datetime.timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60))
MOST_ATTEMPTS = 8
UNEXPECTED = "Something unexpected went wrong in this product."
COMES_BACK = "It is tried again by itself."


def perform_export(*, export_id: int, clock: Clock = timezone.now, bridge_of: BridgeOf = bridge_of) -> Export:
    """This function will claim an accepted export and bring it on its way; give the export as it then is.

    One that somebody else works on, that waits for its next attempt, or that has moved on, is left alone. What goes
    wrong is recorded with the export, in plain words; only being told to stop is passed on.
    """
    export = claim(export_id, now=clock())
    if export is not None:
        with structlog.contextvars.bound_contextvars(export_id=export_id):
            _perform(export, clock, bridge_of)
    return _load(export_id)


def claim(export_id: int, *, now: datetime.datetime) -> Export | None:
    """This function will claim an export that is due, or take over one whose lease ran out; None when it is neither."""
    claimed = Export.objects.filter(due(now), pk=export_id).update(
        state=State.WRITING,
        lease_token=uuid.uuid4(),
        lease_expires_at=now + LEASE,
        attempts=F("attempts") + 1,
        version=F("version") + 1,
    )
    return _load(export_id) if claimed else None


def due(now: datetime.datetime) -> Q:
    """Exports that somebody should work on now: accepted, due for another attempt, or left by a process that died."""
    waits = Q(state=State.ACCEPTED) & (Q(lease_expires_at=None) | Q(lease_expires_at__lte=now))
    return waits | Q(state=State.WRITING, lease_expires_at__lt=now)


def _load(export_id: int) -> Export:
    exports = Export.objects.select_related("commitment__project", "commitment__vendor", "connection", "sent_by")
    return exports.get(pk=export_id)


def _perform(export: Export, clock: Clock, bridge_of: BridgeOf) -> None:
    try:
        try:
            _require_not_worn_out(export)
            _look_and_write(export, clock, bridge_of)
        except (ExportMovedOn, LinkNotPossible):
            raise
        except Exception as error:
            _attempt_failed(export, error, bridge_of, now=clock())
    except (ExportMovedOn, LinkNotPossible):
        logger.warning("An export was taken over, or had moved on; what this process found is dropped")
    except Exception:
        # Not even the failure could be written. The lease runs out, and the housekeeping hands the export on.
        logger.exception("An export could not be brought on its way")


def _require_not_worn_out(export: Export) -> None:
    """Raises Retryable for one whose processes died again and again, so that it ends as any other that fails."""
    if export.attempts > MOST_ATTEMPTS:
        raise Retryable(
            "It was tried several times, and did not get through.",
            remedy="Ask whoever runs this site to look at the log of the task process, then retry.",
            cause="too many attempts",
        )


def _look_and_write(export: Export, clock: Clock, bridge_of: BridgeOf) -> None:
    # What was never handed to a bridge goes the way that the connection is set to now.
    method = export.method if export.written_at else export.connection.export_method
    (sighting,) = look_for(export.connection, [export], now=clock())
    if not sighting.is_free:
        move(export, State.WRITING, method=method)
        settle(_nothing_to_come(sighting, bridge_of), by=None, now=clock())
        return
    if sighting.unfit:
        raise NeedsAttention(
            sighting.unfit,
            remedy="Reject it; ask an administrator of ERP Integrations to link it anew, then send it again.",
            cause="a counterpart is gone or another one",
        )
    if method == Export.Method.ENTRY_SHEET:
        _require_no_former_record(export)
        move(export, State.AWAITING, method=method, problem="", remedy="", **NO_LEASE)
        return
    move(export, State.WRITING, method=method)
    receipt = _write_once(export, clock, bridge_of)
    _written(export, receipt, now=clock())
    _read_back(export, now=clock())


def _nothing_to_come(sighting: Sighting, bridge_of: BridgeOf) -> Sighting:
    """The sighting, with what else the bridge wrote: from now on it writes nothing more under the export's key.

    Once something is linked, nobody would look for what still might arrive. Raises Retryable, NeedsAttention.
    """
    export = sighting.export
    if export.written_at is None:
        return sighting
    receipt = bridge_of(export.connection).cancel(export.key)
    if receipt is not None and sighting.is_another(receipt):
        return sighting.with_another(receipt)
    if receipt is None or not receipt.exists:
        move(export, State.WRITING, **_nothing_written())
    return sighting


def _write_once(export: Export, clock: Clock, bridge_of: BridgeOf) -> BridgeReceipt:
    """What was written under the export's key: by an earlier attempt, or now."""
    bridge = bridge_of(export.connection)
    receipt = bridge.look_up(export.key)
    if receipt is not None and not receipt.exists:
        raise _written_and_gone(export, receipt)
    if receipt is not None:
        return receipt
    _require_no_former_record(export)
    # From here on it may be in the ERP, even if this process dies in the middle of it.
    move(export, State.WRITING, written_at=clock())
    return bridge.submit(document_to_write(export), export.key)


def _written_and_gone(export: Export, receipt: BridgeReceipt) -> WrittenAndGone:
    erp = export.connection.wording.short_label
    return WrittenAndGone(
        f"{receipt.erp_number} was written for {name_of(export)}, and deleted in {erp} before it was found there.",
        remedy="Retry to have it written once more, as it was sent; or reject it, so that it is corrected first.",
        cause="written and gone",
    )


def _written(export: Export, receipt: BridgeReceipt, *, now: datetime.datetime) -> None:
    problem, remedy = "", ""
    if not same_number(receipt.erp_number, export.erp_number):
        erp = export.connection.wording.short_label
        problem = f"The bridge wrote it as {receipt.erp_number}, though it was given {export.erp_number}."
        remedy = f"Delete {receipt.erp_number} in {erp}, then reject this export; or give it the right number there."
    still = ErpStatus.EXPORTING, ErpStatus.EXPORTING
    after = {"erp_number": receipt.erp_number}
    with transaction.atomic():
        move(export, State.AWAITING, written_at=now, attempts=0, problem=problem, remedy=remedy, **NO_LEASE)
        record(export_entry(export, Verb.EXPORT_WRITTEN, still, at=now, actor=None, after=after))


def _read_back(export: Export, *, now: datetime.datetime) -> None:
    """At once, so that nobody waits for the hour. If it is not seen yet, the next sync looks again."""
    try:
        (sighting,) = look_for(export.connection, [export], now=now)
    except ErpError as error:
        logger.warning("What was written could not be read back yet", cause=error.cause)
        return
    settle(sighting, by=None, now=now)


def _require_no_former_record(export: Export) -> None:
    """What the commitment was linked to before must still be gone. Raises NeedsAttention, Retryable."""
    found = living_former_record(export.connection, export.commitment_id)
    if found is not None:
        wording = export.connection.wording
        raise NeedsAttention(
            former_is_back(export, found),
            remedy=f"{wording.how_to_delete[CommitmentKind(export.kind)]} Then retry. Or reject this export, and "
            "link it again.",
            cause="a former record is back",
        )


# ---- What goes wrong -------------------------------------------------------------------------------------------------


def _attempt_failed(export: Export, error: Exception, bridge_of: BridgeOf, *, now: datetime.datetime) -> None:
    """Try again later, or fail: but an export fails only once it is certain that nothing was, or will be, written."""
    problem, remedy = _explain(export, error)
    if isinstance(error, WrittenAndGone):
        fail(export, problem, remedy, now=now, **_nothing_written())
    elif not isinstance(error, NeedsAttention) and export.attempts < MOST_ATTEMPTS:
        _try_again(export, problem, remedy, now=now)
    elif export.written_at is None:
        fail(export, problem, remedy, now=now)
    else:
        _fail_if_certain(export, problem, remedy, bridge_of, now=now)


def _nothing_written() -> dict[str, Any]:
    """Nothing was, or will be, written under the export's key: it is good for nothing more."""
    return {"written_at": None, "key": uuid.uuid4()}


def _try_again(export: Export, problem: str, remedy: str, *, now: datetime.datetime) -> None:
    pause = PAUSES[min(export.attempts, len(PAUSES)) - 1]
    move(export, State.ACCEPTED, problem=problem, remedy=remedy, lease_token=None, lease_expires_at=now + pause)


def _fail_if_certain(export: Export, problem: str, remedy: str, bridge_of: BridgeOf, *, now: datetime.datetime) -> None:
    """The bridge was given the document, perhaps more than once: only it can say that nothing comes of any of them."""
    try:
        receipt = bridge_of(export.connection).cancel(export.key)
    except ErpError as error:
        logger.warning("Whether the bridge wrote an export is not known", cause=error.cause)
        _try_again(export, f"{problem} Whether it was written is not known.", f"{remedy} {COMES_BACK}", now=now)
        return
    if receipt is not None and receipt.exists:
        _written(export, receipt, now=now)
        _read_back(export, now=now)
    else:
        fail(export, problem, remedy, now=now, **_nothing_written())


def _explain(export: Export, error: Exception) -> tuple[str, str]:
    """Problem and remedy for the person; the cause goes to the log."""
    if isinstance(error, ErpError):
        logger.warning("An export did not get through", problem=error.problem, cause=error.cause)
        return error.problem, error.remedy
    logger.error("An export failed unexpectedly", exc_info=error)
    return UNEXPECTED, f"Tell whoever runs this site: the log explains it under export {export.pk}."
