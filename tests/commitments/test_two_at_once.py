"""Two people at the same moment: exactly one saves, one history entry, and the other is told so."""

from dataclasses import replace

import pytest

from commitments.editing import create_commitment, delete_commitment, update_commitment
from commitments.models import Commitment
from commitments.refusals import CommitmentInvalid, EditedMeanwhile
from directory.models import Activity

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("attempt", range(3))
def test_two_edits_are_one(at_once, draft, as_it_is, line, access, now, attempt):
    header, lines = as_it_is(draft)
    before = Activity.objects.count()

    def save(title, lines):
        return lambda: update_commitment(
            commitment=Commitment.objects.get(pk=draft.pk),
            seen_revision=1,
            header=replace(header, title=title),
            lines=lines,
            access=access,
            now=now,
        )

    results = at_once(save("Mine", [*lines, line()]), save("Yours", lines[::-1]), save("Hers", lines[:1]))

    refused = [result for result in results if isinstance(result, EditedMeanwhile)]
    (saved,) = (result for result in results if isinstance(result, Commitment))
    assert len(refused) == 2
    draft.refresh_from_db()
    assert (draft.title, draft.revision) == (saved.title, 2)
    assert draft.amount == sum(row.amount for row in draft.lines.all())
    assert draft.lines.count() == {"Mine": 3, "Yours": 2, "Hers": 1}[draft.title]
    assert Activity.objects.count() == before + 1


@pytest.mark.parametrize("attempt", range(3))
def test_an_edit_and_a_deletion_are_one(at_once, draft, as_it_is, access, now, attempt):
    header, lines = as_it_is(draft)
    before = Activity.objects.count()

    results = at_once(
        lambda: update_commitment(
            commitment=draft,
            seen_revision=1,
            header=replace(header, title="Mine"),
            lines=lines[:1],
            access=access,
            now=now,
        ),
        lambda: delete_commitment(commitment=draft, seen_revision=1, access=access, now=now),
    )

    assert sum(isinstance(result, EditedMeanwhile) for result in results) == 1
    was_deleted = results[1] is None
    assert Commitment.objects.filter(pk=draft.pk).exists() != was_deleted
    assert Activity.objects.count() == before + 1


@pytest.mark.parametrize("numbers", [["SC-77"] * 3, ["SC-77", "sc-77", "Sc-77"]])
def test_two_new_ones_do_not_take_the_same_number(at_once, project, header, line, access, now, numbers):
    def create(number):
        return lambda: create_commitment(
            project=project, kind="subcontract", header=header(number=number), lines=[line()], access=access, now=now
        )

    results = at_once(*map(create, numbers))

    assert sum(isinstance(result, Commitment) for result in results) == 1
    refusals = [result for result in results if isinstance(result, CommitmentInvalid)]
    assert len(refusals) == 2
    for refusal in refusals:
        assert "is taken: Subcontract" in str(refusal)
        assert "“Retaining wall” of this project has it." in str(refusal)
    assert Commitment.objects.count() == Activity.objects.count() == 1
