"""Undo: the link comes back as it was, until its commitment is changed or sent."""

import pytest
from django.db.models import F
from django.utils import timezone

from commitments.models import Commitment
from directory.models import Activity, ProjectMember
from directory.refusals import LacksPrivilege, NotAllowed
from erpintegrations.models import Presence, SyncLink
from erpintegrations.refusals import UndoNotPossible
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.services.undo_unlink import can_undo, undo_unlink
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.factories import CommitmentFactory, SyncLinkFactory, SyncRunFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def unlinked(deleted_link, approver, access_of, now):
    return unlink_commitment(link=deleted_link, access=access_of(approver), reason="wrong vendor", now=now)


@pytest.fixture
def undo(approver, access_of, now):
    def act(link, by=None, at=None):
        return undo_unlink(link=link, access=access_of(by or approver), now=at or now)

    return act


def test_the_same_link_is_open_again_as_it_was(unlinked, undo, deleted_link, now):
    link = undo(unlinked)
    assert link.pk == deleted_link.pk
    came_back = {
        "closed_at",
        "closed_by_id",
        "close_reason",
        "close_token",
        "closed_commitment_revision",
        "closed_lines",
    }
    expected_to_differ = {"version", "checked_at", "reopened_at"}
    for field in SyncLink._meta.concrete_fields:
        if field.attname not in expected_to_differ:
            assert getattr(link, field.attname) == getattr(deleted_link, field.attname), field.attname
    assert not any(getattr(link, name) for name in came_back)
    assert link.reopened_at == now
    assert Commitment.objects.get(pk=link.commitment_id).erp_status == Commitment.ErpStatus.SYNCED


def test_the_history_tells_both(unlinked, undo, approver):
    undo(unlinked)
    unlinking, undoing = Activity.objects.exclude(verb="linked").order_by("id")
    assert (unlinking.verb, undoing.verb, undoing.actor) == ("unlinked", "unlink_undone", approver)
    assert (undoing.before, undoing.after) == (unlinking.after, unlinking.before)


def test_as_of_when_the_erp_is_known_is_as_it_was_though_a_sync_ran_meanwhile(unlinked, undo, connection, now):
    SyncRunFactory(connection=connection)
    link = undo(unlinked, at=timezone.now())
    assert freshness_of(connection).as_of(link) == now


def test_it_can_be_unlinked_and_undone_again(unlinked, undo, approver, access_of, now):
    again = unlink_commitment(link=undo(unlinked), access=access_of(approver), now=now)
    assert can_undo(again)
    assert undo(again).is_open


def test_the_second_click_is_told_so(unlinked, undo, story):
    undo(unlinked)
    with pytest.raises(UndoNotPossible) as refused:
        undo(unlinked)
    assert refused.value.message.startswith("You already undid this just now (")
    assert refused.value.message.endswith(": Subcontract SC-1042 is linked again.")
    assert refused.value.remedy == "Nothing more is needed here."
    assert story() == ["unlinked", "unlink_undone"]


def test_the_second_person_is_told_who_was_first(unlinked, undo, admin):
    undo(unlinked)
    with pytest.raises(UndoNotPossible, match="Ada Approver already undid this just now"):
        undo(unlinked, by=admin)


def test_a_link_that_was_never_unlinked_has_nothing_to_undo(link, undo):
    assert not can_undo(link)
    with pytest.raises(UndoNotPossible, match="Subcontract SC-1042 is linked: there is nothing to undo"):
        undo(link)


def test_a_changed_commitment_stays_unlinked(unlinked, undo):
    Commitment.objects.update(title="Concrete and steel", revision=F("revision") + 1)
    unlinked.refresh_from_db()
    assert not can_undo(unlinked)
    with pytest.raises(UndoNotPossible) as refused:
        undo(unlinked)
    assert refused.value.message == "Subcontract SC-1042 was changed since it was unlinked."
    assert refused.value.remedy == "Export the commitment again when it is correct; that links it anew."
    assert not SyncLink.objects.get(pk=unlinked.pk).is_open


def test_a_sent_commitment_stays_unlinked(unlinked, undo):
    Commitment.objects.update(erp_status=Commitment.ErpStatus.READY_TO_EXPORT, revision=F("revision") + 1)
    with pytest.raises(UndoNotPossible) as refused:
        undo(unlinked)
    assert refused.value.message == (
        "Subcontract SC-1042 was sent or linked again since: its ERP status is “Ready to export”."
    )


def test_a_deleted_commitment_is_not_brought_back(unlinked, undo):
    Commitment.objects.all().delete()
    unlinked.refresh_from_db()
    assert not can_undo(unlinked)
    with pytest.raises(UndoNotPossible) as refused:
        undo(unlinked)
    assert refused.value.message == "Subcontract SC-1042 was deleted since it was unlinked."
    assert refused.value.remedy == "Create it anew, then export that one."


def test_a_record_that_belongs_to_another_commitment_now_stays_there(unlinked, undo, project):
    SyncLinkFactory(
        connection=unlinked.connection, commitment=CommitmentFactory(project=project), erp_id=unlinked.erp_id
    )
    assert not can_undo(unlinked)
    with pytest.raises(UndoNotPossible) as refused:
        undo(unlinked)
    assert refused.value.message == (
        "Subcontract SC-1042, or its record SC-1042 in Sage, is linked again since, so this link cannot come back."
    )


def test_only_the_latest_link_of_a_commitment_comes_back(unlinked, undo):
    SyncLinkFactory(connection=unlinked.connection, commitment=unlinked.commitment, unlinked=True)
    with pytest.raises(UndoNotPossible, match="only its latest link can come back"):
        undo(unlinked)


def test_only_who_may_unlink_may_undo(unlinked, undo, manager, accountant):
    with pytest.raises(LacksPrivilege):
        undo(unlinked, by=manager)
    with pytest.raises(NotAllowed, match="you have Read Only"):
        undo(unlinked, by=accountant)
    ProjectMember.objects.all().delete()
    with pytest.raises(NotAllowed, match="you have None"):
        undo(unlinked)
    assert not SyncLink.objects.get(pk=unlinked.pk).is_open


def test_a_record_that_came_back_meanwhile_is_found_by_the_next_look(
    unlinked, undo, sage_company, job, approver, access_of, now
):
    sage_company.add_subcontract("SC-1042", job, erp_id=unlinked.erp_id)
    link = undo(unlinked)
    assert link.presence == Presence.DELETED
    with pytest.raises(Exception, match="The commitment is still in Sage 100 Contractor®"):
        unlink_commitment(link=link, access=access_of(approver), now=now)
    link.refresh_from_db()
    assert link.presence == Presence.PRESENT
