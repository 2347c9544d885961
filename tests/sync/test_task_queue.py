"""Schedules, tasks and housekeeping: what runs by the clock, and how it mends what was left lying."""

import datetime
import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
import time_machine
from django.contrib import admin
from django.core.management import call_command
from django.db import connection as database
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from erpintegrations import tasks
from erpintegrations.encryption import SecretUnreadable
from erpintegrations.enqueue import SYNC_TASK, enqueue_sync, runs_in_queue
from erpintegrations.models import ErpConnection, SyncLink, SyncRun, TaskHeartbeat
from erpintegrations.ops.health import health
from erpintegrations.schedules import connections_due, ensure_schedules, next_sync_due_at, schedule_problems
from erpintegrations.services.keep_house import keep_house, request_due_syncs
from erpintegrations.services.run_sync import request_sync
from erpintegrations.sync.lease import LEASE, claim
from tests.factories import ErpConnectionFactory, SyncLinkFactory
from tests.sync.conftest import START

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=1)


def queued() -> list[tuple[str, tuple]]:
    return [(row.task["func"], row.task["args"]) for row in OrmQ.objects.order_by("id")]


# ---- Schedules -------------------------------------------------------------------------------------------------------


def test_the_schedules_are_made_once(connection_on):
    assert ensure_schedules(now=START) == ["Scheduled: Hourly sync.", "Scheduled: Housekeeping."]
    assert ensure_schedules(now=START) == []
    assert Schedule.objects.count() == 2
    assert schedule_problems(now=START) == []
    assert next_sync_due_at(connection_on) == START + MINUTE


@pytest.mark.parametrize(
    "damage",
    [
        {"func": "os.system"},
        {"args": "(("},
        {"kwargs": "x=1"},
        {"hook": "os.system"},
        {"schedule_type": "O"},
        {"schedule_type": "?"},
        {"repeats": 0},
        {"next_run": None},
        {"next_run": START + datetime.timedelta(days=1)},
        {"cluster": "another"},
    ],
)
def test_a_broken_schedule_is_mended(damage):
    ensure_schedules(now=START)
    Schedule.objects.filter(name="Hourly sync").update(**damage)
    assert schedule_problems(now=START) == ["Hourly sync is broken"]
    assert ensure_schedules(now=START) == ["Mended: Hourly sync."]
    assert schedule_problems(now=START) == []


def test_a_missing_schedule_comes_back_and_a_double_one_goes():
    ensure_schedules(now=START)
    Schedule.objects.filter(name="Housekeeping").delete()
    sync = Schedule.objects.get()
    sync.pk = None
    sync.save()
    assert ensure_schedules(now=START) == ["Mended: Hourly sync.", "Scheduled: Housekeeping."]
    assert Schedule.objects.count() == 2


def test_a_schedule_that_is_due_keeps_its_moment():
    ensure_schedules(now=START)
    assert ensure_schedules(now=START + datetime.timedelta(hours=5)) == []


def test_a_strangers_schedule_that_would_stop_all_others_is_removed():
    Schedule.objects.create(name="Broken", func="x.y", args="((", next_run=START)
    other = Schedule.objects.create(name="Fine", func="x.y", args="1", next_run=START)
    ensure_schedules(now=START)
    assert not Schedule.objects.filter(name="Broken").exists()
    assert Schedule.objects.filter(pk=other.pk).exists()


@pytest.mark.django_db(transaction=True)  # the scheduler opens its own database connection
def test_django_q2_makes_one_task_of_the_schedule_however_long_it_was_down():
    ensure_schedules(now=START)
    Schedule.objects.filter(name="Hourly sync").update(next_run=START - datetime.timedelta(days=365))
    Schedule.objects.filter(name="Housekeeping").delete()
    scheduler()
    assert queued() == [("erpintegrations.tasks.sync_all", ())]


def test_the_command_says_what_it_did(capsys):
    call_command("ensure_schedules")
    call_command("ensure_schedules")
    assert capsys.readouterr().out == (
        "Scheduled: Hourly sync.\nScheduled: Housekeeping.\nAll schedules are as they should be.\n"
    )


