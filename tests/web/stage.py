"""The stage of the tests about rights and bad input: one company with one of everything, and another beside it.

Its fixtures are handed out by `tests/web/conftest.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from commitments.models import Commitment
from directory.models import Activity, Company, CompanyMember, Level, PrivilegeRequest, Project, ProjectMember, User
from erpintegrations.models import (
    BringIn,
    ConnectionCheck,
    Export,
    FoundMaster,
    Presence,
    SyncLink,
    SyncRun,
    UnlinkedRecord,
    UnlinkOverride,
)
from erpintegrations.services.read_back import settle
from erpintegrations.services.sightings import look_for
from tests.connectors.builder import Line, SageCompany
from tests.exporting import give_counterparts
from tests.factories import (
    BringInFactory,
    CommitmentFactory,
    CompanyFactory,
    CompanyMemberFactory,
    ConnectionCheckFactory,
    ErpConnectionFactory,
    ExportFactory,
    ProjectFactory,
    ProjectMemberFactory,
    SyncLinkFactory,
    SyncRunFactory,
    UserFactory,
)


@dataclass(frozen=True)
class Rights:
    """`commitments` is None for somebody of the company who is not on the project's team."""

    commitments: Level | None
    erp: Level
    privilege: bool

    def __str__(self) -> str:
        on_commitments = "not on the team" if self.commitments is None else self.commitments.label
        return f"Commitments {on_commitments}, ERP {self.erp.label}, {'with' if self.privilege else 'no'} privilege"


MOST = Rights(Level.ADMIN, Level.ADMIN, True)
# Records in Sage: two that are invoiced and linked, one that no commitment is linked to.
INVOICED, ALSO_INVOICED, ONLY_IN_SAGE = (f"0f1fd6c4-8b6f-4f50-9a4c-1f4d0f0f000{n}" for n in range(3))


@dataclass
class Stage:
    company: Company
    project: Project
    other_project: Project
    other_company: Company
    commitment: Commitment
    draft: Commitment
    gone: SyncLink
    closed: SyncLink
    done_run: SyncRun
    waiting_run: SyncRun
    ready: Export
    failed: Export
    near: Export
    sendable: Commitment
    forbidden: SyncLink
    request: UnlinkOverride
    unlinked: UnlinkedRecord
    own_request: UnlinkOverride
    check: ConnectionCheck
    brought_in: BringIn
    found: FoundMaster

    def sign_in(self, rights: Rights) -> Client:
        person = UserFactory()
        CompanyMemberFactory(
            company=self.company,
            user=person,
            erp_integrations_level=rights.erp,
            can_push_to_accounting=rights.privilege,
        )
        if rights.commitments is not None:
            ProjectMemberFactory(project=self.project, user=person, commitments_level=rights.commitments)
        UnlinkOverride.objects.filter(pk=self.own_request.pk).update(asked_by=person)
        self.give_everything_elsewhere(person)
        return signed_in(person)

    def give_everything_elsewhere(self, person: User) -> None:
        if CompanyMember.objects.filter(company=self.company, user=person).exists():
            ProjectMemberFactory(project=self.other_project, user=person, commitments_level=Level.ADMIN)
        elsewhere = {"erp_integrations_level": Level.ADMIN, "can_push_to_accounting": True}
        CompanyMemberFactory(company=self.other_company, user=person, **elsewhere)
        for project in self.other_company.projects.all():
            ProjectMemberFactory(project=project, user=person, commitments_level=Level.ADMIN)

    def state(self) -> list[Any]:
        """All that an action can change."""
        tables = (
            SyncLink,
            UnlinkOverride,
            SyncRun,
            Export,
            UnlinkedRecord,
            ConnectionCheck,
            FoundMaster,
            Commitment,
            Activity,
            PrivilegeRequest,
            CompanyMember,
            ProjectMember,
        )
        # An open one is made by the row that stops it.
        ended = BringIn.objects.exclude(state__in=BringIn.OPEN)
        return [list(ended.values()), *(list(table.objects.order_by("pk").values()) for table in tables)]


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture(scope="module")
def sage(tmp_path_factory):
    """A company in Sage in which the linked records are gone and their job is still there. Only read here."""
    books = SageCompany(tmp_path_factory.mktemp("sage") / "company.sqlite3")
    job = books.add_job("Riverside Clinic")
    books.add_subcontract("OTHER", job)
    books.add_vendor()
    books.add_cost_code("3300")
    books.add_cost_type(4)
    for erp_id in (INVOICED, ALSO_INVOICED):
        books.add_subcontract("SC-8", job, lines=[Line(10_000, billed=100)], erp_id=erp_id)
    books.add_subcontract("SC-10", job, erp_id=ONLY_IN_SAGE)
    books.add_subcontract("SC-12", job)
    return books, str(job)


