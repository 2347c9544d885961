"""What the use cases around one link share: the link as it is now, its name in sentences, and who unlinked it.

Services alone import this.
"""

from __future__ import annotations

import datetime
from typing import Any

from commitments.models import Commitment
from directory.access import CompanyAccess
from erpintegrations import moments
from erpintegrations.models import SyncLink
from erpintegrations.refusals import AlreadyUnlinked
from erpintegrations.services.observations import presence_label


def current_link(link: SyncLink, access: CompanyAccess) -> SyncLink:
    """The link as it is now, whatever the caller's copy says. Raises SyncLink.DoesNotExist for another company's."""
    return current_links([link], access)[0]


def current_links(links: list[SyncLink], access: CompanyAccess) -> list[SyncLink]:
    """The links as they are now, each once, in the order given. Raises SyncLink.DoesNotExist for another company's."""
    found = (
        SyncLink.objects.filter(company=access.company)
        .select_related("commitment", "closed_by")
        .in_bulk([link.pk for link in links])
    )
    pks = dict.fromkeys(link.pk for link in links)
    if len(found) != len(pks):
        raise SyncLink.DoesNotExist("Some of these links do not belong to the company.")
    return [found[pk] for pk in pks]


def name_of(link: SyncLink) -> str:
    """Such as "Subcontract SC-1042"."""
    return f"{link.get_kind_display()} {link.number}"


def linked_state(link: SyncLink) -> dict[str, Any]:
    """What the history says of a commitment while it is linked; nothing of it but the ERP status is left after."""
    return {
        "erp_number": link.erp_number,
        "presence": presence_label(link.presence),
        "erp_status": str(Commitment.ErpStatus.SYNCED.label),
    }


def unlinked_state(erp_status: str = Commitment.ErpStatus.NOT_SENT) -> dict[str, Any]:
    return {"erp_status": str(Commitment.ErpStatus(erp_status).label)}


def already_unlinked(link: SyncLink, access: CompanyAccess, now: datetime.datetime) -> AlreadyUnlinked:
    """Who unlinked a closed link, and when."""
    if link.closed_at is None or link.closed_by is None:
        raise ValueError("This link is open.")
    who = "You" if link.closed_by == access.user else link.closed_by.name
    return AlreadyUnlinked(
        f"{who} already unlinked {name_of(link)} {moments.both(link.closed_at, now)}.",
        remedy="Next, correct the commitment and export it again, or delete it.",
    )
