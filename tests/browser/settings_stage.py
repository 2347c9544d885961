"""What happens before, and on, the pages Configure Settings and Sync Schedule and the sandbox's screens for changes."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule
from playwright.sync_api import Page

from directory.access import access_for
from directory.models import Company, User
from erpintegrations.connectors import sage100_check_texts
from erpintegrations.models import ConnectionCheck, ErpConnection, TaskHeartbeat
from erpintegrations.services.check_connection import perform_check, request_check
from erpintegrations.services.widths import learn_widths
from tests.browser import stage
from tests.browser.stage import Address


def widths_are_read(company: Company) -> None:
    learn_widths(connection=stage.connection_of(company), now=timezone.now())


def tasks_are_running(company: Company) -> None:
    TaskHeartbeat.objects.update_or_create(name="tasks", defaults={"beaten_at": timezone.now()})


def tasks_are_late(company: Company) -> None:
    late = timezone.now() - datetime.timedelta(hours=2)
    TaskHeartbeat.objects.update_or_create(name="tasks", defaults={"beaten_at": late})


def schedules_are_gone(company: Company) -> None:
    Schedule.objects.all().delete()


def tested(company: Company) -> ConnectionCheck:
    """A test of the connection that has ended."""
    check = waiting_test(company)
    return perform_check(check_id=check.pk)


def tested_before_the_first_sync(company: Company) -> ConnectionCheck:
    ErpConnection.objects.filter(company=company).update(masters_read_at=None)
    return tested(company)


def tested_in_vain(company: Company) -> ConnectionCheck:
    """One against a server that nobody listens at."""
    ErpConnection.objects.filter(company=company).update(
        database_url="mssql+pymssql://reader:pa55@127.0.0.1:1/Harbor Point?encryption=off"
    )
    return tested(company)


def kept_out_by_the_trigger(company: Company) -> ConnectionCheck:
    """One that tells at length, with statements for the database."""
    check = tested(company)
    trigger = next(each for each in check.results if each["key"] == "logon_trigger")
    trigger |= {
        "outcome": "failed",
        "sentence": sage100_check_texts.LOGON_TRIGGER,
        "remedy": sage100_check_texts.LOGON_TRIGGER_WAYS,
        "statements": sage100_check_texts.LOGON_TRIGGER_STATEMENTS,
    }
    check.outcome = ConnectionCheck.Outcome.FAILED
    check.save()
    return check


def waiting_test(company: Company) -> ConnectionCheck:
    access = access_for(User.objects.get(email=stage.ADMIN), company)
    assert access is not None
    return request_check(connection=stage.connection_of(company), access=access, now=timezone.now())[0]


def check_page(check_of: Callable[[Company], ConnectionCheck]) -> Address:
    return lambda company: reverse("connection_check", args=[company.slug, check_of(company).pk])


def change_page(kind: str) -> Address:
    """The screen that changes a record."""
    return lambda company: f"{stage.record_page(kind)(company)}change/"


def name_another_database(page: Page) -> None:
    page.get_by_label("Database URL").fill("mssql+pymssql://reader:pa55@sage.example.com/Harbor Point")
    stage.press("Save settings")(page)


def type_a_server_that_is_none(page: Page) -> None:
    page.get_by_label("Server", exact=True).fill("sage example")
    page.get_by_label("Login").fill("reader")
    stage.press("Save settings")(page)


def choose_a_bridge_without_an_address(page: Page) -> None:
    page.get_by_label("Bridge: a service writes it").check()
    page.get_by_label("Minutes between two syncs").fill("3")
    stage.press("Save settings")(page)


def save_after_somebody_else(page: Page) -> None:
    connection = ErpConnection.objects.get(company__slug=page.url.split("/companies/")[1].split("/")[0])
    ErpConnection.objects.filter(pk=connection.pk).update(
        interval_minutes=30, label="Saved first", version=connection.version + 1
    )
    page.get_by_label("Label").fill("Saved second")
    stage.press("Save settings")(page)


def take_a_number_that_is_used(page: Page) -> None:
    page.get_by_label("Subcontract number").fill("SC-1002")
    stage.press("Save Subcontract")(page)
