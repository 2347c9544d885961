"""One page as `test_pages.py` opens it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.stage import Address

NONE_FOUND = "?q=nothing-is-called-so"
# Enough rows to see them all at work: axe takes its time for fifty.
FEW = "?q=SC-100"


@dataclass(frozen=True)
class PageCase:
    """`address` prepares what the page is to show and gives where it is; `act` is what is done there to get to it."""

    name: str
    route: str
    person: str
    address: Address
    act: Callable[[Page], None] | None = None
    status: int = 200
    text: str = ""

    def __str__(self) -> str:
        return self.name
