"""Several at once, on connections of their own: exactly one unlink, one history entry, and the others are told so."""

import datetime
import functools

import pytest
from django.utils import timezone

from commitments.editing.saving import delete_commitment
from commitments.models import Commitment
from directory.models import Activity
from directory.refusals import Refusal
from erpintegrations.models import Presence, SyncLink, SyncRun
from erpintegrations.refusals import AlreadyUnlinked, CommitmentStillInErp, LinkNotPossible, UndoNotPossible
from erpintegrations.services.check_link import check_link
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.services.run_sync import open_run, perform_sync
from erpintegrations.services.undo_unlink import undo_unlink
from erpintegrations.services.unlink_commitment import Outcome, unlink_commitment, unlink_selected
from tests.factories import CommitmentFactory

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5


def told(verb):
    return Activity.objects.filter(verb=verb).count()


@pytest.mark.parametrize("clicks", [2, 5])
def test_a_double_click_unlinks_once(deleted_link, approver, access_of, at_once, now, clicks):
    access = access_of(approver)
    results = at_once(*[lambda: unlink_commitment(link=deleted_link, access=access, now=now)] * clicks)
    assert sorted(type(result).__name__ for result in results) == [
        *["AlreadyUnlinked"] * (clicks - 1),
        "SyncLink",
    ]
    assert told("unlinked") == 1
    commitment = Commitment.objects.get()
    assert (commitment.erp_status, commitment.revision) == (Commitment.ErpStatus.NOT_SENT, 3)


def test_of_two_people_one_unlinks_and_the_other_is_told_who(deleted_link, approver, admin, access_of, at_once, now):
    accesses = {person.name: access_of(person) for person in (approver, admin)}
    results = at_once(
        *[
            lambda access=access: unlink_commitment(link=deleted_link, access=access, now=now)
            for access in accesses.values()
        ]
    )
    (closed,) = [result for result in results if isinstance(result, SyncLink)]
    (refused,) = [result for result in results if isinstance(result, AlreadyUnlinked)]
    assert refused.message.startswith(f"{closed.closed_by.name} already unlinked Subcontract SC-1042")
    assert Activity.objects.get(verb="unlinked").actor == closed.closed_by


def test_two_people_who_select_overlapping_rows_unlink_each_once(
    linked, sage_company, approver, admin, access_of, at_once, now
):
    links = [linked(f"SC-{n}", presence=Presence.DELETED) for n in range(12)]
    for link in links:
        sage_company.delete(link.erp_id)
    first, second = access_of(approver), access_of(admin)
    results = at_once(
        lambda: unlink_selected(links=links[:9], access=first, now=now),
        lambda: unlink_selected(links=links[:2:-1], access=second, now=now),
    )
    assert all(isinstance(outcome, Outcome) for outcomes in results for outcome in outcomes)
    unlinked = [outcome.link.pk for outcomes in results for outcome in outcomes if outcome.unlinked]
    assert sorted(unlinked) == [link.pk for link in links]
    assert told("unlinked") == len(links)


def test_a_sync_that_runs_meanwhile_does_not_get_in_the_way(
    linked, sage_company, connection, approver, access_of, at_once
):
    """The record is gone, and the sync is the first to see others gone too."""
    access = access_of(approver)
    for round_number in range(ROUNDS):
        gone = linked(f"SC-{round_number}", presence=Presence.DELETED)
        others = [linked(f"OTHER-{round_number}-{n}") for n in range(3)]
        for link in (gone, *others):
            sage_company.delete(link.erp_id)
        run, _ = open_run(connection=connection, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=timezone.now())
        unlinked, run = at_once(
            lambda gone=gone: unlink_commitment(link=gone, access=access, now=timezone.now()),
            lambda run=run: perform_sync(run_id=run.pk),
        )
        assert isinstance(unlinked, SyncLink), unlinked
        assert run.state == SyncRun.State.COMPLETED
        assert told("unlinked") == round_number + 1
        assert all(SyncLink.objects.get(pk=link.pk).presence == Presence.DELETED for link in others)


def test_a_record_that_a_sync_finds_back_meanwhile_is_not_unlinked_after_that(
    linked, sage_company, connection, job, approver, access_of, at_once
):
    access = access_of(approver)
    for round_number in range(ROUNDS):
        link = linked(f"SC-{round_number}", presence=Presence.DELETED)  # it was never away
        run, _ = open_run(connection=connection, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=timezone.now())
        refused, run = at_once(
            lambda link=link: unlink_commitment(link=link, access=access, now=timezone.now()),
            lambda run=run: perform_sync(run_id=run.pk),
        )
        assert isinstance(refused, CommitmentStillInErp), refused
        assert run.state == SyncRun.State.COMPLETED
        link.refresh_from_db()
        assert link.is_open
        assert link.presence == Presence.PRESENT
    assert told("unlinked") == 0
    assert told("presence_changed") == ROUNDS


def test_check_now_and_unlink_at_once_leave_one_story(linked, sage_company, approver, admin, access_of, at_once):
    first, second = access_of(approver), access_of(admin)
    for round_number in range(ROUNDS):
        link = linked(f"SC-{round_number}", presence=Presence.DELETED)
        sage_company.delete(link.erp_id)
        unlinked, checked = at_once(
            lambda link=link: unlink_commitment(link=link, access=first, now=timezone.now()),
            lambda link=link: check_link(link=link, access=second, now=timezone.now()),
        )
        assert isinstance(unlinked, SyncLink), unlinked
        assert isinstance(checked, SyncLink | AlreadyUnlinked), checked
        assert told("unlinked") == round_number + 1


