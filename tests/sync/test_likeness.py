"""Which of ours one of the ERP's may be. What it comes to in a company is in `tests/services/set_up/`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erpintegrations.sync.likeness import Ours, Theirs, same_name, same_number, suggest


@pytest.mark.parametrize(
    ("one", "other"), [("3.3", "3.300"), ("401", "0401"), (" SC-1 ", "sc-1"), ("1e2", "100"), ("NaN", "nan")]
)
def test_spellings_of_one_number(one, other):
    assert same_number(one) == same_number(other)


@pytest.mark.parametrize(("one", "other"), [("3.3", "3.33"), ("401", "4010"), ("", "0")])
def test_numbers_that_are_not_the_same(one, other):
    assert same_number(one) != same_number(other)


def test_spellings_of_one_name():
    assert same_name("ACME, Inc.") == same_name("acme inc")
    assert same_name("Straße") == same_name("STRASSE")
    assert same_name("Acme 1") != same_name("Acme 2")


def test_a_name_of_signs_alone_is_like_no_other():
    (suggestion,) = suggest([Theirs(1, "1", "---", "")], [Ours(1, "2", "***", is_taken=False)]).values()
    assert suggestion.likeness == "none"


def test_number_and_name_of_two_different_ones_of_ours_are_a_tie():
    ours = [Ours(1, "7", "Zenith", is_taken=False), Ours(2, "8", "Acme", is_taken=False)]
    (suggestion,) = suggest([Theirs(1, "7", "Acme", "")], ours).values()
    assert (suggestion.likeness, suggestion.ours) == ("several", None)


@pytest.mark.parametrize(
    ("name", "short_name", "ours", "likeness"),
    [
        ("Acme  Concrete", "", " ACME concrete", "name"),
        ("", "Acme", "Acme", "name"),
        ("Johnson Electric of Texas LLC", "Johnson", "Johnson", "alike"),
        ("A+ Plumbing", "", "A Plumbing", "alike"),
        ("Acme, Inc.", "", "Acme Inc", "alike"),
    ],
)
def test_only_a_whole_name_spelled_alike_is_the_same(name, short_name, ours, likeness):
    (suggestion,) = suggest([Theirs(1, "7", name, short_name)], [Ours(2, "8", ours, is_taken=False)]).values()
    assert (suggestion.likeness, suggestion.ours) == (likeness, 2)


def test_tens_of_thousands_of_one_name_are_a_tie_without_comparing_each_with_each():
    many = 20_000
    theirs = (Theirs(pk, str(pk), "DO NOT USE", "") for pk in range(many))
    found = suggest(theirs, [Ours(pk, f"X{pk}", "Do not use", is_taken=False) for pk in range(many)])
    assert {one.likeness for one in found.values()} == {"several"}


NUMBERS, NAMES = st.sampled_from(["1", "01", "2", "a", "A"]), st.sampled_from(["", "x", "X.", "y", "z"])


@given(
    theirs=st.lists(st.tuples(NUMBERS, NAMES, NAMES), max_size=6, unique_by=lambda one: same_number(one[0])),
    ours=st.lists(st.tuples(NUMBERS, NAMES, st.booleans()), max_size=6, unique_by=lambda one: one[0]),
)
def test_each_free_one_of_ours_is_suggested_at_most_once_and_no_other(theirs, ours):
    free = {pk for pk, (_, _, is_taken) in enumerate(ours) if not is_taken}

    found = suggest(
        [Theirs(pk, *one) for pk, one in enumerate(theirs)],
        [Ours(pk, number, name, is_taken) for pk, (number, name, is_taken) in enumerate(ours)],
    )

    suggested = [one.ours for one in found.values() if one.ours is not None]
    assert len(found) == len(theirs)
    assert set(suggested) <= free
    assert len(suggested) == len(set(suggested))
