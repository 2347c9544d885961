"""What is left of a link that was closed: what changed here since, and what stays in the ERP for good."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from commitments.editing.story import ToldLine, changed_lines, told_lines
from commitments.models import Commitment
from erpintegrations.models import SyncLink, UnlinkOverride
from erpintegrations.selectors.stories import FieldChange, field_changes


def changed_since(commitment: Commitment, link: SyncLink) -> list[FieldChange]:
    """(field, as exported, as it is now) of what was changed since the link was closed; its vendor must be loaded.

    One query where anything may have changed.
    """
    if link.is_open:
        return []
    sides = (
        ("Number", link.number, commitment.number),
        ("Title", link.title, commitment.title),
        ("Vendor", link.vendor_name, commitment.vendor.name),
        ("Amount", f"{link.amount:,.2f}", f"{commitment.amount:,.2f}"),
    )
    changed: list[FieldChange] = [(label, was, becomes) for label, was, becomes in sides if was != becomes]
    return changed + _changed_lines(commitment, link)


def _changed_lines(commitment: Commitment, link: SyncLink) -> list[FieldChange]:
    if link.closed_lines is None or commitment.revision == link.closed_commitment_revision:
        return []
    lines = commitment.lines.select_related("cost_code", "cost_type").order_by("position", "id")
    was = [ToldLine(*line) for line in link.closed_lines]
    return field_changes(*changed_lines(was, told_lines(commitment, list(lines))))


def left_in_erp(commitment: Commitment) -> QuerySet[SyncLink]:
    """Links that two persons closed although the record stays in the ERP, newest first. Kept for good.

    Each with the requests that were consented to, as `consented`. Two queries where there are any, else one.
    """
    consented = UnlinkOverride.objects.filter(state=UnlinkOverride.State.CONSENTED).select_related("asked_by")
    rows = SyncLink.objects.filter(commitment=commitment, left_in_erp=True, closed_at__isnull=False)
    asked = Prefetch("overrides", queryset=consented.order_by("-id"), to_attr="consented")
    return rows.select_related("closed_by", "connection").prefetch_related(asked).order_by("-id")
