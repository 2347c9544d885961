"""The record that was found under an export's number, next to what was exported, as it was kept for a decision."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format

from erpintegrations.models import Export
from erpintegrations.selectors.erp_names import COST_CODE, COST_TYPE, JOB, VENDOR, ErpNames, erp_names
from erpintegrations.selectors.side_by_side import LinePair, Pair, SideBySide, amount_pair

# Shown for each line, in this order; a quantity is no more than its total.
LINE_FIELDS = ("Description", "Cost code", "Cost type", "Amount")
KINDS = {"Vendor": VENDOR, "Job": JOB, "Cost code": COST_CODE, "Cost type": COST_TYPE}
AMOUNTS = ("Total of the lines", "Changed amount", "Amount")
DATE = "Date"


@dataclass(frozen=True, slots=True)
class Candidate:
    number: str
    why: str
    seen_at: datetime.datetime
    sides: SideBySide


def candidate_of(export: Export) -> Candidate | None:
    """None when there is nothing to decide about. One query."""
    kept = export.candidate
    if export.state != Export.State.NEEDS_DECISION or not kept:
        return None
    names = _names(export, [*kept["header"], *(cell for line in kept["lines"] for cell in line["fields"])])
    lines = tuple(
        LinePair(
            place=line["place"],
            pairs=_in_order(line["fields"], names),
            is_ours=line["ours"],
            is_theirs=line["theirs"],
        )
        for line in kept["lines"]
    )
    sides = SideBySide(tuple(_pair(cell, names) for cell in kept["header"]), lines)
    return Candidate(kept["number"], kept["why"], datetime.datetime.fromisoformat(kept["seen_at"]), sides)


def _names(export: Export, cells: list[dict[str, Any]]) -> ErpNames:
    wanted: dict[str, set[str]] = {kind: set() for kind in KINDS.values()}
    for cell in cells:
        if cell["field"] in KINDS:
            wanted[KINDS[cell["field"]]] |= {cell["ours"], cell["theirs"]}
    return erp_names(export.connection_id, wanted)


def _in_order(cells: list[dict[str, Any]], names: ErpNames) -> tuple[Pair, ...]:
    by_field = {cell["field"]: cell for cell in cells}
    return tuple(_pair(by_field[field], names) for field in LINE_FIELDS if field in by_field)


def _pair(cell: dict[str, Any], names: ErpNames) -> Pair:
    """As people read it: what is kept are plain figures, ISO dates, and the ERP's own numbers."""
    label, ours, theirs, decides = cell["field"], cell["ours"], cell["theirs"], cell["decides"]
    if label in AMOUNTS:
        return amount_pair(label, _decimal(ours), _decimal(theirs), decides=decides)
    if label in KINDS:
        ours, theirs = names.named(KINDS[label], ours), names.named(KINDS[label], theirs)
    elif label == DATE:
        ours, theirs = _day(ours), _day(theirs)
    return Pair(label, ours, theirs, decides=decides, is_same=decides and not cell["differs"])


def _decimal(kept: str) -> Decimal | None:
    return Decimal(kept) if kept else None


def _day(kept: str) -> str:
    return date_format(datetime.date.fromisoformat(kept), "M j, Y") if kept else ""
