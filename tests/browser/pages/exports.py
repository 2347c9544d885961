"""The pages of exports: the lists, one export, answering, entry sheets, and the commitment's own page."""

from __future__ import annotations

from tests.browser import exports_stage, settings_stage, stage
from tests.browser.exports_stage import commitment_of, export_page
from tests.browser.pages.case import NONE_FOUND, PageCase
from tests.browser.stage import ADMIN, APPROVER, MANAGER, VIEWER, after, here

ON_THE_WAY = "?show=on-the-way"
DETAIL_AND_PERSON = (
    ("ready", exports_stage.ready, APPROVER, "Accounting accepts it"),
    ("ready, viewer", exports_stage.ready, VIEWER, "are not for you"),
    ("ready, no privilege", exports_stage.ready, MANAGER, "Request the privilege"),
    ("retrieved", exports_stage.retrieved, MANAGER, "taken back by its sender"),
    ("accepted", exports_stage.accepted, APPROVER, "this page follows by itself"),
    ("awaiting read-back", exports_stage.awaiting, APPROVER, "from its entry sheet"),
    ("awaiting read-back, viewer", exports_stage.awaiting, VIEWER, "from its entry sheet"),
    ("needs a decision", exports_stage.to_decide, APPROVER, "Compare and decide"),
    ("failed", exports_stage.failed, APPROVER, "Retry"),
    ("failed, viewer", exports_stage.failed, VIEWER, "are not for you"),
    ("rejected", exports_stage.rejected, APPROVER, "another cost code"),
    ("linked", exports_stage.linked, APPROVER, "Nothing more"),
)

LIST_PAGES = [
    PageCase("ready to export", "erp_ready", APPROVER, here("erp_ready"), text="Accept selected"),
    PageCase("ready to export, viewer", "erp_ready", VIEWER, here("erp_ready"), text="are not for you"),
    PageCase("ready to export, manager", "erp_ready", MANAGER, here("erp_ready"), text="Request the privilege"),
    PageCase("ready to export, none found", "erp_ready", APPROVER, here("erp_ready", query=NONE_FOUND)),
    PageCase("ready to export, none", "erp_ready", ADMIN, stage.in_empty_company("erp_ready")),
    PageCase(
        "ready to export, no connection", "erp_ready", ADMIN, stage.in_empty_company("erp_ready", connected=False)
    ),
    PageCase("on the way", "erp_ready", APPROVER, here("erp_ready", query=ON_THE_WAY), text="Awaiting read-back"),
    PageCase(
        "on the way, one to decide",
        "erp_ready",
        VIEWER,
        after(exports_stage.to_decide, here("erp_ready", query=ON_THE_WAY)),
        text="Needs a decision",
    ),
    PageCase(
        "on the way, one that a task works on",
        "erp_ready",
        APPROVER,
        after(exports_stage.accepted, here("erp_ready", query=ON_THE_WAY)),
        text="the list follows by itself",
    ),
    PageCase(
        "on the way, none found", "erp_ready", VIEWER, here("erp_ready", query=f"{ON_THE_WAY}&{NONE_FOUND.lstrip('?')}")
    ),
    PageCase("failed to export", "erp_failed", APPROVER, here("erp_failed"), text="Retry selected"),
    PageCase("failed to export, viewer", "erp_failed", VIEWER, here("erp_failed"), text="are not for you"),
    PageCase("failed to export, none", "erp_failed", ADMIN, stage.in_empty_company("erp_failed")),
]

