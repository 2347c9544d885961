"""A bridge into the sample company, as `docs/bridge.md` describes one: what a Windows service would do at Sage.

What was written under which key is noted in the file beside the company's, in the very transaction that writes the
record: both are there or neither. Only `bridge_views` and tests import this.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from django.conf import settings

from erpintegrations.connectors.bridge import VERSION, signature
from sandbox import sage_desk
from sandbox.sage_desk import NewLine, SageRefuses
from sandbox.sage_file import CENT, HEADERS, NUMBERS, PURCHASE_ORDER, SUBCONTRACT, writing

REPLAY_WINDOW = datetime.timedelta(minutes=5)
MOST_LINES = 10_000
CREATE_KEYS = (
    "CREATE TABLE IF NOT EXISTS backup.bridge_keys (key TEXT PRIMARY KEY, kind TEXT NOT NULL, identity TEXT NOT NULL, "
    "number TEXT NOT NULL, recnum INTEGER, canceled INTEGER NOT NULL DEFAULT 0)"
)
CREATE_NONCES = "CREATE TABLE IF NOT EXISTS backup.bridge_nonces (nonce TEXT PRIMARY KEY, timestamp INTEGER NOT NULL)"


class NotLetIn(Exception):
    """The request is not signed with our secret, too old, or was seen before."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written under a key, and whether the record is still in Sage."""

    number: str
    recnum: int
    exists: bool


def shared_secret() -> str:
    """The secret that the sample company's connection and this bridge share: of this installation alone."""
    return hmac.new(settings.SECRET_KEY.encode(), b"sandbox bridge", hashlib.sha256).hexdigest()


def let_in(
    path: str | Path, *, method: str, target: str, headers: Mapping[str, str], body: bytes, now: datetime.datetime
) -> str:
    """This function will check a request's signature and give its key. Each request is let in once. Raises NotLetIn."""
    timestamp, nonce = headers.get("Bridge-Timestamp", ""), headers.get("Bridge-Nonce", "")
    key = headers.get("Idempotency-Key", "")
    secret = shared_secret().encode()
    expected = f"{VERSION}={signature(secret, method, target, timestamp, nonce, key, body)}"
    given = headers.get("Bridge-Signature", "")
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")) or not nonce or not key:
        raise NotLetIn("The signature is not right.")
    moment = int(timestamp) if timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12 else 0
    oldest, newest = now - REPLAY_WINDOW, now + REPLAY_WINDOW
    if not oldest.timestamp() <= moment <= newest.timestamp():
        raise NotLetIn("The request is too old, or the clocks of the two machines differ.")
    with writing(path) as connection:
        connection.exec_driver_sql(CREATE_NONCES)
        connection.exec_driver_sql("DELETE FROM backup.bridge_nonces WHERE timestamp < ?", (int(oldest.timestamp()),))
        added = connection.exec_driver_sql(
            "INSERT INTO backup.bridge_nonces (nonce, timestamp) VALUES (?, ?) ON CONFLICT DO NOTHING", (nonce, moment)
        )
        if added.rowcount != 1:
            raise NotLetIn("The request was sent before.")
    return key


def look_up(path: str | Path, key: str) -> Written | None:
    """What was written under this key, or None."""
    with writing(path) as connection:
        found = _find(connection, key)
        return None if found is None else found[0]


def submit(path: str | Path, document: Mapping[str, Any], key: str, *, now: datetime.datetime) -> Written:
    """This function will key a document in, unless it was under this key before. Raises SageRefuses."""
    with writing(path) as connection:
        found = _find(connection, key)
    if found is not None:
        return _of_key(found)
    kind, entry = _entry(document)

    def note(connection: sa.Connection, recnum: int) -> None:
        if _find(connection, key) is not None:
            raise SageRefuses("This key was used at the same moment.")
        header = HEADERS[kind][0]
        row = connection.execute(
            sa.select(header.c["_idnum"], NUMBERS[kind].label("number")).where(header.c.recnum == recnum)
        ).one()
        connection.exec_driver_sql(
            "INSERT INTO backup.bridge_keys (key, kind, identity, number, recnum) VALUES (?, ?, ?, ?, ?)",
            (key, kind, row[0], row.number, recnum),
        )

    create = sage_desk.create_subcontract if kind == SUBCONTRACT else sage_desk.create_purchase_order
    refusal = None
    try:
        create(path, **entry, now=now, also=note)
    except SageRefuses as refused:  # which may be because the same key was faster
        refusal = refused
    with writing(path) as connection:
        found = _find(connection, key)
    if found is None:
        raise refusal or SageRefuses("Sage did not keep what was written.")
    return _of_key(found)


