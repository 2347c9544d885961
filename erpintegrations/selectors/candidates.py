"""The record that was found under an export's number, next to what was exported, as it was kept for a decision."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from erpintegrations.models import Export
from erpintegrations.selectors.side_by_side import LinePair, Pair, SideBySide

# Shown for each line, in this order; a quantity is no more than its total.
LINE_FIELDS = ("Description", "Cost code", "Cost type", "Amount")


@dataclass(frozen=True, slots=True)
class Candidate:
    number: str
    why: str
    seen_at: datetime.datetime
    sides: SideBySide


def candidate_of(export: Export) -> Candidate | None:
    """None when there is nothing to decide about. No query."""
    kept = export.candidate
    if export.state != Export.State.NEEDS_DECISION or not kept:
        return None
    lines = tuple(
        LinePair(
            place=line["place"],
            pairs=_in_order(line["fields"]),
            is_ours=line["ours"],
            is_theirs=line["theirs"],
        )
        for line in kept["lines"]
    )
    sides = SideBySide(tuple(_pair(cell) for cell in kept["header"]), lines)
    return Candidate(kept["number"], kept["why"], datetime.datetime.fromisoformat(kept["seen_at"]), sides)


def _in_order(cells: list[dict[str, Any]]) -> tuple[Pair, ...]:
    by_field = {cell["field"]: cell for cell in cells}
    return tuple(_pair(by_field[field]) for field in LINE_FIELDS if field in by_field)


def _pair(cell: dict[str, Any]) -> Pair:
    return Pair(
        cell["field"],
        cell["ours"],
        cell["theirs"],
        decides=cell["decides"],
        is_same=cell["decides"] and not cell["differs"],
    )
