"""An entry sheet: an accepted commitment in the order and words of the ERP's own screen, to be keyed in by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet

from directory.models import Company
from erpintegrations.amounts import money, price, quantity
from erpintegrations.connectors.base import CommitmentKind, EntryScreen
from erpintegrations.models import Export
from erpintegrations.selectors.erp_names import ErpNames
from erpintegrations.selectors.sent_documents import KINDS, Fact, header_facts, names_of
from erpintegrations.spreadsheets import without_formulas

State = Export.State
FIGURES = {"linqty": quantity, "linprc": price, "amount": money, "extttl": money}
TOTALS = ("amount", "extttl")
SHOWN = (State.ACCEPTED, State.WRITING, State.AWAITING, State.NEEDS_DECISION, State.FAILED, State.LINKED)


@dataclass(frozen=True, slots=True)
class EntrySheet:
    """`lines` has a cell for each column of the screen's grid."""

    export: Export
    screen: EntryScreen
    boxes: list[Fact]
    lines: list[list[Fact]]
    total: Decimal

    @property
    def columns_to_total(self) -> int:
        """How many columns stand before that of the lines' totals, the line's number among them."""
        return next(place for place, (field, _) in enumerate(self.screen.columns, start=1) if field in TOTALS)


def sheets_of(company: Company) -> QuerySet[Export]:
    """The exports that have an entry sheet: those that accounting accepted."""
    exports = Export.objects.filter(company=company, state__in=SHOWN)
    return exports.select_related("connection", "sent_by", "answered_by", "commitment", "project")


def waiting_sheets(company: Company) -> QuerySet[Export]:
    """Those that are still to be keyed in, the oldest first."""
    by_hand = Q(state=State.AWAITING, method=Export.Method.ENTRY_SHEET)
    to_come = Q(state__in=(State.ACCEPTED, State.WRITING), connection__export_method=Export.Method.ENTRY_SHEET)
    return sheets_of(company).filter(by_hand | to_come & Q(written_at=None)).order_by("answered_at", "id")


def entry_sheets_of(exports: Collection[Export]) -> list[EntrySheet]:
    """Of exports of one connection, each under the number that it was accepted with. One query."""
    names = names_of(exports) if exports else ErpNames(())
    return [_entry_sheet(export, names) for export in exports]


def _entry_sheet(export: Export, names: ErpNames) -> EntrySheet:
    screen = export.connection.wording.entry_screens[CommitmentKind(export.kind)]
    lines = [
        [_cell(field, label, str(line.get(field, "")), names) for field, label in screen.columns]
        for line in export.document.get("lines", [])
    ]
    return EntrySheet(export, screen, header_facts(export, names, screen.boxes), lines, export.amount)


def _cell(field: str, label: str, value: str, names: ErpNames) -> Fact:
    if field in FIGURES:
        return Fact(field, label, value, FIGURES[field](Decimal(value)) if value else "", is_figure=True)
    return Fact(field, label, value, value, names.name(KINDS[field], value) if field in KINDS else "")


def entry_sheet_csv(sheet: EntrySheet) -> str:
    """Boxes, then the grid, then the total; to be typed from, or pasted into the grid."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([sheet.screen.name])
    writer.writerow([cell.label for cell in sheet.boxes])
    writer.writerow([_safe(cell) for cell in sheet.boxes])
    writer.writerow([])
    writer.writerow([label for _, label in sheet.screen.columns])
    writer.writerows([_safe(cell) for cell in line] for line in sheet.lines)
    writer.writerow([])
    writer.writerow(["Total of the lines", f"{sheet.total:.2f}"])
    return text.getvalue()


def _safe(cell: Fact) -> str:
    """A negative amount is one; any other text that looks like a formula is not."""
    return cell.value if cell.is_figure else without_formulas(cell.value)
