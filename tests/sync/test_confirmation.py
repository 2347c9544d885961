"""When suddenly too much is missing, nothing is marked until an Admin of the tool says so."""

import datetime

import pytest

from directory.models import Activity
from directory.refusals import NotAllowed
from erpintegrations.models import ErpConnection, SyncLink, SyncRun
from erpintegrations.refusals import ReasonRequired, SyncNotPossible
from erpintegrations.services.decide_sync import confirm_sync, discard_sync
from tests.connectors.builder import SageCompany
from tests.sync.conftest import START, presence

pytestmark = pytest.mark.django_db

State = SyncRun.State


@pytest.fixture
def vanished(linked):
    """Twelve of twenty subcontracts were deleted in Sage; the links in question, and the run that found it."""
    links = linked.subcontracts(20)
    linked.sync()
    for link in links[:12]:
        linked.sage.delete(link.erp_id)
    return linked, links, linked.sync()


def gone() -> int:
    return SyncLink.objects.filter(presence="deleted").count()


def test_a_mass_disappearance_marks_nothing_and_lists_what_it_found(vanished):
    _, _, run = vanished
    assert run.state == State.NEEDS_CONFIRMATION
    assert run.problem == "12 of 20 linked commitments are missing from Sage 100 Contractor® all at once."
    assert "Nothing has been marked." in run.remedy
    assert gone() == 0
    assert (run.deleted_count, run.changes.filter(what="deleted").count()) == (12, 12)
    assert Activity.objects.filter(verb="sync_needs_confirmation", subject_id=run.pk).count() == 1
    assert not Activity.objects.filter(verb="presence_changed", sync_run_id=run.pk).exists()


def test_one_confirmed_run_is_read_again_and_then_recorded(vanished, admin, access_of):
    linked, _, run = vanished
    confirming = confirm_sync(run=run, access=access_of(admin), reason="The year was closed.", now=START)
    run.refresh_from_db()
    assert (run.state, run.decided_by, run.decision_reason) == (State.CONFIRMED, admin, "The year was closed.")
    assert (confirming.trigger, confirming.confirms, confirming.started_by) == ("confirmation", run, admin)
    assert gone() == 0
    ended = linked.perform(confirming)
    assert (ended.state, ended.deleted_count) == (State.COMPLETED, 12)
    assert gone() == 12
    told = Activity.objects.filter(sync_run_id=ended.pk, verb="presence_changed")
    assert {entry.actor for entry in told} == {admin}
    assert Activity.objects.get(verb="sync_confirmed").reason == "The year was closed."


def test_a_record_that_came_back_before_the_confirmation_stays_present(vanished, admin, access_of):
    linked, links, run = vanished
    linked.sage.add_subcontract("M-1", linked.job, erp_id=links[0].erp_id)
    linked.perform(confirm_sync(run=run, access=access_of(admin), reason="Checked.", now=START))
    assert presence(links[0]) == "present"
    assert gone() == 11


def test_a_few_more_that_vanished_since_come_along(vanished, admin, access_of):
    linked, links, run = vanished
    linked.sage.delete(links[12].erp_id)
    ended = linked.perform(confirm_sync(run=run, access=access_of(admin), reason="Checked.", now=START))
    assert (ended.state, ended.deleted_count) == (State.COMPLETED, 13)


def test_many_more_that_vanished_since_need_a_confirmation_of_their_own(linked, admin, access_of):
    links = linked.subcontracts(30)
    linked.sync()
    for link in links[:12]:
        linked.sage.delete(link.erp_id)
    run = linked.sync()
    for link in links[12:24]:
        linked.sage.delete(link.erp_id)
    again = linked.perform(confirm_sync(run=run, access=access_of(admin), reason="Checked.", now=START))
    assert again.state == State.NEEDS_CONFIRMATION
    assert again.problem.startswith("12 of 30")
    assert (gone(), again.changes.count()) == (0, 24)
    ended = linked.perform(confirm_sync(run=again, access=access_of(admin), reason="Checked.", now=START))
    assert (ended.state, gone()) == (State.COMPLETED, 24)


def test_an_erp_without_any_commitment_needs_a_person_however_few_are_linked(linked, admin, access_of):
    link = linked.subcontract()
    linked.sync()
    linked.sage.delete(link.erp_id)
    run = linked.sync()
    assert run.state == State.NEEDS_CONFIRMATION
    assert run.problem == (
        "Sage 100 Contractor® answered without a single commitment, though 1 linked commitment should be in it."
    )
    assert presence(link) == "present"
    ended = linked.perform(confirm_sync(run=run, access=access_of(admin), reason="The only one.", now=START))
    assert ended.state == State.COMPLETED
    assert presence(link) == "deleted"


def test_a_discarded_run_changes_nothing_and_the_next_asks_again(vanished, admin, access_of):
    linked, _, run = vanished
    run = discard_sync(run=run, access=access_of(admin), reason="The share was not mounted.", now=START)
    assert (run.state, run.decided_by) == (State.DISCARDED, admin)
    assert Activity.objects.get(verb="sync_discarded").reason == "The share was not mounted."
    assert linked.sync().state == State.NEEDS_CONFIRMATION
    assert gone() == 0


def test_a_later_run_takes_the_place_of_one_that_waits(vanished, admin, access_of):
    linked, _, run = vanished
    later = linked.sync()
    run.refresh_from_db()
    assert (run.state, later.state) == (State.SUPERSEDED, State.NEEDS_CONFIRMATION)
    with pytest.raises(SyncNotPossible, match="later sync run"):
        confirm_sync(run=run, access=access_of(admin), reason="Checked.", now=START)


