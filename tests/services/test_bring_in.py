"""Bringing in as such: asked for once, done in batches, killed anywhere, stopped, handed on; nothing is lost."""

import datetime
import shutil

import pytest
from django_q.models import OrmQ

from commitments.models import Commitment
from directory.models import Activity, CompanyMember, Level
from directory.refusals import NotAllowed
from erpintegrations import tasks
from erpintegrations.models import BringIn, SyncLink, UnlinkedRecord
from erpintegrations.refusals import BringInNotPossible
from erpintegrations.services import bring_in as module
from erpintegrations.services import bring_in_commitments, link_commitment
from erpintegrations.services.bring_in import hand_on_bring_ins, stop_bring_in

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=1)
A_LEASE = module.LEASE.total_seconds() + 1


@pytest.fixture
def small_batches(monkeypatch):
    """Of two."""
    monkeypatch.setattr(module, "BATCH_SIZE", 2)


@pytest.fixture
def five(stage, small_batches):
    """Five subcontracts to bring in, in three batches."""
    stage.subcontracts(5)
    stage.read()
    return stage.request()


def dies(monkeypatch, where, name, at_call, error=SystemExit):
    """A function that goes through, but at one of its calls the process is told to stop, or something breaks."""
    original, calls = getattr(where, name), []

    def call(*args, **named):
        calls.append(args)
        result = original(*args, **named)
        if len(calls) == at_call:
            raise error("told to stop")
        return result

    monkeypatch.setattr(where, name, call)


# ---- Asking for it ---------------------------------------------------------------------------------------------------


def test_it_is_handed_to_the_task_processes_which_bring_it_to_its_end(stage, five):
    assert [queued.task["func"] for queued in OrmQ.objects.all()][-1] == "erpintegrations.tasks.bring_in"
    tasks.bring_in(five.pk)
    five.refresh_from_db()
    assert (five.state, five.done_count, five.looked_at, five.total) == ("done", 5, 5, 5)
    assert five.started_at <= five.finished_at
    stage.assert_whole()


def test_it_needs_admin_on_erp_integrations(stage, access_of, manager):
    stage.subcontract()
    stage.read()
    with pytest.raises(NotAllowed, match="This needs Admin on the company's ERP Integrations tool; you have Standard"):
        stage.request(access=access_of(manager))
    started = stage.request()
    with pytest.raises(NotAllowed):
        stop_bring_in(bring_in=started, access=access_of(manager), now=stage.clock())


def test_one_at_a_time(stage, five, access_of, admin):
    with pytest.raises(BringInNotPossible) as refusal:
        stage.request()
    assert str(refusal.value) == (
        "Bringing in commitments is under way already; Alma Admin started it. Wait until it has ended, or stop it. "
        "Then start this."
    )
    stage.perform(five)
    with pytest.raises(BringInNotPossible, match="There is nothing to bring in"):
        stage.request()
    assert BringIn.objects.count() == 1


# ---- Dying, breaking, stopping ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize(
    ("where", "name"),
    [
        (bring_in_commitments, "read_records"),
        (bring_in_commitments, "_create"),
        (link_commitment, "record_many"),
        (module, "_write_batch"),
    ],
)
def test_told_to_stop_anywhere_it_goes_on_and_nothing_is_lost_or_doubled(stage, five, monkeypatch, batch, where, name):
    with monkeypatch.context() as patch:
        dies(patch, where, name, batch)
        with pytest.raises(SystemExit):
            stage.perform(five)
    five.refresh_from_db()
    assert five.state == "waiting"
    assert five.done_count == Commitment.objects.count() == SyncLink.objects.count()
    stage.assert_whole()

    done = stage.perform(five)
    assert (done.state, done.done_count, done.left_count) == ("done", 5, 0)
    assert stage.numbers() == ["SC-1", "SC-2", "SC-3", "SC-4", "SC-5"]
    assert Activity.objects.filter(verb="brought_in").count() == 5
    stage.assert_whole()


