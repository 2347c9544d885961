"""A database of its own for each case: a copy of one that was migrated once, with the product's own settings.

A SQLite file in a temporary folder, or databases on the PostgreSQL server that --database names, dropped at the end.
"""

from __future__ import annotations

import base64
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

SETTINGS = "erpintegrations.settings"


class Unusable(Exception):
    """The database that was asked for cannot be used; the text says why, and what to do."""


class SqliteDatabase:
    """A file; a new case begins with a copy of the migrated one."""

    def __init__(self, folder: Path) -> None:
        self._file, self._migrated = folder / "benchmark.sqlite3", folder / "migrated.sqlite3"
        self.url = f"sqlite:///{self._file}"

    def keep_migrated(self) -> None:
        shutil.copy(self._file, self._migrated)

    def renew(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)
        shutil.copy(self._migrated, self._file)

    def drop(self) -> None:
        """The folder goes as a whole."""


class PostgresDatabase:
    """Two databases of this process alone: the migrated one, and the case's, made from it."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._name, self._migrated = (f"benchmark_{os.getpid()}{suffix}" for suffix in ("", "_migrated"))
        self.url = urlsplit(server)._replace(path=f"/{self._name}").geturl()
        self._run("CREATE DATABASE {}", self._name)

    def keep_migrated(self) -> None:
        self._run("CREATE DATABASE {} TEMPLATE {}", self._migrated, self._name)

    def renew(self) -> None:
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", self._name)
        self._run("CREATE DATABASE {} TEMPLATE {}", self._name, self._migrated)

    def drop(self) -> None:
        for name in (self._name, self._migrated):
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _run(self, statement: str, *names: str) -> None:
        try:
            with psycopg.connect(self._server, autocommit=True) as connection:
                connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
        except psycopg.Error as error:
            raise Unusable(f"The PostgreSQL server cannot be used: {error}") from None


Database = SqliteDatabase | PostgresDatabase


@contextmanager
def own_database(server: str | None, folder: Path) -> Iterator[Database]:
    """Make a database, start Django on it, and migrate it; drop it in the end. Once in a process. Raises Unusable."""
    if server is not None and urlsplit(server).scheme not in ("postgres", "postgresql"):
        raise Unusable("--database takes the URL of a PostgreSQL server, as postgres://user@host:5432/postgres.")
    database: Database = PostgresDatabase(server) if server else SqliteDatabase(folder)
    try:
        _start_django(database.url, folder)
        database.keep_migrated()
        yield database
    finally:
        _close()
        database.drop()


def renewed(database: Database) -> None:
    """This function will empty the database for the next case."""
    _close()
    database.renew()


def describe() -> str:
    """Which database answers, with its version."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sqlite_version()")
            return f"SQLite {cursor.fetchone()[0]}"
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0].split()[0]}"


def url_of(settings: dict[str, Any]) -> str:
    """The URL of a database that Django is set up with."""
    if settings["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{settings['NAME']}"
    secret = f":{quote(settings['PASSWORD'], safe='')}" if settings["PASSWORD"] else ""
    place = f"{settings['HOST']}:{settings['PORT'] or 5432}"
    return f"postgres://{quote(settings['USER'], safe='')}{secret}@{place}/{settings['NAME']}"


def _start_django(url: str, folder: Path) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "DATABASE_URL": url,
        "DATA_DIRECTORY": str(folder),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "ALLOWED_HOSTS": "testserver,127.0.0.1",
        "EMAIL_URL": "memory://",
        "LOG_LEVEL": "ERROR",
        "DEBUG": "0",
        "SANDBOX": "0",
        "HTTPS": "0",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _close()


def _close() -> None:
    from django.db import connections

    connections.close_all()