ANSWER_PAGES = [
    PageCase(
        "accept, no number",
        "export_accept",
        APPROVER,
        here("erp_ready"),
        exports_stage.no_number,
        text="can't be blank",
    ),
    PageCase("reject", "export_reject", APPROVER, export_page(exports_stage.ready, "export_reject")),
    PageCase(
        "reject, no reason",
        "export_reject",
        APPROVER,
        export_page(exports_stage.ready, "export_reject"),
        stage.send_empty("Reject "),
        text="Enter a reason",
    ),
    PageCase(
        "accept selected, preview",
        "exports_accept_selected",
        APPROVER,
        after(settings_stage.widths_are_read, here("erp_ready")),
        exports_stage.two_selected("Accept"),
        text="will be accepted",
    ),
    PageCase(
        "accept selected, result",
        "exports_accept_selected",
        APPROVER,
        here("erp_ready"),
        exports_stage.two_done("Accept"),
        text="2 accepted",
    ),
    PageCase(
        "accept selected, another was faster",
        "exports_accept_selected",
        APPROVER,
        here("erp_ready"),
        exports_stage.somebody_answers_one,
        text="1 accepted, 1 not",
    ),
    PageCase(
        "reject selected, preview",
        "exports_reject_selected",
        APPROVER,
        here("erp_ready"),
        exports_stage.two_selected("Reject"),
        text="will be rejected",
    ),
    PageCase(
        "reject selected, no reason",
        "exports_reject_selected",
        APPROVER,
        here("erp_ready"),
        exports_stage.no_reason,
        text="Enter a reason",
    ),
    PageCase(
        "reject selected, result",
        "exports_reject_selected",
        APPROVER,
        here("erp_ready"),
        exports_stage.two_done("Reject"),
        text="2 rejected",
    ),
    PageCase(
        "retry selected, preview",
        "exports_retry_selected",
        APPROVER,
        here("erp_failed"),
        exports_stage.two_selected("Retry"),
        text="will be tried again",
    ),
    PageCase(
        "retry selected, result",
        "exports_retry_selected",
        APPROVER,
        here("erp_failed"),
        exports_stage.two_done("Retry"),
        text="1 tried again",
    ),
]

WAY_PAGES = [
    PageCase(
        "entry sheets",
        "entry_sheets",
        APPROVER,
        after(exports_stage.awaiting, here("entry_sheets")),
        text="in all.",
    ),
    PageCase("entry sheets, none", "entry_sheets", ADMIN, stage.in_empty_company("entry_sheets"), text="keyed in"),
    PageCase("rejected", "erp_ready", APPROVER, here("erp_ready", query="?show=rejected"), text="another cost code"),
    PageCase(
        "entry sheet", "entry_sheet", APPROVER, export_page(exports_stage.awaiting, "entry_sheet"), text="Keyed in?"
    ),
    PageCase(
        "entry sheet of a purchase order", "entry_sheet", VIEWER, export_page(exports_stage.failed, "entry_sheet")
    ),
    PageCase(
        "check now, not there yet",
        "export_detail",
        APPROVER,
        export_page(exports_stage.awaiting),
        stage.press("Check now"),
        text="is not in Sage yet",
    ),
    PageCase("decide", "export_decide", APPROVER, export_page(exports_stage.to_decide, "export_decide")),
    PageCase("decide, viewer", "export_decide", VIEWER, export_page(exports_stage.to_decide, "export_decide")),
    PageCase(
        "decide, no reason",
        "export_decide",
        APPROVER,
        export_page(exports_stage.to_decide, "export_decide"),
        stage.send_empty("Link "),
        text="Enter a reason",
    ),
    PageCase(
        "decide, rejected without a word about the record",
        "export_decide",
        APPROVER,
        export_page(exports_stage.to_decide, "export_decide"),
        stage.send_empty("Reject "),
        text="Tick this to reject.",
    ),
]

COMMITMENT_PAGES = [
    PageCase(
        "commitment, not to be sent yet",
        "commitment_detail",
        MANAGER,
        exports_stage.not_to_be_sent,
        text="Before it can be sent",
    ),
    PageCase(
        "commitment, sending refused",
        "commitment_send",
        MANAGER,
        exports_stage.too_long_to_be_sent,
        stage.press("Send to ERP"),
        text="was not sent",
    ),
    PageCase("commitment, sent", "commitment_detail", MANAGER, commitment_of(exports_stage.ready), text="Retrieve"),
    PageCase("commitment, sent, viewer", "commitment_detail", VIEWER, commitment_of(exports_stage.ready)),
    PageCase(
        "commitment, accepted", "commitment_detail", MANAGER, commitment_of(exports_stage.awaiting), text="Sage number"
    ),
    PageCase("commitment, failed", "commitment_detail", MANAGER, commitment_of(exports_stage.failed)),
    PageCase(
        "commitment, rejected",
        "commitment_detail",
        MANAGER,
        commitment_of(exports_stage.rejected),
        text="Re-send to ERP",
    ),
    PageCase("commitment, exported and linked", "commitment_detail", APPROVER, commitment_of(exports_stage.linked)),
]

EXPORT_PAGES = [
    *LIST_PAGES,
    *(
        PageCase(f"export, {name}", "export_detail", person, export_page(export_of), text=text)
        for name, export_of, person, text in DETAIL_AND_PERSON
    ),
    *ANSWER_PAGES,
    *WAY_PAGES,
    *COMMITMENT_PAGES,
]
