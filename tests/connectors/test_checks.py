"""Test connection, held against a company's file: all there, columns missing or wider, another company, nothing at all.

A server's own checks are in `test_sql_server_checks.py`.
"""

import re
from dataclasses import replace

import pytest

from erpintegrations.connectors import check_database, sage100_tables
from erpintegrations.connectors.checks import Outcome, result_of

OF_A_SERVER = ("encrypted", "signed_in", "logon_trigger", "may_write", "sysadmin")


def checked(company, expected=None):
    return {check.key: check for check in check_database("sage100", company.database_url, expected=expected)}


@pytest.fixture
def whole(company):
    """A company with everything in it."""
    job, vendor = company.add_job("Town hall"), company.add_vendor()
    company.add_subcontract("SC-1", job, vendor)
    company.add_purchase_order("PO-1", job, vendor)
    return company


def test_a_whole_company_passes(whole):
    checks = checked(whole)
    assert result_of(checks.values()) is Outcome.PASSED
    assert checks["address"].facts == {"Reads from": f"SQLite file {whole.path.name}"}
    assert checks["widths"].facts["Number"] == "20 characters"
    assert (checks["counts"].facts["Jobs"], checks["counts"].facts["Purchase orders"]) == ("1", "1")
    assert checks["full_reading"].facts["Records"] == "2"
    assert re.fullmatch(r"\d+\.\d s", checks["full_reading"].facts["Time"])


def test_what_only_a_server_has_is_skipped_with_the_reason(whole):
    checks = checked(whole)
    assert {checks[key].outcome for key in OF_A_SERVER} == {Outcome.SKIPPED}
    assert {checks[key].sentence for key in OF_A_SERVER} == {"Not needed: the company is in a file on this machine."}


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in sage100_tables.REQUIRED.items() for column in columns]
)
def test_a_missing_column_fails_and_is_named(whole, table, column):
    whole.run(f"ALTER TABLE {table} RENAME COLUMN {column} TO other")
    checks = checked(whole)
    assert checks[f"table_{table}"].sentence == f"Missing in the table {table}: {column}."
    assert "report the missing columns" in checks[f"table_{table}"].remedy
    assert [check.key for check in checks.values() if check.outcome is Outcome.FAILED] == [f"table_{table}"]
    assert checks["full_reading"].sentence.startswith("Not looked at: first “Table ")


def test_all_that_is_missing_is_named_at_once(whole):
    whole.run(
        "ALTER TABLE subcon RENAME COLUMN ctcnum TO x",
        "ALTER TABLE subcon RENAME COLUMN condte TO y",
        "DROP TABLE pcorln",
    )
    checks = checked(whole)
    assert checks["table_subcon"].sentence == "Missing in the table subcon: ctcnum, condte."
    assert checks["table_pcorln"].sentence == "The table pcorln is not there, or the login may not read it."


@pytest.mark.parametrize(
    ("column", "what_is_off"),
    [
        ("subcon.dscrpt", "a subcontract's title is not read"),
        ("subcon.rtnrte", "a subcontract's retainage is not read"),
        ("pcorln.dscrpt", "the texts of a purchase order's lines are not read"),
    ],
)
def test_a_column_that_only_some_have_is_a_note_and_names_what_is_off(whole, column, what_is_off):
    table, name = column.split(".")
    whole.run(f"ALTER TABLE {table} RENAME COLUMN {name} TO other")
    checks = checked(whole)
    note = checks[f"table_{table}"]
    assert note.outcome is Outcome.NOTED
    assert f"without {name}, {what_is_off}" in note.sentence
    assert checks["full_reading"].outcome is Outcome.PASSED
    assert result_of(checks.values()) is Outcome.PASSED


def test_every_column_that_only_some_have_is_told_of(whole):
    optional = [(table, name) for table, names in sage100_tables.OPTIONAL.items() for name in names]
    for table, name in optional:
        whole.run(f"ALTER TABLE {table} RENAME COLUMN {name} TO no_{name}")
    checks = checked(whole)
    assert {table for table, name in optional if f"without {name}, " not in checks[f"table_{table}"].sentence} == set()
    assert result_of(checks.values()) is Outcome.PASSED


def test_wider_columns_are_learned(whole):
    whole.run(
        "ALTER TABLE subcon RENAME COLUMN dscrpt TO narrow",
        "ALTER TABLE subcon ADD COLUMN dscrpt VARCHAR(80) NOT NULL DEFAULT ''",
        "ALTER TABLE pchord RENAME COLUMN dscrpt TO narrow",
        "ALTER TABLE pchord ADD COLUMN dscrpt VARCHAR(75) NOT NULL DEFAULT ''",
    )
    assert checked(whole)["widths"].facts["Title"] == "75 characters"


def test_how_a_yes_or_no_is_kept_is_told(whole):
    whole.run("ALTER TABLE actpay ADD COLUMN inactv BOOLEAN", "ALTER TABLE actrec ADD COLUMN taxabl VARCHAR(1)")
    flags = checked(whole)["flags"]
    assert flags.outcome is Outcome.NOTED
    assert flags.facts == {"As a bit": "actpay.inactv", "As one letter": "actrec.taxabl"}


def test_without_any_it_says_so(whole):
    assert checked(whole)["flags"].sentence == "None of these tables has a column for a yes or no."


def test_the_same_company_as_before_passes(whole, connector):
    assert checked(whole, connector.identity())["identity"].sentence.startswith("The same server, database and company")


def test_another_company_than_before_fails_and_both_are_named(whole, connector):
    before = replace(connector.identity(), company="4711", server="/secret/folder")
    identity = checked(whole, before)["identity"]
    assert identity.outcome is Outcome.FAILED
    assert identity.facts["Identity of the company before"] == "4711"
    assert identity.facts["Identity of the company"] != "4711"
    assert "/secret/folder" not in str(identity)


def test_a_company_without_a_job_fails(company):
    assert "There is no job at all" in checked(company)["counts"].sentence


def test_a_company_without_a_commitment_is_warned_of(company):
    company.add_job()
    checks = checked(company)
    assert checks["counts"].outcome is Outcome.WARNED
    assert result_of(checks.values()) is Outcome.WARNED


def test_a_value_that_cannot_be_read_fails_the_full_reading(whole):
    whole.run("UPDATE subcon SET _idnum = 'none'")
    full = checked(whole)["full_reading"]
    assert full.sentence == "A value in the Sage table subcon cannot be read (erp_id)."


@pytest.mark.parametrize(
    ("url", "key", "sentence"),
    [
        ("nonsense pa55", "address", "The database URL of the connection cannot be understood."),
        ("mssql+pymssql://reader:pa55@127.0.0.1:0/x", "address", "A port is a number from 1 to 65535."),
        ("sqlite:////nowhere/at/all", "reachable", "The ERP database file is not there."),
        ("mssql+pymssql://reader:pa55@127.0.0.1:1/x?encryption=off", "reachable", "no database answers at that port."),
    ],
)
def test_what_is_not_there_fails_alone_and_nothing_secret_is_told(url, key, sentence):
    checks = list(check_database("sage100", url))
    assert [check.key for check in checks if check.outcome is Outcome.FAILED] == [key]
    assert sentence in next(check.sentence for check in checks if check.key == key)
    assert {check.outcome for check in checks[checks.index(next(c for c in checks if c.key == key)) + 1 :]} == {
        "skipped"
    }
    assert "pa55" not in str(checks)
    assert "reader" not in str(checks)
