"""What of a database URL may be shown: the kind of database, the server's and the database's name. Never a secret."""

from __future__ import annotations

import re
from pathlib import PurePath

from sqlalchemy import URL, make_url

NOT_SHOWN = "a database whose address is not shown"
# A password that was not written as a URL demands can end up in what the parser takes for host or database: whatever
# does not look like a name is left out.
HOST = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,250}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,45})(\\[A-Za-z0-9_$]{1,16})?")
DATABASE = re.compile(r"[^@:/?#&=\\%\x00-\x1f]{1,128}")


def whereabouts(database_url: str) -> str:
    """Such as "Microsoft SQL Server erp.example.com, database Northwind" or "SQLite file company.sqlite3".

    Never holds a login, a password, options, or the folder of a file. Raises nothing, whatever the URL is.
    """
    try:
        url = make_url(database_url)
        backend = url.get_backend_name()
    except Exception:  # whatever the parser trips over, its text may repeat the URL
        return NOT_SHOWN
    if database_url.count("@") > 1:
        return NOT_SHOWN
    return {"mssql": _sql_server, "sqlite": _sqlite}.get(backend, lambda _: NOT_SHOWN)(url)


def _sql_server(url: URL) -> str:
    host, database = url.host or "", url.database or ""
    if not HOST.fullmatch(host) or not DATABASE.fullmatch(database):
        return NOT_SHOWN
    port = f", port {url.port}" if url.port and url.port != 1433 else ""
    return f"Microsoft SQL Server {host}{port}, database {database}"


def _sqlite(url: URL) -> str:
    name = PurePath(url.database or "").name
    return f"SQLite file {name}" if DATABASE.fullmatch(name) else NOT_SHOWN
