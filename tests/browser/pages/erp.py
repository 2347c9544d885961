"""The pages of the ERP Integrations tool: Synced and the sync runs, corrections, and its settings."""

from __future__ import annotations

from tests.browser import settings_stage, stage
from tests.browser.pages.case import FEW, NONE_FOUND, PageCase
from tests.browser.stage import ACCOUNTANT, ADMIN, APPROVER, MANAGER, VIEWER, after, here

ERP_PAGES = [
    PageCase("tool", "erp_home", ADMIN, here("erp_home")),
    PageCase("tool, no connection", "erp_home", ADMIN, stage.in_empty_company("erp_home", connected=False)),
    PageCase("tool, nothing synced", "erp_home", ADMIN, stage.in_empty_company("erp_home")),
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
