"""Rows of the table: the set-up, and its steps for jobs, vendors and codes."""

from typing import Any

from erpintegrations.models import BringIn, FoundMaster, StandingDecision, SyncRun
from erpintegrations.services.decide_masters import Outlook, look_ahead
from tests.web.permissions.needs import ADMIN, Action, on_erp
from tests.web.stage import Stage


def the_found(stage: Stage) -> tuple[Any, ...]:
    return (stage.found.pk,)


def found_now(stage: Stage) -> FoundMaster:
    return FoundMaster.objects.get(pk=stage.found.pk)


def outlook_now(stage: Stage) -> Outlook:
    rows = FoundMaster.objects.filter(kind="vendor", connection=stage.found.connection)
    return look_ahead(rows=rows, kind="vendor", connection=stage.found.connection)


VENDORS = ("vendors",)
SET_UP = [
    Action("see the set-up", "set_up", (on_erp(ADMIN),)),
    Action(
        "say that they are really gone",
        "set_up_gone",
        (on_erp(ADMIN),),
        method="post",
        happens=lambda stage: SyncRun.objects.filter(company=stage.company, trigger="gone").exists(),
    ),
    Action("see a step of the set-up", "set_up_masters", (on_erp(ADMIN),), words=VENDORS),
    Action("choose which of ours it is", "set_up_choose", (on_erp(ADMIN),), the_found, words=VENDORS),
    Action(
        "decide about one",
        "set_up_decide",
        (on_erp(ADMIN),),
        the_found,
        method="post",
        data=lambda stage: {"decision": "leave"},
        words=VENDORS,
        happens=lambda stage: found_now(stage).state == "leave",
    ),
    Action(
        "decide about all",
        "set_up_decide_all",
        (on_erp(ADMIN),),
        method="post",
        words=VENDORS,
        data=lambda stage: {"confirmed": "leave", "seen": outlook_now(stage).token},
        happens=lambda stage: found_now(stage).state == "leave",
    ),
    Action(
        "bring in what was decided",
        "set_up_bring_in",
        (on_erp(ADMIN),),
        method="post",
        words=("cost-types",),
        happens=lambda stage: BringIn.objects.filter(company=stage.company, step="cost_type").exists(),
    ),
    Action(
        "have new ones created by themselves",
        "set_up_new",
        (on_erp(ADMIN),),
        method="post",
        words=VENDORS,
        data=lambda stage: {"new": "create"},
        happens=lambda stage: StandingDecision.objects.filter(company=stage.company, kind="vendor").exists(),
    ),
]
