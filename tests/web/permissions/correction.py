"""Rows of the table: unlink anyway, the guided correction, drift and adoption."""

from collections.abc import Callable
from typing import Any

from erpintegrations.models import SyncLink, UnlinkOverride
from tests.web.permissions.needs import (
    ACCOUNTING,
    ADMIN,
    ON_THE_TEAM,
    READ_ONLY,
    REASON,
    UNLINK,
    Action,
    on_commitments,
    on_erp,
)
from tests.web.stage import Stage


def the_forbidden(stage: Stage) -> tuple[Any, ...]:
    return (stage.forbidden.pk,)


def the_request(stage: Stage) -> tuple[Any, ...]:
    return (stage.request.pk,)


def the_unlinked_record(stage: Stage) -> tuple[Any, ...]:
    return (stage.unlinked.pk,)


def request_in(name: str, state: str) -> Callable[[Stage], bool]:
    return lambda stage: UnlinkOverride.objects.get(pk=getattr(stage, name).pk).state == state


ASK_TO_UNLINK = (*UNLINK, on_erp(ADMIN))
CORRECTION = [
    Action("begin to ask to unlink anyway", "unlink_anyway", ASK_TO_UNLINK, the_forbidden),
    Action(
        "ask to unlink anyway",
        "unlink_anyway",
        ASK_TO_UNLINK,
        the_forbidden,
        method="post",
        data=lambda stage: REASON,
        happens=lambda stage: stage.forbidden.overrides.exists(),
    ),
    Action("see a request to unlink anyway", "override_answer", UNLINK, the_request),
    Action(
        "consent to unlink anyway",
        "override_answer",
        UNLINK,
        the_request,
        method="post",
        data=lambda stage: {"consent": "yes", "seen_version": stage.request.link.version},
        happens=lambda stage: SyncLink.objects.get(pk=stage.request.link_id).left_in_erp,
    ),
    Action(
        "decline to unlink anyway",
        "override_answer",
        UNLINK,
        the_request,
        method="post",
        data=lambda stage: {"decline": "yes", "answer": "Reverse the invoice."},
        happens=request_in("request", "declined"),
    ),
    Action(
        "withdraw one's own request",
        "override_withdraw",
        (on_erp(READ_ONLY),),
        lambda stage: (stage.own_request.pk,),
        method="post",
        happens=request_in("own_request", "withdrawn"),
    ),
    Action(
        "see a correction",
        "correction",
        (ON_THE_TEAM, on_commitments(READ_ONLY)),
        lambda stage: (stage.project.pk, stage.commitment.pk),
    ),
    Action("compare a link with its record", "link_compare", (on_erp(READ_ONLY),), the_forbidden),
    Action("see what is only in the ERP", "adoption_list", (on_erp(READ_ONLY),)),
    Action("choose a commitment for a record", "adoption_compare", ACCOUNTING, the_unlinked_record),
    Action(
        "adopt a record",
        "adoption_adopt",
        ACCOUNTING,
        the_unlinked_record,
        method="post",
        data=lambda stage: {"commitment": stage.sendable.pk},
        happens=lambda stage: stage.sendable.links.filter(closed_at=None).exists(),
    ),
]
