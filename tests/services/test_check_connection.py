"""Test connection: asked for once, carried out by whoever claims it, and ended in words whatever happens."""

import datetime
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_q.models import OrmQ

from directory.access import NotAllowed
from directory.models import Activity
from erpintegrations import tasks
from erpintegrations.connectors import sage100_check_texts
from erpintegrations.models import ConnectionCheck, ErpConnection
from erpintegrations.services.check_connection import (
    LEASE,
    MOST_ATTEMPTS,
    PATIENCE,
    hand_on_checks,
    perform_check,
    request_check,
)
from tests.factories import ErpConnectionFactory

pytestmark = pytest.mark.django_db

# The queue goes by the real clock: this is later, however long the tests before took.
NOW = timezone.now() + datetime.timedelta(days=1)
LATER = NOW + LEASE + datetime.timedelta(seconds=1)


@pytest.fixture
def request_one(connection, access_of, admin):
    return lambda now=NOW: request_check(connection=connection, access=access_of(admin), now=now)


@pytest.fixture
def running(request_one):
    """A test whose worker was killed, with how many attempts behind it."""

    def made(attempts=1):
        check, _ = request_one()
        ConnectionCheck.objects.filter(pk=check.pk).update(
            state="running", started_at=NOW, lease_token=uuid.uuid4(), lease_expires_at=NOW + LEASE, attempts=attempts
        )
        OrmQ.objects.all().delete()
        return check

    return made


def perform(check):
    return perform_check(check_id=check.pk, clock=lambda: NOW)


def queued():
    return [row.task["args"][0] for row in OrmQ.objects.all() if row.task["func"].endswith("check_connection")]


def results(check):
    return {each["key"]: each for each in check.results}


# ---- Asking for it ---------------------------------------------------------------------------------------------------


def test_it_is_handed_to_the_task_processes(request_one):
    check, is_new = request_one()
    assert is_new
    assert queued() == [check.pk]


def test_the_second_click_finds_the_first_ones(request_one):
    first, _ = request_one()
    second, is_new = request_one()
    assert (second, is_new) == (first, False)
    assert queued() == [first.pk]


@pytest.mark.django_db(transaction=True)
def test_of_two_clicks_at_the_same_moment_one_makes_it(connection, access_of, admin, at_once):
    access = access_of(admin)
    both = at_once(*[lambda: request_check(connection=connection, access=access, now=NOW)] * 2)
    assert sorted(is_new for _, is_new in both) == [False, True]
    assert ConnectionCheck.objects.count() == 1
    assert len(queued()) == 1


def test_the_database_itself_keeps_a_second_open_one_out(request_one, connection, admin):
    request_one()
    with pytest.raises(IntegrityError), transaction.atomic():
        ConnectionCheck.objects.create(company=connection.company, connection=connection, requested_by=admin)


def test_it_takes_admin_on_erp_integrations(connection, access_of, approver):
    with pytest.raises(NotAllowed, match="This needs Admin on the company's ERP Integrations tool"):
        request_check(connection=connection, access=access_of(approver), now=NOW)


# ---- Carrying it out -------------------------------------------------------------------------------------------------


def test_it_ends_with_every_result_and_tells_the_history(request_one, connection, admin):
    check = perform(request_one()[0])
    assert (check.state, check.outcome, check.finished_at) == ("finished", "passed", NOW)
    assert results(check)["full_reading"]["outcome"] == "passed"
    assert check.settings_version == connection.version
    told = Activity.objects.get(verb="connection_tested")
    assert (told.actor, told.after) == (admin, {"result": "Passed"})


def test_the_task_does_the_same(request_one):
    check, _ = request_one()
    tasks.check_connection(check.pk)
    check.refresh_from_db()
    assert check.outcome == "passed"


def test_what_fails_is_named_in_the_history(request_one, sage_company):
    sage_company.run("ALTER TABLE subcon RENAME COLUMN ctcnum TO other")
    check = perform(request_one()[0])
    assert check.outcome == "failed"
    assert Activity.objects.get().after == {"result": "Failed", "failed": "Table subcon (subcontracts)"}


