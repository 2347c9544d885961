"""Counting the statements that the product sends to its own database, and to the ERP's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from django.db import connection
from sqlalchemy import event

Statements = Counter[str]
"""How often each kind was sent: "ERP", "read", or a write's word and table, as in "UPDATE erpintegrations_syncrun"."""

_WRITE = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM|COPY)\s+\"?(\w+)", re.IGNORECASE)


@contextmanager
def counted() -> Iterator[Statements]:
    """Count what is sent meanwhile. Counting slows what is counted: never time it."""
    statements: Statements = Counter()

    def ours(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        statements[_kind(sql, context["cursor"].rowcount)] += 1
        return answer

    def theirs(*_: Any) -> None:
        statements["ERP"] += 1

    event.listen(sa.Engine, "before_cursor_execute", theirs)
    try:
        with connection.execute_wrapper(ours):
            yield statements
    finally:
        event.remove(sa.Engine, "before_cursor_execute", theirs)


def _kind(sql: str, rows: int) -> str:
    """A conditional write that meets no row has only asked. Of an insertion, SQLite does not say how many came."""
    write = _WRITE.match(sql)
    if not write or (rows == 0 and not write[1].upper().startswith("INSERT")):
        return "read"
    return f"{write[1].split()[0].upper()} {write[2]}"
