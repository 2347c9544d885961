"""What tests of exports share: commitments that are ready to be sent, with all their counterparts in a real Sage."""

from __future__ import annotations

from typing import Any

from commitments.models import Commitment, CostCode, CostType, Vendor
from directory.models import Project, User
from erpintegrations.models import CostCodeLink, CostTypeLink, ErpConnection, Export, JobLink, VendorLink
from tests.connectors.builder import SageCompany
from tests.factories import CommitmentFactory, ExportFactory


class Books:
    """Commitments of one company, and the Sage that they are to be sent to: `books.commitment("SC-7")`."""

    def __init__(self, connection: ErpConnection, sage: SageCompany) -> None:
        self.connection = connection
        self.sage = sage
        self.company = connection.company
        self.vendor = Vendor.objects.create(company=self.company, number="V-1", name="Acme Concrete")
        self.code = CostCode.objects.create(company=self.company, code="03-300", name="Concrete")
        self.type = CostType.objects.create(company=self.company, code="4", name="Subcontract")
        self.vendor_number = sage.add_vendor("Acme Concrete")
        common = {"company": self.company, "connection": connection}
        VendorLink.objects.create(vendor=self.vendor, erp_id=str(self.vendor_number), **common)
        CostCodeLink.objects.create(cost_code=self.code, erp_id=sage.add_cost_code("3300"), **common)
        CostTypeLink.objects.create(cost_type=self.type, erp_id=str(sage.add_cost_type(4)), **common)

    def job_of(self, project: Project, *, status: int = 4) -> int:
        """The number of the project's job in Sage, made when first asked for."""
        found = JobLink.objects.filter(project=project).first()
        if found is not None:
            return int(found.erp_id)
        number = self.sage.add_job(project.name, status=status)
        JobLink.objects.create(project=project, company=self.company, connection=self.connection, erp_id=str(number))
        return number

    def commitment(self, number: str, project: Project, **fields: Any) -> Commitment:
        """Approved, dated, with one line, and all of it linked."""
        self.job_of(project)
        made = CommitmentFactory(
            project=project, number=number, vendor=self.vendor, lines=False, **{"title": "Concrete", **fields}
        )
        made.lines.create(
            position=1,
            cost_code=self.code,
            cost_type=self.type,
            description="Footings and slab",
            unit_cost=made.amount,
            amount=made.amount,
        )
        return made

    def export(self, number: str, project: Project, sent_by: User, **fields: Any) -> Export:
        """On its way already, in the state that `fields` say; ready by default."""
        return ExportFactory(
            connection=self.connection, commitment=self.commitment(number, project), sent_by=sent_by, **fields
        )


def give_counterparts(
    commitment: Commitment, connection: ErpConnection, *, job: str, vendor: str, cost_code: str, cost_type: str
) -> None:
    """Link all that a commitment names to these numbers in Sage; each may be linked already."""
    common = {"company": connection.company, "connection": connection}
    JobLink.objects.get_or_create(project=commitment.project, defaults={"erp_id": job, **common})
    VendorLink.objects.get_or_create(vendor=commitment.vendor, defaults={"erp_id": vendor, **common})
    for line in commitment.lines.all():
        CostCodeLink.objects.get_or_create(cost_code=line.cost_code, defaults={"erp_id": cost_code, **common})
        CostTypeLink.objects.get_or_create(cost_type=line.cost_type, defaults={"erp_id": cost_type, **common})
