"""The pages of signing in, of a person's own account, of errors, and of the administration."""

from __future__ import annotations

from tests.browser import stage
from tests.browser.pages.case import PageCase
from tests.browser.stage import ADMIN, APPROVER, MANAGER, NOBODY, STAFF, VIEWER, after, here, plain

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
