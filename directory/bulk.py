"""Adding thousands of rows at once: COPY on PostgreSQL, one prepared statement on SQLite. Every room may use this.

Django's `bulk_create` builds an expression for each value, which takes longer than the database itself. Here nothing is
built, so nothing is filled in either: what is no column of the rows gets the database's own default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection, models

# So many rows are held at once.
BATCH = 5000
# For so many, COPY pays: it takes PostgreSQL a few statements of its own to begin.
MANY = 50

PLAIN: frozenset[type] = frozenset({str, int, bool, type(None)})


def append_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """This function will insert rows, each the values of these columns. Call it in a transaction.

    Raises IntegrityError.
    """
    fields = [model._meta.get_field(name) for name in columns]
    for batch in in_batches(rows):
        if copies(len(batch)):
            copy_rows(table_of(model), fields, batch)
        else:
            statement = f"INSERT INTO {table_of(model)} ({names_of(fields)}) VALUES ({places(fields)})"  # noqa: S608  our own names
            run_for_each(statement, list(prepared(fields, batch)))


def copies(count: int) -> bool:
    """Whether so many rows are handed to the database by COPY."""
    return connection.vendor == "postgresql" and count >= MANY


def copy_rows(table: str, fields: Sequence[Any], rows: Sequence[Sequence[Any]]) -> None:
    """This function will hand rows to PostgreSQL by COPY."""
    statement = f"COPY {table} ({names_of(fields)}) FROM STDIN"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.cursor.copy(statement) as copy:
        for row in prepared(fields, rows):
            copy.write_row(row)


def run_for_each(statement: str, rows: Sequence[Sequence[Any]]) -> int:
    """This function will run one statement for each row of prepared values; give how many rows it wrote in all."""
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
        return cursor.rowcount


def in_batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """So many rows as are held at once, again and again."""
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def prepared(fields: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Rows with their values as the driver takes them, prepared a column at a time."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for place, field in enumerate(fields):
        columns[place] = _prepared(field, columns[place])
    return zip(*columns, strict=True)


def _prepared(field: Any, column: Sequence[Any]) -> Sequence[Any]:
    if PLAIN.issuperset(map(type, column)):
        return column
    if isinstance(field, models.DecimalField):
        return _prepared_decimals(field, column)
    return list(_prepared_once(field.get_db_prep_save, column))


def _prepared_once(prepare: Callable[[Any, Any], Any], column: Sequence[Any]) -> Iterator[Any]:
    """Many rows that are written at once share a moment, or who did it: the very same object is prepared once."""
    last = done = None
    for value in column:
        if type(value) in PLAIN:
            yield value
            continue
        if value is not last:
            last, done = value, prepare(value, connection)
        yield done


def _prepared_decimals(field: Any, column: Sequence[Any]) -> Sequence[Any]:
    """Nearly all have as many decimals as the column already, and need no rounding to them."""
    prepare, one = field.get_db_prep_save, Decimal(1).scaleb(-field.decimal_places)
    most = 10 ** (field.max_digits - field.decimal_places)
    write: Callable[[Decimal], Any] = str if connection.vendor == "sqlite" else Decimal
    return [
        write(value)
        if type(value) is Decimal and value.same_quantum(one) and -most < value < most
        else prepare(value, connection)
        for value in column
    ]


def table_of(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def names_of(fields: Sequence[Any]) -> str:
    return ", ".join(connection.ops.quote_name(field.column) for field in fields)


def places(fields: Sequence[Any]) -> str:
    return ", ".join("%s" for _ in fields)
