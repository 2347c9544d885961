"""Whatever goes wrong on the way to a SQL Server: the run says what, no link changes, the next good run completes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from pysqlbridge.tds.result import Query, QueryError, QueryResult

from erpintegrations.connectors import sql_server, sql_server_sign_in
from erpintegrations.models import ErpConnection, Presence, SyncLink, SyncRun
from tests.connectors.certificates import Authority
from tests.connectors.proxy import Proxy
from tests.connectors.tds_company import LOGIN, SageServer
from tests.sync.conftest import LinkedCompany, presence

pytestmark = pytest.mark.django_db

Spoil = Callable[[Query, QueryResult], QueryResult]


@dataclass
class Stage:
    """A company whose Sage is behind a SQL Server: synced once, and then one of its subcontracts was deleted."""

    linked: LinkedCompany
    server: SageServer
    ca_file: str
    deleted: SyncLink

    def move_to(self, **parts) -> None:
        """Let the connection's settings name another address."""
        address = self.server.address(**{"ca_file": self.ca_file, **parts})
        ErpConnection.objects.filter(pk=self.linked.connection.pk).update(database_url=address.to_url())

    def assert_fails(self, problem: str, **how) -> None:
        before = self.linked.recorded()
        run = self.linked.sync(**how)
        assert run.state == SyncRun.State.FAILED
        assert problem in run.problem
        assert run.remedy
        assert LOGIN not in run.problem + run.remedy
        assert self.linked.recorded() == before
        assert not run.changes.exists()

    def assert_recovers(self) -> None:
        self.move_to()
        run = self.linked.sync()
        assert run.state == SyncRun.State.COMPLETED, run.problem
        assert presence(self.deleted) == Presence.DELETED


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def stage(linked: LinkedCompany, authority: Authority) -> Iterator[Stage]:
    with SageServer(linked.sage, authority.issue("localhost")) as server:
        links = linked.subcontracts(3)
        linked.purchase_order()
        stage = Stage(linked, server, str(authority.ca_file), links[0])
        stage.move_to()
        run = linked.sync()
        assert run.state == SyncRun.State.COMPLETED, run.problem
        linked.sage.delete(links[0].erp_id)
        yield stage


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"password": "wrong"}, "refused the sign-in"),
        ({"login": "nobody"}, "refused the sign-in"),
        ({"database": "Another"}, "does not have that database"),
        ({"host": "127.0.0.1"}, "certificate is for another server's name"),
        ({"ca_file": ""}, "issued by an authority that is not trusted here"),
    ],
)
def test_a_wrong_way_in_fails_the_run(stage: Stage, parts: dict, problem: str) -> None:
    stage.move_to(**parts)
    stage.assert_fails(problem)
    stage.assert_recovers()


@pytest.mark.parametrize(
    ("refusal", "problem"),
    [
        ((17892, 20, f"Logon failed for login '{LOGIN}' due to trigger execution."), "Sage keeps other programs out"),
        ((18486, 14, f"Login failed for user '{LOGIN}' because the account is locked."), "disabled or locked"),
        ((18487, 14, f"Login failed for user '{LOGIN}'. The password has expired."), "has to be changed"),
        ((4060, 11, "Cannot open database requested by the login."), "does not have that database"),
        ((927, 14, "Database cannot be opened. It is in the middle of a restore."), "is being restored"),
    ],
)
def test_a_sign_in_that_is_refused_fails_the_run(stage: Stage, refusal: tuple, problem: str) -> None:
    stage.server.refusals = [refusal]
    stage.assert_fails(problem)
    stage.server.refusals = []
    stage.assert_recovers()


@pytest.mark.parametrize("missing", ["sbcnln", "pchord.pchbal"])
def test_what_is_missing_is_named_and_proves_nothing(stage: Stage, missing: str) -> None:
    stage.server.missing = {missing}
    stage.assert_fails(missing.split(".")[-1])
    stage.server.missing = set()
    stage.assert_recovers()


def test_another_company_is_never_read_as_deletions(stage: Stage) -> None:
    right, stage.server.broker = stage.server.broker, "00000000-0000-0000-0000-000000000001"
    stage.assert_fails("Another company answered")
    stage.server.broker = right
    stage.assert_recovers()


def drop_a_row(query: Query, answer: QueryResult) -> QueryResult:
    return replace(answer, rows=answer.rows[:-1]) if "AS totals" in query.sql else answer


def drop_the_jobs(query: Query, answer: QueryResult) -> QueryResult:
    return replace(answer, rows=[]) if query.sql.startswith("SELECT dbo.actrec.recnum") else answer


def raise_at_records(number: int) -> Spoil:
    def spoil(query: Query, answer: QueryResult) -> QueryResult:
        if "AS totals" in query.sql and "pchord" in query.sql:
            raise QueryError("Said by SQL Server.", number=number)
        return answer

    return spoil


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (drop_a_row, "changed or was cut off while it was read"),
        (drop_the_jobs, "changed or was cut off while it was read"),
        (raise_at_records(1205), "busy"),
        (raise_at_records(1222), "busy"),
        (raise_at_records(229), "may not read one of the ERP's tables"),
        (raise_at_records(208), "no longer has a table"),
        (raise_at_records(8115), "cannot be added up"),
        (raise_at_records(596), "broke off the conversation"),
    ],
)
def test_an_answer_cut_short_or_broken_off_proves_nothing(stage: Stage, spoil: Spoil, problem: str) -> None:
    whole, stage.server.spoil = stage.server.spoil, spoil
    stage.assert_fails(problem)
    stage.server.spoil = whole
    stage.assert_recovers()


def test_a_connection_that_is_cut_anywhere_fails_the_run(stage: Stage) -> None:
    with Proxy(stage.server.port) as proxy:
        stage.move_to(port=proxy.port)
        assert stage.linked.sync().state == SyncRun.State.COMPLETED
        stage.linked.sage.delete(SyncLink.objects.get(presence=Presence.PRESENT, kind="purchase_order").erp_id)
        probed, read = proxy.carried[:2]
        for limit in (0, 1, 20, probed // 2, probed - 1, *range(probed, read - read // 30, read // 15)):
            proxy.limit = limit
            stage.assert_fails("")
        proxy.limit = None
        stage.assert_recovers()


@pytest.mark.parametrize("share", [0.1, 0.2, 0.95])
def test_a_server_that_stalls_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """At the sign-in, among the names of the columns, among the records."""
    with Proxy(stage.server.port) as proxy:
        stage.move_to(port=proxy.port)
        assert stage.linked.sync().state == SyncRun.State.COMPLETED
        monkeypatch.setattr(sql_server, "QUERY_SECONDS", 1)
        monkeypatch.setattr(sql_server_sign_in, "SECONDS", 1)
        proxy.limit, proxy.stalls = int(proxy.carried[1] * share), True
        stage.assert_fails("")
    monkeypatch.undo()
    stage.assert_recovers()


def test_a_server_that_is_gone_fails_the_run(stage: Stage) -> None:
    with Proxy(stage.server.port) as proxy:
        stage.move_to(port=proxy.port)
    stage.assert_fails("no database answers at that port")
    stage.assert_recovers()