def test_a_double_click_on_undo_undoes_once(deleted_link, approver, access_of, at_once, now):
    access = access_of(approver)
    unlinked = unlink_commitment(link=deleted_link, access=access, now=now)
    results = at_once(*[lambda: undo_unlink(link=unlinked, access=access, now=now)] * 3)
    assert sorted(type(result).__name__ for result in results) == ["SyncLink", "UndoNotPossible", "UndoNotPossible"]
    refused = next(result for result in results if isinstance(result, UndoNotPossible))
    assert "You already undid this" in refused.message
    assert told("unlink_undone") == 1
    assert Commitment.objects.get().erp_status == Commitment.ErpStatus.SYNCED


def test_of_two_people_one_undoes_and_the_other_is_told_who(deleted_link, approver, admin, access_of, at_once, now):
    accesses = [access_of(approver), access_of(admin)]
    for _ in range(ROUNDS):
        unlinked = unlink_commitment(link=deleted_link, access=accesses[0], now=now)
        undo = functools.partial(undo_unlink, link=unlinked, now=now)
        results = at_once(*[functools.partial(undo, access=access) for access in accesses])
        (refused,) = [result for result in results if not isinstance(result, SyncLink)]
        first = Activity.objects.filter(verb="unlink_undone").latest("id").actor
        assert isinstance(refused, UndoNotPossible)
        assert refused.message.startswith(f"{first.name} already undid this just now (")
        assert refused.message.endswith(": Subcontract SC-1042 is linked again.")
        assert refused.remedy == "Nothing more is needed here."
    assert told("unlink_undone") == ROUNDS


def test_unlink_and_undo_at_once_end_in_one_of_the_two(deleted_link, approver, access_of, at_once):
    access = access_of(approver)
    unlink_commitment(link=deleted_link, access=access, now=timezone.now() - datetime.timedelta(seconds=5))
    for _ in range(ROUNDS):
        results = at_once(
            lambda: undo_unlink(link=deleted_link, access=access, now=timezone.now()),
            lambda: unlink_commitment(link=deleted_link, access=access, now=timezone.now()),
        )
        assert all(isinstance(result, SyncLink | Refusal) for result in results), results
        link = SyncLink.objects.select_related("commitment").get()
        assert link.commitment.erp_status == (
            Commitment.ErpStatus.SYNCED if link.is_open else Commitment.ErpStatus.NOT_SENT
        )
        assert told("unlinked") - told("unlink_undone") == (0 if link.is_open else 1)
        if link.is_open:
            unlink_commitment(link=link, access=access, now=timezone.now())


def test_undo_and_delete_at_once_end_in_one_of_the_two(linked, sage_company, approver, access_of, at_once):
    """They take the link and its commitment in another order, and may wait for each other."""
    access = access_of(approver)
    for n in range(4 * ROUNDS):
        link = linked(f"SC-{n}")
        sage_company.delete(link.erp_id)
        SyncLink.objects.filter(pk=link.pk).update(presence=Presence.DELETED)
        Commitment.objects.filter(pk=link.commitment_id).update(status="draft")
        link = unlink_commitment(link=SyncLink.objects.get(pk=link.pk), access=access, now=timezone.now())
        commitment, now = Commitment.objects.get(pk=link.commitment_id), timezone.now()
        undone, deleted = at_once(
            functools.partial(undo_unlink, link=link, access=access, now=now),
            functools.partial(
                delete_commitment, commitment=commitment, seen_revision=commitment.revision, access=access, now=now
            ),
        )
        assert isinstance(undone, SyncLink | UndoNotPossible), undone
        assert deleted is None or isinstance(deleted, Refusal), deleted
        is_open = SyncLink.objects.filter(pk=link.pk, closed_at=None).exists()
        assert is_open == isinstance(undone, SyncLink)
        assert Commitment.objects.filter(pk=commitment.pk).exists() == (deleted is not None)
        assert not (is_open and deleted is None)


def test_of_two_who_link_the_same_record_one_is_refused_in_words(connection, project, sage_company, job, at_once, now):
    erp_id = sage_company.add_subcontract("SC-1", job)
    record = connection.connector().look_up([erp_id]).records[erp_id]
    commitments = [CommitmentFactory(project=project) for _ in range(2)]
    results = at_once(
        *[
            lambda commitment=commitment: link_commitments(
                connection=connection, pairs=[(commitment, record)], by=None, now=now
            )
            for commitment in commitments
        ]
    )
    (refused,) = [result for result in results if isinstance(result, LinkNotPossible)]
    assert refused.message in (
        "SC-1 in Sage is linked already, to another commitment.",
        "Somebody else linked one of these commitments, or its record in the ERP, at the same moment.",
    )
    assert SyncLink.objects.count() == 1
    assert Commitment.objects.filter(erp_status=Commitment.ErpStatus.SYNCED).count() == 1
    assert told("linked") == 1


def test_a_token_is_never_used_twice(linked, sage_company, approver, access_of, now):
    first, second = (linked(number, presence=Presence.DELETED) for number in ("SC-1", "SC-2"))
    for link in (first, second):
        sage_company.delete(link.erp_id)
    closed = [unlink_commitment(link=link, access=access_of(approver), now=now) for link in (first, second)]
    assert closed[0].close_token != closed[1].close_token
