"""The schedule of values while it is edited: lines in place, totals as the server computes them, by keyboard too."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from commitments.models import Commitment
from directory.models import Company
from tests.browser.conftest import NARROW
from tests.browser.stage import MANAGER
from tests.browser.test_pages import is_fit_for_everybody
from tests.factories import VendorFactory

pytestmark = pytest.mark.browser


def new_purchase_order(company: Company) -> str:
    project = company.projects.order_by("number")[0]
    return reverse("commitment_create", args=[company.slug, project.pk, "purchase-order"])


def fill_line(page: Page, number: int, description: str, quantity: str, unit_cost: str) -> None:
    page.get_by_label(f"Cost code, line {number}").fill("8100.000")
    page.get_by_label(f"Cost type, line {number}").fill("Material")
    page.get_by_label(f"Description, line {number}").fill(description)
    page.get_by_label(f"Quantity, line {number}").fill(quantity)
    page.get_by_label(f"Unit cost, line {number}").fill(unit_cost)


def descriptions(page: Page) -> list[str]:
    return page.locator("[name=line_description]").evaluate_all("inputs => inputs.map((input) => input.value)")


def total(page: Page):
    return page.locator("#total")


def test_lines_are_added_moved_and_removed_in_place(open_window, sample_company):
    page = open_window(MANAGER).page
    page.goto(new_purchase_order(sample_company))
    fill_line(page, 1, "Steel door", "3", "0.335")
    expect(total(page)).to_have_text("1.01")

    page.get_by_role("button", name="Add line").click()
    expect(page.get_by_label("Cost code, line 2")).to_be_focused()
    fill_line(page, 2, "Lockset", "1,000", "2.50")
    expect(total(page)).to_have_text("2,501.01")
    page.get_by_role("button", name="Add line").click()
    fill_line(page, 3, "Credit", "1", "-1.005")
    expect(total(page)).to_have_text("2,500.00")

    up = page.get_by_role("button", name="Move line 3 up")
    up.click()
    assert descriptions(page) == ["Steel door", "Credit", "Lockset"]
    expect(page.get_by_role("button", name="Move line 2 up")).to_be_focused()
    page.get_by_role("button", name="Remove line 1").click()
    assert descriptions(page) == ["Credit", "Lockset"]
    expect(page.get_by_label("Cost code, line 1")).to_be_focused()
    expect(total(page)).to_have_text("2,498.99")

    page.get_by_label("Number", exact=True).fill("PO-9001")
    page.get_by_label("Title", exact=True).fill("Doors")
    page.get_by_label("Contract company").fill(str(sample_company.vendors.order_by("name")[0].number))
    page.get_by_role("button", name="Create").click()
    expect(page.locator("#messages")).to_contain_text("Purchase Order PO-9001 was created.")
    commitment = Commitment.objects.get(number="PO-9001")
    assert str(commitment.amount) == "2498.99"
    assert [str(line.amount) for line in commitment.lines.all()] == ["-1.01", "2500.00"]


def test_the_keyboard_alone_writes_a_line(open_window, sample_company):
    page = open_window(MANAGER).page
    page.goto(new_purchase_order(sample_company))
    page.get_by_label("Cost code, line 1").focus()
    for text in ("8100.000", "Material", "Steel door", "2", "ea", "5"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    expect(total(page)).to_have_text("10.00")
    page.get_by_role("button", name="Add line").press("Enter")
    expect(page.get_by_label("Cost code, line 2")).to_be_focused()
    page.get_by_role("button", name="Remove line 2").press("Space")
    assert descriptions(page) == ["Steel door"]
    page.get_by_label("Description, line 1").press("Enter")
    assert descriptions(page) == ["Steel door"]
    expect(page).to_have_url(re.compile("/new/purchase-order/$"))


def test_the_accounting_method_shows_its_own_columns(open_window, sample_company):
    page = open_window(MANAGER).page
    page.goto(new_purchase_order(sample_company))
    expect(page.get_by_label("Quantity, line 1")).to_be_visible()
    page.get_by_label("Amount-based").check()
    expect(page.get_by_label("Quantity, line 1")).to_be_hidden()
    page.locator("#line-1-amount").fill("1,234.5")
    expect(total(page)).to_have_text("1,234.50")


def test_without_a_script_the_same_buttons_send_the_form(open_window, sample_company):
    page = open_window(MANAGER, scripts=False).page
    page.goto(new_purchase_order(sample_company))
    fill_line(page, 1, "Steel door", "3", "0.335")
    page.get_by_role("button", name="Add line").click()
    fill_line(page, 2, "Lockset", "1,000", "2.50")
    page.get_by_role("button", name="Move line 2 up").click()
    assert descriptions(page) == ["Lockset", "Steel door"]
    page.locator(".schedule").get_by_role("button", name="Update totals").click()
    expect(total(page)).to_have_text("2,501.01")


def test_many_vendors_are_searched_while_somebody_types(open_window, sample_company):
    for number in range(10_000, 10_400):
        VendorFactory(company=sample_company, number=str(number))
    VendorFactory(company=sample_company, number="9999", name="Zenith Glazing")
    page = open_window(MANAGER).page
    page.goto(new_purchase_order(sample_company))
    page.get_by_label("Contract company").press_sequentially("zenith")
    expect(page.locator("#vendors option")).to_have_count(1)
    expect(page.locator("#vendors option")).to_have_attribute("value", "Zenith Glazing (9999)")


def test_what_is_wrong_is_fit_for_everybody(open_window, sample_company):
    page = open_window(MANAGER, size=NARROW).page
    page.goto(new_purchase_order(sample_company))
    fill_line(page, 1, "", "many", "1.23456")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved.")
    page.get_by_role("link", name="Line 1: “many” is not a number").click()
    expect(page.get_by_label("Quantity, line 1")).to_be_in_viewport()
    is_fit_for_everybody(page)


def test_what_changed_meanwhile_is_fit_for_everybody(open_window, sample_company):
    commitment = Commitment.objects.filter(company=sample_company, links=None).order_by("number")[0]
    page = open_window(MANAGER).page
    page.goto(reverse("commitment_edit", args=[sample_company.slug, commitment.project_id, commitment.pk]))
    page.get_by_label("Title", exact=True).fill("Mine")
    Commitment.objects.filter(pk=commitment.pk).update(revision=2, title="Theirs")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Changed meanwhile")).to_be_visible()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Mine")
    is_fit_for_everybody(page)
