"""Adopt: link a record that the ERP has already to a commitment here, after a person compared the two."""

from __future__ import annotations

import datetime
import hashlib

import structlog

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.models import Verb
from erpintegrations.connectors.base import CommitmentKind, ErpDetail, ErpError
from erpintegrations.models import ErpConnection, SyncLink, UnlinkedRecord, VendorLink
from erpintegrations.refusals import ChangedMeanwhile, ErpNotReachable, LinkNotPossible, RecordNotThere
from erpintegrations.services.former_records import living_former_record
from erpintegrations.services.link_commitment import Expected, link_commitments
from erpintegrations.services.live_erp import connection_of, read_record

logger = structlog.get_logger(__name__)

ErpStatus = Commitment.ErpStatus
# Nothing of it is on its way into the ERP.
ADOPTABLE = (ErpStatus.NOT_SENT, ErpStatus.REJECTED)
NEXT_SYNC = "The next sync takes it off the list."


def adopt_record(
    *,
    record: UnlinkedRecord,
    commitment: Commitment,
    access: CompanyAccess,
    compared: str = "",
    now: datetime.datetime,
) -> SyncLink:
    """This function will link a record of the ERP, which it reads once more, to a commitment that has no link.

    One that a person unlinked before may be linked by a person again. `compared` is what `comparison_token` said of the
    two when the person looked at them.
    Raises NotAllowed, LacksPrivilege; RecordNotThere when it was deleted or voided; LinkNotPossible when one of the two
    is linked, the commitment was sent, they are of different kinds, or another record that the commitment was linked to
    before is in the ERP again; ErpNotReachable; ChangedMeanwhile when one of
    them is no longer as it was compared.
    """
    not_allowed = access.why_not_accounting()
    if not_allowed is not None:
        raise not_allowed
    connection = connection_of(access.company)
    current = Commitment.objects.select_related("project", "vendor").get(pk=commitment.pk, company=access.company)
    refuse_commitment(current)
    detail = read_for_adoption(record=record, access=access)
    _refuse_pair(current, detail, connection)
    _refuse_second_record(current, detail, connection)
    if compared and compared != comparison_token(current, detail):
        raise ChangedMeanwhile(
            f"{current.short_label()}, or {detail.record.number} in {connection.wording.short_label}, was changed "
            "since you compared them: nothing was linked.",
            remedy="Compare them once more, then link them.",
        )
    (link,) = link_commitments(
        connection=connection,
        pairs=[(current, detail.record)],
        by=access.user,
        now=now,
        seen_at=now,
        expected={current.pk: _expected(current, detail, connection)},
        verb=Verb.ADOPTED,
    )
    return link


def read_for_adoption(*, record: UnlinkedRecord, access: CompanyAccess) -> ErpDetail:
    """This function will read the record as it is in the ERP now. Nothing is written.

    Raises RecordNotThere when it was deleted or voided, LinkNotPossible when it is linked; ErpNotReachable.
    """
    connection = connection_of(access.company)
    erp, number = connection.wording.short_label, record.number
    try:
        detail = read_record(connection, record.erp_id)
    except ErpError as error:
        logger.warning("A record could not be read to be adopted", cause=error.cause)
        raise ErpNotReachable(error.problem, remedy=error.remedy) from None
    if detail is None:
        raise RecordNotThere(f"{number} was deleted in {erp}: there is nothing to link any more.", remedy=NEXT_SYNC)
    if detail.record.is_void:
        raise RecordNotThere(f"{number} was voided in {erp}: a void record is not linked.", remedy=NEXT_SYNC)
    link = SyncLink.objects.filter(connection=connection, erp_id=record.erp_id, closed_at=None).first()
    if link is not None:
        raise LinkNotPossible(
            f"{number} in {erp} is linked already, to {link.get_kind_display()} {link.number}.",
            remedy="Unlink that one first if it is wrong, or choose another record.",
        )
    return detail


def refuse_commitment(commitment: Commitment) -> None:
    """Raises LinkNotPossible when the commitment is linked, or on its way into the ERP."""
    name = commitment.short_label()
    if commitment.erp_status == ErpStatus.SYNCED:
        raise LinkNotPossible(f"{name} is linked already.", remedy="Unlink it first, or choose another commitment.")
    if commitment.erp_status not in ADOPTABLE:
        raise LinkNotPossible(
            f"{name} is on its way into the ERP: its ERP status is “{commitment.get_erp_status_display()}”.",
            remedy="Retrieve it from the ERP, or have accounting reject it. Then link it.",
        )


def comparison_token(commitment: Commitment, detail: ErpDetail) -> str:
    """Another one whenever the commitment or the record is another one than the person compared."""
    record = detail.record
    parts = (
        commitment.pk, commitment.revision, record.erp_id, record.number, record.vendor_id, record.job_id,
        record.amount, record.lines_digest,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _refuse_pair(commitment: Commitment, detail: ErpDetail, connection: ErpConnection) -> None:
    if commitment.kind != detail.record.kind:
        raise LinkNotPossible(
            f"{commitment.short_label()} cannot be linked to {detail.record.number} in "
            f"{connection.wording.short_label}: one is a subcontract, the other a purchase order.",
            remedy="Choose a record of the same type.",
        )


def _refuse_second_record(commitment: Commitment, detail: ErpDetail, connection: ErpConnection) -> None:
    """Linked to one while its former one is back, the commitment would be in the ERP twice."""
    try:
        former = living_former_record(connection, commitment.pk)
    except ErpError as error:
        logger.warning("What a commitment was linked to before could not be looked for", cause=error.cause)
        raise ErpNotReachable(error.problem, remedy=error.remedy) from None
    if former is None or former.erp_id == detail.record.erp_id:
        return
    erp = connection.wording
    raise LinkNotPossible(
        f"{former.number}, which {commitment.short_label()} was linked to before, is in {erp.short_label} again.",
        remedy=f"{erp.how_to_delete[CommitmentKind(commitment.kind)]} Then link the other one. Or link it to "
        f"{former.number} again.",
    )


def _expected(commitment: Commitment, detail: ErpDetail, connection: ErpConnection) -> Expected:
    """Our vendor, where it is linked to one in the ERP: adopting another one's record shows as drift at once."""
    ours = VendorLink.objects.filter(connection=connection, vendor_id=commitment.vendor_id).first()
    return Expected(ours.erp_id if ours else detail.record.vendor_id, detail.record.lines_digest)
