"""One factory per model, each making the smallest whole thing. What belongs together is passed in, or follows along.

Only tests import this. A commitment made here has one line; a link made here leaves its commitment synced.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from commitments.models import Commitment, CostCode, CostType, ScheduleOfValuesLine, Vendor
from directory.models import Company, CompanyMember, Level, PrivilegeRequest, Project, ProjectMember, User
from erpintegrations.models import BringIn, ConnectionCheck, ErpConnection, Export, Presence, SyncLink, SyncRun

PASSWORD = "demo"
NUMBERED = (*Export.NUMBERED, Export.State.LINKED)


class CompanyFactory(DjangoModelFactory):
    class Meta:
        model = Company

    name = factory.Sequence(lambda n: f"Builders {n}")
    slug = factory.Sequence(lambda n: f"builders-{n}")


class ProjectFactory(DjangoModelFactory):
    class Meta:
        model = Project

    company = factory.SubFactory(CompanyFactory)
    number = factory.Sequence(lambda n: f"P-{n}")
    name = factory.Sequence(lambda n: f"Project {n}")


class UserFactory(DjangoModelFactory):
    """Signs in with PASSWORD."""

    class Meta:
        model = User

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person-{n}@example.com")
    password = PASSWORD

    @classmethod
    def _create(cls, model_class: type[User], *_: Any, **fields: Any) -> User:
        return model_class.objects.create_user(**fields)


class CompanyMemberFactory(DjangoModelFactory):
    class Meta:
        model = CompanyMember

    company = factory.SubFactory(CompanyFactory)
    user = factory.SubFactory(UserFactory)


class ProjectMemberFactory(DjangoModelFactory):
    class Meta:
        model = ProjectMember

    project = factory.SubFactory(ProjectFactory)
    user = factory.SubFactory(UserFactory)
    commitments_level = Level.READ_ONLY


class PrivilegeRequestFactory(DjangoModelFactory):
    class Meta:
        model = PrivilegeRequest

    member = factory.SubFactory(CompanyMemberFactory)
    reason = "I correct the commitments of my projects."


class VendorFactory(DjangoModelFactory):
    class Meta:
        model = Vendor

    company = factory.SubFactory(CompanyFactory)
    number = factory.Sequence(lambda n: str(100 + n))
    name = factory.Sequence(lambda n: f"Vendor {n}")


class CostCodeFactory(DjangoModelFactory):
    class Meta:
        model = CostCode

    company = factory.SubFactory(CompanyFactory)
    code = factory.Sequence(lambda n: f"03-{n:03}")
    name = "Concrete"


class CostTypeFactory(DjangoModelFactory):
    class Meta:
        model = CostType

    company = factory.SubFactory(CompanyFactory)
    code = factory.Sequence(str)
    name = "Subcontract"


class CommitmentFactory(DjangoModelFactory):
    """An approved subcontract that is not sent, with one line over its whole amount. `lines=False` leaves that away."""

    class Meta:
        model = Commitment
        skip_postgeneration_save = True

    project = factory.SubFactory(ProjectFactory)
    company = factory.SelfAttribute("project.company")
    kind = Commitment.Kind.SUBCONTRACT
    number = factory.Sequence(lambda n: f"SC-{1000 + n}")
    title = factory.Sequence(lambda n: f"Concrete {n}")
    vendor = factory.SubFactory(VendorFactory, company=factory.SelfAttribute("..project.company"))
    status = Commitment.Status.APPROVED
    contract_date = factory.LazyFunction(lambda: timezone.localdate())
    amount = Decimal("10000.00")

    @factory.post_generation
    def lines(self: Commitment, create: bool, wanted: bool | None, **_: Any) -> None:  # type: ignore[misc]
        if create and wanted is not False:
            LineFactory(commitment=self)


class LineFactory(DjangoModelFactory):
    class Meta:
        model = ScheduleOfValuesLine

    commitment = factory.SubFactory(CommitmentFactory, lines=False)
    position = factory.LazyAttribute(lambda line: line.commitment.lines.count() + 1)
    cost_code = factory.SubFactory(CostCodeFactory, company=factory.SelfAttribute("..commitment.company"))
    cost_type = factory.SubFactory(CostTypeFactory, company=factory.SelfAttribute("..commitment.company"))
    description = "Footings and slab"
    quantity = Decimal(1)
    unit_cost = factory.SelfAttribute("amount")
    amount = factory.SelfAttribute("commitment.amount")


class ErpConnectionFactory(DjangoModelFactory):
    """A connection to a file that is not there; the fixture `connection` has one that answers."""

    class Meta:
        model = ErpConnection

    company = factory.SubFactory(CompanyFactory)
    database_url = "sqlite:////nonexistent/company.sqlite3"


class OfCommitmentFactory(DjangoModelFactory):
    """What belongs to a commitment and a connection of one company, and keeps a copy of what the commitment says.

    Pass `connection` and `commitment` of one company, or neither.
    """

    class Meta:
        abstract = True

    connection = factory.SubFactory(ErpConnectionFactory)
    company = factory.SelfAttribute("connection.company")
    commitment = factory.SubFactory(
        CommitmentFactory,
        project=factory.SubFactory(ProjectFactory, company=factory.SelfAttribute("...connection.company")),
    )
    project = factory.SelfAttribute("commitment.project")
    kind = factory.SelfAttribute("commitment.kind")
    number = factory.SelfAttribute("commitment.number")
    title = factory.SelfAttribute("commitment.title")
    project_name = factory.LazyAttribute(lambda row: str(row.project))
    vendor_name = factory.SelfAttribute("commitment.vendor.name")
    amount = factory.SelfAttribute("commitment.amount")


class SyncLinkFactory(OfCommitmentFactory):
    """An open link whose record is in the ERP. `unlinked=True` closes it, as if `closed_by` had unlinked it."""

    class Meta:
        model = SyncLink

    class Params:
        unlinked = factory.Trait(
            closed_at=factory.LazyFunction(timezone.now),
            closed_by=factory.SubFactory(UserFactory),
            close_token=factory.LazyFunction(uuid.uuid4),
            closed_commitment_revision=factory.SelfAttribute("commitment.revision"),
            presence=Presence.DELETED,
        )

    vendor = factory.SelfAttribute("commitment.vendor")
    erp_id = factory.LazyFunction(lambda: str(uuid.uuid4()))
    erp_number = factory.SelfAttribute("commitment.number")
    erp_job_id = "1"
    erp_amount = factory.SelfAttribute("amount")
    presence = Presence.PRESENT

    @classmethod
    def _create(cls, model_class: type[SyncLink], *args: Any, **fields: Any) -> SyncLink:
        commitment: Commitment = fields["commitment"]
        is_open = fields.get("closed_at") is None
        commitment.erp_status = Commitment.ErpStatus.SYNCED if is_open else Commitment.ErpStatus.NOT_SENT
        commitment.save(update_fields=["erp_status"])
        return super()._create(model_class, *args, **fields)


class SyncRunFactory(DjangoModelFactory):
    """A completed run that read the ERP just now. `failed=True` and `queued=True` make the others that matter most."""

    class Meta:
        model = SyncRun

    class Params:
        failed = factory.Trait(
            state=SyncRun.State.FAILED,
            read_at=None,
            problem="The ERP database did not answer.",
            remedy="Try again in a minute.",
        )
        queued = factory.Trait(state=SyncRun.State.QUEUED, started_at=None, read_at=None, finished_at=None)

    connection = factory.SubFactory(ErpConnectionFactory)
    company = factory.SelfAttribute("connection.company")
    trigger = SyncRun.Trigger.SCHEDULE
    state = SyncRun.State.COMPLETED
    started_at = factory.LazyFunction(timezone.now)
    read_at = factory.SelfAttribute("started_at")
    finished_at = factory.LazyFunction(timezone.now)


class ConnectionCheckFactory(DjangoModelFactory):
    """A test of a connection that passed just now; `queued=True` makes one that waits."""

    class Meta:
        model = ConnectionCheck

    class Params:
        queued = factory.Trait(state=ConnectionCheck.State.QUEUED, started_at=None, finished_at=None, outcome="")

    connection = factory.SubFactory(ErpConnectionFactory)
    company = factory.SelfAttribute("connection.company")
    requested_by = factory.SubFactory(UserFactory)
    state = ConnectionCheck.State.FINISHED
    outcome = ConnectionCheck.Outcome.PASSED
    started_at = factory.LazyFunction(timezone.now)
    finished_at = factory.LazyFunction(timezone.now)
    settings_version = factory.SelfAttribute("connection.version")


ERP_STATUS_OF = {
    Export.State.READY: Commitment.ErpStatus.READY_TO_EXPORT,
    Export.State.RETRIEVED: Commitment.ErpStatus.NOT_SENT,
    Export.State.REJECTED: Commitment.ErpStatus.REJECTED,
    Export.State.FAILED: Commitment.ErpStatus.FAILED_TO_EXPORT,
    Export.State.LINKED: Commitment.ErpStatus.SYNCED,
}


class ExportFactory(OfCommitmentFactory):
    """An export that waits for accounting; one that was accepted has its number and approver. Its commitment's ERP
    status follows `state`.
    """

    class Meta:
        model = Export

    commitment_revision = factory.SelfAttribute("commitment.revision")
    sent_by = factory.SubFactory(UserFactory)
    state = Export.State.READY
    erp_number = factory.LazyAttribute(lambda export: export.number if export.state in NUMBERED else "")
    answered_by = factory.LazyAttribute(lambda export: UserFactory() if export.state != Export.State.READY else None)
    answered_at = factory.LazyAttribute(lambda export: timezone.now() if export.answered_by else None)
    reject_reason = factory.LazyAttribute(lambda export: "Wrong job." if export.state == Export.State.REJECTED else "")

    @factory.lazy_attribute
    def document(self: Any) -> dict[str, Any]:
        is_order = self.kind == Commitment.Kind.PURCHASE_ORDER
        line = {"linnum": 1, "dscrpt": "Footings and slab", "cstcde": "3300", "csttyp": "4"}
        priced = {"linqty": "1", "linprc": str(self.amount), "extttl": str(self.amount)}
        return {
            "kind": str(self.kind),
            "ordnum" if is_order else "ctcnum": self.number,
            "dscrpt": self.title,
            "vndnum": "1",
            "jobnum": "1",
            "orddte" if is_order else "condte": "2026-03-02",
            "lines": [line | (priced if is_order else {"amount": str(self.amount)})],
        }

    @classmethod
    def _create(cls, model_class: type[Export], *args: Any, **fields: Any) -> Export:
        commitment: Commitment = fields["commitment"]
        commitment.erp_status = ERP_STATUS_OF.get(fields["state"], Commitment.ErpStatus.EXPORTING)
        commitment.save(update_fields=["erp_status"])
        return super()._create(model_class, *args, **fields)


class BringInFactory(DjangoModelFactory):
    """What was brought in of the commitments; with another `state`, what is being brought in, or failed."""

    class Meta:
        model = BringIn

    connection = factory.SubFactory(ErpConnectionFactory)
    company = factory.SelfAttribute("connection.company")
    requested_by = factory.SubFactory(UserFactory)
    step = BringIn.Step.COMMITMENT
    state = BringIn.State.DONE
    total = 20
    started_at = factory.LazyFunction(timezone.now)
    finished_at = factory.LazyAttribute(lambda one: None if one.state in BringIn.OPEN else one.started_at)
