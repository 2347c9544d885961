"""Delete: a Draft that the ERP does not know, for good; the history outlives it."""

import pytest

from commitments.editing import delete_commitment
from commitments.models import Commitment, ScheduleOfValuesLine
from commitments.refusals import EditedMeanwhile, NotDeletable
from directory.models import Activity
from directory.refusals import NotAllowed
from erpintegrations.models import SyncLink
from erpintegrations.refusals import UndoNotPossible
from erpintegrations.services.undo_unlink import can_undo, undo_unlink
from tests.factories import ErpConnectionFactory, SyncLinkFactory


@pytest.fixture
def delete(access, now):
    def run(commitment, *, seen_revision=None, access=access):
        seen = seen_revision or commitment.revision
        delete_commitment(commitment=commitment, seen_revision=seen, access=access, now=now)

    return run


def test_a_draft_is_deleted_and_its_history_stays(delete, draft, story, manager):
    pk = draft.pk

    delete(draft)

    assert not Commitment.objects.exists()
    assert not ScheduleOfValuesLine.objects.exists()
    ((verb, before, after),) = story()
    assert (verb, after) == ("commitment_deleted", {})
    assert before["title"] == "Concrete"
    assert before["amount"] == "300.00"
    assert before["line_2"] == "03-300 Concrete · Material · Slab · 1 × 200.00 = 200.00"
    entry = Activity.objects.get()
    assert (entry.subject_id, entry.subject_label, entry.actor) == (pk, "Subcontract SC-1042 Concrete", manager)


REFUSALS = {
    "ready_to_export": "Subcontract SC-1042 was sent to the ERP, so it cannot be deleted. "
    "Retrieve it from the ERP and set its status to Draft, then delete it.",
    "exporting": "Subcontract SC-1042 is being exported to the ERP, so it cannot be deleted. "
    "Wait until the export has ended. Once it is synced: unlink it, set its status to Draft, then delete it.",
    "synced": "Subcontract SC-1042 is synced with the ERP, so it cannot be deleted. "
    "Unlink it, set its status to Draft, then delete it.",
    "failed_to_export": "Subcontract SC-1042 failed to export and can still be retried, so it cannot be deleted. "
    "Have accounting reject it, set its status to Draft, then delete it.",
    "not_sent": "Subcontract SC-1042 is Approved, and only a Draft can be deleted. "
    "Set its status to Draft, then delete it.",
    "rejected": "Subcontract SC-1042 is Approved, and only a Draft can be deleted. "
    "Set its status to Draft, then delete it.",
}


@pytest.mark.parametrize("erp_status", Commitment.ErpStatus.values)
def test_an_approved_one_is_refused_whatever_the_erp_knows_of_it(delete, draft, erp_status, story):
    draft.erp_status, draft.status = erp_status, "approved"
    draft.save()

    with pytest.raises(NotDeletable) as refusal:
        delete(draft)

    assert str(refusal.value) == REFUSALS[erp_status]
    assert Commitment.objects.exists()
    assert story() == []


@pytest.mark.parametrize("erp_status", Commitment.ErpStatus.values)
def test_a_draft_is_deleted_only_while_the_erp_does_not_know_it(delete, draft, erp_status):
    Commitment.objects.update(erp_status=erp_status)
    if erp_status in ("not_sent", "rejected"):
        delete(draft)
    else:
        with pytest.raises(NotDeletable):
            delete(draft)
    assert Commitment.objects.exists() == (erp_status not in ("not_sent", "rejected"))


def test_an_open_link_keeps_it_whatever_its_status_says(delete, draft, story):
    """The database holds that by itself, should a commitment's ERP status ever be wrong."""
    SyncLinkFactory(connection=ErpConnectionFactory(company=draft.company), commitment=draft)
    Commitment.objects.update(erp_status="not_sent")

    with pytest.raises(NotDeletable) as refusal:
        delete(draft)

    assert str(refusal.value) == (
        "Subcontract SC-1042 is linked to the ERP, so it cannot be deleted. "
        "Unlink it, set its status to Draft, then delete it."
    )
    assert (Commitment.objects.count(), story()) == (1, [])


def test_its_closed_link_outlives_it_and_cannot_come_back(delete, draft, access_of, approver, now):
    link = SyncLinkFactory(connection=ErpConnectionFactory(company=draft.company), commitment=draft, unlinked=True)

    delete(draft)

    link = SyncLink.objects.get(pk=link.pk)
    assert (link.commitment, link.number, link.is_open) == (None, "SC-1042", False)
    assert not can_undo(link)
    with pytest.raises(UndoNotPossible) as refusal:
        undo_unlink(link=link, access=access_of(approver), now=now)
    assert str(refusal.value) == (
        "Subcontract SC-1042 was deleted since it was unlinked. Create it anew, then export that one."
    )


def test_who_saw_an_older_revision_is_told_so(delete, draft):
    Commitment.objects.update(revision=2)
    with pytest.raises(EditedMeanwhile, match="Somebody else changed Subcontract SC-1042 since you opened it"):
        delete(draft, seen_revision=1)
    assert Commitment.objects.exists()


def test_who_is_no_admin_of_the_projects_commitments_may_not(delete, draft, access_of, accountant):
    with pytest.raises(NotAllowed, match="This needs Admin on the Commitments tool of project 2401 Riverside Clinic"):
        delete(draft, access=access_of(accountant))
    assert Commitment.objects.exists()
