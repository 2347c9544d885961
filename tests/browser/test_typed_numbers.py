"""Ready to Export: the numbers that are typed into its rows stay, whatever is done in the list meanwhile."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.exports_stage import ready
from tests.browser.stage import APPROVER

pytestmark = pytest.mark.browser


def test_what_is_typed_stays_while_all_are_ticked_and_until_the_preview(open_window, sample_company):
    export = ready(sample_company)
    page = open_window(APPROVER).page
    page.goto(reverse("erp_ready", args=[sample_company.slug]))
    page.get_by_label(f"Commitment ID of {export.number} in Sage").fill("ACC-777")

    page.get_by_role("link", name="Tick all").click()

    boxes = page.get_by_role("checkbox", name="Select")
    assert [box.is_checked() for box in boxes.all()] == [True] * boxes.count()
    expect(page.get_by_label(f"Commitment ID of {export.number} in Sage")).to_have_value("ACC-777")
    page.get_by_role("button", name="Accept selected").click()
    expect(page.get_by_label(f"Commitment ID of {export.number}")).to_have_value("ACC-777")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label(f"Commitment ID of {export.number} in Sage")).to_have_value("ACC-777")


def test_they_stay_when_another_row_is_accepted_with_enter_on_its_button(open_window, sample_company):
    export = ready(sample_company)
    page = open_window(APPROVER).page
    page.goto(reverse("erp_ready", args=[sample_company.slug]))
    accept = page.get_by_role("button", name="Accept ").filter(has_not_text="selected").last
    page.get_by_label(f"Commitment ID of {export.number} in Sage").fill("ACC-777")

    accept.focus()
    page.keyboard.press("Enter")

    expect(page.locator("#messages .message-success")).to_contain_text("accepted as")
    expect(page.get_by_label(f"Commitment ID of {export.number} in Sage")).to_have_value("ACC-777")
    page.get_by_role("link", name="Entry sheet of").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Entry sheet")
