"""The pages that bring commitments in."""

from __future__ import annotations

from tests.browser import bring_in_stage as stage
from tests.browser.pages.case import PageCase
from tests.browser.stage import ADMIN, after, here, in_empty_company

BRINGING_IN_PAGES = [
    PageCase("bring commitments in", "set_up_commitments", ADMIN, here("set_up_commitments"), text="By job"),
    PageCase(
        "bring commitments in, under way",
        "set_up_commitments",
        ADMIN,
        after(stage.half_way, here("set_up_commitments")),
        text="1 brought in",
    ),
    PageCase(
        "bring commitments in, after it",
        "set_up_commitments",
        ADMIN,
        after(stage.brought_in, here("set_up_commitments")),
        text="Last time",
    ),
    PageCase("bring commitments in, nothing read", "set_up_commitments", ADMIN, in_empty_company("set_up_commitments")),
    PageCase("bring commitments in, left", "set_up_commitments_left", ADMIN, stage.left_for("no_number")),
    PageCase(
        "bring commitments in, none left",
        "set_up_commitments_left",
        ADMIN,
        stage.left_page("amounts"),
        text="None is left",
    ),
    PageCase(
        "bringing in, waiting", "bring_in_detail", ADMIN, stage.page_of(stage.bringing_in), text="waits for its turn"
    ),
    PageCase("bringing in, half way", "bring_in_detail", ADMIN, stage.page_of(stage.half_way), text="1 brought in"),
    PageCase("bringing in, done", "bring_in_detail", ADMIN, stage.page_of(stage.brought_in), text="Done"),
    PageCase("bringing in, failed", "bring_in_detail", ADMIN, stage.page_of(stage.failed), text="Failed"),
    PageCase("bringing in, stopped", "bring_in_detail", ADMIN, stage.page_of(stage.stopped), text="Stopped by"),
]