def test_a_failed_run_takes_nobodys_place(vanished):
    linked, _, run = vanished
    linked.sage.run("DROP TABLE pcorln")
    assert linked.sync().state == State.FAILED
    run.refresh_from_db()
    assert run.state == State.NEEDS_CONFIRMATION


def test_a_run_is_decided_about_once(vanished, admin, access_of):
    _, _, run = vanished
    confirm_sync(run=run, access=access_of(admin), reason="Checked.", now=START)
    for decide in (confirm_sync, discard_sync):
        with pytest.raises(SyncNotPossible, match="Alma Admin already decided this: confirmed"):
            decide(run=run, access=access_of(admin), reason="Checked.", now=START)


def test_while_another_run_is_under_way_nothing_is_confirmed(vanished, admin, access_of):
    linked, _, run = vanished
    other = linked.run()
    with pytest.raises(SyncNotPossible) as refused:
        confirm_sync(run=run, access=access_of(admin), reason="Checked.", now=START)
    assert refused.value.message == f"Sync run {other.pk} is under way, so this cannot be confirmed right now."
    assert refused.value.remedy == (
        "Wait until it has ended: if it still needs confirmation, confirm that run; it has the newer findings."
    )
    run.refresh_from_db()
    assert run.state == State.NEEDS_CONFIRMATION
    assert not Activity.objects.filter(verb="sync_confirmed").exists()


@pytest.mark.parametrize("decide", [confirm_sync, discard_sync])
def test_a_decision_needs_a_reason(vanished, admin, access_of, decide):
    _, _, run = vanished
    with pytest.raises(ReasonRequired) as refused:
        decide(run=run, access=access_of(admin), reason=" \n", now=START)
    assert refused.value.message == (
        f"Nothing was decided about sync run {run.pk}: a decision needs a reason, which the history keeps."
    )
    assert refused.value.remedy == "Say what you found out, then confirm or discard again."
    run.refresh_from_db()
    assert (run.state, run.decided_by) == (State.NEEDS_CONFIRMATION, None)
    assert not Activity.objects.filter(verb__in=["sync_confirmed", "sync_discarded"]).exists()
    assert SyncRun.objects.latest("id") == run


@pytest.mark.parametrize("who", ["approver", "manager", "accountant", "viewer"])
@pytest.mark.parametrize("decide", [confirm_sync, discard_sync])
def test_only_an_admin_of_the_tool_decides(vanished, access_of, request, who, decide):
    _, _, run = vanished
    with pytest.raises(NotAllowed, match="Admin on the company's ERP Integrations tool"):
        decide(run=run, access=access_of(request.getfixturevalue(who)), reason="", now=START)
    run.refresh_from_db()
    assert run.state == State.NEEDS_CONFIRMATION


def test_a_restored_backup_needs_a_person(linked):
    links = linked.subcontracts(5)
    linked.sage.run("UPDATE subcon SET upddte = '2026-03-05 09:00:00'")
    linked.sync()
    linked.sage.run("UPDATE subcon SET upddte = '2026-03-04 09:00:00'")
    linked.sage.delete(links[0].erp_id)
    run = linked.sync()
    assert run.state == State.NEEDS_CONFIRMATION
    assert "in an older state than was read before" in run.problem
    assert gone() == 0


def test_an_older_copy_without_the_newest_records_needs_a_person(linked):
    linked.subcontracts(20)
    linked.sync()
    newest = [linked.subcontract(f"SC-{n}") for n in range(2)]
    linked.sage.run("UPDATE subcon SET insdte = '2099-09-01 09:00:00' WHERE ctcnum LIKE 'SC-%'")
    linked.sync()
    for link in newest:
        linked.sage.delete(link.erp_id)
    run = linked.sync()
    assert run.state == State.NEEDS_CONFIRMATION
    assert "changed later than all that it still holds, as after a backup was restored" in run.problem
    assert gone() == 0


def test_the_newest_record_alone_may_be_deleted_that_is_what_the_product_is_for(linked):
    linked.subcontracts(20)
    newest = linked.subcontract("SC-1")
    linked.sage.run("UPDATE subcon SET insdte = '2099-09-01 09:00:00' WHERE ctcnum = 'SC-1'")
    linked.sync()
    linked.sage.delete(newest.erp_id)
    assert linked.sync().state == State.COMPLETED
    assert gone() == 1


def test_a_connection_pointed_at_another_companys_database_marks_nothing(linked, tmp_path):
    linked.subcontracts(3)
    linked.sync()
    other = SageCompany(tmp_path / "other.sqlite3")
    other.add_subcontract("SC-1", other.add_job())
    ErpConnection.objects.filter(pk=linked.connection.pk).update(
        database_url=other.database_url, server="", database="", erp_company=""
    )
    run = linked.sync()
    assert (run.state, gone()) == (State.NEEDS_CONFIRMATION, 0)
    assert "it may be another company's" in run.problem
    assert ErpConnection.objects.get(pk=linked.connection.pk).identity is None


def test_what_was_already_gone_does_not_count_again(vanished, admin, access_of):
    linked, _, run = vanished
    linked.perform(confirm_sync(run=run, access=access_of(admin), reason="Checked.", now=START))
    ended = linked.sync()
    assert (ended.state, ended.changes.count()) == (State.COMPLETED, 0)
    assert ended.finished_at - ended.started_at < datetime.timedelta(minutes=1)
