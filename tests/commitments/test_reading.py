"""Numbers and dates as people type them."""

import datetime
from decimal import Decimal

import pytest

from commitments.editing.reading import Unreadable, read_date, read_money, read_number, read_percent


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.5", "1234.5"),
        ("1,234.50", "1234.50"),
        (" 12,345,678 ", "12345678"),
        ("-5", "-5"),
        ("\N{MINUS SIGN}1,000.25", "-1000.25"),
        ("+7", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-0", "0"),
    ],
)
def test_numbers_with_and_without_separators(text, number):
    assert str(read_number(text)) == str(Decimal(number))


@pytest.mark.parametrize("text", ["$12,500.50", " $ 12500.5", "+$12,500.50", "$12500.50"])
def test_money_may_have_its_sign(text):
    assert read_money(text) == Decimal("12500.50")


@pytest.mark.parametrize("text", ["-$5", "$-5", "\N{MINUS SIGN}$5", "-5"])
def test_a_credit_may_have_it_too(text):
    assert read_money(text) == Decimal(-5)


@pytest.mark.parametrize("text", ["10%", "10 %", "10", " 10.0% "])
def test_a_percentage_may_have_its_sign(text):
    assert read_percent(text) == Decimal(10)


@pytest.mark.parametrize("text", ["$", "$$5", "5$", "10%", "$5%"])
def test_signs_elsewhere_are_refused(text):
    with pytest.raises(Unreadable):
        read_money(text)


@pytest.mark.parametrize("text", ["", "  ", "\t"])
def test_nothing_is_nothing(text):
    assert read_number(text) is None
    assert read_date(text) is None


@pytest.mark.parametrize(
    "text",
    ["1.234,50", "12,34", "1,2345", "ten", "1e5", "NaN", "Infinity", "-", ".", "$5", "5 5", "٣", "1" * 41, "0x1"],
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(Unreadable) as refusal:
        read_number(text)
    assert "is not a number. Write it like 1,234.50." in str(refusal.value)
    assert len(str(refusal.value)) < 100


@pytest.mark.parametrize("text", ["2026-11-03", "11/03/2026", " 11/3/2026 "])
def test_dates(text):
    assert read_date(text) == datetime.date(2026, 11, 3)


@pytest.mark.parametrize("text", ["2026-02-30", "03.11.2026", "tomorrow", "13/13/2026", "0000-01-01"])
def test_anything_else_is_no_date(text):
    with pytest.raises(Unreadable, match=r"is not a date. Write it like 11/23/2026\."):
        read_date(text)
