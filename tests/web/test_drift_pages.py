"""Drift on the pages: the badge and the filter of the Synced list, the commitment's page, and both sides with lines."""

from __future__ import annotations

import datetime
import html
import re
import sqlite3

import pytest
from django.urls import reverse
from django.utils import timezone

from commitments.models import Commitment
from erpintegrations.models import SyncLink, SyncRun
from erpintegrations.services import live_erp
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.services.run_sync import open_run, perform_sync
from tests.connectors.builder import Line
from tests.factories import CommitmentFactory

LIST = "/companies/harbor-point/erp-integrations/commitment/synced/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def linked(connection, project, sage_company):
    """A commitment over 1,500 linked to its record in Sage, of two lines: `linked("SC-1")`."""
    job = sage_company.add_job("Riverside Clinic")

    def link(number: str) -> SyncLink:
        erp_id = sage_company.add_subcontract(number, job, lines=[Line(1000), Line(500)])
        record = connection.connector().look_up([erp_id]).records[erp_id]
        commitment = CommitmentFactory(project=project, number=number, amount=1500)
        yesterday = timezone.now() - datetime.timedelta(days=1)
        (made,) = link_commitments(connection=connection, pairs=[(commitment, record)], by=None, now=yesterday)
        return made

    return link


@pytest.fixture
def sync(connection):
    def run():
        run, _ = open_run(connection=connection, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=timezone.now())
        return perform_sync(run_id=run.pk, retry_waits=())

    return run


@pytest.fixture
def drifted(linked, sage_company, sync):
    """SC-1, whose first line was raised by 200 in Sage; SC-2 beside it is as it was."""
    link = linked("SC-1")
    linked("SC-2")
    sync()
    sage_company.change_line(link.erp_id, 1, amount=1200)
    sync()
    return SyncLink.objects.get(pk=link.pk)


@pytest.fixture
def browser(client, viewer):
    client.force_login(viewer)
    return client


def words(response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def compare_url(link: SyncLink) -> str:
    return reverse("link_compare", args=["harbor-point", link.pk])


def test_the_row_says_what_has_drifted_and_leads_to_both_sides(browser, drifted):
    page = browser.get(LIST)
    assert {row.link.number: row.drift for row in page.context["rows"]} == {"SC-1": "amount and lines", "SC-2": ""}
    assert "Drifted: amount and lines" in words(page)
    assert f"{compare_url(drifted)}?next=" in page.content.decode()


def test_the_list_can_be_narrowed_down_to_the_drifted(browser, drifted):
    page = browser.get(f"{LIST}?state=drifted")
    assert [row.link.number for row in page.context["rows"]] == ["SC-1"]


def test_the_commitments_page_says_so(browser, drifted):
    address = reverse("commitment_detail", args=["harbor-point", drifted.project_id, drifted.commitment_id])
    text = words(browser.get(address))
    assert "Not as agreed in Sage any more: amount and lines." in text


def test_both_sides_are_shown_with_their_lines_as_read_just_now(browser, drifted, sage_company):
    sage_company.change_line(drifted.erp_id, 2, amount=501)
    page = browser.get(compare_url(drifted))
    comparison = page.context["comparison"]
    assert comparison.is_live
    amount = next(pair for pair in comparison.sides.header if pair.label == "Amount")
    assert (amount.ours, amount.theirs, amount.counts) == ("1,500.00", "1,701.00", True)
    assert len(comparison.sides.lines) == 2
    assert "Recorded as drifted: amount and lines." in words(page)
    assert "Differs by 201.00" in words(page)
    assert "amount differ by −300.00" in words(page)


def test_another_number_than_ours_is_no_difference(browser, linked, sync, sage_company):
    link = linked("SC-1")
    SyncLink.objects.filter(pk=link.pk).update(number="SC-ACC-1")
    Commitment.objects.filter(pk=link.commitment_id).update(number="SC-ACC-1")
    sync()
    number = browser.get(compare_url(link)).context["comparison"].sides.header[0]
    assert (number.label, number.ours, number.theirs, number.counts) == ("Number", "SC-ACC-1", "SC-1", False)


def test_check_now_says_what_has_drifted(client, approver, drifted):
    client.force_login(approver)
    answer = client.post(reverse("link_check", args=["harbor-point", drifted.pk]), {"next": LIST}, follow=True)
    assert "It has drifted there: amount and lines." in words(answer)


def test_nothing_is_written_by_looking(browser, drifted):
    before = list(SyncLink.objects.values())
    browser.get(compare_url(drifted))
    assert list(SyncLink.objects.values()) == before


def test_an_erp_that_does_not_answer_in_time_is_said_and_what_is_recorded_is_shown(
    browser, drifted, sage_company, monkeypatch
):
    monkeypatch.setattr(live_erp, "SECONDS", 0.3)
    holder = sqlite3.connect(sage_company.path, isolation_level=None)
    try:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        page = browser.get(compare_url(drifted))
    finally:
        holder.close()
    comparison = page.context["comparison"]
    assert (page.status_code, comparison.is_live) == (200, False)
    text = words(page)
    assert "Shown is what was recorded, without lines." in text
    assert "1,700.00" in text


def test_a_record_that_is_gone_is_said(browser, drifted, sage_company):
    sage_company.delete(drifted.erp_id)
    text = words(browser.get(compare_url(drifted)))
    assert "Sage has no such record at this moment." in text


def test_what_is_no_longer_linked_leads_back(browser, drifted, approver):
    SyncLink.objects.filter(pk=drifted.pk).update(
        closed_at=timezone.now(),
        closed_by=approver,
        close_token="0f1fd6c4-8b6f-4f50-9a4c-1f4d0f0f0f0f",
        closed_commitment_revision=1,
        left_in_erp=True,
    )
    page = browser.get(compare_url(drifted), follow=True)
    assert "Subcontract SC-1 is no longer linked: there is nothing to compare." in words(page)


def test_the_list_takes_as_many_queries_with_drift_as_without(
    browser, drifted, linked, sync, sage_company, query_count
):
    before = query_count(LIST)
    for n in range(3, 10):
        link = linked(f"SC-{n}")
        sage_company.change_line(link.erp_id, 1, amount=5)
    sync()
    assert query_count(LIST) == before
