"""The fastest way to write rows that a database offers: COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models, transaction


def write_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """This function will insert rows, in one transaction. Values are as the driver takes them."""
    names = ", ".join(f'"{column}"' for column in columns)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join("?" for _ in columns)
            cursor.cursor.connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places})', rows)


def write_copies(model: type[models.Model], pk: int, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """This function will insert rows that are as the one with this key but for these columns and their own keys."""
    fields = [field for field in model._meta.concrete_fields if not field.generated and not field.primary_key]
    same = [field.column for field in fields if field.column and field.column not in columns]
    names = ", ".join(f'"{column}"' for column in same)
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {names} FROM "{model._meta.db_table}" WHERE id = %s', [pk])
        template = [_plain(value) for value in cursor.fetchone()]
    write_rows(model._meta.db_table, [*columns, *same], ([*row, *template] for row in rows))


def _plain(value: Any) -> Any:
    """SQLite's driver takes moments and amounts as text alone."""
    if connection.vendor == "postgresql" or isinstance(value, int | float | str | None):
        return value
    return str(value)