@pytest.fixture
def stage(db, sage) -> Stage:
    books, job = sage
    company = CompanyFactory(name="Harbor Point Builders", slug="harbor-point")
    project = ProjectFactory(company=company, number="2401", name="Riverside Clinic")
    connection = ErpConnectionFactory(company=company, database_url=books.database_url)
    identity = connection.connector().identity()
    connection.server, connection.database, connection.erp_company = (
        identity.server,
        identity.database,
        identity.company,
    )
    connection.masters_read_at = timezone.now()
    connection.save()
    gone, closed = (
        SyncLinkFactory(
            connection=connection,
            commitment=CommitmentFactory(project=project, number=number),
            project_name=str(project),
            erp_job_id=job,
            presence=Presence.DELETED,
            unlinked=number == "SC-2",
        )
        for number in ("SC-1", "SC-2")
    )
    other_company = CompanyFactory(name="Southwind", slug="southwind")
    ProjectFactory(company=other_company)
    ErpConnectionFactory(company=other_company)
    sendable = CommitmentFactory(project=project, number="SC-6")
    give_counterparts(sendable, connection, job=job, vendor="1", cost_code="3300", cost_type="4")
    ready, failed = (
        ExportFactory(connection=connection, commitment=CommitmentFactory(project=project, number=number), state=state)
        for number, state in (("SC-4", "ready"), ("SC-5", "failed"))
    )
    near = ExportFactory(
        connection=connection,
        commitment=CommitmentFactory(project=project, number="SC-12"),
        state=Export.State.AWAITING,
        method="entry_sheet",
    )
    (sighting,) = look_for(connection, [near], now=timezone.now())
    settle(sighting, by=None, now=timezone.now())
    found, _ = (
        FoundMaster.objects.create(
            company=company,
            connection=connection,
            kind=kind,
            erp_id=number,
            order_key=number,
            name=name,
            state=state,
            first_seen_at=timezone.now(),
        )
        for kind, number, name, state in (
            ("vendor", "77", "Zenith Glass", "undecided"),
            ("cost_type", "9", "Freight", "create"),
        )
    )
    forbidden, asked_about, asked_by_oneself = (
        SyncLinkFactory(
            connection=connection,
            commitment=CommitmentFactory(project=project, number=number),
            project_name=str(project),
            erp_id=erp_id,
            erp_number="SC-8",
            erp_job_id=job,
            erp_vendor_id="",
            erp_amount=10_000,
            invoiced_amount=100,
        )
        for number, erp_id in (("SC-8", INVOICED), ("SC-9", ALSO_INVOICED), ("SC-11", "never-asked-about"))
    )
    return Stage(
        company=company,
        project=project,
        other_project=ProjectFactory(company=company),
        other_company=other_company,
        commitment=gone.commitment,
        draft=CommitmentFactory(project=project, number="SC-3", status=Commitment.Status.DRAFT),
        gone=gone,
        closed=closed,
        done_run=SyncRunFactory(connection=connection),
        waiting_run=SyncRunFactory(connection=connection, state=SyncRun.State.NEEDS_CONFIRMATION),
        ready=ready,
        failed=failed,
        near=near,
        sendable=sendable,
        forbidden=forbidden,
        request=UnlinkOverride.objects.create(
            company=company, link=asked_about, reason="Invoiced on the wrong one.", asked_by=_asker(project)
        ),
        own_request=UnlinkOverride.objects.create(
            company=company, link=asked_by_oneself, reason="A duplicate.", asked_by=UserFactory()
        ),
        unlinked=UnlinkedRecord.objects.create(
            company=company,
            connection=connection,
            erp_id=ONLY_IN_SAGE,
            kind="subcontract",
            number="SC-10",
            job_id=job,
            vendor_id="1",
            status="4-Current",
            amount=1000,
            first_seen_at=timezone.now(),
        ),
        check=ConnectionCheckFactory(connection=connection),
        brought_in=BringInFactory(connection=connection),
        found=found,
    )


def _asker(project: Project) -> User:
    """Somebody who may ask to unlink anyway."""
    asker = CompanyMemberFactory(
        company=project.company, erp_integrations_level=Level.ADMIN, can_push_to_accounting=True
    ).user
    ProjectMemberFactory(project=project, user=asker, commitments_level=Level.ADMIN)
    return asker
