"""Edit: what is wanted is written once, on the revision that was seen; lines keep their ids; the history tells it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from commitments.editing import update_commitment
from commitments.models import Commitment, ScheduleOfValuesLine
from commitments.refusals import CommitmentInvalid, EditedMeanwhile
from directory.models import Activity
from directory.refusals import NotAllowed
from tests.factories import CommitmentFactory, VendorFactory


@pytest.fixture
def update(access, now):
    def run(commitment, header, lines, *, seen_revision=None, access=access):
        return update_commitment(
            commitment=commitment,
            seen_revision=seen_revision or commitment.revision,
            header=header,
            lines=lines,
            access=access,
            now=now,
        )

    return run


def test_a_field_is_changed_and_told(update, draft, as_it_is, story, now):
    header, lines = as_it_is(draft)

    saved = update(draft, replace(header, title="Concrete works", status="approved"), lines)

    draft.refresh_from_db()
    assert (draft.title, draft.status, draft.revision, draft.updated_at) == ("Concrete works", "approved", 2, now)
    assert saved.revision == 2
    assert story() == [
        (
            "commitment_edited",
            {"title": "Concrete", "status": "Draft"},
            {"title": "Concrete works", "status": "Approved"},
        )
    ]


def test_without_a_difference_nothing_is_written(update, draft, as_it_is, story):
    header, lines = as_it_is(draft)

    saved = update(draft, replace(header, title=" Concrete "), lines)

    draft.refresh_from_db()
    assert (saved.revision, draft.revision, story()) == (1, 1, [])


def test_the_contract_company_is_told_by_name(update, draft, as_it_is, story, company):
    header, lines = as_it_is(draft)
    other = VendorFactory(company=company, number="220", name="Lakeside Steel")

    update(draft, replace(header, vendor=other.pk), lines)

    ((_, before, after),) = story()
    assert before == {"contract_company": "Bayside Concrete (104)"}
    assert after == {"contract_company": "Lakeside Steel (220)"}


def test_lines_are_changed_added_removed_and_told(update, draft, as_it_is, line, story):
    header, (footings, slab) = as_it_is(draft)

    update(draft, header, [replace(slab, quantity=Decimal(2)), line(description="Walls")])

    draft.refresh_from_db()
    rows = list(draft.lines.all())
    assert [(row.position, row.description, row.amount) for row in rows] == [(1, "Slab", 400), (2, "Walls", 50)]
    assert rows[0].pk == slab.id
    assert draft.amount == 450
    ((_, before, after),) = story()
    assert before == {
        "line_1": "03-300 Concrete · Material · Slab · 1 × 200.00 = 200.00",
        "added_line_2": None,
        "removed_line_1": "03-300 Concrete · Material · Footings · 1 × 100.00 = 100.00",
        "amount": "300.00",
    }
    assert after == {
        "line_1": "03-300 Concrete · Material · Slab · 2 × 200.00 = 400.00",
        "added_line_2": "03-300 Concrete · Material · Walls · 10 CY × 5.00 = 50.00",
        "removed_line_1": None,
        "amount": "450.00",
    }
    assert footings.id not in ScheduleOfValuesLine.objects.values_list("pk", flat=True)


def test_lines_are_reordered_and_told(update, draft, as_it_is, story):
    header, (footings, slab) = as_it_is(draft)

    update(draft, header, [slab, footings])

    assert [row.pk for row in draft.lines.all()] == [slab.id, footings.id]
    assert story() == [("commitment_edited", {"order_of_lines": "1, 2"}, {"order_of_lines": "2, 1"})]


def test_a_line_sent_twice_is_a_line_and_its_copy(update, draft, as_it_is):
    header, (footings, slab) = as_it_is(draft)

    update(draft, header, [footings, slab, slab])

    assert [row.amount for row in draft.lines.all()] == [100, 200, 200]
    assert draft.lines.filter(pk=slab.id).count() == 1


def test_another_commitments_line_is_copied_never_taken(update, draft, as_it_is, project):
    theirs = CommitmentFactory(project=project).lines.get()
    header, lines = as_it_is(draft)

    update(draft, header, [*lines, replace(lines[0], id=theirs.pk)])

    theirs.refresh_from_db()
    assert theirs.commitment != draft
    assert draft.lines.count() == 3


def test_a_new_line_after_an_edit_gets_an_id_of_its_own(update, draft, as_it_is, line):
    header, lines = as_it_is(draft)
    update(draft, header, lines[::-1])
    header, lines = as_it_is(draft)

    update(draft, header, [*lines, line(), line()])

    assert draft.lines.count() == 4


def test_the_accounting_method_turns_units_into_amounts(update, draft, as_it_is, story):
    header, lines = as_it_is(draft)

    update(draft, replace(header, accounting_method="amount_based"), lines)

    draft.refresh_from_db()
    assert (draft.accounting_method, draft.amount) == ("amount_based", 300)
    ((_, before, _),) = story()
    assert before["accounting_method"] == "Unit-based"


def test_what_is_wrong_is_said_and_nothing_is_changed(update, draft, as_it_is, project, story):
    CommitmentFactory(project=project, number="SC-9", title="Doors")
    header, lines = as_it_is(draft)

    with pytest.raises(CommitmentInvalid) as refusal:
        update(draft, replace(header, number="SC-9"), [replace(lines[0], description="")])

    assert [str(fault) for fault in refusal.value.faults] == [
        "Number SC-9 is taken: Subcontract SC-9 “Doors” of this project has it. Choose another one.",
        "Line 1: Description can't be blank.",
    ]
    draft.refresh_from_db()
    assert (draft.number, draft.revision, draft.lines.count(), story()) == ("SC-1042", 1, 2, [])


def test_who_saw_an_older_revision_is_told_so(update, draft, as_it_is, story):
    header, lines = as_it_is(draft)
    Commitment.objects.update(revision=2)

    with pytest.raises(EditedMeanwhile) as refusal:
        update(draft, replace(header, title="Mine"), lines, seen_revision=1)

    assert str(refusal.value) == (
        "Somebody else changed Subcontract SC-1042 since you opened it. Nothing was saved. "
        "Look at what changed, then save again."
    )
    assert story() == []


def test_a_deleted_one_counts_as_changed(update, draft, as_it_is):
    header, lines = as_it_is(draft)
    seen, draft_pk = draft, draft.pk
    Commitment.objects.filter(pk=draft_pk).delete()

    with pytest.raises(EditedMeanwhile):
        update(seen, header, lines, seen_revision=1)


def test_who_is_no_admin_of_the_projects_commitments_may_not(update, draft, as_it_is, access_of, viewer):
    header, lines = as_it_is(draft)
    with pytest.raises(NotAllowed, match="This needs Admin on the Commitments tool of project 2401 Riverside Clinic"):
        update(draft, replace(header, title="Mine"), lines, access=access_of(viewer))
    assert not Activity.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_lines(
    update, draft, as_it_is, line, django_assert_max_num_queries
):
    header, lines = as_it_is(draft)
    update(draft, header, [*lines, *[line()] * 100])
    header, lines = as_it_is(draft)
    with django_assert_max_num_queries(16):
        update(draft, replace(header, title="Mine"), lines[::-1])
