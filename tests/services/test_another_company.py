"""A connection that is pointed at another company of the ERP: our counterparts are compared with its own by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from erpintegrations.models import CostCodeLink, ErpConnection, Export, FoundMaster, VendorLink
from erpintegrations.refusals import CannotSend, ErpNotReachable
from erpintegrations.services.change_connection import ConnectionSettings, save_connection
from erpintegrations.services.read_back import check_export
from erpintegrations.services.read_masters import read_masters
from erpintegrations.services.run_sync import open_run, perform_sync
from tests.connectors.builder import SageCompany
from tests.services.exporting_stage import ExportStage

pytestmark = pytest.mark.django_db
State = Export.State


class MovingStage(ExportStage):
    """A company whose connection can be pointed elsewhere."""

    def read(self) -> None:
        self.connection.refresh_from_db()
        read_masters(connection=self.connection, now=self.clock())

    def point_at(self, company: SageCompany) -> None:
        self.connection.refresh_from_db()
        save_connection(
            connection=self.connection,
            settings=replace(ConnectionSettings.of(self.connection), bridge_url="http://127.0.0.1:9/bridge"),
            bridge_secret="x" * 40,
            database_url=company.database_url,
            by=self.access.user,
            now=self.clock(),
        )
        self.connection.refresh_from_db()
        self.sage = self.bridge.sage = company

    def sync(self) -> None:
        run, _ = open_run(connection=self.connection, trigger="schedule", by=None, now=self.clock())
        assert perform_sync(run_id=run.pk, clock=self.clock, retry_waits=()).state == "completed"
        self.connection.refresh_from_db()

    def answer_alone(self) -> None:
        """A sync completed, and the process was killed before it read jobs, vendors and codes."""
        identity = self.connection.connector().identity()
        ErpConnection.objects.filter(pk=self.connection.pk).update(
            server=identity.server, database=identity.database, erp_company=identity.company
        )
        self.connection.refresh_from_db()

    def vendor_link(self) -> VendorLink:
        return VendorLink.objects.get(vendor=self.books.vendor)


@pytest.fixture
def stage(connection, sage_company, project, access_of, approver) -> MovingStage:
    """Everything is linked, and was read by its names."""
    stage = MovingStage(connection, sage_company, project, access_of(approver), "bridge")
    stage.books.job_of(project)
    stage.read()
    return stage


@pytest.fixture
def other(tmp_path, project):
    """Another company: the same job and codes, but its vendor 1 is somebody else."""

    def make(vendor: str = "Quite another Inc.", *, file: str = "other", identity: int = 77) -> SageCompany:
        company = SageCompany(tmp_path / f"{file}.sqlite3")
        company.run(f"PRAGMA application_id = {identity}")
        job = company.add_job("Another job")
        company.add_job(project.name)
        company.add_subcontract("OTHER", job)
        company.add_vendor(vendor)
        company.add_cost_code("3300")
        company.add_cost_type(4)
        return company

    return make


def test_a_vendor_of_another_name_is_another_vendor(stage, other):
    commitment = stage.books.commitment("SC-7", stage.project)
    stage.point_at(other())
    stage.sync()

    with pytest.raises(CannotSend) as refused:
        stage.accept(commitment)

    assert [str(fault) for fault in refused.value.faults] == [
        "Vendor: Acme Concrete is linked to vendor 1, which is no longer in Sage. "
        "Ask an administrator of ERP Integrations to link it anew."
    ]
    assert (stage.vendor_link().erp_name, stage.vendor_link().gone_at is None) == ("Acme Concrete", False)
    stage.books.vendor.refresh_from_db()
    assert stage.books.vendor.name == "Acme Concrete"
    assert CostCodeLink.objects.get().gone_at is None
    assert FoundMaster.objects.get(kind="vendor").state == "undecided"


def test_what_was_accepted_before_is_not_written_there(stage, other):
    export = stage.accepted("SC-7")
    stage.point_at(other())
    stage.sync()

    export = stage.perform(export)

    assert (export.state, stage.in_sage("SC-7")) == (State.FAILED, [])
    assert export.problem == "Vendor 1, as it was sent, is no longer linked to its vendor here, or no longer in Sage."
    assert export.remedy.startswith("Reject it; ask an administrator of ERP Integrations to link it anew")


def test_not_even_when_the_number_is_linked_to_another_one_by_then(stage, other, project):
    export = stage.accepted("SC-7")
    stage.point_at(other())
    stage.sync()
    books, link = stage.books, stage.vendor_link()
    link.delete()
    VendorLink.objects.create(
        vendor=type(books.vendor).objects.create(company=books.company, number="V-9", name="Quite another Inc."),
        company=books.company, connection=stage.connection, erp_id="1", erp_name="Quite another Inc.",
    )  # fmt: skip

    assert stage.perform(export).state == State.FAILED
    assert stage.in_sage("SC-7") == []


def test_what_is_found_there_is_for_a_person_to_decide(stage, other):
    stage.connection.export_method = "entry_sheet"
    stage.connection.save()
    export = stage.perform(stage.accepted("SC-7"))
    stage.point_at(other())
    stage.sync()
    stage.key_in("SC-7")

    export = check_export(export=export, access=stage.access, now=stage.clock())

    assert export.state == State.NEEDS_DECISION
    assert export.candidate["why"].startswith("Vendor 1, as it was sent, is no longer linked")


def test_nothing_goes_there_before_the_names_were_compared(stage, other):
    export, commitment = stage.accepted("SC-7"), stage.books.commitment("SC-8", stage.project)
    stage.point_at(other())
    stage.answer_alone()

    with pytest.raises(ErpNotReachable, match="have not been compared with its own yet"):
        stage.accept(commitment)
    export = stage.perform(export)

    assert (export.state, stage.in_sage("SC-7")) == (State.ACCEPTED, [])
    assert "have not been compared with its own yet" in export.problem
    assert export.next_attempt_at is not None


def test_the_same_company_at_another_address_goes_on(stage, other):
    stage.point_at(other("Acme Concrete Renamed", identity=int(stage.connection.erp_company)))
    stage.answer_alone()
    assert not stage.connection.has_foreign_counterparts

    stage.sync()

    link = stage.vendor_link()
    assert (link.gone_at, link.erp_name) == (None, "Acme Concrete Renamed")
    assert stage.connection.counterparts_of == ""


def test_another_company_of_the_same_names_goes_on(stage, other):
    stage.point_at(other("Acme Concrete"))
    stage.sync()

    export = stage.perform(stage.accepted("SC-7"))

    assert (export.state, export.problem) == (State.LINKED, "")


def test_back_at_the_first_company_all_is_as_it_was(stage, other, sage_company):
    stage.point_at(other())
    stage.sync()
    assert stage.vendor_link().gone_at is not None
    stage.point_at(sage_company)
    stage.sync()

    assert stage.vendor_link().gone_at is None
    assert FoundMaster.objects.get(kind="vendor").state == "brought_in"
    assert stage.perform(stage.accepted("SC-7")).state == State.LINKED


def test_pointed_on_before_it_was_read_it_is_held_against_the_first(stage, other):
    stage.point_at(other("Acme Concrete", file="second", identity=5))
    stage.answer_alone()
    stage.point_at(other(file="third", identity=6))
    stage.sync()

    assert stage.vendor_link().gone_at is not None


def test_what_is_gone_does_not_come_back_under_another_name(stage, sage_company):
    sage_company.run("UPDATE actpay SET recnum = 99")
    stage.read()
    sage_company.run("UPDATE actpay SET recnum = 1, vndnme = 'Quite another Inc.'")
    stage.read()

    assert stage.vendor_link().gone_at is not None
    sage_company.run("UPDATE actpay SET vndnme = 'Acme Concrete'")
    stage.read()
    assert stage.vendor_link().gone_at is None
