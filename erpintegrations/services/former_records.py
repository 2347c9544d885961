"""What a commitment was linked to before, and whether that is in the ERP again. Services alone import this."""

from __future__ import annotations

from erpintegrations.connectors.base import ErpRecord
from erpintegrations.models import ErpConnection, SyncLink
from erpintegrations.services import live_erp
from erpintegrations.services.links import last_links


def living_former_record(connection: ErpConnection, commitment_id: int | None) -> ErpRecord | None:
    """A record that was gone when the commitment was unlinked from it, and is back: None when there is none.

    Of each record its last link decides: one that two persons left in the ERP is there on purpose, and one that became
    another commitment's is no longer this one's. Asks the ERP where there are any. Raises Retryable, NeedsAttention.
    """
    closed = SyncLink.objects.filter(connection=connection, commitment_id=commitment_id or 0).exclude(closed_at=None)
    last = last_links(connection, sorted(set(closed.values_list("erp_id", flat=True))))
    former = [
        link
        for link in last.values()
        if link.commitment_id == commitment_id and not link.is_open and not link.left_in_erp
    ]
    if not former:
        return None
    records = live_erp.ask_about(connection, former).records
    found = (records.get(link.erp_id) for link in former)
    return next((record for record in found if record is not None and not record.is_void), None)
