"""The columns of a database's tables, with their types, as SQLAlchemy reads them. Only connectors import this."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.reflection import ObjectKind

# A table's columns with their types, by their names in small letters.
Columns = dict[str, sa.types.TypeEngine[Any]]


def columns_of(connection: sa.Connection, schema: str | None, tables: Collection[str]) -> dict[str, Columns]:
    """The columns that the database has in each of these tables, asked for at once; none in one that it does not have,
    or does not show.
    """
    found = sa.inspect(connection).get_multi_columns(schema, filter_names=list(tables), kind=ObjectKind.ANY)
    by_table = {
        name.lower(): {column["name"].lower(): column["type"] for column in columns}
        for (_, name), columns in found.items()
    }
    return {table: by_table.get(table, {}) for table in tables}
