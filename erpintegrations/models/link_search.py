"""The index by which lists find the links that hold a word anywhere in what they search. Migrations make it.

SQLite: an FTS5 table by trigrams, which keeps no text of its own (it reads the link's), filled by triggers; they fire
only when something that is searched changes. It finds at least what LIKE finds: whoever asks it lets LIKE judge what it
names. PostgreSQL: an index of pg_trgm over all that is searched of a link, which serves LIKE itself.

Not every database can have it: FTS5 may not be compiled in, the extension may not be there or not be allowed. Lists
then find the same without it, more slowly. SQLite drops the triggers when a migration remakes the table of links: such
a migration ends with `create`.
"""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Upper

SEARCHED = ("number", "title", "vendor_name", "project_name", "erp_number")
LINKS = "erpintegrations_synclink"
TABLE = "erpintegrations_linksearch"
INDEX = "link_search"
MIGRATION = ("erpintegrations", "0019_link_search")
WITHOUT_IT = "The search of the Synced list has no index in this database: it finds the same, but reads every link."
TRIGGERS = tuple(f"link_search_{event}" for event in ("insert", "update", "delete"))

_COLUMNS = ", ".join(SEARCHED)
_OLD, _NEW = (", ".join(f"{row}.{column}" for column in SEARCHED) for row in ("old", "new"))
_CHANGED = " OR ".join(f"old.{column} <> new.{column}" for column in SEARCHED)
# Every name in these statements is one of the above.
_FORGET = f"INSERT INTO {TABLE}({TABLE}, rowid, {_COLUMNS}) VALUES ('delete', old.id, {_OLD});"  # noqa: S608
_KEEP = f"INSERT INTO {TABLE}(rowid, {_COLUMNS}) VALUES (new.id, {_NEW});"  # noqa: S608
_SQLITE = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5"
    f"({_COLUMNS}, content='{LINKS}', content_rowid='id', tokenize='trigram', columnsize=0)",
    f"INSERT INTO {TABLE}({TABLE}) VALUES ('rebuild')",  # noqa: S608
    f"CREATE TRIGGER {TRIGGERS[0]} AFTER INSERT ON {LINKS} BEGIN {_KEEP} END",
    f"CREATE TRIGGER {TRIGGERS[1]} AFTER UPDATE OF {_COLUMNS} ON {LINKS} WHEN {_CHANGED} BEGIN {_FORGET} {_KEEP} END",
    f"CREATE TRIGGER {TRIGGERS[2]} AFTER DELETE ON {LINKS} BEGIN {_FORGET} END",
)
_NO_TRIGGERS = tuple(f"DROP TRIGGER IF EXISTS {name}" for name in TRIGGERS)
_SQLITE_BACK = (*_NO_TRIGGERS, f"DROP TABLE IF EXISTS {TABLE}")
EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
_TEXT = " || E'\\n' || ".join(f'"{column}"' for column in SEARCHED)
POSTGRESQL = (
    # Of all links: what PostgreSQL knows of an expression's values, by which it tells common words from rare ones, it
    # does not use from a partial index. What is written waits in a list that searches read too, so that is kept short.
    f"CREATE INDEX {INDEX} ON {LINKS} USING gin (UPPER({_TEXT}) gin_trgm_ops) WITH (gin_pending_list_limit = 256)",
    # Ten times the usual sample: with a hundred values, one that holds a rare word by chance makes it a common one.
    f"ALTER INDEX {INDEX} ALTER COLUMN 1 SET STATISTICS 1000",
    f"ANALYZE {LINKS}",
)


class SearchedText(Func):
    """All that is searched of a link, in capitals, as the index on PostgreSQL has it. No word goes across a line."""

    template = "UPPER(%(expressions)s)"
    arg_joiner = " || E'\\n' || "
    output_field = TextField()

    def __init__(self, *_: Any) -> None:
        super().__init__(*map(F, SEARCHED))


def in_capitals(word: str) -> Upper:
    """A word as `SearchedText` would hold it: by the database's own rules."""
    return Upper(Value(word), output_field=TextField())


def create(connection: Any) -> str:
    """This function will make the index anew, or say in a sentence why this database cannot have it."""
    try:
        with transaction.atomic(using=connection.alias):
            drop(connection)
            _run(connection, _SQLITE if connection.vendor == "sqlite" else (EXTENSION, *POSTGRESQL))
    except DatabaseError as error:
        if connection.vendor == "sqlite" and not _can_be_read(connection):
            _run(connection, _NO_TRIGGERS)  # with them, no link could be written
        return str(error).strip()
    return ""


def drop(connection: Any) -> None:
    """This function will remove what there is of it; not the extension, which others may use."""
    _run(connection, _SQLITE_BACK if connection.vendor == "sqlite" else (f"DROP INDEX IF EXISTS {INDEX}",))


def is_there(connection: Any) -> bool:
    """Whether the index is whole."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            names = (TABLE, *TRIGGERS)
            places = ", ".join(["%s"] * len(names))
            cursor.execute(f"SELECT COUNT(*) FROM sqlite_master WHERE name IN ({places})", names)  # noqa: S608
            return bool(cursor.fetchone()[0] == len(names)) and _can_be_read(connection)
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [INDEX])
        return (True,) in cursor.fetchall()


def _can_be_read(connection: Any) -> bool:
    """SQLite alone: another Python's may lack what made the table, or its file be damaged."""
    try:
        _run(connection, (f"SELECT rowid FROM {TABLE} LIMIT 0",))  # noqa: S608
    except DatabaseError:
        return False
    return True


def remedy(connection: Any) -> str:
    """What to do where the database could not make the index."""
    first = {
        "sqlite": "Use a Python whose SQLite is 3.34 or newer and has FTS5",
        "postgresql": f"Have the database's administrator run in it: {EXTENSION}",
    }[connection.vendor]
    return f"{first}. Then run: manage.py index_search"


def ids_with(connection: Any, expression: str, *, most: int) -> list[int] | None:
    """SQLite alone: the links that may fit an expression of FTS5, of all companies. None when they are more."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s LIMIT %s", [expression, most + 1])  # noqa: S608
        found = [row[0] for row in cursor.fetchall()]
    return found if len(found) <= most else None


def _run(connection: Any, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
