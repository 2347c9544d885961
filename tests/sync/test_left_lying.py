"""What was left lying is handed on in one look at the queue, however much of it there is."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from erpintegrations.enqueue import enqueue_sync
from erpintegrations.models import SyncRun
from erpintegrations.services.keep_house import hand_on_abandoned_runs
from tests.factories import ErpConnectionFactory

pytestmark = pytest.mark.django_db

LONG_AGO = datetime.timedelta(hours=1)


def waiting_runs(count: int) -> list[int]:
    queued_at = timezone.now() - LONG_AGO
    connections = [ErpConnectionFactory() for _ in range(count)]
    runs = (
        SyncRun(connection=one, company=one.company, trigger="schedule", queued_at=queued_at) for one in connections
    )
    return [run.pk for run in SyncRun.objects.bulk_create(runs)]


def looks_at_the_queue() -> int:
    with CaptureQueriesContext(database) as queries:
        hand_on_abandoned_runs(now=timezone.now())
    return sum("django_q_ormq" in query["sql"] and query["sql"].startswith("SELECT") for query in queries)


def test_the_queue_is_looked_at_once_for_any_number_of_runs():
    waiting_runs(1)
    assert looks_at_the_queue() == 1
    OrmQ.objects.all().delete()
    waiting_runs(5)
    assert looks_at_the_queue() == 1


def test_where_no_run_lies_the_queue_is_not_looked_at():
    assert looks_at_the_queue() == 0


def test_of_many_runs_those_whose_task_waits_are_left_to_it():
    first, second, third = waiting_runs(3)
    enqueue_sync(second)
    assert hand_on_abandoned_runs(now=timezone.now()) == [first, third]
