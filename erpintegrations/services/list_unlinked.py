"""Keeping the list of the ERP's records that no commitment is linked to, as a completed sync found them.

Services alone import this.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection

from erpintegrations.models import ErpConnection, SyncLink, UnlinkedRecord
from erpintegrations.services.observations import batches
from erpintegrations.sync.unlinked import LISTED_FIELDS, Listed, UnlinkedPlan


def apply_unlinked(plan: UnlinkedPlan, *, connection: ErpConnection, now: datetime.datetime) -> None:
    """This function will write what differs to the list; nothing when nothing does. Call it in a transaction.

    What was linked since the reading began is not listed. A row that was taken off meanwhile stays away.
    """
    for pks in batches(plan.gone):
        UnlinkedRecord.objects.filter(pk__in=pks).delete()
    for changed in batches(plan.changed.items()):
        rows = [UnlinkedRecord(pk=pk, **_columns(values)) for pk, values in changed]
        UnlinkedRecord.objects.bulk_update(rows, LISTED_FIELDS)
    for new in batches(plan.new.items()):
        linked = _linked(connection, [erp_id for erp_id, _ in new])
        UnlinkedRecord.objects.bulk_create(
            (
                UnlinkedRecord(
                    company_id=connection.company_id,
                    connection=connection,
                    erp_id=erp_id,
                    first_seen_at=now,
                    **_columns(values),
                )
                for erp_id, values in new
                if erp_id not in linked
            ),
            ignore_conflicts=True,
        )


def take_off_list(connection: ErpConnection, erp_ids: Collection[str]) -> None:
    """This function will take records off the list that are linked now. Call it in the transaction that links them."""
    for some in batches(erp_ids):
        UnlinkedRecord.objects.filter(connection=connection, erp_id__in=some).delete()


def _linked(connection: ErpConnection, erp_ids: Collection[str]) -> set[str]:
    links = SyncLink.objects.filter(connection=connection, erp_id__in=erp_ids, closed_at=None)
    return set(links.values_list("erp_id", flat=True))


def _columns(values: Listed) -> dict[str, object]:
    return dict(zip(LISTED_FIELDS, values, strict=True))
