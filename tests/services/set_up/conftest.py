"""The stage of the set-up: a Sage company with jobs, vendors and codes, and an administrator who brings them in."""

from __future__ import annotations

import datetime

import pytest

from directory.access import access_for
from directory.models import User
from erpintegrations.models import BringIn, ErpConnection, FoundMaster
from erpintegrations.models.counterparts import COUNTERPARTS
from erpintegrations.services.bring_in import perform_bring_in, request_bring_in
from erpintegrations.services.decide_masters import decide_master, decide_masters, look_ahead
from erpintegrations.services.read_masters import MastersRead, read_masters
from tests.connectors.builder import SageCompany

VENDOR = "vendor"
START = datetime.datetime(2026, 3, 2, 12, 0, tzinfo=datetime.UTC)


class SettingUp:
    """What an administrator does in the set-up, by the services. Each look at `now` is a second later."""

    def __init__(self, connection: ErpConnection, sage: SageCompany, admin: User) -> None:
        self.connection, self.sage, self.admin = connection, sage, admin
        self.company = connection.company
        self._now = START

    @property
    def now(self) -> datetime.datetime:
        self._now += datetime.timedelta(seconds=1)
        return self._now

    @property
    def access(self):
        access = access_for(self.admin, self.company)
        assert access is not None
        return access

    def read(self, **how) -> MastersRead:
        return read_masters(connection=self.connection, now=self.now, **how)

    def rows(self, kind=VENDOR):
        return FoundMaster.objects.filter(connection=self.connection, kind=kind)

    def row(self, erp_id, kind=VENDOR) -> FoundMaster:
        return self.rows(kind).get(erp_id=str(erp_id))

    def names(self, kind=VENDOR) -> dict[str, str]:
        return dict(self.rows(kind).values_list("erp_id", "name"))

    def states(self, kind=VENDOR) -> dict[str, str]:
        return dict(self.rows(kind).values_list("erp_id", "state"))

    def decide(self, erp_id, decision, *, kind=VENDOR, ours=None, **how) -> FoundMaster:
        row = how.pop("row", None) or self.row(erp_id, kind)
        ours_id = ours.pk if ours else None
        return decide_master(
            found=row, decision=decision, ours_id=ours_id, **{"access": self.access, "now": self.now, **how}
        )

    def outlook(self, kind=VENDOR, **of):
        return look_ahead(rows=self.rows(kind), kind=kind, connection=self.connection, **of)

    def decide_all(self, kind=VENDOR, what="all", **how):
        scope, state = how.pop("rows", self.rows(kind)), how.get("state", "undecided")
        shown = look_ahead(rows=scope, kind=kind, connection=self.connection, state=state)
        seen = how.pop("seen", shown.token)
        return decide_masters(
            rows=scope,
            kind=kind,
            what=what,
            seen=seen,
            connection=self.connection,
            **{"access": self.access, "now": self.now, **how},
        )

    def request(self, kind=VENDOR) -> BringIn:
        return request_bring_in(connection=self.connection, step=kind, access=self.access, now=self.now)

    def perform(self, bring_in: BringIn) -> BringIn:
        return perform_bring_in(bring_in_id=bring_in.pk, clock=lambda: self.now, retry_waits=())

    def bring_in(self, kind=VENDOR) -> BringIn:
        return self.perform(self.request(kind))

    def ours(self, kind=VENDOR) -> list[tuple[str, str]]:
        counterpart = COUNTERPARTS[kind]
        rows = counterpart.model.objects.filter(company=self.company).order_by("pk")
        return list(rows.values_list(counterpart.number_field, "name"))

    def links(self, kind=VENDOR) -> dict[str, str]:
        """How ours is called, by the number in the ERP."""
        counterpart = COUNTERPARTS[kind]
        rows = counterpart.link.objects.filter(connection=self.connection)
        return dict(rows.values_list("erp_id", f"{counterpart.ours_field}__name"))


@pytest.fixture
def set_up(connection, sage_company, admin) -> SettingUp:
    """The company in Sage has one job and no vendor yet."""
    return SettingUp(connection, sage_company, admin)
