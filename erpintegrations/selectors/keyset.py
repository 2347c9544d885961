"""Pages by key: "the 50 after this row". A deep page costs as much as the first, whatever the size of the table.

Any list of the product pages through here: an order is a column that is never NULL, then the id, both in the same
direction, so that one index (…, column, id) serves it either way round.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Field, Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.db.models.lookups import GreaterThan, LessThan
from django.db.models.sql.compiler import SQLCompiler

PAGE_SIZE = 50
LONGEST_CURSOR = 2000

Row = TypeVar("Row", bound=Model)


class _Above(TupleGreaterThan):
    """(column, id) > (value, pk) in one comparison. Django writes it as an OR on SQLite, which knows row values too."""

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return GreaterThan.as_sql(self, compiler, connection)


class _Below(TupleLessThan):
    """(column, id) < (value, pk), likewise."""

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return LessThan.as_sql(self, compiler, connection)


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
    """This function will load one page in one query. Raises BrokenCursor."""
    place = decode(cursor)
    backwards = place is not None and place.backwards
    # Walking backwards is walking forwards in the opposite order, then turning the page round.
    downwards = descending != backwards
    if place is not None:
        rows = _beyond(rows, column, place, downwards=downwards)
    sign = "-" if downwards else ""
    order = [f"{sign}id"] if column == "id" else [f"{sign}{column}", f"{sign}id"]
    found = list(rows.order_by(*order)[: size + 1])
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


def _beyond(rows: QuerySet[Row], column: str, place: Cursor, *, downwards: bool) -> QuerySet[Row]:
    """The rows past a place, as one comparison of (column, id): both databases then start in the index at the place
    itself, even where thousands of rows share the column's value.
    """
    if column == "id":
        return rows.filter(**{f"id__{'lt' if downwards else 'gt'}": place.pk})
    value = _value(rows.model, column, place.value)
    past = _Below if downwards else _Above
    return rows.filter(past(Tuple(F(column), F("id")), (value, place.pk)))


def _value(model: type[Model], column: str, text: str) -> Any:
    field = model._meta.get_field(column)
    assert isinstance(field, Field)
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
