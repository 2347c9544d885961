"""The lease: one worker at a time, a dead one's work is taken over, and a late one writes nothing."""

import datetime

import pytest

from directory.models import Activity
from erpintegrations.models import SyncLink, SyncRun
from erpintegrations.sync.lease import LEASE, LeaseLost, claim
from tests.sync.conftest import presence

pytestmark = pytest.mark.django_db

State = SyncRun.State
A_LEASE = LEASE.total_seconds() + 1


def test_a_waiting_run_is_claimed_once(linked, clock):
    run = linked.run()
    assert claim(run.pk, clock=clock) is not None
    assert claim(run.pk, clock=clock) is None
    run.refresh_from_db()
    assert (run.state, run.attempts) == (State.RUNNING, 1)
    assert run.started_at < run.lease_expires_at


def test_an_ended_run_is_not_claimed(linked, clock):
    assert claim(linked.sync().pk, clock=clock) is None


def test_progress_renews_the_lease_about_once_a_second(linked, clock, django_assert_num_queries):
    run = linked.run()
    lease = claim(run.pk, clock=clock)
    lease.beat("reading", 0, 500)
    with django_assert_num_queries(0):
        for done in range(100):
            lease.beat("reading", done, 500)
    clock.forward(seconds=1)
    with django_assert_num_queries(1):
        lease.beat("reading", 200, 500)
    run.refresh_from_db()
    assert (run.phase, run.progress_done, run.progress_total) == ("reading", 200, 500)
    assert run.lease_expires_at - clock.now == LEASE


def test_a_new_phase_is_shown_at_once(linked, clock):
    run = linked.run()
    lease = claim(run.pk, clock=clock)
    lease.beat("reading", 5, 5)
    lease.beat("comparing")
    run.refresh_from_db()
    assert (run.phase, run.progress_done) == ("comparing", 0)


def test_a_dead_workers_run_is_taken_over_and_the_dead_one_loses_it(linked, clock):
    run = linked.run()
    dead = claim(run.pk, clock=clock)
    clock.forward(seconds=A_LEASE)
    assert claim(run.pk, clock=clock) is not None
    run.refresh_from_db()
    assert run.attempts == 2
    with pytest.raises(LeaseLost):
        dead.beat("comparing")
    with pytest.raises(LeaseLost):
        dead.renew()


def test_a_run_is_brought_to_its_end_by_whoever_takes_it_over(linked, clock):
    link = linked.subcontract()
    run = linked.run()
    claim(run.pk, clock=clock)
    assert linked.perform(run).state == State.RUNNING  # somebody else works on it
    clock.forward(seconds=A_LEASE)
    assert linked.perform(run).state == State.COMPLETED
    assert presence(link) == "present"


def test_the_third_death_ends_the_run_in_plain_words(linked, clock):
    linked.subcontract()
    run = linked.run()
    before = linked.recorded()
    for _ in range(3):
        assert claim(run.pk, clock=clock) is not None
        clock.forward(seconds=A_LEASE)
    run = linked.perform(run)
    assert run.state == State.FAILED
    assert "each time the task process was killed" in run.problem
    assert "Ask whoever runs this site" in run.remedy
    assert linked.recorded() == before
    assert Activity.objects.filter(verb="sync_failed", subject_id=run.pk).count() == 1


@pytest.mark.parametrize("phase", ["reading", "comparing", "applying"])
def test_a_worker_that_was_taken_for_dead_writes_nothing(linked, clock, phase):
    linked.subcontract()
    gone = linked.subcontract("SC-2")
    linked.sync()
    linked.sage.delete(gone.erp_id)
    run = linked.run()
    before = linked.recorded()

    def lose_the_lease(current, done=0, total=0):
        if current == phase:
            clock.forward(seconds=A_LEASE)
            claim(run.pk, clock=clock)

    ended = linked.perform(run, on_progress=lose_the_lease)
    assert (ended.state, ended.attempts) == (State.RUNNING, 2)
    assert linked.recorded() == before
    assert not ended.changes.exists()


def test_a_lease_that_is_lost_at_the_very_last_step_rolls_all_back(linked, clock):
    """The closing write is filtered on the token, after everything else was written."""
    gone, _ = linked.subcontract(), linked.subcontract("SC-2")
    linked.sync()
    linked.sage.delete(gone.erp_id)
    run = linked.run()
    before = linked.recorded()
    looks = 0

    def late_clock() -> datetime.datetime:
        nonlocal looks
        looks += 1
        # While it writes, the clock is looked at for the lease; from then on the token is somebody else's.
        if SyncRun.objects.filter(pk=run.pk, phase="applying").exists():
            SyncRun.objects.filter(pk=run.pk).update(lease_token="00000000-0000-0000-0000-000000000001")
        return clock()

    linked.perform(run, clock=late_clock)
    run.refresh_from_db()
    assert run.state == State.RUNNING
    assert linked.recorded() == before
    assert looks
    assert SyncLink.objects.get(pk=gone.pk).presence == "present"


def test_the_database_allows_one_open_run_per_connection(linked):
    first, second = linked.run(), linked.run()
    assert first == second
    linked.perform(first)
    assert linked.run() != first
