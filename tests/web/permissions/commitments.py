"""Rows of the table: writing commitments."""

from typing import Any

from commitments.models import Commitment
from tests.web.permissions.needs import WRITE, Action
from tests.web.stage import Stage


def the_draft(stage: Stage) -> tuple[Any, ...]:
    return (stage.project.pk, stage.draft.pk)


def new_subcontract(stage: Stage) -> tuple[Any, ...]:
    return (stage.project.pk, "subcontract")


def typed(stage: Stage) -> dict[str, Any]:
    """A commitment's form as it is sent."""
    return {
        "save": "1",
        "revision": stage.draft.revision,
        "number": "SC-77",
        "title": "Retaining wall",
        "vendor": stage.draft.vendor.number,
        "status": "draft",
        "accounting_method": "unit_based",
        "default_retainage_percent": "10",
    }


WRITE_COMMITMENTS = [
    Action("begin a commitment", "commitment_create", WRITE, new_subcontract),
    Action(
        "create a commitment",
        "commitment_create",
        WRITE,
        new_subcontract,
        method="post",
        data=typed,
        happens=lambda stage: stage.project.commitments.filter(number="SC-77").exists(),
    ),
    Action("begin to edit a commitment", "commitment_edit", WRITE, the_draft),
    Action(
        "edit a commitment",
        "commitment_edit",
        WRITE,
        the_draft,
        method="post",
        data=typed,
        happens=lambda stage: Commitment.objects.get(pk=stage.draft.pk).number == "SC-77",
    ),
    Action("begin to delete a commitment", "commitment_delete", WRITE, the_draft),
    Action(
        "delete a commitment",
        "commitment_delete",
        WRITE,
        the_draft,
        method="post",
        data=lambda stage: {"revision": stage.draft.revision},
        happens=lambda stage: not Commitment.objects.filter(pk=stage.draft.pk).exists(),
    ),
    Action(
        "search vendors",
        "commitment_choices",
        WRITE,
        lambda stage: (stage.project.pk, "vendors"),
        query={"vendor": "con"},
    ),
]
