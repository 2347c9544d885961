"""What happens before, and on, the pages Configure Settings and Sync Schedule and the sandbox's screens for changes."""

from __future__ import annotations

import datetime

from django.utils import timezone
from django_q.models import Schedule
from playwright.sync_api import Page

from directory.models import Company
from erpintegrations.models import ErpConnection, TaskHeartbeat
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


def change_page(kind: str) -> Address:
    """The screen that changes a record."""
    return lambda company: f"{stage.record_page(kind)(company)}change/"


def name_another_database(page: Page) -> None:
    page.get_by_label("Database URL").fill("mssql+pymssql://reader:pa55@sage.example.com/Harbor Point")
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
