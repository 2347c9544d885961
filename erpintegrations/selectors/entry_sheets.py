"""An entry sheet: an accepted commitment in the order and words of the ERP's own screen, to be keyed in by hand."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from directory.models import Company
from erpintegrations.connectors.base import CommitmentKind, EntryScreen
from erpintegrations.models import Export
from erpintegrations.selectors.exports import code_names

State = Export.State
# Spreadsheets run a cell that begins with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
NUMBERS = frozenset({"ctcnum", "ordnum"})
MONEY = frozenset({"amount", "extttl"})
FIGURES = frozenset({"linqty", "linprc"}) | MONEY
SHOWN = (State.ACCEPTED, State.WRITING, State.AWAITING, State.NEEDS_DECISION, State.FAILED, State.LINKED)


@dataclass(frozen=True, slots=True)
class Cell:
    """One box or one cell of the grid. `note` is our own name of what the ERP knows by a number."""

    field: str
    label: str
    value: str
    note: str = ""

    @property
    def is_figure(self) -> bool:
        return self.field in FIGURES


@dataclass(frozen=True, slots=True)
class EntrySheet:
    screen: EntryScreen
    boxes: list[Cell]
    lines: list[list[Cell]]
    total: Decimal


def sheets_of(company: Company) -> QuerySet[Export]:
    """The exports that have an entry sheet: those that accounting accepted."""
    exports = Export.objects.filter(company=company, state__in=SHOWN)
    return exports.select_related("connection", "sent_by", "answered_by", "commitment", "project")


def entry_sheet_of(export: Export) -> EntrySheet:
    """Under the number that it was accepted with. Four queries."""
    kind = CommitmentKind(export.kind)
    screen = export.connection.wording.entry_screens[kind]
    header = {**export.document, **dict.fromkeys(NUMBERS, export.erp_number)}
    names = code_names(export)
    notes = {"vndnum": export.vendor_name, "jobnum": export.project_name}
    boxes = [
        Cell(field, label, str(header.get(field, "")), notes.get(field, ""))
        for field, label in screen.boxes
        if field in header
    ]
    lines = [
        [
            Cell(
                field,
                label,
                str(line.get(field, "")),
                names["codes" if field == "cstcde" else "types"].get(str(line.get(field, "")), "")
                if field in ("cstcde", "csttyp")
                else "",
            )
            for field, label in screen.columns
        ]
        for line in export.document.get("lines", [])
    ]
    return EntrySheet(screen, boxes, lines, export.amount)


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


def _safe(cell: Cell) -> str:
    """A negative amount is one; any other text that looks like a formula is not."""
    is_formula = not cell.is_figure and cell.value.startswith(FORMULA_STARTS)
    return f"'{cell.value}" if is_formula else cell.value
