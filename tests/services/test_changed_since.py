"""What was corrected since a commitment was unlinked, told from what it was: header, lines and their order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from commitments.editing import CommitmentInput, LineInput, update_commitment
from commitments.models import Commitment
from erpintegrations.models import SyncLink
from erpintegrations.selectors.after_unlink import changed_since
from erpintegrations.services.undo_unlink import undo_unlink
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.factories import LineFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def unlinked(deleted_link, approver, access_of, now) -> SyncLink:
    """A unit-based subcontract of three lines, 1.00 to 3.00, just unlinked."""
    commitment = deleted_link.linked_commitment
    commitment.lines.all().delete()
    first = LineFactory(commitment=commitment, description="Footings", quantity=1, unit_cost=1, amount=1)
    for text, amount in (("Slab", 2), ("Walls", 3)):
        LineFactory(
            commitment=commitment,
            cost_code=first.cost_code,
            cost_type=first.cost_type,
            description=text,
            quantity=1,
            unit_cost=amount,
            amount=amount,
        )
    Commitment.objects.update(accounting_method="unit_based", amount=6)
    SyncLink.objects.update(amount=6)
    unlink_commitment(link=deleted_link, access=access_of(approver), now=now)
    return SyncLink.objects.get(pk=deleted_link.pk)


@pytest.fixture
def correct(unlinked, manager, access_of, now):
    """Saves it with the lines that this makes of those there are: `correct(lambda one, two, three: [two, one])`."""

    def save(rearranged) -> Commitment:
        commitment = Commitment.objects.get(pk=unlinked.commitment_id)
        lines = [LineInput.of(line) for line in commitment.lines.order_by("position")]
        return update_commitment(
            commitment=commitment,
            seen_revision=commitment.revision,
            header=CommitmentInput.of(commitment),
            lines=rearranged(*lines),
            access=access_of(manager),
            now=now,
        )

    return save


@pytest.fixture
def changes(unlinked):
    def tell():
        commitment = Commitment.objects.select_related("vendor").get(pk=unlinked.commitment_id)
        return changed_since(commitment, SyncLink.objects.get(pk=unlinked.pk))

    return tell


def words(text: str, amount: str, quantity: str = "1") -> str:
    """Of the line, behind its cost code and type."""
    return f"{text} · {quantity} × {amount} = {Decimal(quantity) * Decimal(amount):.2f}"


def ends(changes) -> list[tuple[str, str | None, str | None]]:
    """The changes without the cost codes and types that lines begin with."""
    return [
        (label, *(side and side.split(" · ", 2)[-1] if "line" in label.lower() else side for side in sides))
        for label, *sides in changes
    ]


def test_nothing_is_changed_at_first(changes, django_assert_num_queries):
    with django_assert_num_queries(2):  # the two that load it
        assert changes() == []


def test_an_added_line(correct, changes):
    correct(lambda *lines: [*lines, replace(lines[0], id=None, description="Rebar", unit_cost=Decimal(4))])
    assert ends(changes()) == [
        ("Amount", "6.00", "10.00"),
        ("Added line 4", "—", words("Rebar", "4.00")),
    ]


def test_a_removed_line(correct, changes):
    correct(lambda one, two, three: [one, three])
    assert ends(changes()) == [
        ("Amount", "6.00", "4.00"),
        ("Removed line 2", words("Slab", "2.00"), "—"),
    ]


@pytest.mark.parametrize(
    ("fields", "told", "amount"),
    [
        ({"description": "Big slab"}, words("Big slab", "2.00"), "6.00"),
        ({"quantity": Decimal(3)}, words("Slab", "2.00", "3"), "10.00"),
        ({"unit_cost": Decimal(5)}, words("Slab", "5.00"), "9.00"),
    ],
)
def test_a_changed_line(correct, changes, fields, told, amount):
    correct(lambda one, two, three: [one, replace(two, **fields), three])
    found = ends(changes())
    assert found[-1] == ("Line 2", words("Slab", "2.00"), told)
    assert found[:-1] == ([("Amount", "6.00", amount)] if amount != "6.00" else [])


def test_another_cost_code_and_type(correct, changes, unlinked):
    other = LineFactory(commitment__project=unlinked.project, cost_type__name="Material")
    correct(
        lambda one, two, three: [
            replace(one, cost_code=other.cost_code_id),
            replace(two, cost_type=other.cost_type_id),
            three,
        ]
    )
    (_, _, first), (_, _, second) = changes()
    assert first.startswith(f"{other.cost_code} · Subcontract · ")
    assert " · Material · " in second


def test_only_another_order(correct, changes):
    correct(lambda one, two, three: [three, one, two])
    assert changes() == [("Order of lines", "1, 2, 3", "3, 1, 2")]


def test_several_corrections_are_told_as_one(correct, changes):
    correct(lambda one, two, three: [replace(one, description="Wrong"), two, three])
    correct(lambda one, two, three: [three, replace(one, description="Footings"), two])
    correct(lambda three, one, two: [one, two, three])
    assert changes() == []
    correct(lambda one, two, three: [two, replace(three, id=None)])
    labels = [label for label, _, _ in changes()]
    assert labels == ["Amount", "Added line 2", "Removed line 1", "Removed line 3"]


def test_undone_and_unlinked_again_it_begins_anew(correct, changes, unlinked, approver, access_of, now):
    undo_unlink(link=unlinked, access=access_of(approver), now=now)
    link = SyncLink.objects.get(pk=unlinked.pk)
    assert link.closed_lines is None
    unlink_commitment(link=link, access=access_of(approver), now=now)
    correct(lambda one, two, three: [two, one, three])
    assert changes() == [("Order of lines", "1, 2, 3", "2, 1, 3")]


def test_of_a_link_that_was_closed_before_lines_were_kept_the_header_is_told(correct, changes):
    SyncLink.objects.update(closed_lines=None)
    correct(lambda one, two, three: [one, two])
    assert changes() == [("Amount", "6.00", "3.00")]
