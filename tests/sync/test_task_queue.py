"""Schedules, tasks and housekeeping: what runs by the clock, and how it mends what was left lying."""

import datetime

import pytest
from django.contrib import admin
from django.core.management import call_command
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from erpintegrations import tasks
from erpintegrations.encryption import SecretUnreadable
from erpintegrations.enqueue import SYNC_TASK, enqueue_sync, runs_in_queue
from erpintegrations.models import ErpConnection, SyncLink, SyncRun, TaskHeartbeat
from erpintegrations.ops.health import health
from erpintegrations.schedules import ensure_schedules, next_sync_due_at, schedule_problems
from erpintegrations.services.keep_house import keep_house, request_hourly_syncs
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
    assert next_sync_due_at(connection_on) == START + datetime.timedelta(hours=1)


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
def test_django_q2_makes_the_hourly_task_of_its_schedule():
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


def test_each_hour_every_connection_that_is_on_gets_a_task(connection_on):
    other = ErpConnectionFactory()
    ErpConnectionFactory(is_enabled=False)
    tasks.sync_all()
    runs = SyncRun.objects.order_by("connection_id")
    assert [run.connection for run in runs] == [connection_on, other]
    assert {run.trigger for run in runs} == {SyncRun.Trigger.SCHEDULE}
    assert queued() == [(SYNC_TASK, (run.pk,)) for run in runs]


def test_the_hour_comes_twice_without_harm(connection_on):
    tasks.sync_all()
    tasks.sync_all()
    assert SyncRun.objects.count() == 1
    assert len(queued()) == 1


def test_a_connection_whose_secret_is_unreadable_keeps_no_other_up(connection_on, settings):
    other = ErpConnectionFactory()
    settings.ENCRYPTION_KEYS = ["YW5vdGhlci1rZXktMDEyMzQ1Njc4OS0wMTIzNDU2Nzg="]
    with pytest.raises(SecretUnreadable):
        _ = ErpConnection.objects.get(pk=connection_on.pk).database_url
    request_hourly_syncs(now=START)
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
