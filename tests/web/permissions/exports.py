"""Rows of the table: sending, and what accounting answers."""

from collections.abc import Callable
from typing import Any

from erpintegrations.models import Export
from tests.web.permissions.needs import ACCOUNTING, READ_ONLY, REASON, STANDARD, WRITE, Action, on_erp
from tests.web.stage import Stage


def the_sendable(stage: Stage) -> tuple[Any, ...]:
    return (stage.project.pk, stage.sendable.pk)


def the_ready(stage: Stage) -> tuple[Any, ...]:
    return (stage.ready.pk,)


def the_failed(stage: Stage) -> tuple[Any, ...]:
    return (stage.failed.pk,)


def export_in(export: str, state: Export.State) -> Callable[[Stage], bool]:
    return lambda stage: Export.objects.get(pk=getattr(stage, export).pk).state == state


def the_near(stage: Stage) -> tuple[Any, ...]:
    return (stage.near.pk,)


def deciding(decision: str) -> Callable[[Stage], dict[str, Any]]:
    return lambda stage: (
        {"decision": decision, "seen_version": stage.near.version, "is_anothers": decision == "reject"} | REASON
    )


ON_THEIR_WAY = [
    Action("see all entry sheets", "entry_sheets", (on_erp(READ_ONLY),)),
    Action("see an entry sheet", "entry_sheet", (on_erp(READ_ONLY),), the_near),
    Action("download an entry sheet", "entry_sheet_csv", (on_erp(READ_ONLY),), the_near),
    Action("check on an export now", "export_check", (on_erp(STANDARD),), the_near, method="post"),
    Action("see a near match", "export_decide", (on_erp(READ_ONLY),), the_near),
    Action(
        "link a near match",
        "export_decide",
        ACCOUNTING,
        the_near,
        method="post",
        data=deciding("link"),
        happens=export_in("near", Export.State.LINKED),
    ),
    Action(
        "reject a near match",
        "export_decide",
        ACCOUNTING,
        the_near,
        method="post",
        data=deciding("reject"),
        happens=export_in("near", Export.State.REJECTED),
    ),
]

EXPORT = [
    Action(
        "send to ERP",
        "commitment_send",
        WRITE,
        the_sendable,
        method="post",
        happens=lambda stage: Export.objects.filter(commitment=stage.sendable).exists(),
    ),
    Action(
        "retrieve from ERP",
        "commitment_retrieve",
        WRITE,
        lambda stage: (stage.project.pk, stage.ready.commitment_id),
        method="post",
        happens=export_in("ready", Export.State.RETRIEVED),
    ),
    Action("see an export", "export_detail", (on_erp(READ_ONLY),), the_ready),
    Action(
        "accept an export",
        "export_accept",
        ACCOUNTING,
        the_ready,
        method="post",
        data=lambda stage: {f"number-{stage.ready.pk}": "SC-4"},
        happens=export_in("ready", Export.State.ACCEPTED),
    ),
    Action("begin to reject an export", "export_reject", ACCOUNTING, the_ready),
    Action(
        "reject an export",
        "export_reject",
        ACCOUNTING,
        the_ready,
        method="post",
        data=lambda stage: REASON,
        happens=export_in("ready", Export.State.REJECTED),
    ),
    Action(
        "retry an export",
        "export_retry",
        ACCOUNTING,
        the_failed,
        method="post",
        happens=export_in("failed", Export.State.ACCEPTED),
    ),
    *(
        Action(
            f"preview {verb} selected",
            f"exports_{verb.lower()}_selected",
            ACCOUNTING,
            method="post",
            data=lambda stage, export=export: {"export": getattr(stage, export).pk},
            answers_per_row=True,
        )
        for verb, export in (("Accept", "ready"), ("Reject", "ready"), ("Retry", "failed"))
    ),
    Action(
        "accept selected",
        "exports_accept_selected",
        ACCOUNTING,
        method="post",
        data=lambda stage: {"export": stage.ready.pk, f"number-{stage.ready.pk}": "SC-4", "confirmed": "yes"},
        happens=export_in("ready", Export.State.ACCEPTED),
        answers_per_row=True,
    ),
    Action(
        "reject selected",
        "exports_reject_selected",
        ACCOUNTING,
        method="post",
        data=lambda stage: {"export": stage.ready.pk, "confirmed": "yes"} | REASON,
        happens=export_in("ready", Export.State.REJECTED),
        answers_per_row=True,
    ),
    Action(
        "retry selected",
        "exports_retry_selected",
        ACCOUNTING,
        method="post",
        data=lambda stage: {"export": stage.failed.pk, "confirmed": "yes"},
        happens=export_in("failed", Export.State.ACCEPTED),
        answers_per_row=True,
    ),
]
