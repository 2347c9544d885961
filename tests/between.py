"""What somebody else does in the short moment between two looks of ours into the database, without a second thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection as database
from django.db.models import Model


@contextmanager
def before_reading(model: type[Model], happening: Callable[[], object]) -> Iterator[None]:
    """Lets something happen, once, just before the table of this model is next read."""
    table, waiting = database.ops.quote_name(model._meta.db_table), [happening]

    def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if waiting and sql.startswith("SELECT") and f"FROM {table}" in sql:
            waiting.pop()()
        return execute(sql, params, many, context)

    with database.execute_wrapper(wrapper):
        yield
    assert not waiting, f"{table} was never read"
