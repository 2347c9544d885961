"""What went wrong between us and an ERP's database, told to the person and to the log. Only connectors import this.

`ask` is the one way in which a connector touches a database: whatever fails inside comes out as Retryable or
NeedsAttention, cut off from the driver's own exception, whose text may repeat the URL, the login or the password.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from erpintegrations.connectors.base import ErpError, NeedsAttention, Retryable

Answer = TypeVar("Answer")
Explain = Callable[[Exception], ErpError]

TRY_AGAIN = "Nothing has been changed. Try again in a minute; if it keeps failing, tell whoever runs the ERP database."


def ask(action: Callable[[], Answer], explain: Explain) -> Answer:
    """This function will run the action, and raise Retryable or NeedsAttention without the driver's own exception."""
    failure: ErpError
    try:
        return action()
    except ErpError as error:
        failure = error
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        failure = explain(error)
    # Raised here and not in the handler: there, Python would chain the driver's exception to it.
    failure.__cause__ = failure.__context__ = None
    raise failure.with_traceback(None)


def ask_within(seconds: float, action: Callable[[], Answer], *, whose: str = "The ERP database") -> Answer:
    """This function will run the action for so long at most, then raise Retryable and leave it to itself.

    A blocking call into C cannot be interrupted, so the action runs in a thread. It is a daemon, so that an answer
    which never comes does not keep the process from ending; the action must open and close its own connection.
    """
    answers: queue.SimpleQueue[tuple[Answer | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((action(), None))
        except Exception as error:  # handed to the asker, whatever it is
            answers.put((None, error))

    threading.Thread(target=run, name="erp-look-up", daemon=True).start()
    try:
        answer, error = answers.get(timeout=max(seconds, 0))
    except queue.Empty:
        error = did_not_answer(seconds, whose)
    if error is not None:
        if isinstance(error, ErpError):
            error.__cause__ = error.__context__ = None
        raise error
    return answer  # type: ignore[return-value]


def did_not_answer(seconds: float, whose: str = "The ERP database") -> Retryable:
    return Retryable(f"{whose} did not answer within {seconds:g} seconds.", remedy=TRY_AGAIN, cause="timed out")


def name_of(error: Exception) -> str:
    """The kind of error for the log. Never its text, which may hold a login."""
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    name = type(original).__name__
    if isinstance(original, sqlite3.Error) and getattr(original, "sqlite_errorname", None):
        return f"{name} {original.sqlite_errorname}"
    if isinstance(original, OSError) and original.errno is not None:
        return f"{name} {original.errno}"
    number = server_error_number(error)
    return f"{name} {number}" if number else name


def server_error_number(error: Exception) -> int | None:
    """The number that SQL Server gave the error, as pymssql hands it over, else None."""
    original = error.orig if isinstance(error, DBAPIError) else error
    first = original.args[0] if original is not None and original.args else None
    while isinstance(first, tuple) and first:
        first = first[0]
    return first if isinstance(first, int) else None


_SQLITE_BUSY = Retryable, "The ERP database is locked by another program."
_SQLITE_DAMAGED = NeedsAttention, "The ERP database is damaged and cannot be read."
_SQLITE_FOREIGN = NeedsAttention, "The file that the connection names is not a database."
_SQLITE_CLOSED = NeedsAttention, "The ERP database file cannot be opened."

_LET_US_IN = "Let this program read the file and write in its folder, then try again."

# By SQLite's primary result code.
_SQLITE: dict[int, tuple[tuple[type[ErpError], str], str]] = {
    sqlite3.SQLITE_BUSY: (_SQLITE_BUSY, TRY_AGAIN),
    sqlite3.SQLITE_LOCKED: (_SQLITE_BUSY, TRY_AGAIN),
    sqlite3.SQLITE_CORRUPT: (_SQLITE_DAMAGED, "Restore the file from a backup, then sync again."),
    sqlite3.SQLITE_NOTADB: (_SQLITE_FOREIGN, "Correct the database URL in the connection's settings."),
    sqlite3.SQLITE_CANTOPEN: (_SQLITE_CLOSED, _LET_US_IN),
    sqlite3.SQLITE_INTERRUPT: ((Retryable, "The ERP database did not answer in time."), TRY_AGAIN),
    sqlite3.SQLITE_PERM: (_SQLITE_CLOSED, _LET_US_IN),
    sqlite3.SQLITE_READONLY: (_SQLITE_CLOSED, _LET_US_IN),
}


def explain_sqlite(error: Exception) -> ErpError:
    """A failure of SQLite or of its file, in words."""
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    cause = name_of(error)
    code = getattr(original, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _SQLITE:
        (kind, problem), remedy = _SQLITE[code & 0xFF]
        out_of_reach = kind is Retryable or problem == _SQLITE_CLOSED[1]
        return kind(problem, remedy=remedy, cause=cause, out_of_reach=out_of_reach)
    if isinstance(original, sqlite3.Error) and (code is None or code & 0xFF == sqlite3.SQLITE_ERROR):
        return NeedsAttention(
            "The ERP database holds something that cannot be read.",
            remedy="Have the database checked, or restore it from a backup, then sync again.",
            cause=cause,
        )
    return Retryable("Reading the ERP database was cut off.", remedy=TRY_AGAIN, cause=cause)


_SIGN_IN = "Correct the login and password in the connection's settings."
_GRANT = "Ask whoever runs the database server to grant the login db_datareader on the company's database."

# By SQL Server's own error number.
_SQL_SERVER: dict[int, tuple[type[ErpError], str, str]] = {
    18456: (NeedsAttention, "The ERP database refused the sign-in.", _SIGN_IN),
    18452: (NeedsAttention, "The ERP database refused the sign-in.", _SIGN_IN),
    4060: (NeedsAttention, "The ERP's server does not have that database, or the login may not open it.", _GRANT),
    229: (NeedsAttention, "The login may not read one of the ERP's tables.", _GRANT),
    230: (NeedsAttention, "The login may not read one of the ERP's columns.", _GRANT),
    916: (NeedsAttention, "The login may not open the ERP's database.", _GRANT),
    1205: (Retryable, "The ERP database is busy.", TRY_AGAIN),
    1222: (Retryable, "The ERP database is busy.", TRY_AGAIN),
}


def explain_sql_server(error: Exception) -> ErpError:
    """A failure of SQL Server, in words."""
    known = _SQL_SERVER.get(server_error_number(error) or 0)
    if known:
        # Each of these means that we were not let in, or have to wait: nothing was answered.
        kind, problem, remedy = known
        return kind(problem, remedy=remedy, cause=name_of(error), out_of_reach=True)
    return Retryable("The ERP's server broke off the conversation.", remedy=TRY_AGAIN, cause=name_of(error))
