"""Amounts in words, for sentences and pages alike. Pure."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

MINUS = "\N{MINUS SIGN}"


def money(amount: Decimal | int) -> str:
    """1234.5 → 1,234.50; below zero with a real minus sign. Raises TypeError for a float."""
    if isinstance(amount, float):
        raise TypeError("Amounts are Decimal, never float.")
    cents = Decimal(amount).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return f"{MINUS if cents < 0 else ''}{abs(cents):,.2f}"


def price(amount: Decimal) -> str:
    """What one unit costs: 1234.5 → 1,234.50, and 0.0375 → 0.0375, because nothing of it is rounded."""
    exponent = Decimal(amount).normalize().as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{MINUS if amount < 0 else ''}{abs(amount):,.{places}f}"


def quantity(number: Decimal) -> str:
    """1234.5000 → 1,234.5."""
    return f"{number.normalize():,f}".replace("-", MINUS)
