"""Rows of the table: Configure Settings and Sync Schedule."""

from django.utils import timezone

from erpintegrations.models import ConnectionCheck, ErpConnection
from erpintegrations.schedules import schedule_problems
from tests.web.permissions.needs import ADMIN, Action, on_erp
from tests.web.stage import Stage


def connection_of(stage: Stage) -> ErpConnection:
    return ErpConnection.objects.get(company=stage.company)


def the_check(stage: Stage) -> tuple[int]:
    return (stage.check.pk,)


# Before the settings there is the version that somebody saw: here the first.
SETTINGS = {"version": 1, "interval_minutes": 45, "export_method": "entry_sheet", "rejection_mail": "each"}
CONFIGURE = [
    Action("see the settings", "erp_settings", (on_erp(ADMIN),)),
    Action(
        "change the settings",
        "erp_settings",
        (on_erp(ADMIN),),
        method="post",
        data=lambda stage: SETTINGS,
        happens=lambda stage: connection_of(stage).interval_minutes == 45,
    ),
    Action(
        "read the widths again",
        "erp_settings_widths",
        (on_erp(ADMIN),),
        method="post",
        happens=lambda stage: connection_of(stage).text_widths_read_at is not None,
    ),
    Action(
        "test the connection",
        "connection_check_start",
        (on_erp(ADMIN),),
        method="post",
        happens=lambda stage: ConnectionCheck.objects.filter(company=stage.company, state="queued").exists(),
    ),
    Action("see a test of the connection", "connection_check", (on_erp(ADMIN),), the_check),
    Action("see how far a test is", "connection_check_progress", (on_erp(ADMIN),), the_check),
    Action("see the sync schedule", "sync_schedule", (on_erp(ADMIN),)),
    Action(
        "repair the schedules",
        "sync_schedule_repair",
        (on_erp(ADMIN),),
        method="post",
        happens=lambda stage: schedule_problems(now=timezone.now()) == [],
    ),
]
