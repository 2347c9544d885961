"""Which of the ERP's job, vendor, cost codes and cost types a commitment's own are linked to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commitments.models import Commitment, ScheduleOfValuesLine
from erpintegrations.connectors.base import Master, Masters
from erpintegrations.models import CostCodeLink, CostTypeLink, ErpConnection, JobLink, VendorLink
from erpintegrations.models.masters import MasterLink

CLOSED_JOBS = ("2-Refused", "6-Closed")


@dataclass(frozen=True, slots=True)
class Reference:
    """A counterpart in the ERP: its number there, and why it cannot be used, if so."""

    erp_id: str
    is_gone: bool = False
    status: str = ""

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED_JOBS


@dataclass(frozen=True, slots=True)
class References:
    """None, or not in the mapping: not linked. Cost codes and cost types by the id of ours."""

    job: Reference | None
    vendor: Reference | None
    cost_codes: Mapping[int, Reference]
    cost_types: Mapping[int, Reference]

    def as_linked(self) -> References:
        """As if all of them were in the ERP, and open."""
        return References(
            job=self.job and Reference(self.job.erp_id),
            vendor=self.vendor and Reference(self.vendor.erp_id),
            cost_codes={pk: Reference(code.erp_id) for pk, code in self.cost_codes.items()},
            cost_types={pk: Reference(kind.erp_id) for pk, kind in self.cost_types.items()},
        )


def references_of(
    commitment: Commitment,
    lines: Sequence[ScheduleOfValuesLine],
    connection: ErpConnection,
    masters: Masters | None = None,
) -> References:
    """Four queries. `masters` is what the ERP holds at this moment, where it has just been read."""
    jobs = JobLink.objects.filter(connection=connection, project_id=commitment.project_id)
    vendors = VendorLink.objects.filter(connection=connection, vendor_id=commitment.vendor_id)
    codes = CostCodeLink.objects.filter(connection=connection, cost_code_id__in={line.cost_code_id for line in lines})
    types = CostTypeLink.objects.filter(connection=connection, cost_type_id__in={line.cost_type_id for line in lines})
    live_jobs = {job.erp_id: job for job in masters.jobs} if masters else None
    live_vendors = {vendor.erp_id: vendor for vendor in masters.vendors} if masters else None
    live_codes = {code.erp_id: code for code in masters.cost_codes} if masters else None
    live_types = {kind.erp_id: kind for kind in masters.cost_types} if masters else None
    return References(
        job=next((_reference(link, live_jobs) for link in jobs), None),
        vendor=next((_reference(link, live_vendors) for link in vendors), None),
        cost_codes={link.cost_code_id: _reference(link, live_codes) for link in codes},
        cost_types={link.cost_type_id: _reference(link, live_types) for link in types},
    )


def _reference(link: MasterLink, live: Mapping[str, Master] | None) -> Reference:
    was_gone = link.gone_at is not None
    if live is None:
        return Reference(link.erp_id, is_gone=was_gone)
    master = live.get(link.erp_id)
    if master is None or (was_gone and not link.is_of(master)):
        return Reference(link.erp_id, is_gone=True)
    return Reference(link.erp_id, status=master.status)
