"""Every page of the product, each with who looks at it and what has happened before: `test_pages.py` opens them all.

A route that has no page here needs a line in WITHOUT_A_PAGE or POST_ONLY, or a test fails.
"""

from __future__ import annotations

from tests.browser.pages.account import ACCOUNT_PAGES, ADMIN_PAGES, ERROR_PAGES
from tests.browser.pages.bringing_in import BRINGING_IN_PAGES
from tests.browser.pages.company import COMPANY_PAGES
from tests.browser.pages.erp import CORRECTION_PAGES, ERP_PAGES, SETTINGS_PAGES
from tests.browser.pages.exports import EXPORT_PAGES
from tests.browser.pages.sandbox import SANDBOX_PAGES
from tests.browser.pages.set_up import SET_UP_PAGES

WITHOUT_A_PAGE = {
    "health": "answers in JSON",
    "health_of_tasks": "answers in JSON",
    "history_csv": "a file",
    "history_excel": "a file",
    "synced_csv": "a file",
    "synced_excel": "a file",
    "entry_sheet_csv": "a file",
    "erp_commitment": "leads on to the Synced list",
    "commitment_choices": "what a field of the form offers while somebody types",
    "sandbox_bridge_commitments": "Sage's entry endpoint: answers in JSON",
    "sandbox_bridge_commitment": "Sage's entry endpoint: answers in JSON",
    "connection_check_progress": "a part of the page of a test that is under way",
    "bring_in_progress": "a part of the pages that show what is being brought in",
    "run_progress": "a part of the pages that show an open run",
}
POST_ONLY = {
    "sign_out",
    "link_check",
    "link_undo",
    "override_withdraw",
    "adoption_adopt",
    "export_retry",
    "export_check",
    "commitment_retrieve",
    "sync_now",
    "run_confirm",
    "run_discard",
    "erp_settings_widths",
    "connection_check_start",
    "set_up_commitments_start",
    "set_up_gone",
    "set_up_decide",
    "set_up_bring_in",
    "set_up_new",
    "bring_in_stop",
    "sync_schedule_repair",
    "sandbox_subcontract_delete",
    "sandbox_subcontract_invoiced",
    "sandbox_subcontract_changed",
    "sandbox_purchase_order_void",
    "sandbox_purchase_order_reopen",
    "sandbox_purchase_order_invoiced",
    "sandbox_job_status",
    "sandbox_restore",
}

PAGES = [
    *ACCOUNT_PAGES,
    *COMPANY_PAGES,
    *ERP_PAGES,
    *EXPORT_PAGES,
    *BRINGING_IN_PAGES,
    *SET_UP_PAGES,
    *CORRECTION_PAGES,
    *SETTINGS_PAGES,
    *SANDBOX_PAGES,
    *ERROR_PAGES,
    *ADMIN_PAGES,
]