def test_another_company_than_before_fails(request_one, connection):
    ErpConnection.objects.update(erp_company="4711")
    check = perform(request_one()[0])
    assert results(check)["identity"]["facts"]["Identity of the company before"] == "4711"


def test_it_changes_nothing_of_the_connection(request_one):
    ErpConnection.objects.update(server="", database="", erp_company="")
    learned = ErpConnection.objects.values("server", "text_widths_read_at", "masters_read_at", "version")
    before = learned.get()
    assert perform(request_one()[0]).outcome == "passed"
    assert learned.get() == before


def test_a_url_that_no_key_opens_is_a_failed_check(request_one, settings):
    check, _ = request_one()
    settings.ENCRYPTION_KEYS = ["YW5vdGhlci1rZXktMDEyMzQ1Njc4OS0wMTIzNDU2Nzg="]
    check = perform(check)
    assert check.outcome == "failed"
    assert check.results[0]["sentence"] == "The stored database URL of the connection cannot be read."


def test_a_mistake_of_this_product_ends_it_in_words(request_one, monkeypatch):
    monkeypatch.delitem(sage100_check_texts.TABLES, "subcon")
    check = perform(request_one()[0])
    assert check.outcome == "failed"
    assert check.results[-1]["sentence"] == "Something unexpected went wrong in this product."


def test_the_password_is_nowhere_in_the_result(access_of, admin, company):
    url = "mssql+pymssql://reader:s3cret-pa55@127.0.0.1:1/Northwind?encryption=off"
    check, _ = request_check(
        connection=ErpConnectionFactory(company=company, database_url=url), access=access_of(admin), now=NOW
    )
    check = perform(check)
    assert results(check)["reachable"]["outcome"] == "failed"
    assert "s3cret" not in str(check.results)
    assert "reader" not in str(check.results)


# ---- Twice, and killed -----------------------------------------------------------------------------------------------


def test_once_it_has_ended_the_task_that_comes_again_does_nothing(request_one):
    check = perform(request_one()[0])
    assert perform_check(check_id=check.pk, clock=lambda: LATER).finished_at == NOW
    assert Activity.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_tasks_at_once_one_carries_it_out(request_one, at_once):
    check, _ = request_one()
    at_once(*[lambda: perform(check)] * 2)
    check.refresh_from_db()
    assert (check.attempts, check.outcome) == (1, "passed")
    assert Activity.objects.count() == 1


def test_what_a_killed_worker_left_is_handed_on_and_done(running):
    check = running()
    assert hand_on_checks(now=NOW) == []
    assert hand_on_checks(now=LATER) == [check.pk]
    assert hand_on_checks(now=LATER) == [], "It waits in the queue already."
    check = perform_check(check_id=check.pk, clock=lambda: LATER)
    assert (check.outcome, check.attempts) == ("passed", 2)


def test_a_task_that_was_lost_is_handed_on(request_one):
    check, _ = request_one()
    OrmQ.objects.all().delete()
    assert hand_on_checks(now=NOW) == []
    assert hand_on_checks(now=NOW + PATIENCE * 2) == [check.pk]


def test_one_that_was_broken_off_too_often_is_ended(running, request_one):
    check = running(attempts=MOST_ATTEMPTS)
    assert hand_on_checks(now=LATER) == []
    check.refresh_from_db()
    assert check.outcome == "failed"
    assert check.results[-1]["sentence"] == "The test was broken off more than once before its end."
    assert request_one(LATER)[1], "The way is free for another one."


def test_who_was_taken_for_dead_writes_nothing_more(request_one):
    check, _ = request_one()
    successor, calls = uuid.uuid4(), []

    def clock():
        calls.append(1)
        if len(calls) == 4:  # while it is at its third check
            ConnectionCheck.objects.filter(pk=check.pk).update(lease_token=successor)
        return NOW

    check = perform_check(check_id=check.pk, clock=clock)
    assert (check.state, check.lease_token) == ("running", successor)
    assert len(check.results) == 2
    assert not Activity.objects.exists()
