"""What the use cases around one link share: the link as it is now, its name in sentences, and who unlinked it.

Services alone import this.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from typing import Any

from commitments.editing.story import told_lines
from commitments.models import Commitment, ScheduleOfValuesLine
from directory.access import CompanyAccess
from erpintegrations import moments
from erpintegrations.models import ErpConnection, SyncLink
from erpintegrations.refusals import AlreadyUnlinked
from erpintegrations.services.observations import batches, presence_label


def current_link(link: SyncLink, access: CompanyAccess) -> SyncLink:
    """The link as it is now, whatever the caller's copy says. Raises SyncLink.DoesNotExist for another company's."""
    return current_links([link], access)[0]


def current_links(links: list[SyncLink], access: CompanyAccess) -> list[SyncLink]:
    """The links as they are now, each once, in the order given. Raises SyncLink.DoesNotExist for another company's."""
    pks = dict.fromkeys(link.pk for link in links)
    found = (
        SyncLink.objects.filter(company=access.company)
        .select_related("commitment", "closed_by")
        .order_by()
        .in_bulk(list(pks))
    )
    if len(found) != len(pks):
        raise SyncLink.DoesNotExist("Some of these links do not belong to the company.")
    return [found[pk] for pk in pks]


def last_links(connection: ErpConnection, erp_ids: Collection[str]) -> dict[str, SyncLink]:
    """By record of the ERP: its open link, else the last one that a person closed; nothing where it has none."""
    links: dict[str, SyncLink] = {}
    for ids in batches(erp_ids):
        rows = SyncLink.objects.filter(connection=connection, erp_id__in=ids).select_related("closed_by")
        for link in sorted(rows, key=lambda link: (link.is_open, link.closed_at or link.linked_at, link.pk)):
            links[link.erp_id] = link
    return links


def lines_to_keep(commitments: Iterable[Commitment]) -> dict[int, list[Any]]:
    """By commitment, its schedule of values as its link keeps it, which is as it was while it was linked.

    In the transaction that closes the links, once their commitments are claimed.
    """
    chosen = {commitment.pk: commitment for commitment in commitments}
    lines: dict[int, list[ScheduleOfValuesLine]] = {pk: [] for pk in chosen}
    rows = ScheduleOfValuesLine.objects.filter(commitment_id__in=list(chosen)).order_by("position", "id")
    for line in rows.prefetch_related("cost_code", "cost_type"):  # thousands of lines have a few codes
        lines[line.commitment_id].append(line)
    return {
        pk: [(line.pk, line.position, line.words) for line in told_lines(chosen[pk], own)] for pk, own in lines.items()
    }


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
