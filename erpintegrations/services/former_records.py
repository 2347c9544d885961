"""What a commitment was linked to before, and whether that is in the ERP again. Services alone import this."""

from __future__ import annotations

from collections.abc import Mapping

from erpintegrations.connectors.base import ErpRecord
from erpintegrations.models import ErpConnection, SyncLink
from erpintegrations.services import live_erp
from erpintegrations.services.links import last_links


def former_links(connection: ErpConnection, commitment_id: int | None) -> list[SyncLink]:
    """The links of records that must not be in the ERP beside another record of this commitment.

    Of each record its last link decides: one that two persons left in the ERP is there on purpose, and one that became
    another commitment's is no longer this one's.
    """
    closed = SyncLink.objects.filter(connection=connection, commitment_id=commitment_id or 0).exclude(closed_at=None)
    last = last_links(connection, sorted(set(closed.values_list("erp_id", flat=True))))
    return [
        link
        for link in last.values()
        if link.commitment_id == commitment_id and not link.is_open and not link.left_in_erp
    ]


def living_former_record(connection: ErpConnection, commitment_id: int | None) -> ErpRecord | None:
    """A record that was gone when the commitment was unlinked from it, and is back: None when there is none.

    Asks the ERP where there are any. Raises Retryable, NeedsAttention.
    """
    return living_beside(connection, {commitment_id or 0: ""}).get(commitment_id or 0)


def living_beside(connection: ErpConnection, found: Mapping[int, str]) -> dict[int, ErpRecord]:
    """By commitment: a record that it was linked to before, and that is back beside what was `found` for it, which is
    given by its id in the ERP.

    Asks the ERP once, where there are any. Raises Retryable, NeedsAttention.
    """
    former = {
        commitment_id: [link for link in former_links(connection, commitment_id) if link.erp_id != erp_id]
        for commitment_id, erp_id in found.items()
    }
    asked = [link for links in former.values() for link in links]
    records = live_erp.ask_about(connection, asked).records if asked else {}
    living = {commitment_id: first_living(links, records) for commitment_id, links in former.items()}
    return {commitment_id: record for commitment_id, record in living.items() if record is not None}


def first_living(former: list[SyncLink], records: Mapping[str, ErpRecord]) -> ErpRecord | None:
    """The first of these links' records that is among those of the ERP, and not void."""
    found = (records.get(link.erp_id) for link in former)
    return next((record for record in found if record is not None and not record.is_void), None)