def cancel(path: str | Path, key: str) -> Written | None:
    """This function will see to it that nothing is written under this key any more; or give what was."""
    with writing(path) as connection:
        found = _find(connection, key)
        if found is None:
            connection.exec_driver_sql(
                "INSERT INTO backup.bridge_keys (key, kind, identity, number, canceled) VALUES (?, '', '', '', 1)",
                (key,),
            )
        return None if found is None else found[0]


def _find(connection: sa.Connection, key: str) -> tuple[Written | None, bool] | None:
    """What is noted of a key: what was written, and whether it was canceled; None when nothing is."""
    connection.exec_driver_sql(CREATE_KEYS)
    row = connection.exec_driver_sql(
        "SELECT kind, identity, number, recnum, canceled FROM backup.bridge_keys WHERE key = ?", (key,)
    ).first()
    if row is None:
        return None
    if row.canceled:
        return None, True
    header = HEADERS[row.kind][0]
    exists = connection.scalar(sa.select(header.c.recnum).where(header.c["_idnum"] == row.identity)) is not None
    return Written(row.number, row.recnum, exists), False


def _of_key(found: tuple[Written | None, bool]) -> Written:
    written, _ = found
    if written is None:
        raise SageRefuses("This key was canceled, so nothing is written under it.")
    return written


def _entry(document: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The document as the desk wants it. Raises SageRefuses."""
    kind = document.get("kind")
    if kind not in (SUBCONTRACT, PURCHASE_ORDER):
        raise SageRefuses("The document is neither a subcontract nor a purchase order.")
    lines = document.get("lines")
    if not isinstance(lines, list) or len(lines) > MOST_LINES or not all(isinstance(line, dict) for line in lines):
        raise SageRefuses("The document has no lines.")
    is_order = kind == PURCHASE_ORDER
    retention = {} if is_order else {"retention": _percentage(document, "rtnrte")}
    return kind, {
        **retention,
        "number": _text(document, "ordnum" if is_order else "ctcnum"),
        "vendor": _whole(document, "vndnum"),
        "job": _whole(document, "jobnum"),
        "description": _text(document, "dscrpt"),
        "order_date" if is_order else "contract_date": _date(document, "orddte" if is_order else "condte"),
        "lines": [_line(line, is_order=is_order) for line in lines],
    }


def _line(line: Mapping[str, Any], *, is_order: bool) -> NewLine:
    return NewLine(
        description=_text(line, "dscrpt"),
        cost_code=_number(line, "cstcde"),
        cost_type=_whole(line, "csttyp"),
        amount=_number(line, "extttl" if is_order else "amount"),
        quantity=_number(line, "linqty") if is_order else Decimal(1),
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name, "")
    if not isinstance(value, str):
        raise SageRefuses(f"{name} is not a text.")
    return value


def _number(values: Mapping[str, Any], name: str) -> Decimal:
    try:
        number = Decimal(str(values.get(name, "")))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > Decimal(10) ** 12:
        raise SageRefuses(f"{name} is not a number.")
    return number


def _percentage(values: Mapping[str, Any], name: str) -> Decimal:
    """0 where none is given."""
    number = _number(values, name) if name in values else Decimal(0)
    if not 0 <= number <= 100 or number != number.quantize(CENT):
        raise SageRefuses(f"{name} is not a percentage.")
    return number


def _whole(values: Mapping[str, Any], name: str) -> int:
    number = _number(values, name)
    if number != number.to_integral_value():
        raise SageRefuses(f"{name} is not a whole number.")
    return int(number)


def _date(values: Mapping[str, Any], name: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(str(values.get(name, "")))
    except ValueError:
        raise SageRefuses(f"{name} is not a date such as 2026-11-23.") from None
