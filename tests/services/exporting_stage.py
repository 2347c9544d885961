"""Commitments that were sent and accepted by the real services, towards a real Sage company and its bridge."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone
from django_q.models import OrmQ

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.models import Activity, Project
from erpintegrations.connectors.base import CommitmentKind
from erpintegrations.models import ErpConnection, Export
from erpintegrations.services.answer_export import accept_exports
from erpintegrations.services.export_commitment import perform_export
from erpintegrations.services.send_to_erp import send_to_erp
from tests.bridging import DeskBridge
from tests.connectors.builder import Line, SageCompany
from tests.exporting import Books


class ExportStage:
    """`stage.accepted("SC-7")` is an export on its way; `stage.perform(export)` what a worker does with it."""

    def __init__(
        self, connection: ErpConnection, sage: SageCompany, project: Project, access: CompanyAccess, method: str
    ) -> None:
        self.connection, self.sage, self.project, self.access = connection, sage, project, access
        connection.export_method = method
        connection.save(update_fields=["export_method"])
        self.books = Books(connection, sage)
        self.bridge = DeskBridge(sage)
        self.now = timezone.now()

    def clock(self) -> datetime.datetime:
        self.now += datetime.timedelta(milliseconds=1)
        return self.now

    def forward(self, **span: float) -> None:
        self.now += datetime.timedelta(**span)

    def accepted(self, number: str = "SC-7", *, erp_number: str = "", **fields: Any) -> Export:
        return self.accept(self.books.commitment(number, self.project, **fields), erp_number)

    def accept(self, commitment: Commitment, erp_number: str = "") -> Export:
        export = send_to_erp(commitment=commitment, access=self.access, now=self.clock())
        numbers = {export.pk: erp_number or commitment.number}
        (outcome,) = accept_exports(exports=[export], access=self.access, numbers=numbers, now=self.clock())
        assert outcome.refusal is None, outcome.refusal
        return outcome.export

    def perform(self, export: Export) -> Export:
        """A worker takes the task, if there is one, and does it."""
        OrmQ.objects.all().delete()
        return perform_export(export_id=export.pk, clock=self.clock, bridge_of=self.bridge)

    def key_in(self, number: str, amount: str = "10000", *, vendor: int | None = None, **more: Any) -> str:
        """What the accountant keys in from the entry sheet: by default just what is on it."""
        line = Line(amount, cost_code="3300", cost_type=4, description="Footings and slab")
        vendor = self.books.vendor_number if vendor is None else vendor
        job = self.books.job_of(self.project)
        add = self.sage.add_purchase_order if number.startswith("PO") else self.sage.add_subcontract
        return add(number, job, vendor, **{"lines": [line], "dscrpt": "Concrete", **more})

    def in_sage(self, number: str) -> list[str]:
        """The ids of the records in Sage with this number."""
        kind = CommitmentKind.PURCHASE_ORDER if number.startswith("PO") else CommitmentKind.SUBCONTRACT
        found = self.connection.connector().find_by_number(kind, [number])
        return [detail.record.erp_id for detail in found]

    @staticmethod
    def story(export: Export) -> list[str]:
        entries = Activity.objects.filter(subject_id=export.commitment_id).order_by("id")
        return list(entries.values_list("verb", flat=True))
