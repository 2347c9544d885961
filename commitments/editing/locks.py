"""What of a commitment is locked in which ERP status, why, and when it can be deleted. Pure; no query."""

from __future__ import annotations

from commitments.editing.inputs import HEADER_FIELDS
from commitments.models import Commitment
from commitments.refusals import NotDeletable

ErpStatus = Commitment.ErpStatus
ALL_FIELDS = (*HEADER_FIELDS, "lines")

# The contract company, title, status, default retainage and every field of the schedule of values, to which the
# accounting method belongs. The number too: lists of what is synced keep a copy of it, and people compare by it.
LOCKED_WHILE_SYNCED = (
    "number",
    "title",
    "vendor",
    "status",
    "default_retainage_percent",
    "accounting_method",
    "lines",
)
WHY_ALL_LOCKED = {
    ErpStatus.READY_TO_EXPORT: (
        "It was sent to the ERP and waits for accounting to accept it. Retrieve it from the ERP to change it."
    ),
    ErpStatus.EXPORTING: "It is being exported to the ERP. Wait until the export has ended.",
    ErpStatus.FAILED_TO_EXPORT: (
        "Its export to the ERP failed, and can be retried as it was sent. Have accounting reject it to change it."
    ),
}
WHY_LOCKED_WHILE_SYNCED = "It is synced with the ERP. Unlink it to change this."

WHY_NOT_DELETED = {
    ErpStatus.READY_TO_EXPORT: (
        "was sent to the ERP, so it cannot be deleted.",
        "Retrieve it from the ERP and set its status to Draft, then delete it.",
    ),
    ErpStatus.EXPORTING: (
        "is being exported to the ERP, so it cannot be deleted.",
        "Wait until the export has ended. Once it is synced: unlink it, set its status to Draft, then delete it.",
    ),
    ErpStatus.SYNCED: (
        "is synced with the ERP, so it cannot be deleted.",
        "Unlink it, set its status to Draft, then delete it.",
    ),
    ErpStatus.FAILED_TO_EXPORT: (
        "failed to export and can still be retried, so it cannot be deleted.",
        "Have accounting reject it, set its status to Draft, then delete it.",
    ),
}


def locked_fields(commitment: Commitment) -> dict[str, str]:
    """Each locked field, with why. Empty when everything can be changed."""
    why_all = why_all_locked(commitment)
    if why_all:
        return dict.fromkeys(ALL_FIELDS, why_all)
    if commitment.erp_status == ErpStatus.SYNCED:
        return dict.fromkeys(LOCKED_WHILE_SYNCED, WHY_LOCKED_WHILE_SYNCED)
    return {}


def why_all_locked(commitment: Commitment) -> str:
    """Why nothing at all can be changed; empty when something can."""
    return WHY_ALL_LOCKED.get(ErpStatus(commitment.erp_status), "")


def why_not_delete(commitment: Commitment) -> NotDeletable | None:
    """Why it cannot be deleted, or None: it is a Draft, and the ERP does not know it."""
    name = commitment.short_label()
    problem, remedy = WHY_NOT_DELETED.get(ErpStatus(commitment.erp_status), ("", ""))
    if problem:
        return NotDeletable(f"{name} {problem}", remedy=remedy)
    if commitment.status != Commitment.Status.DRAFT:
        return NotDeletable(
            f"{name} is {commitment.get_status_display()}, and only a Draft can be deleted.",
            remedy="Set its status to Draft, then delete it.",
        )
    return None
