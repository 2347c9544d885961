"""The pages of the product. A company's pages all begin with its slug."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from erpintegrations.web import (
    account,
    adoption,
    bring_ins,
    commitment_editing,
    commitments,
    connection_checks,
    correction,
    drift,
    entry_sheets,
    export_pages,
    exports,
    exports_selected,
    history,
    home,
    links,
    overrides,
    privilege,
    runs,
    selected,
    sending,
    set_up,
    set_up_commitments,
    set_up_masters,
    settings_pages,
    sync_schedule,
    synced,
    synced_file,
)
from erpintegrations.web.downloads import CSV, EXCEL

Routes = list[URLPattern | URLResolver]

project_pages: Routes = [
    path("commitments/", commitments.commitment_list, name="commitment_list"),
    path("commitments/new/<slug:kind>/", commitment_editing.commitment_create, name="commitment_create"),
    path("commitments/choices/<slug:what>/", commitment_editing.commitment_choices, name="commitment_choices"),
    path("commitments/<int:commitment_id>/", commitments.commitment_detail, name="commitment_detail"),
    path("commitments/<int:commitment_id>/edit/", commitment_editing.commitment_edit, name="commitment_edit"),
    path("commitments/<int:commitment_id>/delete/", commitment_editing.commitment_delete, name="commitment_delete"),
    path("commitments/<int:commitment_id>/correction/", correction.correction, name="correction"),
    path("commitments/<int:commitment_id>/send-to-erp/", sending.commitment_send, name="commitment_send"),
    path("commitments/<int:commitment_id>/retrieve-from-erp/", sending.commitment_retrieve, name="commitment_retrieve"),
]

commitment_views: Routes = [
    path("", synced.commitment_home, name="erp_commitment"),
    path("ready-to-export/", exports.ready_to_export, name="erp_ready"),
    path("ready-to-export/accept-selected/", exports_selected.accept_selected, name="exports_accept_selected"),
    path("ready-to-export/reject-selected/", exports_selected.reject_selected, name="exports_reject_selected"),
    path("failed-to-export/", exports.failed_to_export, name="erp_failed"),
    path("failed-to-export/retry-selected/", exports_selected.retry_selected, name="exports_retry_selected"),
    path("exports/entry-sheets/", entry_sheets.entry_sheets, name="entry_sheets"),
    path("exports/<int:export_id>/", export_pages.export_detail, name="export_detail"),
    path("exports/<int:export_id>/accept/", export_pages.accept, name="export_accept"),
    path("exports/<int:export_id>/reject/", export_pages.reject, name="export_reject"),
    path("exports/<int:export_id>/retry/", export_pages.retry, name="export_retry"),
    path("exports/<int:export_id>/check-now/", entry_sheets.export_check, name="export_check"),
    path("exports/<int:export_id>/decide/", entry_sheets.export_decide, name="export_decide"),
    path("exports/<int:export_id>/entry-sheet/", entry_sheets.entry_sheet, name="entry_sheet"),
    path("exports/<int:export_id>/entry-sheet.csv", entry_sheets.entry_sheet_csv_file, name="entry_sheet_csv"),
    path("synced/", synced.synced, name="erp_synced"),
    path("synced.csv", synced_file.synced_file, {"ending": CSV}, name="synced_csv"),
    path("synced.xlsx", synced_file.synced_file, {"ending": EXCEL}, name="synced_excel"),
    path("synced/unlink-selected/", selected.unlink_selected, name="unlink_selected"),
    path("synced/<int:link_id>/unlink/", links.unlink, name="link_unlink"),
    path("synced/<int:link_id>/check-now/", links.check_now, name="link_check"),
    path("synced/<int:link_id>/undo/", links.undo, name="link_undo"),
    path("synced/<int:link_id>/compare/", drift.link_compare, name="link_compare"),
    path("synced/<int:link_id>/unlink-anyway/", overrides.ask, name="unlink_anyway"),
    path("unlink-anyway/<int:override_id>/answer/", overrides.answer, name="override_answer"),
    path("unlink-anyway/<int:override_id>/withdraw/", overrides.withdraw, name="override_withdraw"),
    path("adoption/", adoption.adoption_list, name="adoption_list"),
    path("adoption/<int:record_id>/", adoption.adoption_compare, name="adoption_compare"),
    path("adoption/<int:record_id>/adopt/", adoption.adoption_adopt, name="adoption_adopt"),
]

sync_pages: Routes = [
    path("", runs.run_list, name="run_list"),
    path("now/", runs.sync_now, name="sync_now"),
    path("<int:run_id>/", runs.run_detail, name="run_detail"),
    path("<int:run_id>/progress/", runs.run_progress, name="run_progress"),
    path("<int:run_id>/confirm/", runs.confirm, name="run_confirm"),
    path("<int:run_id>/discard/", runs.discard, name="run_discard"),
]

set_up_pages: Routes = [
    path("", set_up.set_up, name="set_up"),
    path("gone/", set_up.accept_gone, name="set_up_gone"),
    path("commitments/", set_up_commitments.set_up_commitments, name="set_up_commitments"),
    path("commitments/bring-in/", set_up_commitments.set_up_commitments_start, name="set_up_commitments_start"),
    path("commitments/left/<slug:why>/", set_up_commitments.set_up_commitments_left, name="set_up_commitments_left"),
    path("bringing-in/<int:bring_in_id>/", bring_ins.bring_in_detail, name="bring_in_detail"),
    path("bringing-in/<int:bring_in_id>/progress/", bring_ins.bring_in_progress, name="bring_in_progress"),
    path("bringing-in/<int:bring_in_id>/stop/", bring_ins.bring_in_stop, name="bring_in_stop"),
    path("<slug:what>/", set_up_masters.set_up_masters, name="set_up_masters"),
    path("<slug:what>/decide/", set_up_masters.set_up_decide_all, name="set_up_decide_all"),
    path("<slug:what>/bring-in/", set_up_masters.set_up_bring_in, name="set_up_bring_in"),
    path("<slug:what>/new/", set_up_masters.set_up_new, name="set_up_new"),
    path("<slug:what>/<int:found_id>/", set_up_masters.set_up_choose, name="set_up_choose"),
    path("<slug:what>/<int:found_id>/decide/", set_up_masters.set_up_decide, name="set_up_decide"),
]

company_pages: Routes = [
    path("", home.company_home, name="company_home"),
    path("projects/<int:project_id>/", include(project_pages)),
    path("erp-integrations/", synced.tool_home, name="erp_home"),
    path("erp-integrations/commitment/", include(commitment_views)),
    path("erp-integrations/sync-runs/", include(sync_pages)),
    path("erp-integrations/settings/", settings_pages.erp_settings, name="erp_settings"),
    path("erp-integrations/settings/read-widths/", settings_pages.read_widths, name="erp_settings_widths"),
    path("erp-integrations/settings/tests/", connection_checks.check_start, name="connection_check_start"),
    path("erp-integrations/settings/tests/<int:check_id>/", connection_checks.check_detail, name="connection_check"),
    path(
        "erp-integrations/settings/tests/<int:check_id>/progress/",
        connection_checks.check_progress,
        name="connection_check_progress",
    ),
    path("erp-integrations/set-up/", include(set_up_pages)),
    path("erp-integrations/sync-schedule/", sync_schedule.sync_schedule, name="sync_schedule"),
    path("erp-integrations/sync-schedule/repair/", sync_schedule.repair, name="sync_schedule_repair"),
    path("erp-integrations/history/", history.history, name="history"),
    path("erp-integrations/history.csv", history.history_file, {"ending": CSV}, name="history_csv"),
    path("erp-integrations/history.xlsx", history.history_file, {"ending": EXCEL}, name="history_excel"),
    path("privilege-request/", privilege.request_privilege, name="privilege_request"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("healthz", home.health, name="health"),
    path("healthz/tasks", home.health_of_tasks, name="health_of_tasks"),
    *account.urlpatterns,
    path("companies/<slug:company_slug>/", include(company_pages)),
]
