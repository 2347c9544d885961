"""What people do while a sync reads is newer than what it read, and is never overwritten by it."""

import pytest

from erpintegrations.models import SyncLink, SyncRun
from erpintegrations.services.check_link import check_link
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.sync.conftest import presence

pytestmark = pytest.mark.django_db


@pytest.fixture
def synced(linked):
    links = linked.subcontracts(3)
    linked.sync()
    return linked, links


def sync_while(linked, do, phase: str = "comparing") -> SyncRun:
    """A sync; once it has read everything and before it writes anything, somebody does something."""

    def told(current, done=0, total=0):
        if current == phase:
            linked.clock.forward(seconds=2)
            do()

    return linked.sync(on_progress=told)


def test_a_check_now_that_found_the_record_again_stands(synced, approver, access_of):
    linked, (link, *_) = synced
    linked.sage.delete(link.erp_id)

    def restore_and_check():
        linked.sage.add_subcontract("M-0", linked.job, erp_id=link.erp_id)
        check_link(link=link, access=access_of(approver), now=linked.clock())

    run = sync_while(linked, restore_and_check)
    assert run.state == SyncRun.State.COMPLETED
    assert presence(link) == "present"
    assert not run.changes.exists()
    assert run.deleted_count == 0


def test_a_check_now_that_found_it_deleted_stands(synced, approver, access_of):
    linked, (link, *_) = synced
    linked.sage.bill(link.erp_id, 10)  # so that the run has something to write to the same link

    def delete_and_check():
        linked.sage.delete(link.erp_id)
        check_link(link=link, access=access_of(approver), now=linked.clock())

    run = sync_while(linked, delete_and_check)
    assert presence(link) == "deleted"
    assert not run.changes.exists()


def test_an_unlinked_commitment_stays_as_it_was_unlinked(synced, approver, access_of):
    linked, (link, *_) = synced
    linked.sage.delete(link.erp_id)
    linked.sync()
    linked.sage.add_subcontract("M-0", linked.job, erp_id=link.erp_id)

    def delete_again_and_unlink():
        linked.sage.delete(link.erp_id)
        unlink_commitment(link=link, access=access_of(approver), now=linked.clock())

    run = sync_while(linked, delete_again_and_unlink)
    closed = SyncLink.objects.get(pk=link.pk)
    assert (closed.is_open, closed.presence) == (False, "deleted")
    assert run.returned_count == 0


def test_what_nobody_touched_is_still_recorded(synced, approver, access_of):
    linked, (checked, deleted, other) = synced
    linked.sage.delete(deleted.erp_id)
    run = sync_while(linked, lambda: check_link(link=checked, access=access_of(approver), now=linked.clock()))
    assert [presence(link) for link in (checked, deleted, other)] == ["present", "deleted", "present"]
    assert run.deleted_count == 1


def test_a_link_that_is_made_while_the_sync_reads_is_left_to_the_next(synced):
    linked, _ = synced
    made = []
    run = sync_while(linked, lambda: made.append(linked.subcontract("SC-9")))
    assert (run.links_compared, presence(made[0])) == (3, "unknown")
    linked.sync()
    assert presence(made[0]) == "present"


def test_a_second_worker_with_the_same_task_leaves_the_run_alone(synced):
    linked, (link, *_) = synced
    linked.sage.delete(link.erp_id)
    run = linked.run()
    seen = []

    def redeliver(phase, done=0, total=0):
        if phase == "comparing":
            seen.append(linked.perform(run).state)

    ended = linked.perform(run, on_progress=redeliver)
    assert seen == [SyncRun.State.RUNNING]
    assert (ended.state, ended.deleted_count, ended.attempts) == (SyncRun.State.COMPLETED, 1, 1)
