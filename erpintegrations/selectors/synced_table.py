"""The Synced list as a table for a spreadsheet: what it shows of each link, and the ERP's amounts beside ours."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from erpintegrations.connectors import Wording
from erpintegrations.models import Presence, SyncLink
from erpintegrations.selectors.drift import drift_of, in_words
from erpintegrations.selectors.keyset import every_row
from erpintegrations.spreadsheets import Cell


def headings(wording: Wording) -> list[str]:
    erp = wording.short_label
    return [
        *("Number", "Title", "Type", "Project", "Vendor", "Amount"),
        *(f"{erp} number", f"{erp} amount", "Changed by change orders", "Invoiced"),
        *(f"State in {erp}", "Since (UTC)", "Differs in"),
    ]


def table_of(links: QuerySet[SyncLink], column: str, *, descending: bool) -> Iterator[list[Cell]]:
    """The links as rows under the headings, in the list's order."""
    return (_cells(link) for link in every_row(links, column, descending=descending))


def _cells(link: SyncLink) -> list[Cell]:
    # Else the sum of the column would not be what the ERP holds.
    is_there = link.presence in (Presence.PRESENT, Presence.VOIDED)
    theirs: list[Cell] = [link.erp_amount, link.changed_amount, link.invoiced_amount]
    return [
        *(link.number, link.title, link.get_kind_display(), link.project_name, link.vendor_name, link.amount),
        link.erp_number,
        *(theirs if is_there else [None] * len(theirs)),
        link.get_presence_display(),
        link.presence_changed_at,
        in_words(drift_of(link)),
    ]
