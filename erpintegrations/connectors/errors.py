"""What went wrong between us and an ERP's database, told to the person and to the log. Only connectors import this.

`ask` is the one way in which a connector touches a database: whatever fails inside comes out as Retryable or
NeedsAttention, cut off from the driver's own exception, whose text may repeat the URL, the login or the password.
"""

from __future__ import annotations

import queue
import re
import sqlite3
import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from erpintegrations.connectors.base import ErpError, NeedsAttention, Retryable

Answer = TypeVar("Answer")
LIBRARY_NUMBERS = range(20000, 30000)
LOGON_TRIGGER = 17892
OF_SOMEBODYS_OWN = 50000  # from here on, the numbers are those that triggers give their own texts
_LIBRARY_NUMBER = re.compile(r"DB-Lib error message (\d+),")
Explain = Callable[[Exception], ErpError]

CORRECT_URL = "Correct the database URL in the connection's settings."
TRY_AGAIN = "Nothing has been changed. Try again in a minute; if it keeps failing, tell whoever runs the ERP database."


def ask(action: Callable[[], Answer], explain: Explain) -> Answer:
    """This function will run the action, and raise Retryable or NeedsAttention without the driver's own exception."""
    failure: ErpError
    try:
        return action()
    except ErpError as error:
        failure = error
    except Exception as error:
        if not _is_of_a_driver(error):
            raise
        failure = explain(error)
    # Raised here and not in the handler: there, Python would chain the driver's exception to it.
    failure.__cause__ = failure.__context__ = None
    raise failure.with_traceback(None)


def _is_of_a_driver(error: Exception) -> bool:
    # SQLAlchemy wraps what a driver raises at a query, yet not all that pymssql raises at the edges of a transaction.
    driver, _, _ = type(error).__module__.partition(".")
    return isinstance(error, SQLAlchemyError | sqlite3.Error | OSError) or driver == "pymssql"


def ask_within(
    seconds: float, action: Callable[[], Answer], *, whose: str = "The ERP database", remedy: str = TRY_AGAIN
) -> Answer:
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
        error = did_not_answer(seconds, whose, remedy)
    if error is not None:
        if isinstance(error, ErpError):
            error.__cause__ = error.__context__ = None
        raise error
    return answer  # type: ignore[return-value]


def did_not_answer(seconds: float, whose: str = "The ERP database", remedy: str = TRY_AGAIN) -> Retryable:
    return Retryable(f"{whose} did not answer within {seconds:g} seconds.", remedy=remedy, cause="timed out")


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
    """The number that SQL Server, or the library that talks with it, gave the error; None where there is none."""
    original = error.orig if isinstance(error, DBAPIError) else error
    first = original.args[0] if original is not None and original.args else None
    while isinstance(first, tuple) and first:
        first = first[0]
    if not isinstance(first, int):
        return None
    # Of the library's own numbers the driver gives the last, such as that all is over, and not the first, which is why.
    return next(iter(library_numbers(error)), first) if first in LIBRARY_NUMBERS else first


def is_of_logon_trigger(number: int | None) -> bool:
    """Whether a trigger refused us. Nothing else that raises errors of its own is ever asked."""
    return number is not None and (number == LOGON_TRIGGER or number >= OF_SOMEBODYS_OWN)


def library_numbers(error: Exception) -> list[int]:
    """The numbers that the library below pymssql gave an error, as they came."""
    return [int(number) for number in _LIBRARY_NUMBER.findall(str(error))]


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
_RENEW = "Have the login looked at by whoever runs the database server, then correct the connection's settings."
_GRANT = "Ask whoever runs the database server to grant the login db_datareader on the company's database."
_NAME = (
    "Have the database's name in the connection's settings checked. If it is right, and the database is not just being "
    f"restored: {_GRANT}"
)
_MODE = (
    "If they are right, have it seen on the database server that it takes logins of its own: its mode has to be SQL "
    "Server and Windows Authentication, and SQL Server restarted when that was changed."
)
_SERVER = "Ask whoever runs the database server to look at it; nothing has been changed."

_REFUSED = NeedsAttention, "The ERP database refused the sign-in.", f"{_SIGN_IN} {_MODE}"
_LOCKED_OUT = NeedsAttention, "The ERP database refused the sign-in: the login is disabled or locked.", _RENEW
_OUT_OF_DATE = NeedsAttention, "The ERP database refused the sign-in: the login's password has to be changed.", _RENEW
_NO_DATABASE = NeedsAttention, "The ERP's server does not have that database, or the login may not open it.", _NAME
_BUSY = Retryable, "The ERP database is busy.", TRY_AGAIN
_OFFLINE = Retryable, "The ERP database is offline, or is being restored.", TRY_AGAIN
_NOT_HERE = NeedsAttention, "This copy of the ERP database cannot be read.", _SERVER
_CHANGED = NeedsAttention, "The ERP database no longer has a table or column that was there.", _SERVER
_NONSENSE = NeedsAttention, "The ERP database holds a number that cannot be added up.", _SERVER
_TOO_SLOW = Retryable, "The ERP database did not answer in time.", TRY_AGAIN
_NOT_LET_IN = Retryable, "The ERP's server broke off the sign-in.", TRY_AGAIN

# By SQL Server's own error number, and by those of the library that talks with it (from 20000 on).
_SQL_SERVER: dict[int, tuple[type[ErpError], str, str]] = {
    **dict.fromkeys((18452, 18456), _REFUSED),
    **dict.fromkeys((18470, 18486), _LOCKED_OUT),
    **dict.fromkeys((18487, 18488), _OUT_OF_DATE),
    **dict.fromkeys((911, 916, 4060, 4064), _NO_DATABASE),
    229: (NeedsAttention, "The login may not read one of the ERP's tables.", _GRANT),
    230: (NeedsAttention, "The login may not read one of the ERP's columns.", _GRANT),
    **dict.fromkeys((1204, 1205, 1222, 3960, 3961, 8645, 17809), _BUSY),
    **dict.fromkeys((921, 922, 927, 942, 945, 17142), _OFFLINE),
    **dict.fromkeys((976, 978, 979), _NOT_HERE),
    **dict.fromkeys((207, 208), _CHANGED),
    **dict.fromkeys((245, 8114, 8115), _NONSENSE),
    20003: _TOO_SLOW,
    20002: _NOT_LET_IN,
}
# These are answers, and not what the company's ERP would say; all others mean that we were not let in or have to wait.
_ANSWERS = frozenset({207, 208, 245, 8114, 8115})


def explain_sql_server(error: Exception) -> ErpError:
    """A failure of SQL Server, in words."""
    number = server_error_number(error) or 0
    if number in _SQL_SERVER:
        kind, problem, remedy = _SQL_SERVER[number]
        return kind(problem, remedy=remedy, cause=name_of(error), out_of_reach=number not in _ANSWERS)
    return Retryable("The ERP's server broke off the conversation.", remedy=TRY_AGAIN, cause=name_of(error))
