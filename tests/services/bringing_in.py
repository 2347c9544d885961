"""The stage of bringing in: a Sage company whose records nobody has linked yet, and an administrator to do it."""

from __future__ import annotations

import datetime
from typing import Any

from commitments.models import Commitment, ScheduleOfValuesLine
from directory.access import access_for
from directory.models import Company, Project, User
from erpintegrations.models import (
    BringIn,
    CostCodeLink,
    CostTypeLink,
    ErpConnection,
    JobLink,
    SyncLink,
    UnlinkedRecord,
    VendorLink,
)
from erpintegrations.services.bring_in import perform_bring_in, request_bring_in
from erpintegrations.services.run_sync import open_run, perform_sync
from tests.connectors.builder import Line, SageCompany
from tests.factories import CostCodeFactory, CostTypeFactory, ProjectFactory, VendorFactory
from tests.sync.conftest import Clock


class BringingIn:
    """Jobs, vendors and codes are brought in; commitments of Sage are what `sage` holds, once they are `read`."""

    def __init__(self, connection: ErpConnection, sage: SageCompany, project: Project, admin: User) -> None:
        self.connection, self.sage, self.project, self.admin = connection, sage, project, admin
        self.company: Company = connection.company
        self.clock = Clock()
        self.job = sage.add_job(project.name)
        self.vendor_number = sage.add_vendor("Acme Concrete")
        self.vendor = VendorFactory(company=self.company, name="Acme Concrete")
        self.cost_code = CostCodeFactory(company=self.company, code="3.3")
        self.cost_type = CostTypeFactory(company=self.company, code="4")
        sage.add_cost_code("3.3")
        sage.add_cost_type(4)
        self._link(JobLink, str(self.job), project=project)
        self._link(VendorLink, str(self.vendor_number), vendor=self.vendor)
        self._link(CostCodeLink, "3.3", cost_code=self.cost_code)
        self._link(CostTypeLink, "4", cost_type=self.cost_type)

    def _link(self, model: Any, erp_id: str, **of: Any) -> None:
        model.objects.create(company=self.company, connection=self.connection, erp_id=erp_id, **of)

    def line(self, amount: Any = 1000, **more: Any) -> Line:
        """A line whose cost code and cost type are brought in."""
        return Line(amount, **{"cost_code": "3.3", "cost_type": 4, **more})

    def subcontract(self, number: str = "SC-1", **more: Any) -> str:
        return self._add(self.sage.add_subcontract, number, **more)

    def purchase_order(self, number: str = "PO-1", **more: Any) -> str:
        return self._add(self.sage.add_purchase_order, number, **more)

    def link_job(self, job: int, **project: Any) -> Project:
        made = ProjectFactory(company=self.company, **project)
        self._link(JobLink, str(job), project=made)
        return made

    def many(self, count: int) -> None:
        """Subcontracts of two lines each, at once."""
        self.sage.add_many(count, self.job)
        self.sage.run(
            f"UPDATE subcon SET vndnum = {self.vendor_number} WHERE jobnum = {self.job}",
            "UPDATE sbcnln SET cstcde = 3.300, csttyp = 4",
        )

    def subcontracts(self, count: int) -> list[str]:
        return [self.subcontract(f"SC-{place}") for place in range(1, count + 1)]

    def _add(self, add: Any, number: str, *, job: int | None = None, vendor: int | None = None, **more: Any) -> str:
        lines = more.pop("lines", (self.line(),))
        job = self.job if job is None else job
        return add(number, job, self.vendor_number if vendor is None else vendor, lines=lines, **more)

    def read(self) -> None:
        """A sync, which lists what is not linked."""
        run, _ = open_run(
            connection=ErpConnection.objects.get(pk=self.connection.pk), trigger="schedule", by=None, now=self.clock()
        )
        run = perform_sync(run_id=run.pk, clock=self.clock, retry_waits=())
        assert run.state == "completed", run.problem

    def request(self, **how: Any) -> BringIn:
        access = access_for(self.admin, self.company)
        assert access is not None
        connection = ErpConnection.objects.get(pk=self.connection.pk)
        return request_bring_in(
            connection=connection, **{"step": BringIn.Step.COMMITMENT, "access": access, "now": self.clock(), **how}
        )

    def perform(self, bring_in: BringIn, **how: Any) -> BringIn:
        return perform_bring_in(bring_in_id=bring_in.pk, **{"clock": self.clock, "retry_waits": (), **how})

    def bring_in(self, **how: Any) -> BringIn:
        return self.perform(self.request(**how))

    def forward(self, **span: float) -> datetime.datetime:
        return self.clock.forward(**span)

    def numbers(self) -> list[str]:
        """Of the commitments that are here."""
        return list(Commitment.objects.order_by("number").values_list("number", flat=True))

    def left(self) -> dict[str, tuple[str, str]]:
        """Why each record is left, as it was found out by trying."""
        rows = UnlinkedRecord.objects.exclude(left="")
        return {row.number: (row.left, row.left_detail) for row in rows}

    def assert_whole(self) -> None:
        """Each commitment has its lines, its link and its entry, once."""
        for commitment in Commitment.objects.all():
            lines = ScheduleOfValuesLine.objects.filter(commitment=commitment)
            assert sum(line.amount for line in lines) == commitment.amount
            assert SyncLink.objects.filter(commitment=commitment, closed_at=None).count() == 1
            assert commitment.erp_status == "synced"
