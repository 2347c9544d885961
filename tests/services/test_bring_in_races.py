"""Bringing in, two at the same moment, in threads with database connections of their own."""

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from commitments.models import Commitment
from directory.models import Activity
from erpintegrations.models import BringIn, SyncLink, UnlinkedRecord
from erpintegrations.refusals import BringInNotPossible
from erpintegrations.services.adopt_record import adopt_record
from erpintegrations.services.bring_in import perform_bring_in, stop_bring_in
from tests.factories import CommitmentFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def many(stage):
    stage.many(1200)
    stage.read()
    OrmQ.objects.all().delete()
    return stage


def test_many_who_start_it_at_once_start_it_once(at_once, many):
    results = at_once(*[lambda: many.request(now=timezone.now())] * 4)
    started = [result for result in results if isinstance(result, BringIn)]
    assert len(started) == BringIn.objects.count() == OrmQ.objects.count() == 1
    refusals = [result for result in results if not isinstance(result, BringIn)]
    assert {type(refusal) for refusal in refusals} == {BringInNotPossible}, refusals


def test_one_task_delivered_to_many_processes_is_done_once(at_once, many):
    asked = many.request(now=timezone.now())
    results = at_once(*[lambda: perform_bring_in(bring_in_id=asked.pk)] * 4)
    assert not [result for result in results if isinstance(result, Exception)]
    asked.refresh_from_db()
    assert (asked.state, asked.done_count, asked.attempts) == ("done", 1200, 0)
    assert Commitment.objects.count() == SyncLink.objects.count() == 1200
    assert Activity.objects.filter(verb="brought_in").count() == 1200


def test_syncs_and_an_adoption_beside_it_end_in_one_truth(at_once, many, admin, access_of):
    ours = CommitmentFactory(project=many.project, amount=200)
    record = UnlinkedRecord.objects.exclude(number="OTHER").order_by("pk").first()
    access = access_of(admin)
    asked = many.request(now=timezone.now())
    at_once(
        lambda: perform_bring_in(bring_in_id=asked.pk),
        lambda: many.read(),
        lambda: adopt_record(record=record, commitment=ours, access=access, now=timezone.now()),
    )
    asked.refresh_from_db()
    assert asked.state == "done", asked.problem
    links = SyncLink.objects.filter(closed_at=None)
    assert links.count() == links.values("erp_id").distinct().count() == 1200
    ours.refresh_from_db()
    adopted = ours.erp_status == "synced"
    assert asked.done_count == 1200 - adopted
    assert Commitment.objects.count() == 1200 + (not adopted)
    many.read()
    assert list(UnlinkedRecord.objects.values_list("number", flat=True)) == ["OTHER"]


def test_stopping_it_while_it_works_leaves_whole_batches(at_once, many, admin, access_of):
    asked = many.request(now=timezone.now())
    access = access_of(admin)
    _, stopped = at_once(
        lambda: perform_bring_in(bring_in_id=asked.pk),
        lambda: stop_bring_in(bring_in=asked, access=access, now=timezone.now()),
    )
    asked.refresh_from_db()
    assert asked.state == ("done" if isinstance(stopped, Exception) else "stopped")
    assert Commitment.objects.count() == SyncLink.objects.count() == asked.done_count
    assert asked.done_count in (0, 500, 1000, 1200)
