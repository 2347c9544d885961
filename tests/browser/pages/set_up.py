"""The pages of the set-up: its overview, and the steps for jobs, vendors and codes."""

from __future__ import annotations

from tests.browser import set_up_stage as stage
from tests.browser.pages.case import NONE_FOUND, PageCase
from tests.browser.stage import ADMIN, APPROVER, after, here, in_empty_company, press

SET_UP_PAGES = [
    PageCase("set-up", "set_up", ADMIN, after(stage.vendors_came, here("set_up")), text="Go on"),
    PageCase(
        "set-up, new ones by themselves",
        "set_up",
        ADMIN,
        after(stage.vendors_by_themselves, here("set_up")),
        text="Chosen by",
    ),
    PageCase("set-up, nothing read", "set_up", ADMIN, in_empty_company("set_up"), text="Nothing has been read yet"),
    PageCase("set-up, no connection", "set_up", ADMIN, in_empty_company("set_up", connected=False)),
    PageCase(
        "set-up, many missing",
        "set_up",
        ADMIN,
        after(stage.many_are_missing, here("set_up")),
        text="They are really gone",
    ),
    PageCase("set-up, under way", "set_up", ADMIN, after(stage.vendors_under_way, here("set_up")), text="for its turn"),
    PageCase("403, set-up", "set_up", APPROVER, here("set_up"), status=403, text="This needs Admin"),
    PageCase("bring jobs in", "set_up_masters", ADMIN, stage.step("jobs"), text="Bring jobs in"),
    PageCase(
        "bring vendors in",
        "set_up_masters",
        ADMIN,
        after(stage.vendors_came, stage.step("vendors", query="?q=900")),
        text="Could not be brought in",
    ),
    PageCase(
        "bring vendors in, one gone",
        "set_up_masters",
        ADMIN,
        after(stage.one_is_gone, stage.step("vendors", query="?state=gone")),
        text="No longer there",
    ),
    PageCase("bring vendors in, none found", "set_up_masters", ADMIN, stage.step("vendors", query=NONE_FOUND)),
    PageCase(
        "bring vendors in, decided",
        "set_up_masters",
        ADMIN,
        after(stage.vendors_came, stage.step("vendors", query="?q=9001")),
        press("Link 9001"),
        text="To be linked",
    ),
    PageCase(
        "decide all",
        "set_up_decide_all",
        ADMIN,
        after(stage.vendors_came, stage.step("vendors")),
        stage.preview,
        text="Nothing has been decided yet",
    ),
    PageCase("choose ours", "set_up_choose", ADMIN, stage.choose(), text="Twin Plumbing"),
    PageCase("choose ours, none found", "set_up_choose", ADMIN, stage.choose(query=NONE_FOUND)),
]
