"""Two people edited the same commitment: what changed meanwhile, what was typed, and the two together.

A field that only one of them touched takes that one's value; where both did, what was typed stays, and is shown beside
what was saved. Nothing typed is lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from commitments.editing import FIELD_LABELS, LINE_FIELDS, statuses_of_kind
from commitments.models import Commitment
from erpintegrations.web.commitment_forms import CommitmentForm, rows_of, snapshot, texts_of
from erpintegrations.web.commitment_lines import LineRow, row_of

LABELED_LINE = "Line {position}, {field}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What somebody else changed meanwhile. `keeps_typed`: this person changed it too, and theirs is in the form."""

    label: str
    was: str
    now: str
    typed: str
    keeps_typed: bool


def bring_together(form: CommitmentForm, current: Commitment) -> list[Difference]:
    """Put both people's changes in the form, based on what is saved now, and say what changed meanwhile."""
    was_texts, was_rows = _seen(form)
    now_texts, now_rows = texts_of(current, form.kind), rows_of(current)
    differences = _header(form, was_texts, now_texts)
    differences += _lines(form, was_rows, now_rows)
    form.revision, form.seen = current.revision, snapshot(now_texts, now_rows)
    return differences


def _seen(form: CommitmentForm) -> tuple[dict[str, str], list[LineRow]]:
    """What the person was shown first. What cannot be read counts as empty: then all that was typed is kept."""
    try:
        seen: Any = json.loads(form.seen)
        texts = {str(name): str(text) for name, text in seen["texts"].items()}
        rows = [row_of([str(text) for text in row]) for row in seen["rows"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}, []
    return texts, rows


def _header(form: CommitmentForm, was: dict[str, str], now: dict[str, str]) -> list[Difference]:
    differences = []
    for name, saved in now.items():
        before, typed = was.get(name, ""), form.texts[name]
        if _same(before, saved):
            continue
        is_touched = not _same(typed, before) and not _same(typed, saved)
        if not is_touched:
            form.texts[name] = saved
        old, new, mine = (_words(form.kind, name, text) for text in (before, saved, typed))
        differences.append(Difference(FIELD_LABELS[name], old, new, mine, is_touched))
    return differences


def _lines(form: CommitmentForm, was: list[LineRow], now: list[LineRow]) -> list[Difference]:
    old, saved = _by_id(was), _by_id(now)
    places = {row.id: position for position, row in enumerate(now, start=1)}
    typed_order = [row.id for row in form.rows if row.id in old]
    differences: list[Difference] = []
    merged: list[LineRow] = []
    for row in form.rows:
        before = old.get(row.id)
        if before is None:
            merged.append(row)
        elif row.id in saved:
            differences += _merge(row, before, saved[row.id], places[row.id])
            merged.append(row)
        elif not _same_line(row, before):
            differences.append(Difference(f"Line “{before.description}”", _line(before), "Removed", _line(row), True))
            row.id = ""
            merged.append(row)
        else:
            differences.append(Difference(f"Line “{before.description}”", _line(before), "Removed", _line(row), False))
    removed_here = set(old) - {row.id for row in form.rows}
    for row in now:
        if row.id in removed_here and not _same_line(row, old[row.id]):
            label = f"Line {places[row.id]}"
            differences.append(Difference(label, _line(old[row.id]), _line(row), "Removed", True))
        elif row.id not in old and row.id not in {typed.id for typed in merged}:
            differences.append(Difference(f"Line {places[row.id]}", "", _line(row), "", False))
            merged.append(row)
    differences += _order(was, now, typed_order, merged)
    form.rows = merged
    return differences


def _merge(row: LineRow, before: LineRow, saved: LineRow, position: int) -> list[Difference]:
    differences = []
    for name in LINE_FIELDS:
        old, new, typed = getattr(before, name), getattr(saved, name), getattr(row, name)
        if _same(old, new):
            continue
        is_touched = not _same(typed, old) and not _same(typed, new)
        if not is_touched:
            setattr(row, name, new)
        label = LABELED_LINE.format(position=position, field=FIELD_LABELS[name].lower())
        differences.append(Difference(label, old, new, typed, is_touched))
    return differences


def _order(was: list[LineRow], now: list[LineRow], typed_order: list[str], merged: list[LineRow]) -> list[Difference]:
    """Lines that were moved meanwhile are moved here too, unless this person moved some."""
    old_order = [row.id for row in was]
    common = [pk for pk in old_order if pk in {row.id for row in now}]
    now_order = [row.id for row in now if row.id in set(common)]
    if now_order == common:
        return []
    is_touched = typed_order != [pk for pk in old_order if pk in set(typed_order)]
    if not is_touched:
        places = {pk: place for place, pk in enumerate(now_order)}
        here = sorted((row for row in merged if row.id in places), key=lambda row: places[row.id])
        queue = iter(here)
        merged[:] = [next(queue) if row.id in places else row for row in merged]
    return [Difference("Order of the lines", "", "Changed", "Changed too" if is_touched else "", is_touched)]


def _by_id(rows: list[LineRow]) -> dict[str, LineRow]:
    return {row.id: row for row in rows if row.id}


def _same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def _same_line(one: LineRow, other: LineRow) -> bool:
    return all(_same(getattr(one, name), getattr(other, name)) for name in LINE_FIELDS)


def _line(row: LineRow) -> str:
    amount = row.amount or f"{row.quantity} {row.unit_of_measure} × {row.unit_cost}"
    return f"{row.cost_code}, {row.cost_type}, {row.description}, {amount}"


def _words(kind: str, name: str, text: str) -> str:
    choices = {"status": statuses_of_kind(kind), "accounting_method": Commitment.AccountingMethod.choices}
    return str(dict(choices.get(name, [])).get(text, text))
