"""Asking for thousands of rows by their keys, in one query whose text is the same for any number of them.

Django's `__in` writes a placeholder for each key, and prepares each by itself: of a large sync, that takes longer than
the database needs to answer. Called by `sync` and services.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

from django.db import connection
from django.db.models import BooleanField, F, Func, Model, QuerySet, Value

# So many rows are asked for by their keys in one query.
ASKED_AT_ONCE = 5000

Row = TypeVar("Row", bound=Model)


def rows_among(rows: QuerySet[Row], column: str, keys: Collection[str] | Collection[int]) -> Iterator[QuerySet[Row]]:
    """The rows whose column, one that is indexed, has one of these values; so many queries as it takes."""
    wanted = list(keys)
    for start in range(0, len(wanted), ASKED_AT_ONCE):
        yield rows.filter(_among(column, wanted[start : start + ASKED_AT_ONCE]))


def _among(column: str, keys: Sequence[object]) -> Func:
    if connection.vendor == "postgresql":
        return _truth(column, keys, among=" = ANY(", end=")")
    return _truth(column, json.dumps(keys), among=" IN (SELECT value FROM json_each(", end="))")


def _truth(column: str, parameter: object, *, among: str, end: str) -> Func:
    """Whether the column's value is among those that the parameter holds."""
    return Func(
        F(column), Value(parameter), template=f"%(expressions)s{end}", arg_joiner=among, output_field=BooleanField()
    )
