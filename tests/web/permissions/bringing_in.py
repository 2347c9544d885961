"""Rows of the table: bringing commitments in."""

from typing import Any

from erpintegrations.models import BringIn
from tests.factories import BringInFactory
from tests.web.permissions.needs import ADMIN, PRIVILEGE, Action, on_erp
from tests.web.stage import Stage


def the_brought_in(stage: Stage) -> tuple[Any, ...]:
    return (stage.brought_in.pk,)


def the_open_one(stage: Stage) -> tuple[Any, ...]:
    return (BringInFactory(connection=stage.brought_in.connection, state="waiting").pk,)


def bring_in_in(state: str, stage: Stage) -> bool:
    return BringIn.objects.filter(company=stage.company, state=state).exists()


BRINGING_IN = [
    Action("preview bringing commitments in", "set_up_commitments", (on_erp(ADMIN),)),
    Action("see which are left", "set_up_commitments_left", (on_erp(ADMIN),), words=("no_job",)),
    Action(
        "bring commitments in",
        "set_up_commitments_start",
        (on_erp(ADMIN), PRIVILEGE),
        method="post",
        happens=lambda stage: bring_in_in("waiting", stage),
    ),
    Action("see what was brought in", "bring_in_detail", (on_erp(ADMIN),), the_brought_in),
    Action("see how far bringing in is", "bring_in_progress", (on_erp(ADMIN),), the_open_one),
    Action(
        "stop bringing in",
        "bring_in_stop",
        (on_erp(ADMIN),),
        the_open_one,
        method="post",
        happens=lambda stage: bring_in_in("stopped", stage),
    ),
]
