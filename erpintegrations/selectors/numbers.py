"""Who has a number in the ERP already: records that live there, and exports that are on their way. As sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet
from django.db.models.functions import Upper

from commitments.models import Commitment
from erpintegrations.connectors.base import ErpRecord, Wording
from erpintegrations.models import ErpConnection, Export, Presence, SyncLink, UnlinkedRecord


def same_number(number: str) -> str:
    """Numbers are compared as the ERP does: without regard to case and to blanks around them."""
    return number.strip().upper()


def living(records: Iterable[ErpRecord]) -> list[ErpRecord]:
    """A void one no longer holds its number."""
    return [record for record in records if not record.is_void]


def used_by_record(record: ErpRecord, wording: Wording) -> str:
    where = f"job {record.job_id}" if record.job_id else "no job"
    vendor = f"vendor {record.vendor_id}" if record.vendor_id else "no vendor"
    what = Commitment.Kind(record.kind).label.lower()
    facts = ", ".join(part for part in (where, vendor, record.status, f"{record.amount:,.2f}") if part)
    return f"{record.number} is the number of a {what} that is in {wording.short_label} already ({facts})."


def used_by_export(export: Export, wording: Wording) -> str:
    number = export.erp_number or export.number
    return (
        f"{number} is the number of {export.get_kind_display().lower()} {export.number} of {export.project_name}, "
        f"which is on its way to {wording.short_label} ({export.get_state_display().lower()})."
    )


def exports_with_numbers(
    connection: ErpConnection, kind: str, numbers: Collection[str], *, ready_too: bool
) -> QuerySet[Export]:
    """Open exports of the kind that have one of these numbers in the ERP, or, while ready, as their own.

    The annotation `same` is the number by which to compare.
    """
    wanted = {same_number(number) for number in numbers}
    accepted = Export.objects.filter(connection=connection, kind=kind)
    accepted = accepted.annotate(same=Upper("erp_number"), own=Upper("number"))
    found = Q(state__in=Export.NUMBERED, same__in=wanted)
    return accepted.filter(found | Q(state=Export.State.READY, own__in=wanted) if ready_too else found)


def export_of_record(record: ErpRecord, connection: ErpConnection) -> Export | None:
    """The open export that this record may belong to: it is under its number, or was found for it before."""
    same = exports_with_numbers(connection, record.kind, [record.number], ready_too=False)
    found = Export.objects.filter(connection=connection, state=Export.State.NEEDS_DECISION)
    return same.first() or found.filter(candidate__erp_id=record.erp_id).first()


def taken_as_recorded(commitment: Commitment, connection: ErpConnection) -> list[str]:
    """Who has the commitment's number, as the last sync read the ERP: what its page says before anybody asks the ERP.

    Two queries, by index and therefore letter by letter; sending asks the ERP itself.
    """
    wording, number = connection.wording, commitment.number.strip()
    recorded = UnlinkedRecord.objects.filter(company_id=connection.company_id, connection=connection)
    linked = SyncLink.objects.filter(
        company_id=connection.company_id, connection=connection, kind=commitment.kind, closed_at=None
    ).exclude(commitment=commitment)
    sentences = [
        f"{record.number} is the number of a {record.get_kind_display().lower()} that is in {wording.short_label} "
        f"already ({record.status or 'no status'}, {record.amount:,.2f})."
        for record in recorded.filter(kind=commitment.kind, number=number).exclude(status__endswith="-Void")[:3]
    ]
    sentences += [
        f"{link.erp_number} in {wording.short_label} is linked to {link.number} of {link.project_name}."
        for link in linked.filter(erp_number=number, presence__in=[Presence.PRESENT, Presence.UNKNOWN])[:3]
    ]
    return sentences


def taken_by_exports(commitment: Commitment, connection: ErpConnection) -> list[str]:
    """One query."""
    others = exports_with_numbers(connection, commitment.kind, [commitment.number], ready_too=True)
    return [used_by_export(export, connection.wording) for export in others.exclude(commitment=commitment)[:3]]
