"""Signing in at a SQL Server, and what exactly was said by one that refuses. Only `sql_server` imports this.

pymssql 2.4 remembers, for as long as a process lives, the number of the gravest refusal of a sign-in that it has met:
each later one that is less grave is given that number. And of "no such database" followed by "sign-in failed" it
tells the latter alone. So whoever was refused asks again in a process of its own, for the database that is on every
server: the login's own default one may be the very one that is being restored.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pymssql

from erpintegrations.connectors.errors import library_numbers
from erpintegrations.connectors.sql_server_asked_again import NO_ANSWER, SIGNED_IN

APPLICATION = "ERP Integrations"
SECONDS = 10  # the driver keeps one for the whole process
NO_SUCH_DATABASE = 4060
ALWAYS_THERE = "master"
THE_SERVER_SAID_WHY = 20018
ASK_AGAIN = Path(__file__).with_name("sql_server_asked_again.py")


def sign_in(server: str, port: int, login: dict[str, str], keep_open: tuple[int, ...]) -> Any:
    """This function will open a connection of the driver, which may read and no more.

    `server` is a section of the configuration, `login` the user, password and database. Raises pymssql.Error with the
    number that the server, or the library that talks with it, gave, and without its text. The files of `keep_open` are
    there for the process that asks again, too.
    """
    manner = {"appname": APPLICATION, "login_timeout": SECONDS, "read_only": True}
    how: dict[str, Any] = {"server": server, "port": str(port), **login, **manner}
    try:
        return pymssql.connect(**how)
    except pymssql.Error as error:
        numbers = library_numbers(error)
    if THE_SERVER_SAID_WHY in numbers:
        number = _ask_again({**how, "database": ALWAYS_THERE}, keep_open)
    else:
        number = next(iter(numbers), NO_ANSWER)
    raise pymssql.OperationalError((number, b""))


def _ask_again(how: dict[str, Any], keep_open: tuple[int, ...]) -> int:
    try:
        asked = subprocess.run(
            [sys.executable, "-I", ASK_AGAIN],
            input=json.dumps(how),
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
            pass_fds=keep_open,
            check=True,
        )
        number = int(asked.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return NO_ANSWER
    return NO_SUCH_DATABASE if number == SIGNED_IN else number
