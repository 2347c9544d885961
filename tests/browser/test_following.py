"""Pages that follow exports by themselves: nothing is loaded anew, and what a person has open and in focus stays so."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from erpintegrations.models import Export
from erpintegrations.services.export_commitment import perform_export
from tests.browser.exports_stage import accepted
from tests.browser.stage import APPROVER

pytestmark = pytest.mark.browser


def stays(page: Page) -> None:
    """Leaves a mark that only a page that was not loaded anew still has."""
    page.evaluate("window.stays = true")


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.stays === true"))


def test_the_page_of_an_export_follows_it(open_window, sample_company):
    export = accepted(sample_company)
    page = open_window(APPROVER).page
    page.goto(reverse("export_detail", args=[sample_company.slug, export.pk]))
    said = page.get_by_role("status").filter(has_text="this page follows by itself")
    expect(said).to_contain_text("“Accepted”: A task works on it")
    region = page.get_by_role("region", name="Schedule of values")
    region.focus()
    stays(page)

    assert perform_export(export_id=export.pk).state == Export.State.AWAITING

    expect(page.locator("#following")).to_contain_text(f"{export.number} is “Awaiting read-back” now.")
    expect(page.locator("#followed")).to_contain_text("Key it into Sage from its entry sheet.")
    expect(page.get_by_role("link", name=f"Entry sheet of {export.number}")).to_be_visible()
    assert stayed(page)
    expect(region).to_be_focused()
    expect(page.locator("[hx-trigger]")).to_have_count(0)


def test_the_list_of_those_on_their_way_follows_them(open_window, sample_company):
    export = accepted(sample_company)
    page = open_window(APPROVER).page
    page.goto(reverse("erp_ready", args=[sample_company.slug]) + "?show=on-the-way")
    expect(page.locator("#following")).to_contain_text("A task works on 1 of these, and the list follows by itself.")
    row = page.get_by_role("row").filter(has_text=export.number)
    lines = row.locator("summary")
    lines.focus()
    page.keyboard.press("Enter")
    expect(row.locator("details")).to_have_attribute("open", "")
    stays(page)

    perform_export(export_id=export.pk)

    expect(row).to_contain_text("Awaiting read-back")
    expect(page.locator("#following")).to_contain_text("No task works on any of these now: the list is up to date.")
    assert stayed(page)
    expect(row.locator("details")).to_have_attribute("open", "")
    expect(lines).to_be_focused()
