"""The picture in the README, made by `UPDATE_PICTURES=1 script/test tests/browser/test_picture.py`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.stage import APPROVER

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
LARGEST = 200_000


def test_picture_of_the_synced_list(open_window, sample_company, tmp_path):
    """As large as a reader's screen, in light colors, with rows of several states."""
    page = open_window(APPROVER).page
    page.goto(reverse("erp_synced", args=[sample_company.slug]) + "?q=Masonry")
    expect(page.get_by_role("row").filter(has_text="Deleted").first).to_be_visible()

    page.locator(".filter-bar").evaluate("bar => scrollTo(0, bar.getBoundingClientRect().top - 16)")

    folder = PICTURES if os.environ.get("UPDATE_PICTURES") else tmp_path
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / "synced.png", animations="disabled")

    assert (folder / "synced.png").stat().st_size < LARGEST
