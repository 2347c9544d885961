"""The pages of a company and of its projects' commitments."""

from __future__ import annotations

from tests.browser import stage
from tests.browser.pages.case import NONE_FOUND, PageCase
from tests.browser.stage import ADMIN, APPROVER, MANAGER, STAFF, VIEWER, after, here, plain

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
        "commitments, none found",
        "commitment_list",
        VIEWER,
        lambda company: stage.project_list(company, NONE_FOUND),
        text="No commitment matches",
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
