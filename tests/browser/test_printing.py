"""What is made to be printed, as the printer gets it: the words and numbers, no controls, and as wide as the paper."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import exports_stage, settings_stage
from tests.browser.stage import ADMIN, APPROVER, Address, after, here
from tests.browser.test_pages import sideways

pytestmark = pytest.mark.browser

A4_WITHOUT_MARGINS = 718  # 210 mm less 10 mm on either side, at 96 px an inch
CONTROLS = "header.bar, nav, button, input:not([type=hidden]), select, textarea, .btn, .no-print, .footer, .skip-link"

# Who prints it, where, what must be on the paper, and some words that must not.
PRINTED = {
    "entry sheet": (
        APPROVER,
        exports_stage.export_page(exports_stage.awaiting, "entry_sheet"),
        "table thead",
        "Keyed in?",
    ),
    "entry sheets": (APPROVER, after(exports_stage.awaiting, here("entry_sheets")), "table thead", "ERP Integrations"),
    "test of the connection, never read": (
        ADMIN,
        settings_stage.check_page(settings_stage.tested_before_the_first_sync),
        ".checks",
        "What is next",
    ),
    "test of the connection, with statements": (
        ADMIN,
        settings_stage.check_page(settings_stage.kept_out_by_the_trigger),
        ".checks pre",
        "This page prints well",
    ),
}


@pytest.mark.parametrize(("person", "address", "content", "not_printed"), PRINTED.values(), ids=PRINTED)
def test_what_is_printed(person: str, address: Address, content: str, not_printed: str, open_window, sample_company):
    page = open_window(person, size=(A4_WITHOUT_MARGINS, 1000)).page
    page.goto(address(sample_company))
    assert shown(page.locator(CONTROLS))
    assert not_printed in page.locator("main").inner_text()

    page.emulate_media(media="print")

    assert shown(page.locator(CONTROLS)) == []
    assert not_printed not in page.locator("main").inner_text()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main").locator(content).first).to_be_visible()
    assert [*sideways(page), *cut_off(page)] == []


def shown(found: Locator) -> list[str]:
    return [each.evaluate("element => element.outerHTML.slice(0, 120)") for each in found.filter(visible=True).all()]


def cut_off(page: Page) -> list[str]:
    """What scrolls sideways within the page: paper does not scroll."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main *")]
          .filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible")
          .map((e) => e.outerHTML.slice(0, 120))"""
    )
    return found
