"""What the use cases around one export share: the export as it is now, its name, who answered it, and its story.

Services alone import this.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import F

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.activity import Entry
from directory.models import SubjectType, Verb
from erpintegrations import moments
from erpintegrations.models import Export
from erpintegrations.refusals import AlreadyAnswered

if TYPE_CHECKING:
    from directory.models import User

ErpStatus = Commitment.ErpStatus
Move = tuple[Commitment.ErpStatus, Commitment.ErpStatus]
ACTS = {
    Export.State.RETRIEVED: "retrieved",
    Export.State.REJECTED: "rejected",
    Export.State.LINKED: "accepted",
}


def current_exports(exports: list[Export], access: CompanyAccess) -> list[Export]:
    """The exports as they are now, each once, in the order given. Raises Export.DoesNotExist for another company's."""
    pks = dict.fromkeys(export.pk for export in exports)
    found = (
        Export.objects.filter(company=access.company)
        .select_related("commitment", "connection", "sent_by", "answered_by")
        .in_bulk(pks)
    )
    if len(found) != len(pks):
        raise Export.DoesNotExist("Some of these exports do not belong to the company.")
    return [found[pk] for pk in pks]


def name_of(export: Export) -> str:
    """Such as "Subcontract SC-1042"."""
    return f"{export.get_kind_display()} {export.number}"


def already_answered(export: Export, access: CompanyAccess, now: datetime.datetime) -> AlreadyAnswered:
    """Who was faster, what they did, and how the export stands now."""
    act = ACTS.get(Export.State(export.state), "accepted")
    by, at = export.answered_by, export.answered_at
    who = "Somebody" if by is None else "You" if by == access.user else by.name
    when = f" {moments.both(at, now)}" if at else ""
    return AlreadyAnswered(
        f"{who} already {act} {name_of(export)}{when}.",
        remedy=f"Nothing was changed. It is “{export.get_state_display()}” now.",
    )


def move_commitment(export: Export, move: Move, *, now: datetime.datetime) -> bool:
    """Set the commitment's ERP status, if it is the one that the export left it in."""
    before, after = move
    moved = Commitment.objects.filter(pk=export.commitment_id or 0, erp_status=before).update(
        erp_status=after, revision=F("revision") + 1, updated_at=now
    )
    return moved == 1


def export_entry(
    export: Export,
    verb: Verb,
    move: Move,
    *,
    at: datetime.datetime,
    actor: User | None,
    reason: str = "",
    after: Mapping[str, Any] | None = None,
) -> Entry:
    """The history of a commitment tells its way into the ERP. `actor` is None for what the product does by itself."""
    return Entry(
        company_id=export.company_id,
        project_id=export.project_id,
        verb=verb,
        subject_type=SubjectType.COMMITMENT,
        subject_id=export.commitment_id or 0,
        subject_label=f"{name_of(export)} {export.title}",
        at=at,
        actor=actor,
        actor_label="ERP Integrations",
        reason=reason,
        before={"erp_status": str(move[0].label)},
        after={"erp_status": str(move[1].label), **(after or {})},
    )
