"""An ERP database's raw values as plain Python values. Only connectors import this; pure, no I/O.

Drivers differ: the same column arrives as text, as a number or as an object of its own. Whatever cannot be told for
certain raises `UnreadableValue` rather than being guessed.

A sync calls these for each value of each record that is not as it was. What nearly all drivers hand over is looked for
first, by its exact type, and takes the short way to the answer that the long way would give.
"""

from __future__ import annotations

import datetime
import re
import uuid
from decimal import Decimal, InvalidOperation

CENT = Decimal("0.01")
# Of a page it is one line. What begins a new one, or is a tab, stands between two words.
_BETWEEN_WORDS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
# Controls, also those that turn the direction of what follows, and halves of characters beyond the first 65,536.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
ZERO = Decimal("0.00")
LARGEST_NUMBER = 10**18
LARGEST_AMOUNT = 10**12  # of what a column of ours can hold
_PLAIN_GUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", re.IGNORECASE)


class UnreadableValue(ValueError):
    """A value that cannot be what its column says it is. The message never repeats the value."""


def text(value: object) -> str:
    """Trimmed text in one line, without what no database can hold and nobody sees; None is ''."""
    if type(value) is str and value.isprintable():
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bytes):
        raise UnreadableValue("not text")
    found = str(value)
    if not found.isprintable():
        found = _UNSEEN.sub("", _BETWEEN_WORDS.sub(" ", found))
    return found.strip()


def compared(value: object) -> str:
    """Text as the ERP's database compares it: 'sc-1 ' is 'SC-1'. Others compare letter by letter, so this is done here
    and in the query alike. Raises UnreadableValue.
    """
    return text(value).upper()


def guid(value: object) -> str:
    """A GUID in its canonical form: lower case, hyphens, no braces. Raises UnreadableValue.

    Reads only `engines.Source.spellings`: else a look-up would miss what a reading found.
    """
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, str):
        if _PLAIN_GUID.fullmatch(lower := value.lower()):
            return lower
        braced = value.startswith("{") and value.endswith("}") and "-" in value
        if _GUID.fullmatch(bare := value[1:-1] if braced else value):
            return bare.lower() if "-" in bare else str(uuid.UUID(bare))
    raise UnreadableValue("not a GUID")


def whole_number(value: object) -> int | None:
    """A whole number, however the driver hands it over; None and blank are None. Raises UnreadableValue."""
    if type(value) is int and -LARGEST_NUMBER < value < LARGEST_NUMBER:
        return value
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
    if type(value) is float and 0 < value < LARGEST_AMOUNT and float(cents := f"{value:.2f}") == value:
        return Decimal(cents)
    if not value and (value is None or type(value) in (int, float)):
        return ZERO
    number = _decimal(value)
    if not number:
        return ZERO
    rounded = _to_the_cent(number)
    if rounded != number and not isinstance(value, float):
        raise UnreadableValue("not an amount in cents")
    return rounded


def amount_of(quantity: Decimal | None, price: Decimal | None) -> Decimal:
    """What so many come to at this price, rounded to the cent; zero where there is no quantity or no price.

    Raises UnreadableValue.
    """
    return _to_the_cent((quantity or Decimal(0)) * (price or Decimal(0)))


def date(value: object) -> datetime.date | None:
    """A date from a date, a datetime or ISO text; None and blank are None. Raises UnreadableValue."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    moment = date_and_time(value)
    return moment.date() if moment else None


def date_and_time(value: object) -> datetime.datetime | None:
    """A moment as the ERP's own clock shows it, hence without a time zone. Raises UnreadableValue."""
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        moment = value
    elif isinstance(value, datetime.date):
        return datetime.datetime.combine(value, datetime.time())
    elif not (words := str(value).strip()):
        return None
    else:
        moment = _moment(words)
    return moment if moment.tzinfo is None else moment.replace(tzinfo=None)


def _moment(words: str) -> datetime.datetime:
    try:
        return datetime.datetime.fromisoformat(words)
    except ValueError:
        pass
    raise UnreadableValue("not a date")


def _to_the_cent(number: Decimal) -> Decimal:
    if abs(number) < LARGEST_AMOUNT and abs(rounded := number.quantize(CENT)) < LARGEST_AMOUNT:
        return rounded + 0  # never -0.00
    raise UnreadableValue("not an amount that can be kept")


def _decimal(value: object) -> Decimal | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, int | float | str | Decimal):
        raise UnreadableValue("not a number")
    try:
        number = Decimal(value if isinstance(value, int | Decimal) else str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= LARGEST_NUMBER:
        raise UnreadableValue("not a number")
    return number