def test_the_task_queues_own_admin_pages_are_gone():
    assert not [model for model in admin.site._registry if model._meta.app_label == "django_q"]


# ---- Tasks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def connection_on(linked) -> ErpConnection:
    return linked.connection


def test_the_hourly_schedule_of_an_earlier_version_is_mended():
    ensure_schedules(now=START)
    Schedule.objects.filter(name="Hourly sync").update(schedule_type=Schedule.HOURLY, minutes=None)
    assert ensure_schedules(now=START) == ["Mended: Hourly sync."]
    assert Schedule.objects.get(name="Hourly sync").next_run == START + MINUTE


def test_every_connection_that_is_on_gets_a_task_when_it_is_due(connection_on):
    other = ErpConnectionFactory()
    ErpConnectionFactory(is_enabled=False)
    tasks.sync_all()
    runs = SyncRun.objects.order_by("connection_id")
    assert [run.connection for run in runs] == [connection_on, other]
    assert {run.trigger for run in runs} == {SyncRun.Trigger.SCHEDULE}
    assert queued() == [(SYNC_TASK, (run.pk,)) for run in runs]


def test_the_task_comes_twice_without_harm(connection_on):
    tasks.sync_all()
    tasks.sync_all()
    assert SyncRun.objects.count() == 1
    assert len(queued()) == 1


# ---- When a connection is due ----------------------------------------------------------------------------------------


@pytest.fixture
def look(connection_on):
    """The schedule's look at some moment; the run that it asked for, if any, has ended when the next one comes."""

    def at(moment: datetime.datetime) -> bool:
        before = SyncRun.objects.count()
        request_due_syncs(now=moment)
        SyncRun.objects.filter(state=SyncRun.State.QUEUED).update(state=SyncRun.State.COMPLETED, finished_at=moment)
        return SyncRun.objects.count() > before

    return at


def every(connection: ErpConnection, minutes: int) -> None:
    ErpConnection.objects.filter(pk=connection.pk).update(interval_minutes=minutes)


@pytest.mark.parametrize(("minutes", "expected"), [(5, 36), (7, 26), (60, 3)])
def test_three_hours_of_looks_sync_as_often_as_the_interval_says(connection_on, look, minutes, expected):
    every(connection_on, minutes)
    chance = random.Random(minutes)  # looks come up to half a minute late
    looks = [START + MINUTE * turn + datetime.timedelta(seconds=chance.uniform(0, 29)) for turn in range(180)]
    synced = [moment for moment in looks if look(moment)]
    assert len(synced) == expected
    gaps = [(later - earlier).total_seconds() / 60 for earlier, later in pairwise(synced)]
    assert all(minutes - 0.5 <= gap <= minutes + 0.5 for gap in gaps)


def test_once_a_day_is_once_a_day(connection_on, look):
    every(connection_on, 1440)
    assert [look(START + MINUTE * turn) for turn in (0, 1, 720, 1438, 1440, 1441, 2878, 2880)] == (
        [True, False, False, False, True, False, False, True]
    )


def test_after_a_downtime_each_connection_is_synced_once(connection_on, look):
    every(connection_on, 5)
    assert look(START)
    after = START + datetime.timedelta(hours=9)
    assert [look(after + MINUTE * turn) for turn in range(7)] == [True, False, False, False, False, True, False]


def test_a_run_that_is_still_open_is_not_joined_by_another(connection_on):
    every(connection_on, 5)
    request_due_syncs(now=START)
    request_due_syncs(now=START + datetime.timedelta(hours=1))
    assert SyncRun.objects.count() == 1
    assert len(queued()) == 1


def test_sync_now_does_not_move_the_schedule(connection_on, look, admin):
    assert look(START)
    request_sync(connection=connection_on, trigger=SyncRun.Trigger.PERSON, by=admin, now=START + 50 * MINUTE)
    SyncRun.objects.filter(state=SyncRun.State.QUEUED).update(state=SyncRun.State.COMPLETED, finished_at=START)
    assert not look(START + 59 * MINUTE)
    assert look(START + 60 * MINUTE)


