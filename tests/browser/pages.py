"""Every page of the product, each with who looks at it and what has happened before: `test_pages.py` opens them all.

A route that has no page here needs a line in WITHOUT_A_PAGE or POST_ONLY, or a test fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from sandbox.sage_desk import PURCHASE_ORDER, SUBCONTRACT
from tests.browser import settings_stage, stage
from tests.browser.stage import ACCOUNTANT, ADMIN, APPROVER, MANAGER, NOBODY, STAFF, VIEWER, Address, after, here, plain

WITHOUT_A_PAGE = {
    "health": "answers in JSON",
    "health_of_tasks": "answers in JSON",
    "history_csv": "a file",
    "erp_commitment": "leads on to the Synced list",
    "commitment_choices": "what a field of the form offers while somebody types",
    "sandbox_bridge_commitments": "Sage's entry endpoint: answers in JSON",
    "sandbox_bridge_commitment": "Sage's entry endpoint: answers in JSON",
    "run_progress": "a part of the pages that show an open run",
}
POST_ONLY = {
    "sign_out",
    "link_check",
    "link_undo",
    "override_withdraw",
    "adoption_adopt",
    "sync_now",
    "run_confirm",
    "run_discard",
    "erp_settings_widths",
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


# ---- The pages -------------------------------------------------------------------------------------------------------

NONE_FOUND = "?q=nothing-is-called-so"
# Enough rows to see them all at work: axe takes its time for fifty.
FEW = "?q=SC-100"

ACCOUNT_PAGES = [
    PageCase("sign in", "sign_in", NOBODY, plain("sign_in")),
    PageCase(
        "sign in, wrong password", "sign_in", NOBODY, plain("sign_in"), stage.sign_in_wrongly, text="do not match"
    ),
    PageCase(
        "sign in, locked out",
        "sign_in",
        NOBODY,
        after(stage.nine_wrong_passwords, plain("sign_in")),
        stage.sign_in_wrongly,
        text="Too many",
    ),
    PageCase("signed out", "sign_in", VIEWER, here("company_home"), stage.sign_out, text="You are signed out."),
    PageCase("change password", "change_password", VIEWER, plain("change_password")),
    PageCase(
        "change password, refused",
        "change_password",
        VIEWER,
        plain("change_password"),
        stage.send_empty("Change password"),
        text="required",
    ),
    PageCase("reset password", "reset_password", NOBODY, plain("reset_password")),
    PageCase("reset password, sent", "reset_password_sent", NOBODY, plain("reset_password_sent")),
    PageCase("reset password, from the mail", "reset_password_confirm", NOBODY, stage.password_link),
    PageCase("reset password, old link", "reset_password_confirm", NOBODY, plain("reset_password_confirm", "x", "y-z")),
]

COMPANY_PAGES = [
    PageCase("home, no company", "home", STAFF, plain("home")),
    PageCase("home, two companies", "home", ADMIN, after(lambda _: stage.empty_company(), plain("home"))),
    PageCase("company", "company_home", APPROVER, here("company_home")),
    PageCase(
        "company, menus open",
        "company_home",
        ADMIN,
        after(lambda _: stage.empty_company(), here("company_home")),
        stage.open_menus,
    ),
    PageCase("company, viewer", "company_home", VIEWER, here("company_home")),
    PageCase("company, empty", "company_home", ADMIN, stage.in_empty_company("company_home", connected=False)),
    PageCase("commitments", "commitment_list", VIEWER, stage.project_list),
    PageCase(
        "commitments, none found", "commitment_list", VIEWER, lambda company: stage.project_list(company, NONE_FOUND)
    ),
    PageCase("commitments, none", "commitment_list", ADMIN, stage.empty_project),
    PageCase("commitment, linked", "commitment_detail", APPROVER, stage.linked_commitment),
    PageCase("commitment, linked, viewer", "commitment_detail", VIEWER, stage.linked_commitment),
    PageCase("commitment, unlinked", "commitment_detail", APPROVER, stage.unlinked_commitment),
    PageCase("commitment, never sent", "commitment_detail", VIEWER, stage.commitment_never_sent),
    PageCase("new subcontract", "commitment_create", MANAGER, stage.new_commitment("subcontract")),
    PageCase("new purchase order", "commitment_create", MANAGER, stage.new_commitment("purchase-order")),
    PageCase(
        "new subcontract, refused",
        "commitment_create",
        MANAGER,
        stage.new_commitment("subcontract"),
        stage.press("Create"),
        text="Not saved.",
    ),
    PageCase("edit commitment", "commitment_edit", MANAGER, stage.commitment_form("commitment_edit")),
    PageCase(
        "edit commitment, linked", "commitment_edit", MANAGER, stage.commitment_form("commitment_edit", link=True)
    ),
    PageCase(
        "edit commitment, another was faster",
        "commitment_edit",
        MANAGER,
        stage.commitment_form("commitment_edit"),
        stage.save_after_somebody_else,
        text="Saved first",
    ),
    PageCase("delete commitment", "commitment_delete", MANAGER, stage.commitment_form("commitment_delete")),
    PageCase(
        "delete commitment, linked",
        "commitment_delete",
        MANAGER,
        stage.commitment_form("commitment_delete", link=True),
        status=409,
    ),
    PageCase("commitment, deleted", "commitment_detail", VIEWER, stage.deleted_commitment, status=410),
    PageCase("privilege request", "privilege_request", MANAGER, here("privilege_request")),
    PageCase(
        "privilege request, no reason",
        "privilege_request",
        MANAGER,
        here("privilege_request"),
        stage.send_empty("Request the privilege"),
        text="Say why",
    ),
    PageCase(
        "privilege request, pending", "privilege_request", MANAGER, after(stage.requested, here("privilege_request"))
    ),
    PageCase(
        "privilege request, declined", "privilege_request", MANAGER, after(stage.declined, here("privilege_request"))
    ),
    PageCase("privilege request, has it", "privilege_request", APPROVER, here("privilege_request")),
]

ERP_PAGES = [
    PageCase("tool", "erp_home", ADMIN, here("erp_home")),
    PageCase("tool, no connection", "erp_home", ADMIN, stage.in_empty_company("erp_home", connected=False)),
    PageCase("tool, nothing synced", "erp_home", ADMIN, stage.in_empty_company("erp_home")),
    PageCase("ready to export", "erp_ready", APPROVER, here("erp_ready")),
    PageCase("failed to export", "erp_failed", APPROVER, here("erp_failed")),
    PageCase("synced", "erp_synced", APPROVER, here("erp_synced")),
    PageCase("synced, gone first", "erp_synced", APPROVER, here("erp_synced", query="?order=presence&tick=gone")),
    PageCase("synced, manager", "erp_synced", MANAGER, here("erp_synced", query=FEW)),
    PageCase("synced, accountant", "erp_synced", ACCOUNTANT, here("erp_synced", query=FEW)),
    PageCase("synced, viewer", "erp_synced", VIEWER, here("erp_synced", query=FEW)),
    PageCase("synced, none found", "erp_synced", APPROVER, here("erp_synced", query=NONE_FOUND)),
    PageCase("synced, broken address", "erp_synced", APPROVER, here("erp_synced", query="?at=broken&order=x&state=y")),
    PageCase("synced, none", "erp_synced", ADMIN, stage.in_empty_company("erp_synced")),
    PageCase("synced, no connection", "erp_synced", ADMIN, stage.in_empty_company("erp_synced", connected=False)),
    PageCase(
        "synced, after a failed sync", "erp_synced", ADMIN, after(stage.failed_run, here("erp_synced", query=FEW))
    ),
    PageCase("synced, sync in doubt", "erp_synced", ADMIN, after(stage.doubtful_run, here("erp_synced", query=FEW))),
    PageCase("synced, sync under way", "erp_synced", ADMIN, after(stage.waiting_run, here("erp_synced", query=FEW))),
    PageCase(
        "unlink, refused",
        "erp_synced",
        APPROVER,
        here("erp_synced", query=FEW),
        stage.press("Unlink SC-"),
        text="is still in",
    ),
    PageCase(
        "unlink, done",
        "erp_synced",
        APPROVER,
        here("erp_synced", query="?state=deleted"),
        stage.press("Unlink [SP]"),
        text="Successfully Unlinked",
    ),
    PageCase(
        "check now",
        "erp_synced",
        APPROVER,
        here("erp_synced", query=FEW),
        stage.press("Check now "),
        text="is still in",
    ),
    PageCase("unlink, purged with its job", "link_unlink", APPROVER, stage.reason_page),
    PageCase(
        "unlink, no reason",
        "link_unlink",
        APPROVER,
        stage.reason_page,
        stage.send_empty("Unlink"),
        text="Enter a reason",
    ),
    PageCase(
        "unlink selected, preview",
        "unlink_selected",
        APPROVER,
        here("erp_synced", query="?order=presence"),
        stage.preview_selected,
    ),
    PageCase(
        "unlink selected, result",
        "unlink_selected",
        APPROVER,
        here("erp_synced", query="?order=presence"),
        stage.unlink_selected,
    ),
    PageCase("sync runs", "run_list", ADMIN, after(stage.failed_run, here("run_list"))),
    PageCase("sync runs, one under way", "run_list", ADMIN, after(stage.waiting_run, here("run_list"))),
    PageCase("sync runs, none", "run_list", ADMIN, stage.in_empty_company("run_list")),
    PageCase("sync runs, no connection", "run_list", ADMIN, stage.in_empty_company("run_list", connected=False)),
    PageCase("sync run with changes", "run_detail", VIEWER, stage.run_page(stage.run_with_changes)),
    PageCase("sync run, failed", "run_detail", ADMIN, stage.run_page(stage.failed_run), text="Failed"),
    PageCase(
        "sync run, needs confirmation", "run_detail", ADMIN, stage.run_page(stage.doubtful_run), text="Is this right?"
    ),
    PageCase("sync run, needs confirmation, viewer", "run_detail", VIEWER, stage.run_page(stage.doubtful_run)),
    PageCase("sync run, waiting", "run_detail", ADMIN, stage.run_page(stage.waiting_run), text="waits for its turn"),
    PageCase("history", "history", VIEWER, here("history")),
    PageCase("history, none found", "history", VIEWER, here("history", query="?until=2001-01-01")),
    PageCase("history, none", "history", ADMIN, stage.in_empty_company("history")),
]

CORRECTION_PAGES = [
    PageCase("unlink anyway", "unlink_anyway", ADMIN, stage.link_page("unlink_anyway", stage.forbidden_link)),
    PageCase(
        "unlink anyway, no reason",
        "unlink_anyway",
        ADMIN,
        stage.link_page("unlink_anyway", stage.forbidden_link),
        stage.send_empty("Ask for consent"),
        text="Enter a reason",
    ),
    PageCase("consent", "override_answer", APPROVER, stage.request_page, text="asks for your consent"),
    PageCase(
        "consent, declined without a word",
        "override_answer",
        APPROVER,
        stage.request_page,
        stage.press("Decline"),
        text="Say why you decline",
    ),
    PageCase("tool, consent waits", "erp_home", APPROVER, after(stage.asked_to_unlink, here("erp_home"))),
    PageCase("synced, forbidden", "erp_synced", ADMIN, here("erp_synced", query="?state=cannot-be-deleted")),
    PageCase("commitment, left in the ERP", "commitment_detail", APPROVER, stage.left_in_erp, text="Left in"),
    PageCase("correction, linked", "correction", VIEWER, stage.correction_page(stage.linked_commitment)),
    PageCase("correction, unlinked", "correction", APPROVER, stage.correction_page(stage.unlinked_commitment)),
    PageCase("correction, left in the ERP", "correction", ADMIN, stage.correction_page(stage.left_in_erp)),
    PageCase("synced, drifted", "erp_synced", VIEWER, here("erp_synced", query="?state=drifted"), text="Drifted"),
    PageCase("drift", "link_compare", APPROVER, stage.link_page("link_compare", stage.drifted_link)),
    PageCase("drift, no ERP", "link_compare", VIEWER, stage.drifted_without_erp, text="Shown is what was recorded"),
    PageCase("only in the ERP", "adoption_list", APPROVER, here("adoption_list")),
    PageCase("only in the ERP, viewer", "adoption_list", VIEWER, here("adoption_list")),
    PageCase("only in the ERP, none found", "adoption_list", APPROVER, here("adoption_list", query=NONE_FOUND)),
    PageCase("only in the ERP, nothing", "adoption_list", ADMIN, stage.in_empty_company("adoption_list")),
    PageCase("choose a commitment", "adoption_compare", APPROVER, stage.adoption_page(with_commitment=False)),
    PageCase("adopt, compare", "adoption_compare", APPROVER, stage.adoption_page(with_commitment=True)),
    PageCase(
        "adopt, done",
        "adoption_list",
        APPROVER,
        stage.adoption_page(with_commitment=True),
        stage.press("Link "),
        text="is linked to",
    ),
]

SETTINGS_PAGES = [
    PageCase("settings", "erp_settings", ADMIN, after(settings_stage.widths_are_read, here("erp_settings"))),
    PageCase("settings, widths not read", "erp_settings", ADMIN, stage.in_empty_company("erp_settings")),
    PageCase("settings, no connection", "erp_settings", ADMIN, stage.in_empty_company("erp_settings", connected=False)),
    PageCase(
        "settings, refused",
        "erp_settings",
        ADMIN,
        here("erp_settings"),
        settings_stage.choose_a_bridge_without_an_address,
        text="Enter the address of the bridge",
    ),
    PageCase(
        "settings, another database",
        "erp_settings",
        ADMIN,
        here("erp_settings"),
        settings_stage.name_another_database,
        text="What follows from it",
    ),
    PageCase(
        "settings, another was faster",
        "erp_settings",
        ADMIN,
        here("erp_settings"),
        settings_stage.save_after_somebody_else,
        text="What was changed meanwhile",
    ),
    PageCase("403, settings", "erp_settings", APPROVER, here("erp_settings"), status=403, text="This needs Admin"),
    PageCase("sync schedule", "sync_schedule", ADMIN, after(settings_stage.tasks_are_running, here("sync_schedule"))),
    PageCase(
        "sync schedule, late", "sync_schedule", ADMIN, after(settings_stage.tasks_are_late, here("sync_schedule"))
    ),
    PageCase(
        "sync schedule, to be repaired",
        "sync_schedule",
        ADMIN,
        after(settings_stage.schedules_are_gone, here("sync_schedule")),
        text="Repair the schedules",
    ),
    PageCase(
        "sync schedule, no connection", "sync_schedule", ADMIN, stage.in_empty_company("sync_schedule", connected=False)
    ),
]

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

ERROR_PAGES = [
    PageCase("404", "", APPROVER, lambda company: "/companies/nobodys/", status=404),
    PageCase("404, stranger", "", NOBODY, lambda company: "/nowhere/", status=404),
    PageCase(
        "403, no level",
        "erp_synced",
        VIEWER,
        after(stage.without_a_level, here("erp_synced")),
        status=403,
        text="This needs Read Only",
    ),
    PageCase("403, no privilege", "link_unlink", MANAGER, stage.reason_page, status=403, text="Request the privilege"),
    PageCase("403, no staff", "", VIEWER, lambda company: "/admin/", status=403, text="is for staff"),
    PageCase("405", "sync_now", ADMIN, here("sync_now"), status=405),
    PageCase("form without its token", "sign_in", NOBODY, plain("sign_in"), stage.send_without_token),
]

ADMIN_PAGES = [
    PageCase("administration", "", STAFF, plain("admin:index")),
    PageCase("administration, requests wait", "", STAFF, after(stage.requested, plain("admin:index"))),
    PageCase("administration, everything", "", ADMIN, plain("admin:index")),
    PageCase("Company Directory", "", STAFF, plain("admin:app_list", "directory")),
    PageCase("requests", "", STAFF, after(stage.requested, plain("admin:directory_privilegerequest_changelist"))),
    PageCase("a request", "", STAFF, stage.admin_page("directory", "privilegerequest", "change", stage.requested)),
    PageCase("grant a request", "", STAFF, stage.admin_page("directory", "privilegerequest", "grant", stage.requested)),
    PageCase(
        "decline a request, no reason",
        "",
        STAFF,
        stage.admin_page("directory", "privilegerequest", "decline", stage.requested),
        stage.press_decline,
        text="Say why",
    ),
    PageCase("directory entries", "", STAFF, plain("admin:directory_companymember_changelist")),
    PageCase("a directory entry", "", STAFF, stage.admin_page("directory", "companymember", "change", stage.a_member)),
    PageCase("grant the privilege", "", STAFF, stage.admin_page("directory", "companymember", "grant", stage.a_member)),
    PageCase("revoke it", "", STAFF, stage.admin_page("directory", "companymember", "revoke", stage.who_has_it)),
    PageCase(
        "the ERP connection",
        "",
        ADMIN,
        stage.admin_page("erpintegrations", "erpconnection", "change", stage.connection_of),
    ),
]

PAGES = [
    *ACCOUNT_PAGES,
    *COMPANY_PAGES,
    *ERP_PAGES,
    *CORRECTION_PAGES,
    *SETTINGS_PAGES,
    *SANDBOX_PAGES,
    *ERROR_PAGES,
    *ADMIN_PAGES,
]
