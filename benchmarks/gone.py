"""Links whose record is gone from the ERP, which Unlink closes with its lines, and how they become open again."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal

from benchmarks.data import SyncedCompany
from commitments.models import Commitment, CostCode, CostType, ScheduleOfValuesLine
from directory.models import Company
from erpintegrations.models import Presence, SyncLink

LINE_AMOUNT = Decimal("1250.00")


def delete_records(synced: SyncedCompany, links: Sequence[SyncLink]) -> None:
    """This function will delete the records of these links from the ERP."""
    with closing(sqlite3.connect(synced.sage)) as file, file:
        for table in ("subcon", "pchord"):
            file.executemany(f"DELETE FROM {table} WHERE _idnum = ?", [(link.erp_id.upper(),) for link in links])


def give_lines(company: Company, links: Sequence[SyncLink]) -> None:
    """This function will give the commitments of these links two lines each, as their records have."""
    code = CostCode.objects.create(company=company, code="03-300", name="Concrete")
    kind = CostType.objects.create(company=company, code="S", name="Subcontract")
    ScheduleOfValuesLine.objects.bulk_create(
        (
            ScheduleOfValuesLine(
                commitment_id=pk,
                position=position,
                cost_code=code,
                cost_type=kind,
                description=f"Work {position}",
                unit_cost=LINE_AMOUNT,
                amount=LINE_AMOUNT,
            )
            for pk in (link.commitment_id for link in links)
            if pk is not None
            for position in (1, 2)
        ),
        batch_size=500,
    )


def reopen(links: Sequence[SyncLink], presence: Presence) -> None:
    """This function will put everything back to before the work, but for the history, which cannot be."""
    for link in links:
        link.presence = presence
    SyncLink.objects.filter(pk__in=[link.pk for link in links]).update(
        presence=presence,
        version=1,
        checked_at=None,
        closed_at=None,
        closed_by=None,
        close_token=None,
        closed_commitment_revision=None,
        closed_lines=None,
    )
    commitments = Commitment.objects.filter(pk__in=[link.commitment_id for link in links])
    commitments.update(erp_status=Commitment.ErpStatus.SYNCED, revision=1)