def test_a_failed_run_is_tried_again_after_the_interval(connection_on, look):
    assert look(START)
    SyncRun.objects.update(state=SyncRun.State.FAILED)
    assert not look(START + 58 * MINUTE)
    assert look(START + 60 * MINUTE)


def test_what_is_switched_on_again_is_due_at_once(connection_on, look):
    assert look(START)
    ErpConnection.objects.update(is_enabled=False)
    later = START + datetime.timedelta(days=3)
    assert not look(later)
    ErpConnection.objects.update(is_enabled=True)
    assert look(later + MINUTE)


def test_pages_say_when_the_next_sync_is_due(connection_on, look):
    ensure_schedules(now=START)
    every(connection_on, 90)
    connection_on.refresh_from_db()
    assert next_sync_due_at(connection_on) == START + MINUTE
    assert look(START + MINUTE)
    assert next_sync_due_at(connection_on) == START + 91 * MINUTE
    Schedule.objects.filter(name="Hourly sync").update(next_run=START + 500 * MINUTE)
    assert next_sync_due_at(connection_on) == START + 500 * MINUTE
    Schedule.objects.all().delete()
    assert next_sync_due_at(connection_on) is None
    ensure_schedules(now=START)
    connection_on.is_enabled = False
    assert next_sync_due_at(connection_on) is None


def test_saying_when_it_is_due_takes_one_query(connection_on, django_assert_num_queries):
    ensure_schedules(now=START)
    with django_assert_num_queries(1):
        next_sync_due_at(connection_on)


def test_looking_for_what_is_due_takes_one_query_however_many_connections(
    connection_on, look, django_assert_num_queries
):
    look(START)
    with django_assert_num_queries(1):
        assert connections_due(now=START) == []
    others = [ErpConnectionFactory().pk for _ in range(3)]
    with django_assert_num_queries(1):
        assert connections_due(now=START) == others


@pytest.mark.django_db(transaction=True)
def test_many_looks_at_once_ask_for_one_run(connection_on):
    """Several task processes, or a task that was delivered twice, while runs end as fast as they are asked for."""

    def at_once(_: int) -> None:
        try:
            request_due_syncs(now=START)
            SyncRun.objects.filter(state=SyncRun.State.QUEUED).update(state=SyncRun.State.COMPLETED, finished_at=START)
        finally:
            database.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(at_once, range(8)))
    assert SyncRun.objects.count() == 1


def test_a_connection_whose_secret_is_unreadable_keeps_no_other_up(connection_on, settings):
    other = ErpConnectionFactory()
    settings.ENCRYPTION_KEYS = ["YW5vdGhlci1rZXktMDEyMzQ1Njc4OS0wMTIzNDU2Nzg="]
    with pytest.raises(SecretUnreadable):
        _ = ErpConnection.objects.get(pk=connection_on.pk).database_url
    request_due_syncs(now=START)
    assert set(SyncRun.objects.values_list("connection_id", flat=True)) == {connection_on.pk, other.pk}


def test_the_task_performs_its_run_and_coming_again_does_no_harm(linked):
    linked.subcontract()
    run = linked.run()
    tasks.sync_connection(run.pk)
    run.refresh_from_db()
    assert run.state == SyncRun.State.COMPLETED
    finished_at = run.finished_at
    tasks.sync_connection(run.pk)
    run.refresh_from_db()
    assert run.finished_at == finished_at


def test_asking_twice_gives_the_same_run(connection_on, admin):
    with time_machine.travel(START, tick=False):
        first = request_sync(connection=connection_on, trigger=SyncRun.Trigger.PERSON, by=admin, now=START)
    second = request_sync(connection=connection_on, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=START + MINUTE)
    assert second == first
    assert second.queued_at == START
    assert len(queued()) == 1


def test_asking_while_a_killed_workers_run_lies_there_hands_it_on_at_once(linked, admin):
    run = linked.run()
    claim(run.pk, clock=linked.clock)
    ask = {"connection": linked.connection, "trigger": SyncRun.Trigger.PERSON, "by": admin}
    assert request_sync(**ask, now=linked.clock()) == run
    assert queued() == []
    assert request_sync(**ask, now=linked.clock.forward(seconds=LEASE.total_seconds() + 1)) == run
    assert queued() == [(SYNC_TASK, (run.pk,))]


