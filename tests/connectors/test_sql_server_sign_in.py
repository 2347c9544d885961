"""Signing in: each refusal is told for what it is, without a secret; what one connection is told holds for it alone."""

from __future__ import annotations

import logging
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pysqlbridge.tds.result import Query, QueryResult

from erpintegrations.connectors import connector_for
from erpintegrations.connectors.base import ErpError, NeedsAttention, Retryable
from erpintegrations.connectors.errors import ask
from erpintegrations.connectors.sql_server import Encryption, SqlServer, SqlServerAddress
from tests.connectors.builder import SageCompany
from tests.connectors.certificates import Authority
from tests.connectors.tds_company import LOGIN, NO_SUCH_DATABASE, PASSWORD, SageServer
from tests.connectors.test_faults import every_call

TRIGGER = (17892, 20, f"Logon failed for login '{LOGIN}' due to trigger execution. SAGE ERROR 50004 {PASSWORD}")
RAISED_BY_THE_TRIGGER = [(50004, 16, "SAGE ERROR 50004"), (17892, 14, "Logon failed due to trigger execution.")]
WRONG = (18456, 14, f"Login failed for user '{LOGIN}' with {PASSWORD}.")


def refusal_of(address: SqlServerAddress) -> ErpError:
    with pytest.raises(ErpError) as refused:
        connector_for("sage100", address.to_url()).look_up([str(uuid.uuid4())], timeout_seconds=30)
    return refused.value


def required(server: SageServer, **parts: str) -> SqlServerAddress:
    return server.address(encryption=Encryption.REQUIRED, **parts)


def test_a_refusal_is_not_taken_for_a_graver_one_before_it(server: SageServer) -> None:
    """pymssql itself would go on telling of the trigger for as long as the process lives."""
    for refusals, problem in (
        ([TRIGGER], "Sage keeps other programs out"),
        ([WRONG], "refused the sign-in."),
        (RAISED_BY_THE_TRIGGER, "Sage keeps other programs out"),
        (NO_SUCH_DATABASE, "refused the sign-in."),
        ([TRIGGER], "Sage keeps other programs out"),
    ):
        server.refusals = refusals
        assert problem in refusal_of(required(server)).problem


def test_a_wrong_database_is_told_from_a_wrong_password(server: SageServer) -> None:
    wrong_name = refusal_of(required(server, database="Northwind"))
    assert "does not have that database" in wrong_name.problem
    assert [session.login.database for session in server.sessions] == ["Northwind", "master"]
    assert "refused the sign-in" in refusal_of(required(server, password="x")).problem


@pytest.mark.parametrize("refusal", [TRIGGER, WRONG])
def test_no_call_gives_login_or_password_away(
    server: SageServer, caplog: pytest.LogCaptureFixture, refusal: tuple, capfd: pytest.CaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.refusals = [refusal]
    for call in every_call(connector_for("sage100", required(server).to_url())):
        with pytest.raises(NeedsAttention) as refused:
            call()
        told = refused.value
        assert told.__cause__ is None
        assert told.__context__ is None
        assert told.out_of_reach
        for text in (told.problem, told.remedy, told.cause, repr(told)):
            assert_without_secrets(text)
    assert_without_secrets(caplog.text + "".join(capfd.readouterr()))


def assert_without_secrets(text: str) -> None:
    assert PASSWORD not in text
    assert LOGIN not in text


def test_how_long_a_query_may_take_is_each_connections_own(server: SageServer) -> None:
    patience = threading.Event()

    def slowly(query: Query, answer: QueryResult) -> QueryResult:
        if "slow" in query.sql:
            patience.wait(20)
        return answer

    server.spoil = slowly
    source = SqlServer(required(server))

    def ask_slowly(seconds: float | None) -> object:
        with source.engine(seconds).connect() as connection:
            return connection.exec_driver_sql("SELECT 1 AS slow").scalar()

    with ThreadPoolExecutor() as pool:
        patient = pool.submit(ask_slowly, None)
        with pytest.raises(Retryable, match="did not answer in time"):
            ask(lambda: ask_slowly(1), source.explain)
        assert not patient.done()
        patience.set()
        assert patient.result(timeout=20) == 1


def test_whom_a_connection_trusts_is_its_own(
    server: SageServer, company: SageCompany, job: int, authority: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path, "Another authority")
    with SageServer(company, other.issue("localhost")) as second:
        ways = [(one, trusted) for one in (server, second) for trusted in (authority, other)] * 3

        def sign_in(way: tuple[SageServer, Authority]) -> str:
            address = way[0].address(ca_file=str(way[1].ca_file))
            try:
                return connector_for("sage100", address.to_url()).identity().company
            except NeedsAttention as error:
                return error.problem

        with ThreadPoolExecutor(6) as pool:
            for (one, trusted), said in zip(ways, pool.map(sign_in, ways), strict=True):
                is_trusted = (one is server) == (trusted is authority)
                assert ("not trusted here" in said) is not is_trusted
