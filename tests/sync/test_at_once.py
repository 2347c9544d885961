"""Two at the same moment, in threads with database connections of their own."""

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from erpintegrations.models import ErpConnection, SyncChange, SyncRun
from erpintegrations.services.check_link import check_link
from erpintegrations.services.run_sync import open_run, perform_sync, request_sync

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_once(at_once):
    """What each gives; the first error is raised."""

    def act(*actions):
        results = at_once(*actions)
        for result in results:
            if isinstance(result, Exception):
                raise result
        return results

    return act


def test_many_who_press_sync_now_at_once_get_one_run(at_once, linked, admin):
    def press():
        connection = ErpConnection.objects.get(pk=linked.connection.pk)
        return request_sync(connection=connection, trigger="person", by=admin, now=timezone.now()).pk

    assert len(set(at_once(*[press] * 6))) == 1
    assert SyncRun.objects.count() == OrmQ.objects.count() == 1


def test_one_task_delivered_to_many_workers_is_performed_once(at_once, linked):
    links = linked.subcontracts(5)
    linked.sync()
    for link in links[:3]:
        linked.sage.delete(link.erp_id)
    run, _ = open_run(connection=linked.connection, trigger="schedule", by=None, now=timezone.now())
    at_once(*[lambda: perform_sync(run_id=run.pk)] * 4)
    run.refresh_from_db()
    assert (run.state, run.attempts, run.deleted_count) == (SyncRun.State.COMPLETED, 1, 3)
    assert SyncChange.objects.filter(run=run).count() == 3


def test_checks_during_syncs_end_in_one_truth(at_once, linked, approver, access_of):
    links = linked.subcontracts(5)
    linked.sync()
    for link in links[:3]:
        linked.sage.delete(link.erp_id)
    access = access_of(approver)

    def check(link):
        try:
            check_link(link=link, access=access, now=timezone.now())
        except Exception as error:
            return str(error)
        return ""

    def sync():
        run, _ = open_run(connection=linked.connection, trigger="schedule", by=None, now=timezone.now())
        return perform_sync(run_id=run.pk).problem

    problems = at_once(sync, *[lambda link=link: check(link) for link in links[:3]])
    assert problems[0] == ""
    sync()
    assert [link.presence for link in linked.connection.links.order_by("pk")] == ["deleted"] * 3 + ["present"] * 2
