"""The screens of the sandbox."""

from __future__ import annotations

from sandbox.sage_desk import PURCHASE_ORDER, SUBCONTRACT
from tests.browser import settings_stage, stage
from tests.browser.pages.case import NONE_FOUND, PageCase
from tests.browser.stage import ADMIN, APPROVER, VIEWER, after, plain

SANDBOX_PAGES = [
    PageCase("6-7-1, change", "sandbox_subcontract_change", APPROVER, settings_stage.change_page(SUBCONTRACT)),
    PageCase(
        "6-7-1, change refused",
        "sandbox_subcontract_change",
        APPROVER,
        settings_stage.change_page(SUBCONTRACT),
        settings_stage.take_a_number_that_is_used,
        text="is in use already",
    ),
    PageCase("6-6-1, change", "sandbox_purchase_order_change", APPROVER, settings_stage.change_page(PURCHASE_ORDER)),
    PageCase("bridge", "sandbox_bridge", ADMIN, plain("sandbox_bridge")),
    PageCase("bridge, viewer", "sandbox_bridge", VIEWER, plain("sandbox_bridge")),
    PageCase("bridge, in use", "sandbox_bridge", ADMIN, plain("sandbox_bridge"), stage.press("Use this bridge")),
    PageCase("sandbox", "sandbox_home", APPROVER, plain("sandbox_home")),
    PageCase("sandbox, no file", "sandbox_home", APPROVER, after(stage.no_books, plain("sandbox_home")), status=503),
    PageCase("6-7-1", "sandbox_subcontracts", APPROVER, plain("sandbox_subcontracts")),
    PageCase("6-7-1, none found", "sandbox_subcontracts", APPROVER, plain("sandbox_subcontracts", query=NONE_FOUND)),
    PageCase("6-7-1, new", "sandbox_subcontract_new", APPROVER, plain("sandbox_subcontract_new")),
    PageCase(
        "6-7-1, new, refused",
        "sandbox_subcontract_new",
        APPROVER,
        plain("sandbox_subcontract_new"),
        stage.send_empty("Save"),
    ),
    PageCase("6-7-1, a subcontract", "sandbox_subcontract", APPROVER, stage.record_page(SUBCONTRACT)),
    PageCase(
        "6-7-1, Sage refuses to delete",
        "sandbox_subcontract",
        APPROVER,
        stage.record_page(SUBCONTRACT, which=lambda record: bool(record.invoiced)),
        stage.press("Delete Subcontract"),
        text="Sage refuses",
    ),
    PageCase("6-6-1", "sandbox_purchase_orders", APPROVER, plain("sandbox_purchase_orders")),
    PageCase("6-6-1, new", "sandbox_purchase_order_new", APPROVER, plain("sandbox_purchase_order_new")),
    PageCase("6-6-1, a purchase order", "sandbox_purchase_order", APPROVER, stage.record_page(PURCHASE_ORDER)),
    PageCase(
        "6-6-1, a voided one",
        "sandbox_purchase_order",
        APPROVER,
        stage.record_page(PURCHASE_ORDER, which=lambda record: record.is_void),
    ),
    PageCase("3-5", "sandbox_jobs", APPROVER, plain("sandbox_jobs")),
    PageCase("remove jobs, none", "sandbox_remove_jobs", APPROVER, plain("sandbox_remove_jobs")),
    PageCase("remove jobs", "sandbox_remove_jobs", APPROVER, after(stage.a_closed_job, plain("sandbox_remove_jobs"))),
    PageCase("restore", "sandbox_deleted", APPROVER, plain("sandbox_deleted")),
]
