"""Pages by key: "the 50 after this row". A deep page costs as much as the first, whatever the size of the table.

Any list of the product pages through here: an order is a column that is never NULL, then the id, both in the same
direction, so that one index (…, column, id) serves it either way round.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import F, Field, Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

PAGE_SIZE = 50
LONGEST_CURSOR = 2000

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
    value = getattr(row, column)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return Cursor(text, row.pk, backwards).encode()