def test_a_killed_process_is_found_and_another_goes_on(stage, five, monkeypatch):
    """Killed, it says nothing: its lease runs out."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "_end", lambda *_, **__: None)
        dies(patch, bring_in_commitments, "_create", 2, error=RuntimeError)
        stage.perform(five)
    five.refresh_from_db()
    assert (five.state, five.done_count, five.attempts) == ("working", 2, 0)
    OrmQ.objects.all().delete()
    assert hand_on_bring_ins(now=stage.clock.now + MINUTE) == []
    assert stage.perform(five).state == "working"  # somebody may still be at it

    stage.forward(seconds=A_LEASE)
    assert hand_on_bring_ins(now=stage.clock()) == [five.pk]
    assert hand_on_bring_ins(now=OrmQ.objects.get().lock + MINUTE) == []  # it waits for a free process
    assert stage.perform(five).done_count == 5
    stage.assert_whole()


def test_a_task_that_was_lost_is_handed_on(stage, five):
    OrmQ.objects.all().delete()
    assert hand_on_bring_ins(now=five.requested_at + MINUTE) == []
    assert hand_on_bring_ins(now=five.requested_at + 4 * MINUTE) == [five.pk]


def test_whose_processes_die_again_and_again_fails_in_plain_words(stage, five):
    for _ in range(3):
        assert module._claim(five.pk, now=stage.clock()) is not None
        stage.forward(seconds=A_LEASE)
    ended = stage.perform(five)
    assert ended.state == "failed"
    assert "each time the task process was killed before a batch was done" in ended.problem
    assert Commitment.objects.count() == 0
    assert stage.bring_in().done_count == 5


def test_one_that_was_taken_for_dead_writes_nothing(stage, five, monkeypatch):
    """While it reads its second batch, another process takes over."""
    original = bring_in_commitments.read_records

    def slow(*args, **named):
        found = original(*args, **named)
        if Commitment.objects.count() == 2:
            stage.forward(seconds=A_LEASE)
            assert module._claim(five.pk, now=stage.clock()) is not None
        return found

    with monkeypatch.context() as patch:
        patch.setattr(bring_in_commitments, "read_records", slow)
        ended = stage.perform(five)
    assert (ended.state, ended.done_count, Commitment.objects.count()) == ("working", 2, 2)
    stage.forward(seconds=A_LEASE)
    assert stage.perform(five).done_count == 5
    stage.assert_whole()


def test_stopped_by_a_person_it_ends_and_the_next_one_goes_on(stage, five, monkeypatch, access_of, admin):
    def stop_after_a_batch(*args, **named):
        if Commitment.objects.count() == 2:
            stop_bring_in(bring_in=BringIn.objects.get(pk=five.pk), access=access_of(admin), now=stage.clock())
        return original(*args, **named)

    original = bring_in_commitments.read_records
    with monkeypatch.context() as patch:
        patch.setattr(bring_in_commitments, "read_records", stop_after_a_batch)
        stopped = stage.perform(five)
    assert (stopped.state, stopped.stopped_by, stopped.done_count) == ("stopped", admin, 2)
    ended = Activity.objects.get(verb="bring_in_ended")
    assert (ended.actor, ended.after) == (admin, {"brought_in": 2, "left": 0})
    with pytest.raises(BringInNotPossible, match="Bringing in commitments had ended already: stopped"):
        stop_bring_in(bring_in=stopped, access=access_of(admin), now=stage.clock())

    rest = stage.bring_in()
    assert (rest.total, rest.done_count) == (3, 3)
    stage.assert_whole()


def test_an_erp_that_goes_out_of_reach_fails_it_with_what_to_do(stage, five, monkeypatch):
    path = stage.sage.path
    original = bring_in_commitments.read_records

    def gone_after_a_batch(*args, **named):
        if Commitment.objects.count() == 2:
            shutil.move(path, path.with_suffix(".away"))
        return original(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(bring_in_commitments, "read_records", gone_after_a_batch)
        failed = stage.perform(five)
    assert (failed.state, failed.done_count) == ("failed", 2)
    assert failed.problem
    assert failed.remedy.endswith("What was brought in stays. Start it again, and it goes on with what is left.")
    assert str(path) not in failed.problem + failed.remedy
    ended = Activity.objects.get(verb="bring_in_ended")
    assert ended.after == {"brought_in": 2, "left": 0, "problem": failed.problem}
    shutil.move(path.with_suffix(".away"), path)
    assert stage.bring_in().done_count == 3


def test_another_company_in_the_erps_place_brings_nothing_in(stage, five):
    stage.connection.server = "another server"
    stage.connection.save()
    failed = stage.perform(five)
    assert (failed.state, Commitment.objects.count()) == ("failed", 0)


def test_what_goes_better_in_a_moment_is_tried_again(stage, five, monkeypatch):
    dies(monkeypatch, link_commitment, "record_many", 2, error=module.IntegrityError)
    assert stage.perform(five, retry_waits=(0.0,)).done_count == 5
    stage.assert_whole()


def test_what_is_unexpected_is_told_without_its_details(stage, five, monkeypatch):
    dies(monkeypatch, bring_in_commitments, "_create", 1, error=RuntimeError)
    failed = stage.perform(five)
    assert failed.problem == "Something unexpected went wrong in this product."
    assert f"the log explains it under bringing in {five.pk}" in failed.remedy


# ---- Beside others ---------------------------------------------------------------------------------------------------


def test_long_work_lets_others_take_their_turn(stage, five, monkeypatch):
    monkeypatch.setattr(module, "SHIFT", datetime.timedelta(0))
    OrmQ.objects.all().delete()
    for done in (2, 4, 5):
        five = stage.perform(five)
        assert (five.state, five.done_count) == ("waiting", done)
    assert OrmQ.objects.count() == 3
    assert stage.perform(five).state == "done"


def test_what_somebody_linked_meanwhile_is_passed_over(stage, five, monkeypatch):
    original = bring_in_commitments.read_records

    def link_one(*args, **named):
        found = original(*args, **named)
        UnlinkedRecord.objects.filter(number="SC-3").delete()
        return found

    monkeypatch.setattr(bring_in_commitments, "read_records", link_one)
    done = stage.perform(five)
    assert (done.state, done.done_count, done.left_count) == ("done", 4, 0)
    assert "SC-3" not in stage.numbers()


def test_an_administrator_who_left_still_stands_in_the_history(stage, five):
    assert stage.perform(five).done_count == 5
    CompanyMember.objects.filter(user=stage.admin).update(erp_integrations_level=Level.NONE)
    assert set(Activity.objects.filter(verb="brought_in").values_list("actor", flat=True)) == {stage.admin.pk}
