"""The schedule of values as a form: rows of texts, exactly as typed. The pages that edit a commitment use it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from commitments.editing import LineInput
from commitments.editing.inputs import amount_of
from commitments.editing.reading import Unreadable, read_money, read_number
from commitments.editing.story import figure
from commitments.models import Commitment, ScheduleOfValuesLine
from commitments.pickers import Costs, NotFound, cost_type_label
from commitments.refusals import Fault

Reader = Callable[[str], Decimal | None]
FIGURES: dict[str, dict[str, Reader]] = {
    Commitment.AccountingMethod.UNIT_BASED: {"quantity": read_number, "unit_cost": read_money},
    Commitment.AccountingMethod.AMOUNT_BASED: {"amount": read_money},
}
ADD = "add_line"
MOVES = re.compile(r"(remove_line|move_up|move_down)_([0-9]{1,4})", re.ASCII)


@dataclass(slots=True)
class LineRow:
    """One line as typed. Its names in the form are `line_<field>`, repeated: their order is that of the lines."""

    id: str = ""
    cost_code: str = ""
    cost_type: str = ""
    description: str = ""
    quantity: str = ""
    unit_of_measure: str = ""
    unit_cost: str = ""
    amount: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    is_new: bool = False

    @classmethod
    def of(cls, line: ScheduleOfValuesLine, accounting_method: str) -> LineRow:
        """A saved line; its codes must be loaded."""
        by_unit = accounting_method == Commitment.AccountingMethod.UNIT_BASED
        return cls(
            id=str(line.pk),
            cost_code=str(line.cost_code),
            cost_type=cost_type_label(line.cost_type),
            description=line.description,
            quantity=figure(line.quantity) if by_unit else "",
            unit_of_measure=line.unit_of_measure,
            unit_cost=figure(line.unit_cost, 2) if by_unit else "",
            amount=figure(line.amount, 2),
        )

    @property
    def texts(self) -> list[str]:
        return [getattr(self, name) for name in TEXTS]

    @property
    def is_blank(self) -> bool:
        return not any(text.strip() for text in self.texts[1:])

    def computed(self) -> Decimal | None:
        """Quantity × unit cost, as far as they can be read."""
        return amount_of(_read(read_number, self.quantity), _read(read_money, self.unit_cost))

    def counted(self, accounting_method: str) -> Decimal:
        """What the line adds to the total, as far as it can be read."""
        by_unit = accounting_method == Commitment.AccountingMethod.UNIT_BASED
        return (self.computed() if by_unit else _read(read_money, self.amount)) or Decimal(0)

    def is_unreadable(self, accounting_method: str) -> bool:
        """Whether a figure that counts is typed, and cannot be read."""
        return any(
            getattr(self, name).strip() and _read(read, getattr(self, name)) is None
            for name, read in FIGURES[accounting_method].items()
        )


TEXTS = tuple(item.name for item in fields(LineRow) if item.name not in ("errors", "is_new"))


def rows_from(data: QueryDict) -> list[LineRow]:
    """The lines of a form that was sent, in their order."""
    columns = {name: data.getlist(f"line_{name}") for name in TEXTS}
    count = max(map(len, columns.values()))
    return [row_of([texts[n] if n < len(texts) else "" for texts in columns.values()]) for n in range(count)]


def row_of(texts: list[str]) -> LineRow:
    """A row of texts in the order of TEXTS. Raises ValueError for too many or too few."""
    values: dict[str, Any] = dict(zip(TEXTS, texts, strict=True))
    return LineRow(**values)


def has_rows(data: QueryDict) -> bool:
    return "has_lines" in data


def rearrange(rows: list[LineRow], data: QueryDict) -> bool:
    """Do what the pressed button says to the lines: add, remove, move. Whether it was one of these."""
    if ADD in data:
        rows.append(LineRow(is_new=True))
        return True
    pressed = next((found for found in map(MOVES.fullmatch, data) if found), None)
    if pressed is None:
        return False
    what, place = pressed[1], int(pressed[2]) - 1
    if not 0 <= place < len(rows):
        return True
    if what == "remove_line":
        del rows[place]
    else:
        other = place + (-1 if what == "move_up" else 1)
        if 0 <= other < len(rows):
            rows[place], rows[other] = rows[other], rows[place]
    return True


def read_rows(
    rows: list[LineRow], codes: Costs, types: Costs, accounting_method: str
) -> tuple[list[LineInput], list[Fault]]:
    """The lines as typed values, and what could not be read. A figure that the method does not ask for is not read."""
    faults: list[Fault] = []
    inputs = []
    for position, row in enumerate(rows, start=1):
        values: dict[str, Any] = {"description": row.description, "unit_of_measure": row.unit_of_measure}
        values["id"] = int(row.id) if re.fullmatch("[0-9]{1,18}", row.id, re.ASCII) else None
        readers: dict[str, Callable[[str], Any]] = {"cost_code": codes.find, "cost_type": types.find}
        readers |= FIGURES[accounting_method]
        for name, read in readers.items():
            try:
                values[name] = read(getattr(row, name))
            except (NotFound, Unreadable) as problem:
                values[name] = None
                faults.append(Fault(name, str(problem), position))
        inputs.append(LineInput(**values))
    return inputs, faults


def _read(read: Reader, text: str) -> Decimal | None:
    try:
        return read(text)
    except Unreadable:
        return None
