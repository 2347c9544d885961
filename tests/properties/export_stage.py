"""The stage of the state machine of exports: a company, its Sage, its people, and what is true in Sage and here.

`test_export_life.py` puts the rules and the invariants on it.
"""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from commitments.models import Commitment
from directory.access import CompanyAccess, access_for
from directory.models import Level
from erpintegrations.models import ErpConnection, Export, SyncLink
from tests.bridging import DeskBridge
from tests.connectors.builder import Line, SageCompany
from tests.exporting import Books
from tests.factories import (
    CompanyFactory,
    CompanyMemberFactory,
    ErpConnectionFactory,
    ProjectFactory,
    ProjectMemberFactory,
    UserFactory,
)

COMMITMENTS = 2
which = st.integers(min_value=0, max_value=COMMITMENTS - 1)
State = Export.State
ErpStatus = Commitment.ErpStatus


class InSage(NamedTuple):
    """A subcontract that lives in Sage."""

    number: str
    is_invoiced: bool


class Left(NamedTuple):
    """What two persons left in Sage, as the product must keep it for good."""

    erp_id: str
    erp_number: str
    commitment_id: int


class ExportStage(RuleBasedStateMachine):
    @initialize(method=st.sampled_from(["bridge", "entry_sheet"]), linked=st.booleans())
    def set_the_stage(self, method: str, linked: bool) -> None:
        self.transaction = transaction.atomic()  # each example leaves nothing behind
        self.transaction.__enter__()
        self.folder = tempfile.TemporaryDirectory()
        self.sage = SageCompany(Path(self.folder.name) / "company.sqlite3")
        self.sage.add_purchase_order("OTHER", self.sage.add_job("Another job"))
        self.bridge = DeskBridge(self.sage)
        self.now = timezone.now()
        self.company = CompanyFactory()
        self.project = ProjectFactory(company=self.company)
        self.access, self.admin = self._person(Level.STANDARD), self._person(Level.ADMIN)
        connection = ErpConnectionFactory(
            company=self.company, database_url=self.sage.database_url, export_method=method
        )
        identity = connection.connector().identity()
        ErpConnection.objects.filter(pk=connection.pk).update(
            server=identity.server, database=identity.database, erp_company=identity.company
        )
        self.connection = ErpConnection.objects.get(pk=connection.pk)
        self.books = Books(self.connection, self.sage)
        self.commitments = [self.books.commitment(f"SC-{n}", self.project).pk for n in range(COMMITMENTS)]
        # Which commitment a record was keyed in for; those that the bridge wrote are known by their export's key.
        self.keyed_in: dict[str, int] = {}
        self.keys: dict[str, int | None] = {}
        # By link: what was left in Sage. And the links that a person made or brought back, having seen what they link.
        self.left: dict[int, Left] = {}
        self.chosen: set[int] = set()
        # By record that a backup brought back beside another one: the commitment's open link at that moment.
        self.restored: dict[str, int | None] = {}
        self.asker_may = True
        self.told: list[tuple[int, str, int]] = []
        self.first_steps(linked)

    def first_steps(self, linked: bool) -> None:
        """What each example begins with."""

    def _person(self, level: Level) -> CompanyAccess:
        """One who may unlink and accept; with Admin, ask to unlink anyway too."""
        person = UserFactory()
        CompanyMemberFactory(
            company=self.company, user=person, erp_integrations_level=level, can_push_to_accounting=True
        )
        ProjectMemberFactory(project=self.project, user=person, commitments_level=Level.ADMIN)
        access = access_for(person, self.company)
        assert access is not None
        return access

    def clock(self) -> datetime.datetime:
        self.now += datetime.timedelta(milliseconds=1)
        return self.now

    # ---- Here ----------------------------------------------------------------------------------------------------

    def commitment(self, n: int) -> Commitment:
        return Commitment.objects.get(pk=self.commitments[n])

    def export(self, n: int) -> Export | None:
        return Export.objects.filter(commitment_id=self.commitments[n]).order_by("-pk").first()

    def state(self, n: int) -> str:
        export = self.export(n)
        return export.state if export else ""

    def is_in(self, *states: str) -> bool:
        """Whether any commitment's export is; a rule that would do nothing is not worth a step."""
        return any(self.state(n) in states for n in range(COMMITMENTS))

    def open_link(self, n: int) -> SyncLink | None:
        return SyncLink.objects.filter(commitment_id=self.commitments[n], closed_at=None).first()

    def last_links(self) -> dict[str, SyncLink]:
        """By record: the link that is open, else the one that was closed last."""
        links = sorted(
            SyncLink.objects.all(), key=lambda link: (link.is_open, link.closed_at or link.linked_at, link.pk)
        )
        return {link.erp_id: link for link in links}

    # ---- In Sage -------------------------------------------------------------------------------------------------

    def living(self) -> dict[str, InSage]:
        """By id, each subcontract in Sage."""
        with self.sage.engine.connect() as database:
            rows = database.exec_driver_sql(
                "SELECT lower(_idnum), ctcnum, (SELECT sum(billed) FROM sbcnln WHERE sbcnln.recnum = subcon.recnum) "
                "FROM subcon"
            ).all()
        return {erp_id: InSage(number, bool(billed)) for erp_id, number, billed in rows}

    def owned(self) -> dict[str, int]:
        """The living records that are a commitment's own, with its id: linked to it, linked to it before and back, or
        made for it. What was left in Sage on purpose is nobody's.
        """
        owners: dict[str, int | None] = {**self.keyed_in, **self._written_by_the_bridge()}
        for erp_id, link in self.last_links().items():
            owners[erp_id] = None if link.left_in_erp else link.commitment_id
        living = self.living()
        return {erp_id: owner for erp_id, owner in owners.items() if erp_id in living and owner}

    def _written_by_the_bridge(self) -> dict[str, int | None]:
        # An export that failed for certain has another key: what was written under the old one is still its own.
        self.keys |= {str(export.key): export.commitment_id for export in Export.objects.all()}
        with self.sage.engine.connect() as database:
            database.exec_driver_sql("ATTACH ? AS backup", (f"{self.sage.path}.deleted",))
            if not database.exec_driver_sql("SELECT 1 FROM backup.sqlite_master WHERE name = 'bridge_keys'").first():
                return {}
            rows = database.exec_driver_sql("SELECT key, identity FROM backup.bridge_keys").all()
        return {identity.lower(): self.keys[key] for key, identity in rows if identity}

    def own_records(self, n: int) -> set[str]:
        return {erp_id for erp_id, owner in self.owned().items() if owner == self.commitments[n]}

    def own_record(self, n: int) -> str | None:
        return next(iter(sorted(self.own_records(n))), None)

    def made_for_its_export(self, n: int) -> set[str]:
        """Those that nobody ever linked: only its export leads to them."""
        return self.own_records(n) - self.last_links().keys()

    def is_in_use(self, number: str) -> bool:
        return number in {record.number for record in self.living().values()}

    def add_to_sage(self, number: str, amount: str = "10000", **columns: str) -> str:
        line = Line(amount, cost_code="3300", cost_type=4)
        job = self.books.job_of(self.project)
        return self.sage.add_subcontract(number, job, self.books.vendor_number, lines=[line], **columns)
