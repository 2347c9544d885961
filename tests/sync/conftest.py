"""A Sage-shaped company with linked commitments, and what syncs it through the real connector."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from directory.models import Company, Project
from erpintegrations.connectors import connector_for
from erpintegrations.models import ErpConnection, Presence, SyncLink, SyncRun
from erpintegrations.services.observations import columns_of_record
from erpintegrations.services.run_sync import open_run, perform_sync
from tests.connectors.builder import SageCompany
from tests.factories import CommitmentFactory, ErpConnectionFactory, SyncLinkFactory

START = datetime.datetime(2026, 3, 2, 12, 0, tzinfo=datetime.UTC)


class Clock:
    """Tells the time that it was set to; each look at it takes a millisecond."""

    def __init__(self, now: datetime.datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime.datetime:
        self.now += datetime.timedelta(milliseconds=1)
        return self.now

    def forward(self, **span: float) -> datetime.datetime:
        self.now += datetime.timedelta(**span)
        return self.now


class LinkedCompany:
    """A company here, its Sage database, and commitments linked between the two."""

    def __init__(self, company: Company, project: Project, path: Path) -> None:
        self.company = company
        self.project = project
        self.sage = SageCompany(path)
        self.job = self.sage.add_job("Town hall")
        self.vendor = self.sage.add_vendor("Acme Concrete")
        self.connection = ErpConnectionFactory(company=company, database_url=self.sage.database_url)
        self.clock = Clock()

    def subcontract(self, number: str = "SC-1", *, job: int | None = None, **fields) -> SyncLink:
        return self._link(self.sage.add_subcontract(number, job or self.job, self.vendor), number, **fields)

    def subcontracts(self, count: int) -> list[SyncLink]:
        ids = self.sage.add_many(count, self.job)
        return [self._link(erp_id, f"M-{index}") for index, erp_id in enumerate(ids)]

    def purchase_order(self, number: str = "PO-1", **fields) -> SyncLink:
        return self._link(
            self.sage.add_purchase_order(number, self.job, self.vendor), number, kind="purchase_order", **fields
        )

    def _link(self, erp_id: str, number: str, *, kind: str = "subcontract", **fields) -> SyncLink:
        commitment = CommitmentFactory(project=self.project, number=number, kind=kind, lines=False)
        fields = {"presence": Presence.UNKNOWN, "linked_at": self.clock(), **self._recorded(erp_id), **fields}
        return SyncLinkFactory(connection=self.connection, commitment=commitment, erp_id=erp_id, **fields)

    def _recorded(self, erp_id: str) -> dict:
        record = connector_for("sage100", self.connection.database_url).look_up([erp_id]).records[erp_id]
        return columns_of_record(record)

    def run(self, trigger: str = SyncRun.Trigger.SCHEDULE, by=None) -> SyncRun:
        """A run that waits for somebody to perform it."""
        return open_run(connection=self._fresh(), trigger=trigger, by=by, now=self.clock())[0]

    def sync(self, trigger: str = SyncRun.Trigger.SCHEDULE, by=None, **how) -> SyncRun:
        return self.perform(self.run(trigger, by), **how)

    def perform(self, run: SyncRun, **how) -> SyncRun:
        return perform_sync(run_id=run.pk, **{"clock": self.clock, "retry_waits": (), **how})

    def _fresh(self) -> ErpConnection:
        return ErpConnection.objects.get(pk=self.connection.pk)

    def recorded(self) -> list[dict]:
        """Everything that is recorded of links, to see that nothing changed."""
        return list(SyncLink.objects.order_by("pk").values())


@pytest.fixture
def linked(company, project, tmp_path) -> LinkedCompany:
    return LinkedCompany(company, project, tmp_path / "company.sqlite3")


@pytest.fixture
def clock(linked) -> Clock:
    return linked.clock


def presence(link: SyncLink) -> str:
    """What is recorded now."""
    return SyncLink.objects.values_list("presence", flat=True).get(pk=link.pk)
