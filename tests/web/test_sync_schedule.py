"""Sync Schedule: what runs when, last and next; whether somebody is there to run it; and the repair."""

import datetime
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule, Task

from erpintegrations.models import ErpConnection, SyncRun, TaskHeartbeat
from erpintegrations.schedules import ensure_schedules, schedule_problems
from erpintegrations.sync.lease import claim
from tests.factories import ErpConnectionFactory, SyncRunFactory

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def stored(company) -> ErpConnection:
    return ErpConnectionFactory(company=company)


@pytest.fixture
def page(client, admin, company):
    """The words of the page as the administrator of the tool sees it: `page()`."""
    client.force_login(admin)

    def read() -> str:
        content = client.get(reverse("sync_schedule", args=[company.slug])).content.decode()
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", content.split("<main", 1)[1]))

    return read


def beat(ago: datetime.timedelta) -> None:
    TaskHeartbeat.objects.update_or_create(name="tasks", defaults={"beaten_at": timezone.now() - ago})


def test_its_heading_is_its_name(client, admin, company, stored):
    client.force_login(admin)
    content = client.get(reverse("sync_schedule", args=[company.slug])).content.decode()
    assert "<h1>Sync Schedule</h1>" in content


def test_it_shows_last_and_next_of_this_company(page, stored):
    ensure_schedules(now=timezone.now())
    ErpConnection.objects.update(interval_minutes=90)
    run = SyncRunFactory(connection=stored, failed=True, queued_at=timezone.now() - 30 * MINUTE)
    words = page()
    assert "Every 90 minutes" in words
    assert f"Run {run.pk}: Failed" in words
    assert "30 minutes ago" in words
    assert re.search(r"Next in (59 minutes|1 hour)", words)


def test_sync_now_is_not_one_by_the_schedule(page, stored):
    SyncRunFactory(connection=stored, trigger=SyncRun.Trigger.PERSON)
    assert "Last by the schedule None yet" in page()


@pytest.mark.parametrize(("minutes", "words"), [(60, "(each hour)"), (1440, "(once a day)")])
def test_usual_intervals_are_told_in_words(page, stored, minutes, words):
    ErpConnection.objects.update(interval_minutes=minutes)
    assert f"Every {minutes} minutes {words}" in page()


def test_what_is_switched_off_is_never_next(page, stored):
    ensure_schedules(now=timezone.now())
    ErpConnection.objects.update(is_enabled=False)
    words = page()
    assert "Switched off" in words
    assert "Next None while it is switched off" in words


def test_what_is_overdue_is_due_now(page, stored):
    ensure_schedules(now=timezone.now() - 10 * MINUTE)
    words = page()
    assert "Next Due now, as soon as a task process is running" in words
    beat(ago=MINUTE)
    assert "as soon as" not in page()


def test_each_schedule_says_what_it_does_and_when_it_last_did(page, stored):
    ensure_schedules(now=timezone.now())
    began = timezone.now() - 2 * MINUTE
    Task.objects.create(
        id="1", name="1", func="erpintegrations.tasks.sync_all", started=began, stopped=began, success=True
    )
    words = page()
    assert "Hourly sync Looks which companies are due" in words
    assert "Every minute 2 minutes ago in" in words
    assert "Housekeeping Gives a sign of life" in words
    assert words.count("In order") == 2
    assert "Repair" not in words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (None, "Never seen No task process has run yet."),
        (MINUTE, "Running The last sign of life came 1 minute ago"),
        (20 * MINUTE, "No sign of life The last one came 20 minutes ago"),
    ],
)
def test_it_says_whether_the_task_processes_are_there(page, stored, ago, words):
    if ago is not None:
        beat(ago)
    assert words in page()


def test_a_long_sync_is_a_sign_of_life_too(page, stored):
    beat(ago=20 * MINUTE)
    claim(SyncRunFactory(connection=stored, queued=True).pk, clock=timezone.now)
    assert "A sync keeps them busy." in page()


def test_what_is_missing_is_told_and_repaired(page, client, company, stored):
    Schedule.objects.create(name="Housekeeping", func="os.system", next_run=timezone.now())
    words = page()
    assert "The schedule Hourly sync is missing. The schedule Housekeeping is broken." in words
    assert "Not scheduled: the schedule is missing" in words
    assert "Repair the schedules" in words
    answer = client.post(reverse("sync_schedule_repair", args=[company.slug]), follow=True)
    assert "Scheduled: Hourly sync. Mended: Housekeeping." in answer.content.decode()
    assert schedule_problems(now=timezone.now()) == []


def test_a_second_repair_finds_nothing_to_do(page, client, company, stored):
    ensure_schedules(now=timezone.now())
    page()
    answer = client.post(reverse("sync_schedule_repair", args=[company.slug]), follow=True)
    assert "All schedules are as they should be." in answer.content.decode()


def test_without_a_connection_it_leads_to_the_settings(page, company):
    assert "is not connected to an accounting system yet, so there is nothing to sync" in page()


def test_others_are_told_what_they_lack(client, approver, company, stored):
    client.force_login(approver)
    answer = client.get(reverse("sync_schedule", args=[company.slug]))
    assert answer.status_code == 403
    assert "This needs Admin" in answer.content.decode()


def test_the_number_of_queries_does_not_grow(client, admin, company, stored, query_count):
    client.force_login(admin)
    address = reverse("sync_schedule", args=[company.slug])
    ensure_schedules(now=timezone.now())
    SyncRunFactory(connection=stored)
    before = query_count(address)
    SyncRunFactory.create_batch(5, connection=stored)
    assert query_count(address) == before
