"""Whatever a driver hands over becomes one plain value, or is refused."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erpintegrations.connectors import normalise

CANONICAL = "0a1b2c3d-0000-4000-8000-00000000abcd"
DAY = datetime.date(2026, 3, 2)
MOMENT = datetime.datetime(2026, 3, 2, 8, 30)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *[(None, ""), ("  SC-1 ", "SC-1"), ("", ""), (12, "12"), ("S\x00C\ud800-1\x00", "SC-1")],
        *[("Footings\r\nand walls\t1", "Footings and walls 1"), ("\u2028one\x85two\n", "one two")],
        *[("pay \u202eeerht\u202c\u200f", "pay eerht"), ("\ufeffa\x1bb\x7f", "ab")],
        *[("two  blanks", "two  blanks"), ("Łódź ½ 漢\xa0👷\u200d♀", "Łódź ½ 漢\xa0👷\u200d♀")],
    ],
)
def test_text_is_trimmed_and_nothing_is_blank(value: object, expected: str) -> None:
    assert normalise.text(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        *[CANONICAL, CANONICAL.upper(), f"{{{CANONICAL}}}", f"{{{CANONICAL.upper()}}}", CANONICAL.replace("-", "")],
        uuid.UUID(CANONICAL),
    ],
)
def test_a_guid_has_one_form(value: object) -> None:
    assert normalise.guid(value) == CANONICAL


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "SC-1",
        CANONICAL[:-1],
        f"{CANONICAL}\n",
        f"{{{CANONICAL}",
        f" {CANONICAL}",
        CANONICAL.replace("-", "", 1),
        7,
        b"x" * 16,
    ],
)
def test_what_no_look_up_would_find_is_no_guid(value: object) -> None:
    with pytest.raises(normalise.UnreadableValue):
        normalise.guid(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *[(None, "0.00"), ("", "0.00"), (5, "5.00"), ("12.3", "12.30"), (Decimal("7.10"), "7.10"), (-0.0, "0.00")],
        *[(0.29, "0.29"), (0.1 + 0.2, "0.30"), (9999999999.99, "9999999999.99"), (Decimal("1.5000"), "1.50")],
    ],
)
def test_an_amount_is_exact_to_the_cent(value: object, expected: str) -> None:
    assert str(normalise.amount(value)) == expected


@given(st.integers(-(10**14) + 1, 10**14 - 1))
def test_an_amount_in_cents_is_the_same_however_a_driver_hands_it_over(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    assert {str(normalise.amount(value)) for value in (amount, f"{amount:f}", float(amount))} == {f"{amount + 0:.2f}"}


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e11, max_value=1e11))
def test_a_float_is_rounded_as_the_shortest_decimal_that_stands_for_it(value: float) -> None:
    assert normalise.amount(value) == Decimal(repr(value)).quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    "value", ["abc", "NaN", float("inf"), "1.005", Decimal("0.001"), b"1", "1e99", 10**12, 1e12 - 0.001]
)
def test_what_is_no_amount_is_refused_without_repeating_it(value: object) -> None:
    with pytest.raises(normalise.UnreadableValue) as refused:
        normalise.amount(value)
    assert str(value) not in str(refused.value)


def test_the_largest_amount_has_twelve_digits_before_the_point() -> None:
    assert normalise.amount("-999999999999.99") == Decimal("-999999999999.99")


@pytest.mark.parametrize(
    ("quantity", "price", "expected"),
    [(None, "5", "0.00"), ("3", None, "0.00"), ("3", "0.335", "1.00"), ("20000000000", "0.0001", "2000000.00")],
)
def test_quantity_times_price_is_rounded_to_the_cent(quantity: str | None, price: str | None, expected: str) -> None:
    numbers = [None if number is None else Decimal(number) for number in (quantity, price)]
    assert str(normalise.amount_of(*numbers)) == expected


@pytest.mark.parametrize("number", ["1e6", "1e14", "1e17"])
def test_quantity_times_price_that_no_column_can_hold_is_refused(number: str) -> None:
    with pytest.raises(normalise.UnreadableValue):
        normalise.amount_of(Decimal(number), Decimal(number))


@pytest.mark.parametrize(
    ("value", "expected"), [(None, ""), (0, ""), ("", ""), (101, "101"), ("101", "101"), (Decimal(7), "7")]
)
def test_a_reference_to_nothing_is_blank(value: object, expected: str) -> None:
    assert normalise.reference(value) == expected


@pytest.mark.parametrize("value", [DAY, MOMENT, "2026-03-02", "2026-03-02 08:30:00", " 2026-03-02T08:30:00.000 "])
def test_a_date_comes_from_whatever_the_driver_gives(value: object) -> None:
    assert normalise.date(value) == DAY


@pytest.mark.parametrize("value", [MOMENT, MOMENT.replace(tzinfo=datetime.UTC), "2026-03-02 08:30:00.000000"])
def test_a_moment_is_as_the_erps_clock_shows_it(value: object) -> None:
    assert normalise.date_and_time(value) == MOMENT


@pytest.mark.parametrize("value", [None, "", "  "])
def test_no_date_is_none(value: object) -> None:
    assert normalise.date(value) is None
    assert normalise.date_and_time(value) is None


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", 5])
def test_what_is_no_date_is_refused(value: object) -> None:
    with pytest.raises(normalise.UnreadableValue):
        normalise.date(value)
