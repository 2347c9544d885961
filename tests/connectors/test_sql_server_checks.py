"""Test connection over real TDS: who is refused where, the three ways past the logon trigger, what a login may do."""

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from pysqlbridge.certificate import Certificate
from pysqlbridge.tds.prelogin import Encryption as Offer
from pysqlbridge.tds.result import Column, Integer, QueryResult

from erpintegrations.connectors import check_database
from erpintegrations.connectors.checks import Check, Outcome, result_of
from erpintegrations.connectors.sql_server import VERSION, Encryption, SqlServerAddress
from erpintegrations.connectors.sql_server_checks import version
from tests.connectors.builder import SageCompany
from tests.connectors.certificates import Authority
from tests.connectors.tds_company import LOGIN, PASSWORD, SageServer

TRIGGER = [
    (50004, 16, "SAGE ERROR 50004: only Sage applications may connect."),
    (17892, 14, f"Logon failed for login '{LOGIN}' due to trigger execution."),
]
OF_ITS_OWN_TEXT = [(50000, 16, "Only Sage applications may connect."), TRIGGER[1]]
WRONG_PASSWORD = [(18456, 14, f"Login failed for user '{LOGIN}'.")]


class RightsServer(SageServer):
    """One that also answers what SQL Server says of the rights of a login, which pysqlbridge knows nothing of."""

    writes_to = ""
    sysadmin = 0

    def answer(self, query):
        asked = query.sql.lower()
        if "has_perms_by_name" in asked:
            self.asked.append(query.sql)
            may = [
                int(f"dbo.{self.writes_to}'" in part and bool(self.writes_to))
                for part in asked.split("has_perms_by_name(")[1:]
            ]
            return QueryResult([Column(f"_{place}", Integer(4)) for place in range(len(may))], [may])
        if "is_srvrolemember" in asked:
            return QueryResult([Column("_0", Integer(4))], [[self.sysadmin]])
        return super().answer(query)


@pytest.fixture
def server(company: SageCompany, certificate: Certificate):
    company.add_subcontract("SC-1", company.add_job())
    company.add_purchase_order("PO-1", 1)
    with RightsServer(company, certificate) as server:
        yield server


@pytest.fixture
def verified(server: RightsServer, authority: Authority) -> SqlServerAddress:
    return server.address(ca_file=str(authority.ca_file))


def checked(address: SqlServerAddress) -> dict[str, Check]:
    checks = {check.key: check for check in check_database("sage100", address.to_url())}
    assert PASSWORD not in str(checks)
    assert LOGIN not in str(checks)
    return checks


def failed(checks: dict[str, Check]) -> list[str]:
    return [key for key, check in checks.items() if check.outcome is Outcome.FAILED]


def test_all_is_well(verified):
    checks = checked(verified)
    assert {
        key: check.sentence for key, check in checks.items() if check.outcome not in ("passed", "noted", "skipped")
    } == {}
    assert checks["encrypted"].facts["Certificate for"] == "localhost"
    assert checks["signed_in"].sentence == "The server accepted the login and the password."
    assert re.fullmatch(r"\d+\.\d+\.\d+( \(SQL Server 20\d\d\))?", checks["reachable"].facts["Version"])
    assert checks["identity"].facts["Database"] == "pysqlbridge"
    assert checks["counts"].facts["Subcontracts"] == "1"
    assert checks["full_reading"].facts["Records"] == "2"
    assert re.fullmatch(r"\d+\.\d s", checks["full_reading"].facts["Time"])
    assert result_of(checks.values()) is Outcome.PASSED


def test_a_server_that_nobody_vouches_for_is_reachable_and_fails_at_its_encryption(server):
    checks = checked(server.address())
    assert failed(checks) == ["encrypted"]
    assert checks["reachable"].outcome is Outcome.PASSED
    assert "authority that is not trusted here" in checks["encrypted"].sentence
    assert "CA file" in checks["encrypted"].remedy
    assert checks["signed_in"].sentence == "Not looked at: first “Encrypted and verified” has to go well."
    assert server.sessions == [], "The server never heard login or password."


def test_a_server_without_encryption_fails_at_it(server, verified):
    server.offer = Offer.NOT_SUPPORTED
    checks = checked(verified)
    assert failed(checks) == ["encrypted"]
    assert "offers no encryption" in checks["encrypted"].sentence


@pytest.mark.parametrize(
    ("encryption", "sentence"),
    [
        (Encryption.REQUIRED, "any server that answers at this address would be believed"),
        (Encryption.OFF, "not encrypted"),
    ],
)
def test_less_than_verified_is_warned_of(server, encryption, sentence):
    if encryption is Encryption.OFF:
        server.offer = Offer.NOT_SUPPORTED
    checks = checked(server.address(encryption=encryption))
    assert checks["encrypted"].outcome is Outcome.WARNED
    assert sentence in checks["encrypted"].sentence
    assert failed(checks) == []
    assert result_of(checks.values()) is Outcome.WARNED