def test_asking_again_hands_a_run_on_whose_task_was_lost(connection_on, admin):
    ask = {"connection": connection_on, "trigger": SyncRun.Trigger.PERSON, "by": admin}
    run = request_sync(**ask, now=START)
    OrmQ.objects.all().delete()
    assert request_sync(**ask, now=START + datetime.timedelta(seconds=30)) == run
    assert queued() == []
    assert request_sync(**ask, now=START + datetime.timedelta(seconds=31)) == run
    assert queued() == [(SYNC_TASK, (run.pk,))]


# ---- Housekeeping ----------------------------------------------------------------------------------------------------


def test_the_housekeeping_gives_a_sign_of_life_and_makes_schedules():
    tasks.housekeeping()
    assert TaskHeartbeat.objects.get().name == "tasks"
    assert Schedule.objects.count() == 2


def test_a_run_whose_worker_was_killed_is_handed_on(linked):
    run = linked.run()
    claim(run.pk, clock=linked.clock)
    keep_house(now=linked.clock())
    assert queued() == []
    keep_house(now=linked.clock.forward(seconds=LEASE.total_seconds() + 1))
    assert queued() == [(SYNC_TASK, (run.pk,))]


def test_a_waiting_run_whose_task_was_lost_is_handed_on_once(linked):
    run = linked.run()
    keep_house(now=linked.clock.forward(minutes=2))
    assert queued() == []
    for _ in range(3):
        keep_house(now=linked.clock.forward(minutes=2))
        OrmQ.objects.update(lock=linked.clock())
    assert queued() == [(SYNC_TASK, (run.pk,))]


def test_a_task_that_a_worker_holds_does_not_count_as_waiting():
    enqueue_sync(7)
    row = OrmQ.objects.get()
    assert runs_in_queue(row.lock + MINUTE) == {7}
    assert runs_in_queue(row.lock - MINUTE) == frozenset()


def test_renamed_projects_and_vendors_are_copied_to_their_links(linked):
    link = linked.subcontract()
    other = SyncLinkFactory(connection=linked.connection)
    link.project.name = "Riverside Hospital"
    link.project.save()
    link.vendor.name = "Acme Cement"
    link.vendor.save()
    tasks.housekeeping()
    link.refresh_from_db()
    assert (link.project_name, link.vendor_name) == ("2401 Riverside Hospital", "Acme Cement")
    assert SyncLink.objects.get(pk=other.pk).vendor_name == other.vendor_name


def test_one_broken_part_of_the_housekeeping_keeps_no_other_up(linked, caplog):
    run = linked.run()
    SyncRun.objects.filter(pk=run.pk).update(queued_at=START - datetime.timedelta(hours=1))
    OrmQ.objects.create(key="erpintegrations", payload="not signed by us", lock=START)
    keep_house(now=START + MINUTE)
    assert TaskHeartbeat.objects.exists()
    assert Schedule.objects.count() == 2


# ---- Health ----------------------------------------------------------------------------------------------------------


def test_health_names_what_is_missing_and_still_serves_pages():
    assert health() == (
        True,
        {
            "database": "ok",
            "tasks": "never seen",
            "schedules": "Hourly sync is missing; Housekeeping is missing",
        },
    )


def test_health_after_the_housekeeping_is_all_well():
    tasks.housekeeping()
    assert health() == (True, {"database": "ok", "tasks": "ok", "schedules": "ok"})


def test_late_tasks_are_told_unless_a_sync_keeps_them_busy(linked):
    from django.utils import timezone

    tasks.housekeeping()
    TaskHeartbeat.objects.update(beaten_at=timezone.now() - datetime.timedelta(minutes=10))
    assert health()[1]["tasks"].startswith("last seen 60")
    claim(linked.run().pk, clock=timezone.now)
    assert health()[1]["tasks"] == "ok"
