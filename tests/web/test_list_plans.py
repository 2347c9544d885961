"""The query plans of the product's other lists, each among 10,000 rows: none reads a whole table, on either database.

`test_synced_plans.py` has those of the Synced list.
"""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.utils import timezone

from commitments.models import Commitment
from directory.models import Activity, SubjectType, Verb
from erpintegrations.models import Export, FoundMaster, SyncLink, SyncRun, UnlinkedRecord
from erpintegrations.selectors.adoption import ORDERS as ADOPTION_ORDERS
from erpintegrations.selectors.adoption import unlinked_records
from erpintegrations.selectors.commitments import ORDERS as COMMITMENT_ORDERS
from erpintegrations.selectors.commitments import CommitmentFilter
from erpintegrations.selectors.exports import ON_THEIR_WAY, exports_in
from erpintegrations.selectors.history import HistoryFilter
from erpintegrations.selectors.keyset import Cursor, walk
from erpintegrations.selectors.runs import runs_of
from erpintegrations.selectors.set_up import found_masters
from erpintegrations.web.set_up_masters import ORDERS as MASTER_ORDERS
from tests.factories import CompanyFactory, ErpConnectionFactory, ProjectFactory, UserFactory, VendorFactory

ROWS = 10_000
FEW = 60
MODELS = (Commitment, Activity, Export, FoundMaster, SyncRun, UnlinkedRecord)
EXPORT_ORDERS = ("id", "number", "project_name", "vendor_name", "amount")
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Stage:
    """A company with much of everything, half of which is another's."""

    def __init__(self):
        self.person = UserFactory()
        self.companies = [CompanyFactory(), CompanyFactory()]
        self.connections = [ErpConnectionFactory(company=company) for company in self.companies]
        self.projects = [ProjectFactory(company=company) for company in self.companies]
        self.vendors = [VendorFactory(company=company) for company in self.companies]
        for model in MODELS:
            rows = getattr(self, f"_{model.__name__.lower()}")
            model.objects.bulk_create((rows(n) for n in range(ROWS)), batch_size=1000)
            if database.vendor == "postgresql":
                with database.cursor() as cursor:
                    cursor.execute(f"ANALYZE {model._meta.db_table}")
        if database.vendor == "sqlite":
            with database.cursor() as cursor:
                cursor.execute("ANALYZE")

    def of(self, n):
        return {"company": self.companies[n % 2], "connection": self.connections[n % 2]}

    def _commitment(self, n):
        company, project, vendor = (rows[n % 2] for rows in (self.companies, self.projects, self.vendors))
        return Commitment(
            company=company,
            project=project,
            vendor=vendor,
            kind="subcontract",
            number=f"SC-{n:05}",
            title=f"Title {n % 700}",
            status="draft",
            amount=n * 37 % 5000,
        )

    def _activity(self, n):
        return Activity(
            company=self.companies[n % 2],
            project=self.projects[n % 2] if n < FEW else None,
            at=timezone.now(),
            verb=Verb.UNLINKED if n < FEW else Verb.SENT,
            actor=self.person if n < FEW else None,
            actor_label="Somebody",
            subject_type=SubjectType.COMMITMENT,
            subject_id=n,
            subject_label=f"Subcontract {n}",
        )

    def _export(self, n):
        is_ready = n < FEW
        return Export(
            **self.of(n),
            project=self.projects[n % 2],
            kind="subcontract",
            number=f"SC-{n:05}",
            title="Title",
            project_name="Project",
            vendor_name=f"Vendor {n % 40}",
            amount=n,
            document={},
            commitment_revision=1,
            state=Export.State.READY if is_ready else Export.State.RETRIEVED,
            sent_by=self.person,
        )

    def _foundmaster(self, n):
        return FoundMaster(
            **self.of(n),
            kind="vendor" if n % 20 else "job",
            erp_id=str(n),
            order_key=f"{n:06}",
            name=f"Vendor {n * 7919 % ROWS}",
            first_seen_at=timezone.now(),
        )

    def _syncrun(self, n):
        return SyncRun(**self.of(n), state=SyncRun.State.COMPLETED, trigger="schedule", finished_at=timezone.now())

    def _unlinkedrecord(self, n):
        return UnlinkedRecord(
            **self.of(n),
            erp_id=f"record-{n}",
            kind="subcontract",
            number=f"SC-{n:05}",
            vendor_id=str(n % 40),
            amount=n,
            first_seen_at=timezone.now(),
        )

    def take_away(self):
        with database.cursor() as cursor:
            for model in (*MODELS, SyncLink):
                cursor.execute(f"DELETE FROM {model._meta.db_table}" if model is not Activity else self._history())
            if database.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_stat1")
        for row in (*self.connections, *self.projects, *self.vendors, *self.companies, self.person):
            row.delete()

    def _history(self):
        """PostgreSQL's trigger lets no row be deleted, and a whole table be emptied, as between tests."""
        postgresql = f"TRUNCATE {Activity._meta.db_table}"
        return postgresql if database.vendor == "postgresql" else f"DELETE FROM {Activity._meta.db_table}"


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        made = Stage()
        yield made
        made.take_away()


def history(**filters):
    def rows(stage):
        chosen = {name: str(getattr(value(stage), "pk", value(stage))) for name, value in filters.items()}
        return HistoryFilter(chosen, company=stage.companies[0]).qs

    return rows


LISTS = {
    "runs": (lambda stage: runs_of(stage.companies[0]), ("id",)),
    "history": (history(), ("id",)),
    "history by what happened": (history(verb=lambda _: Verb.UNLINKED.value), ("id",)),
    "history by person": (history(actor=lambda stage: stage.person), ("id",)),
    "history by project": (history(project=lambda stage: stage.projects[0]), ("id",)),
    "only in the ERP": (lambda stage: unlinked_records(stage.companies[0]), ADOPTION_ORDERS),
    "commitments of a project": (
        lambda stage: CommitmentFilter({}, project=stage.projects[0]).qs,
        COMMITMENT_ORDERS,
    ),
    "ready to export": (lambda stage: exports_in(stage.companies[0], Export.State.READY), EXPORT_ORDERS),
    "on their way": (lambda stage: exports_in(stage.companies[0], *ON_THEIR_WAY), EXPORT_ORDERS),
    "set-up": (lambda stage: found_masters(stage.connections[0], "vendor"), MASTER_ORDERS),
}
ORDERED = [(name, column) for name, (_, columns) in LISTS.items() for column in columns]


def assert_no_scan(text: str) -> None:
    assert "Seq Scan" not in text, text
    for model in MODELS:
        assert f"SCAN {model._meta.db_table}" not in text, text


@pytest.mark.parametrize(("name", "column"), ORDERED)
@pytest.mark.parametrize("downwards", [False, True])
def test_a_first_page_reads_no_whole_table(stage, name, column, downwards):
    [rows] = walk(LISTS[name][0](stage), column, None, downwards=downwards)
    assert_no_scan(rows[:51].explain())


@pytest.mark.parametrize(("name", "column"), ORDERED)
@pytest.mark.parametrize("downwards", [False, True])
def test_a_deep_page_reads_no_whole_table(stage, name, column, downwards):
    rows = LISTS[name][0](stage)
    middle = rows.order_by(column, "id")[rows.count() // 2 :].first()
    value = getattr(middle, column) if middle else "0"
    place = Cursor(str(value), middle.pk if middle else 1)
    for part in walk(rows, column, place, downwards=downwards):
        assert_no_scan(part[:51].explain())