def test_a_wrong_password_fails_at_the_sign_in(server, verified):
    server.refusals = WRONG_PASSWORD
    checks = checked(verified)
    assert failed(checks) == ["signed_in"]
    assert checks["encrypted"].outcome is Outcome.PASSED
    assert "refused the sign-in" in checks["signed_in"].sentence
    assert "SQL Server and Windows Authentication" in checks["signed_in"].remedy


def test_a_refusal_that_is_not_known_fails_at_the_sign_in(server, verified):
    server.refusals = [(18461, 14, "Only one administrator can connect at this time.")]
    checks = checked(verified)
    assert failed(checks) == ["signed_in"]
    assert checks["encrypted"].outcome is Outcome.PASSED


@pytest.mark.parametrize("messages", [TRIGGER, TRIGGER[1:], TRIGGER[::-1], OF_ITS_OWN_TEXT])
def test_the_logon_trigger_is_explained_with_the_three_ways_in_their_order(server, verified, messages):
    server.refusals = messages
    checks = checked(verified)
    assert failed(checks) == ["logon_trigger"]
    assert checks["signed_in"].outcome is Outcome.PASSED
    trigger = checks["logon_trigger"]
    assert "SQL Server error 17892, “SAGE ERROR 50004”" in trigger.sentence
    first, second, third = (trigger.remedy.index(way) for way in ("1. Let", "2. Have", "3. As a last resort"))
    assert first < second < third
    assert "read a copy of the company's database" in trigger.remedy
    assert "An upgrade of Sage may put its own trigger back" in trigger.remedy
    assert "IF ORIGINAL_LOGIN() = N'erp_reader' RETURN;" in trigger.statements


def test_a_database_that_is_not_there_fails_at_the_database_with_the_grant(verified):
    checks = checked(replace(verified, database="Elsewhere"))
    assert failed(checks) == ["identity"]
    assert checks["logon_trigger"].outcome is Outcome.PASSED
    assert "does not have that database" in checks["identity"].sentence
    assert "ALTER ROLE db_datareader ADD MEMBER [erp_reader];" in checks["identity"].statements


@pytest.mark.parametrize(
    ("snapshot", "reads_at"),
    [
        (True, "SNAPSHOT, each reading as of one moment"),
        (False, "READ COMMITTED, since the database does not allow snapshot isolation"),
    ],
)
def test_at_which_level_it_reads_is_told(server, verified, snapshot, reads_at):
    server.snapshot = snapshot
    assert checked(verified)["identity"].facts["Reads at"] == reads_at


@pytest.mark.parametrize(
    ("number", "said"),
    [("13.0.5026", "13.0.5026 (SQL Server 2016)"), ("16.0.1000", "16.0.1000 (SQL Server 2022)"), ("9.0.1", "9.0.1")],
)
def test_a_version_is_told_with_its_year(number, said):
    assert version(sa.create_engine("sqlite://", execution_options={VERSION: number})) == said


def test_a_table_that_the_login_does_not_see_is_named_with_the_grant(server, verified):
    server.missing = {"pcorln"}
    checks = checked(verified)
    assert failed(checks) == ["table_pcorln"]
    assert "db_datareader" in checks["table_pcorln"].statements


def test_every_column_that_is_missing_is_named(server, verified):
    server.missing = {"subcon.ctcnum", "pchord.ordnum", "subcon.dscrpt"}
    checks = checked(verified)
    assert failed(checks) == ["table_subcon", "table_pchord"]
    assert checks["table_subcon"].sentence == "Missing in the table subcon: ctcnum."


def test_the_columns_are_counted_that_are_read(server, verified):
    assert checked(verified)["table_subcon"].facts == {"Columns that are read": "11"}
    server.missing = {"subcon.rtnrte"}
    assert checked(verified)["table_subcon"].facts == {"Columns that are read": "10"}


def test_a_login_that_could_write_is_warned_of_and_the_tables_are_named(server, verified):
    server.writes_to = "subcon"
    checks = checked(verified)
    warning = checks["may_write"]
    assert warning.outcome is Outcome.WARNED
    assert warning.facts == {"It could write to": "subcon"}
    assert "DENY INSERT, UPDATE, DELETE ON SCHEMA::dbo TO [erp_reader];" in warning.statements
    assert result_of(checks.values()) is Outcome.WARNED


def test_every_table_is_asked_about_in_one_question(server, verified):
    checked(verified)
    (question,) = [asked for asked in server.asked if "has_perms_by_name" in asked.lower()]
    assert question.lower().count("has_perms_by_name(") == 8 * 3


def test_a_sysadmin_is_warned_of(server, verified):
    server.sysadmin = 1
    warning = checked(verified)["sysadmin"]
    assert warning.outcome is Outcome.WARNED
    assert "ALTER SERVER ROLE sysadmin DROP MEMBER [erp_reader];" in warning.statements


def test_a_server_that_hangs_up_on_a_question_ends_the_list_in_words(server, verified):
    def hang_up(query, answer):
        if "FROM dbo.actrec" in query.sql:
            raise ConnectionAbortedError
        return answer

    server.spoil = hang_up
    checks = checked(verified)
    assert failed(checks) == ["counts"]
    assert checks["full_reading"].outcome is Outcome.SKIPPED
