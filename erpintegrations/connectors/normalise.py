"""An ERP database's raw values as plain Python values. Only connectors import this; pure, no I/O.

Drivers differ: the same column arrives as text, as a number or as an object of its own. Whatever cannot be told for
certain raises `UnreadableValue` rather than being guessed.
"""

from __future__ import annotations

import datetime
import re
import uuid
from decimal import Decimal, InvalidOperation

CENT = Decimal("0.01")
LARGEST_AMOUNT = Decimal(10) ** 18
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", re.IGNORECASE)


class UnreadableValue(ValueError):
    """A value that cannot be what its column says it is. The message never repeats the value."""


def text(value: object) -> str:
    """Trimmed text; None is ''."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        raise UnreadableValue("not text")
    return str(value).strip()


def guid(value: object) -> str:
    """A GUID in its canonical form: lower case, hyphens, no braces. Raises UnreadableValue.

    Reads only the spellings for which `engines.Source.id_in` searches: else a look-up would miss what a reading found.
    """
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, str):
        braced = value.startswith("{") and value.endswith("}") and "-" in value
        if _GUID.fullmatch(bare := value[1:-1] if braced else value):
            return str(uuid.UUID(bare))
    raise UnreadableValue("not a GUID")


def whole_number(value: object) -> int | None:
    """A whole number, however the driver hands it over; None and blank are None. Raises UnreadableValue."""
    number = _decimal(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise UnreadableValue("not a whole number")
    return int(number)


def reference(value: object) -> str:
    """The number of another record as text; none, which is written as 0 or NULL, is ''. Raises UnreadableValue."""
    number = whole_number(value)
    return str(number) if number else ""


def number(value: object) -> Decimal | None:
    """A quantity or price as it is, without trailing zeros; None and blank are None. Raises UnreadableValue."""
    found = _decimal(value)
    return None if found is None else found.normalize() + 0


def code(value: object) -> str:
    """A cost code, which the ERP keeps as a decimal, as people write it: 3.300 is "3.3", none is ''.

    Raises UnreadableValue.
    """
    found = number(value)
    return f"{found:f}" if found else ""


def amount(value: object) -> Decimal:
    """An amount of money with exactly two decimals; None is zero. Raises UnreadableValue.

    A float is rounded to the cent it stands for; anything else must be exact to the cent already.
    """
    number = _decimal(value) or Decimal(0)
    rounded = number.quantize(CENT)
    if rounded != number and not isinstance(value, float):
        raise UnreadableValue("not an amount in cents")
    return rounded + 0  # never -0.00


def date(value: object) -> datetime.date | None:
    """A date from a date, a datetime or ISO text; None and blank are None. Raises UnreadableValue."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    moment = date_and_time(value)
    return moment.date() if moment else None


def date_and_time(value: object) -> datetime.datetime | None:
    """A moment as the ERP's own clock shows it, hence without a time zone. Raises UnreadableValue."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, datetime.date):
        return datetime.datetime.combine(value, datetime.time())
    try:
        return datetime.datetime.fromisoformat(str(value).strip()).replace(tzinfo=None)
    except ValueError:
        pass
    raise UnreadableValue("not a date")


def _decimal(value: object) -> Decimal | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, int | float | str | Decimal):
        raise UnreadableValue("not a number")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= LARGEST_AMOUNT:
        raise UnreadableValue("not a number")
    return number
