"""Reads what people type: numbers, dates. Pure. Raises Unreadable with the sentence for the person."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

NUMBER = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?", re.ASCII)
DOLLAR = re.compile(r"^([+-]?)\$\s*(?=[-.0-9])")
LONGEST_NUMBER = 40
DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y")
MINUS_SIGN = "\N{MINUS SIGN}"


class Unreadable(ValueError):
    """What was typed is no such thing."""


def read_number(text: str) -> Decimal | None:
    """1,234.50 with or without its separators; None for nothing. A comma that parts no thousands is refused."""
    typed = text.strip().replace(MINUS_SIGN, "-")
    if not typed:
        return None
    is_number = len(typed) <= LONGEST_NUMBER and NUMBER.fullmatch(typed) and re.search("[0-9]", typed)
    if not is_number:
        raise Unreadable(f"“{_shown(text)}” is not a number. Write it like 1,234.50.")
    number = Decimal(typed.replace(",", ""))
    return number or abs(number)


def read_money(text: str) -> Decimal | None:
    """As a number, also with the dollar sign that quotes and spreadsheets have: $1,234.50, -$5, $-5."""
    return read_number(DOLLAR.sub(r"\1", text.strip().replace(MINUS_SIGN, "-"), count=1))


def read_percent(text: str) -> Decimal | None:
    """As a number, also with the sign: 10%, 10 %."""
    return read_number(text.strip().removesuffix("%"))


def read_date(text: str) -> datetime.date | None:
    """2026-11-23 or 11/23/2026; None for nothing."""
    typed = text.strip()
    if not typed:
        return None
    for pattern in DATE_FORMATS:
        try:
            return datetime.datetime.strptime(typed, pattern).date()  # noqa: DTZ007 – a day has no time zone
        except ValueError:
            continue
    raise Unreadable(f"“{_shown(text)}” is not a date. Write it like 11/23/2026.")


def _shown(text: str) -> str:
    tidy = " ".join(text.split())
    return tidy if len(tidy) <= LONGEST_NUMBER else f"{tidy[:LONGEST_NUMBER]}…"
