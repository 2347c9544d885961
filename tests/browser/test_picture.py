"""The pictures in the README, made by `UPDATE_PICTURES=1 script/test tests/browser/test_picture.py`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import APPROVER, correction_page, unlinked_commitment

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
LARGEST = 200_000


def test_picture_of_the_synced_list(open_window, sample_company, tmp_path):
    """As large as a reader's screen, in light colors, with rows of several states."""
    page = open_window(APPROVER).page
    page.goto(reverse("erp_synced", args=[sample_company.slug]) + "?q=Masonry")
    expect(page.get_by_role("row").filter(has_text="Deleted").first).to_be_visible()

    begin_at(page.locator(".filter-bar"))

    take(page, "synced.png", tmp_path)


def test_picture_of_the_guided_correction(open_window, sample_company, tmp_path):
    """Just unlinked: what is done, what comes now, and who can."""
    page = open_window(APPROVER, size=(1280, 700)).page
    page.goto(correction_page(unlinked_commitment)(sample_company))
    expect(page.locator("li[aria-current=step]")).to_contain_text("Correct it")

    begin_at(page.get_by_role("heading", level=1))

    take(page, "correction.png", tmp_path)


def begin_at(place: Locator) -> None:
    place.evaluate("element => scrollTo(0, element.getBoundingClientRect().top - 16)")


def take(page: Page, name: str, elsewhere: Path) -> None:
    folder = PICTURES if os.environ.get("UPDATE_PICTURES") else elsewhere
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / name, animations="disabled")
    assert (folder / name).stat().st_size < LARGEST
