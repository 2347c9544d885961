"""Adopt: link a record that the ERP has already to a commitment here, after a person compared the two."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass

import structlog

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.models import Verb
from erpintegrations.connectors.base import CommitmentKind, ErpDetail, ErpError, ErpRecord
from erpintegrations.models import ErpConnection, Export, SyncLink, UnlinkedRecord, VendorLink
from erpintegrations.refusals import ChangedMeanwhile, ErpNotReachable, LinkNotPossible, RecordNotThere
from erpintegrations.selectors.numbers import export_of_record
from erpintegrations.services.exports import name_of
from erpintegrations.services.former_records import first_living, former_links
from erpintegrations.services.link_commitment import Expected, link_commitments
from erpintegrations.services.live_erp import connection_of, read_records

logger = structlog.get_logger(__name__)

ErpStatus = Commitment.ErpStatus
# Nothing of it is on its way into the ERP.
ADOPTABLE = (ErpStatus.NOT_SENT, ErpStatus.REJECTED)
Status = Commitment.Status
# Not agreed with the vendor, or no longer: linked, that could not be changed any more.
NOT_AGREED = (
    *(Status.DRAFT, Status.OUT_FOR_BID, Status.OUT_FOR_SIGNATURE, Status.TERMINATED, Status.VOID),
    Status.PROCESSING,
)
NEXT_SYNC = "The next sync takes it off the list."


@dataclass(frozen=True, slots=True)
class ForAdoption:
    """A record as it was just read. `refusal` says why it cannot be linked to the commitment, None when it can;
    `export` is the open export of another commitment whose record it may be.
    """

    detail: ErpDetail
    refusal: LinkNotPossible | None
    export: Export | None


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
    is linked, the commitment was sent or is not agreed, they are of different kinds, the record may belong to another
    commitment's open export, or another one that the commitment was linked to before is in the ERP again;
    ErpNotReachable; ChangedMeanwhile when one of them is no longer as it was compared.
    """
    not_allowed = access.why_not_accounting()
    if not_allowed is not None:
        raise not_allowed
    connection = connection_of(access.company)
    current = Commitment.objects.select_related("project", "vendor").get(pk=commitment.pk, company=access.company)
    refuse_commitment(current)
    found = read_for_adoption(record=record, commitment=current, access=access)
    if found.refusal is not None:
        raise found.refusal
    detail = found.detail
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


def read_for_adoption(*, record: UnlinkedRecord, commitment: Commitment, access: CompanyAccess) -> ForAdoption:
    """This function will ask the ERP once for the record as it is now, and say whether the two can be linked.

    Nothing is written. Raises RecordNotThere when it was deleted or voided, LinkNotPossible when it is linked;
    ErpNotReachable.
    """
    connection = connection_of(access.company)
    erp, number = connection.wording.short_label, record.number
    former = former_links(connection, commitment.pk)
    try:
        found = read_records(connection, {record.erp_id, *(link.erp_id for link in former)})
    except ErpError as error:
        logger.warning("A record could not be read to be adopted", cause=error.cause)
        raise ErpNotReachable(error.problem, remedy=error.remedy) from None
    detail = found.get(record.erp_id)
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
    others = [link for link in former if link.erp_id != record.erp_id]
    living = first_living(others, {erp_id: one.record for erp_id, one in found.items()})
    # Looked for only now: what a bridge, or a person, has written for an export was accepted before it could be read.
    export = export_of_record(detail.record, connection)
    refusal = (
        _other_kind(commitment, detail.record, connection)
        or (_of_export(export, detail.record, connection) if export else None)
        or (_second_record(commitment, living, connection) if living else None)
        or _not_agreed(commitment)
    )
    return ForAdoption(detail, refusal, export)


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
        record.amount, record.lines_digest, detail.retainage,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _other_kind(commitment: Commitment, found: ErpRecord, connection: ErpConnection) -> LinkNotPossible | None:
    if commitment.kind == found.kind:
        return None
    return LinkNotPossible(
        f"{commitment.short_label()} cannot be linked to {found.number} in {connection.wording.short_label}: one is a "
        "subcontract, the other a purchase order.",
        remedy="Choose a record of the same type.",
    )


def _of_export(export: Export, found: ErpRecord, connection: ErpConnection) -> LinkNotPossible:
    """Linked to another commitment, the record would be missing to the one that it was written for."""
    return LinkNotPossible(
        f"{found.number} in {connection.wording.short_label} may be the record of {name_of(export)} of "
        f"{export.project_name}, which is on its way there as {export.erp_number}.",
        remedy="Open that export and decide there: have the record linked to it, or reject the export. Then try again.",
    )


def _second_record(commitment: Commitment, former: ErpRecord, connection: ErpConnection) -> LinkNotPossible:
    """Linked to one while its former one is back, the commitment would be in the ERP twice."""
    erp = connection.wording
    return LinkNotPossible(
        f"{former.number}, which {commitment.short_label()} was linked to before, is in {erp.short_label} again.",
        remedy=f"{erp.how_to_delete[CommitmentKind(commitment.kind)]} Then link the other one. Or link it to "
        f"{former.number} again.",
    )


def _not_agreed(commitment: Commitment) -> LinkNotPossible | None:
    if commitment.status not in NOT_AGREED:
        return None
    return LinkNotPossible(
        f"{commitment.short_label()} is “{commitment.get_status_display()}”, and once it is linked, that could not be "
        "changed.",
        remedy=f"Set it to {Status.APPROVED.label}, if it is agreed with the vendor. Then link it.",
    )


def _expected(commitment: Commitment, detail: ErpDetail, connection: ErpConnection) -> Expected:
    """Our vendor, where it is linked to one in the ERP: adopting another one's record shows as drift at once."""
    ours = VendorLink.objects.filter(connection=connection, vendor_id=commitment.vendor_id, gone_at=None).first()
    return Expected(ours.erp_id if ours else detail.record.vendor_id, detail.record.lines_digest)
