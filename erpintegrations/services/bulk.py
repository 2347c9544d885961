"""Writing thousands of rows at once, where Django's own way would take several times as long.

Django's `bulk_update` and `bulk_create` build an expression for each value. Here SQLite runs one prepared statement for
each row, and so does PostgreSQL for a few; many are handed to it by COPY, into a temporary table, from which one
statement writes them. Services alone import this. Call it in a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models

from directory.bulk import copies, copy_rows, in_batches, names_of, places, prepared, run_for_each, table_of

STAGED = "pg_temp.rows_to_write"
# Some who run a server take the right to make temporary tables away from everybody.
MAY_STAGE = "SELECT has_database_privilege(current_database(), 'TEMPORARY')"


def insert_new(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, same: Mapping[str, Any]
) -> None:
    """This function will insert rows, each the values of these columns; one that is there already is left as it is.

    `same` are the columns that are alike in all of them.
    """
    own, alike = _fields(model, columns), _fields(model, same)
    [constants] = prepared(alike, [list(same.values())])
    into = f"INSERT INTO {table_of(model)} ({names_of([*own, *alike])})"
    for batch in in_batches(rows):
        if _is_staged(len(batch)):
            with _staged(model, own, batch), connection.cursor() as cursor:
                new = f"SELECT {names_of(own)}, {places(alike)} FROM {STAGED}"  # noqa: S608  our own names
                cursor.execute(f"{into} {new} ON CONFLICT DO NOTHING", constants)
        else:
            whole = [(*row, *constants) for row in prepared(own, batch)]
            run_for_each(f"{into} VALUES ({places([*own, *alike])}) ON CONFLICT DO NOTHING", whole)


def update_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], *, while_null: str = ""
) -> int:
    """This function will write these columns of rows, each the values and then the row's key; give how many it wrote.

    `while_null` names a column: a row that has a value there is left alone.
    """
    fields = [*_fields(model, columns), model._meta.pk]
    table = table_of(model)
    still = f" AND {table}.{names_of(_fields(model, [while_null]))} IS NULL" if while_null else ""
    written = 0
    for batch in in_batches(rows):
        if _is_staged(len(batch)):
            with _staged(model, fields, batch), connection.cursor() as cursor:
                changes = ", ".join(f"{names_of([field])} = new.{names_of([field])}" for field in fields[:-1])
                cursor.execute(
                    f"UPDATE {table} SET {changes} FROM {STAGED} new WHERE {table}.id = new.id{still}"  # noqa: S608  our own names
                )
                written += cursor.rowcount
        else:
            changes = ", ".join(f"{names_of([field])} = %s" for field in fields[:-1])
            statement = f"UPDATE {table} SET {changes} WHERE id = %s{still}"  # noqa: S608  our own names
            written += run_for_each(statement, list(prepared(fields, batch)))
    return written


def _fields(model: type[models.Model], columns: Iterable[str]) -> list[Any]:
    return [model._meta.get_field(name) for name in columns]


def _is_staged(count: int) -> bool:
    if not copies(count):
        return False
    with connection.cursor() as cursor:
        cursor.execute(MAY_STAGE)
        return bool(cursor.fetchone()[0])


@contextmanager
def _staged(model: type[models.Model], fields: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Iterator[None]:
    """Hold rows in a temporary table with columns as those of the model's table, but without its constraints."""
    with connection.cursor() as cursor:
        like = f"SELECT {names_of(fields)} FROM {table_of(model)} WITH NO DATA"  # noqa: S608  our own names
        cursor.execute(f"CREATE TEMPORARY TABLE {STAGED} ON COMMIT DROP AS {like}")
        copy_rows(STAGED, fields, rows)
        yield
        cursor.execute(f"DROP TABLE {STAGED}")
