"""How a person gets at a page's controls: with a mouse, or with nothing but the keyboard."""

from __future__ import annotations

import datetime
import re
from typing import Protocol

from playwright.sync_api import ElementHandle, Locator, Page, expect

MOST_TABS = 400
# What a keyboard user needs to see of the control that has the focus, and how the controls follow each other.
LOOK = """
(before) => {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  const style = getComputedStyle(here), box = here.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return {
    what: here.outerHTML.slice(0, 120),
    // A date's day, month and year are stops of one and the same control.
    follows: !before || !before.isConnected || before === here ||
      Boolean(before.compareDocumentPosition(here) & (Node.DOCUMENT_POSITION_FOLLOWING)),
    ring: ring || style.boxShadow !== "none",
    inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}
"""


class Hands(Protocol):
    """What a person does on a page. `press` follows a link or presses a button, by its role and accessible name.

    `choose` takes the option of a list that begins with a text.
    """

    page: Page

    def open(self, address: str) -> None: ...

    def write(self, label: str, text: str, *, within: Locator | None = None) -> None: ...

    def write_date(self, label: str, date: datetime.date) -> None: ...

    def choose(self, label: str, beginning: str, *, within: Locator | None = None) -> None: ...

    def press(self, role: str, name: str | re.Pattern[str], *, within: Locator | None = None) -> None: ...

    def is_at_the_message(self) -> None: ...

    @property
    def heading(self) -> Locator: ...


class Mouse:
    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    def open(self, address: str) -> None:
        self.page.goto(address)

    def write(self, label: str, text: str, *, within: Locator | None = None) -> None:
        self._labeled(label, within).fill(text)

    def write_date(self, label: str, date: datetime.date) -> None:
        self._labeled(label).fill(date.isoformat())

    def choose(self, label: str, beginning: str, *, within: Locator | None = None) -> None:
        option = self._labeled(label, within).locator("option").filter(has_text=_begins(beginning))
        self._labeled(label, within).select_option(option.get_attribute("value"))

    def press(self, role: str, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        (within or self.page).get_by_role(role, name=name, exact=True).click()

    def _labeled(self, label: str, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_label(label, exact=True).filter(visible=True)

    def is_at_the_message(self) -> None:
        expect(self.page.locator("#messages")).to_be_in_viewport()


class Keyboard(Mouse):
    """Tab, Enter and Space alone. On its way it sees to it that the focus shows, and goes on in the page's order."""

    def write(self, label: str, text: str, *, within: Locator | None = None) -> None:
        self._go_to(self._labeled(label, within))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def write_date(self, label: str, date: datetime.date) -> None:
        self._go_to(self._labeled(label))
        self.page.keyboard.type(date.strftime("%m%d%Y"))
        expect(self._labeled(label)).to_have_value(date.isoformat())

    def choose(self, label: str, beginning: str, *, within: Locator | None = None) -> None:
        self._go_to(self._labeled(label, within))
        self.page.keyboard.type(beginning)
        expect(self._labeled(label, within).locator("option:checked")).to_have_text(_begins(beginning))

    def press(self, role: str, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        self._go_to((within or self.page).get_by_role(role, name=name, exact=True))
        self.page.keyboard.press("Space" if role == "button" else "Enter")

    def is_at_the_message(self) -> None:
        """The focus lands on what the page says, so that it is read out, and Tab goes on from there."""
        expect(self.page.locator("#messages")).to_be_focused()

    def _go_to(self, wanted: Locator) -> None:
        expect(wanted).to_be_visible()
        before: ElementHandle | None = None
        seen: list[str] = []
        for _ in range(MOST_TABS):
            if _has_focus(wanted):
                return
            self.page.keyboard.press("Tab")
            look = self.page.evaluate(LOOK, before)
            if look is None:  # past the last control: the browser begins anew
                assert seen.count("—") < 2, f"Tab never gets to {wanted}: {seen}"
                before = None
                seen.append("—")
                continue
            seen.append(look["what"])
            assert look["follows"], f"Tab goes back in the page: {seen[-2:]}"
            assert look["ring"], f"The focus does not show: {look['what']}"
            assert look["inView"], f"The focus is out of sight: {look['what']}"
            before = self.page.evaluate_handle("document.activeElement").as_element()
        raise AssertionError(f"Tab never gets to {wanted}: {seen}")


def _has_focus(wanted: Locator) -> bool:
    return bool(wanted.evaluate("element => element === document.activeElement"))


def _begins(text: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*{re.escape(text)}(?!\w)")
