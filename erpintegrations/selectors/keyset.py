"""Pages by key: "the 50 after this row". A deep page costs as much as the first, whatever the size of the table.

Any list of the product pages through here: an order is a column that is never NULL, then the id, both in the same
direction, so that one index (…, column, id) serves it either way round.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import F, Field, Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

PAGE_SIZE = 50
LONGEST_CURSOR = 2000
# So many rows are held at once by whoever goes through all.
READ_AT_ONCE = 500

Row = TypeVar("Row", bound=Model)


class BrokenCursor(ValueError):
    """The place in the list that the address names cannot be understood."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows: `backwards` means the page that ends before it."""

    value: str
    pk: int
    backwards: bool = False

    def encode(self) -> str:
        text = json.dumps([self.value, self.pk, self.backwards], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[Row]):
    """One page of rows; `previous` and `next` are the cursors of its neighbors, empty at either end."""

    rows: list[Row]
    previous: str
    next: str


def decode(text: str) -> Cursor | None:
    """The cursor that an address holds, None for the first page. Raises BrokenCursor."""
    if not text:
        return None
    try:
        if len(text) > LONGEST_CURSOR:
            raise ValueError
        value, pk, backwards = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not (isinstance(value, str) and type(pk) is int and abs(pk) < 2**63 and type(backwards) is bool):
            raise ValueError
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise BrokenCursor from None
    return Cursor(value, pk, backwards)


def keyset_page(
    rows: QuerySet[Row], *, column: str = "id", descending: bool = False, cursor: str = "", size: int = PAGE_SIZE
) -> KeysetPage[Row]:
    """This function will load one page in at most two queries. Raises BrokenCursor."""
    place = decode(cursor)
    backwards = place is not None and place.backwards
    # Walking backwards is walking forwards in the opposite order, then turning the page round.
    downwards = descending != backwards
    found: list[Row] = []
    for part in walk(rows, column, place, downwards=downwards):
        found += part[: size + 1 - len(found)]
        if len(found) > size:
            break
    has_more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    has_previous = has_more if backwards else place is not None
    has_next = True if backwards else has_more
    return KeysetPage(
        rows=found,
        previous=_cursor_at(found[0], column, backwards=True) if found and has_previous else "",
        next=_cursor_at(found[-1], column, backwards=False) if found and has_next else "",
    )


def walk(rows: QuerySet[Row], column: str, place: Cursor | None, *, downwards: bool) -> list[QuerySet[Row]]:
    """The rows past a place, in order, as one query or two to be read one after the other. Raises BrokenCursor.

    Each starts in the index at the place itself, also where thousands of rows share a value. PostgreSQL does so when
    (column, id) is compared as one; SQLite then reads all rows of the value, unless they are asked for alone.
    """
    sign, beyond = ("-", "lt") if downwards else ("", "gt")
    in_order = rows.order_by(f"{sign}id") if column == "id" else rows.order_by(f"{sign}{column}", f"{sign}id")
    if place is None:
        return [in_order]
    past_id = {f"id__{beyond}": place.pk}
    if column == "id":
        return [in_order.filter(**past_id)]
    value = _value(rows.model, column, place.value)
    if connections[rows.db].vendor == "postgresql":
        past = TupleLessThan if downwards else TupleGreaterThan
        return [in_order.filter(past(Tuple(F(column), F("id")), (value, place.pk)))]
    return [in_order.filter(**{column: value}, **past_id), in_order.filter(**{f"{column}__{beyond}": value})]


def every_row(rows: QuerySet[Row], column: str = "id", *, descending: bool = False) -> Iterator[Row]:
    """All rows in order, READ_AT_ONCE at a time by their key: no cursor and no transaction stays open meanwhile,
    however slowly somebody takes them. None comes twice; one that moves forward in the order meanwhile may not come.
    """
    place: Cursor | None = None
    seen: set[int] = set()
    while True:
        batch: list[Row] = []
        for part in walk(rows, column, place, downwards=descending):
            batch += part[: READ_AT_ONCE - len(batch)]
            if len(batch) == READ_AT_ONCE:
                break
        yield from (row for row in batch if row.pk not in seen)
        if len(batch) < READ_AT_ONCE:
            return
        if column != "id":  # ids do not change
            seen.update(row.pk for row in batch)
        place = Cursor(_in_words(getattr(batch[-1], column)), batch[-1].pk)


def place_after(rows: QuerySet[Row], column: str, count: int, *, downwards: bool) -> Cursor | None:
    """Where so many rows of the order have gone by, None when they are not more. It reads the order's index alone."""
    [in_order] = walk(rows, column, None, downwards=downwards)
    last = in_order.values_list(column, "id")[count : count + 1].first()
    return None if last is None else Cursor(_in_words(last[0]), last[1])


def _value(model: type[Model], column: str, text: str) -> Any:
    field = cast("Field[Any, Any]", model._meta.get_field(column))
    try:
        text.encode()
        value = field.to_python(text)
        field.run_validators(value)
    except (ValidationError, ValueError, TypeError, ArithmeticError):
        raise BrokenCursor from None
    if value is None or "\x00" in text:
        raise BrokenCursor
    return value


def _cursor_at(row: Model, column: str, *, backwards: bool) -> str:
    return Cursor(_in_words(getattr(row, column)), row.pk, backwards).encode()


def _in_words(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
