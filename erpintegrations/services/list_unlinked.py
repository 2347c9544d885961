"""Keeping the list of the ERP's records that no commitment is linked to, as a completed sync found them.

Services alone import this.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection

from erpintegrations.models import ErpConnection, SyncLink, UnlinkedRecord
from erpintegrations.services.bulk import insert_new, update_rows
from erpintegrations.services.observations import batches
from erpintegrations.sync.among import rows_among
from erpintegrations.sync.unlinked import LISTED_FIELDS, UnlinkedPlan

# A record is listed before anybody has tried to bring it in.
NOTHING_LEFT = {"left": "", "left_detail": ""}


def apply_unlinked(plan: UnlinkedPlan, *, connection: ErpConnection, now: datetime.datetime) -> None:
    """This function will write what differs to the list; nothing when nothing does. Call it in a transaction.

    What was linked since the reading began is not listed. A row that was taken off meanwhile stays away. Why one was
    left says nothing of it any more once it was changed.
    """
    for pks in batches(plan.gone):
        UnlinkedRecord.objects.filter(pk__in=pks).delete()
    if plan.changed:
        rows = ((*NOTHING_LEFT.values(), *values, pk) for pk, values in plan.changed.items())
        update_rows(UnlinkedRecord, (*NOTHING_LEFT, *LISTED_FIELDS), rows)
    same = {"company": connection.company_id, "connection": connection.pk, "first_seen_at": now, **NOTHING_LEFT}
    linked = _linked(connection, plan.new)
    added = ((erp_id, *values) for erp_id, values in plan.new.items() if erp_id not in linked)
    insert_new(UnlinkedRecord, ("erp_id", *LISTED_FIELDS), added, same=same)
    # Many take seconds. Whoever linked one meanwhile found nothing to take off the list.
    take_off_list(connection, _linked(connection, plan.new) - linked)


def take_off_list(connection: ErpConnection, erp_ids: Collection[str]) -> None:
    """This function will take records off the list that are linked now. Call it in the transaction that links them."""
    for some in batches(erp_ids):
        UnlinkedRecord.objects.filter(connection=connection, erp_id__in=some).delete()


def _linked(connection: ErpConnection, erp_ids: Collection[str]) -> set[str]:
    links = SyncLink.objects.filter(connection=connection, closed_at=None)
    asked = rows_among(links.order_by(), "erp_id", erp_ids)
    return {erp_id for some in asked for erp_id in some.values_list("erp_id", flat=True)}
