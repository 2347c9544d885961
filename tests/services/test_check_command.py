"""`manage.py check_erp`: the same checks, printed, with an exit status for scripts, and never a traceback."""

import io

import pytest
from django.core.management import CommandError, call_command

from erpintegrations.models import ConnectionCheck, ErpConnection
from tests.factories import CompanyFactory, ErpConnectionFactory

pytestmark = pytest.mark.django_db


def check_erp(*arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors."""
    output, errors, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command("check_erp", *arguments, stdout=output, stderr=errors)
    except SystemExit as exit:
        status = exit.code
    return status, output.getvalue(), errors.getvalue()


def test_a_good_one_ends_with_0(connection):
    status, output, errors = check_erp("--company", "harbor-point")
    assert (status, errors) == (0, "")
    assert output.startswith("Harbor Point Builders – Sage 100 Contractor®\n  passed   Address\n")
    assert "           Number: 20 characters\n" in output
    assert output.endswith("Passed.\n")


def test_a_failed_one_ends_with_1_and_says_what_to_do(connection, sage_company):
    sage_company.run("ALTER TABLE pchord RENAME COLUMN ordnum TO other")
    status, output, _ = check_erp()
    assert status == 1
    assert "  failed   Table pchord (purchase orders)\n           Missing in the table pchord: ordnum.\n" in output
    assert "report the missing columns" in " ".join(output.split())
    assert output.endswith("Failed.\n")


def test_one_with_warnings_ends_with_2(connection, sage_company):
    sage_company.run("DELETE FROM sbcnln", "DELETE FROM subcon")
    status, output, _ = check_erp()
    assert status == 2
    assert "  warned   Rows\n" in output
    assert output.endswith("Passed with warnings.\n")


def test_over_all_companies_a_failed_one_decides(connection):
    ErpConnectionFactory(company=CompanyFactory(name="Bay Builders", slug="bay"))
    status, output, _ = check_erp()
    assert status == 1
    assert output.index("Bay Builders") < output.index("Harbor Point Builders")


@pytest.mark.parametrize("way", ["argument", "standard input", "environment"])
def test_a_url_that_is_saved_nowhere(db, sage_company, monkeypatch, way):
    arguments = {"argument": ["--url", sage_company.database_url], "standard input": ["--url", "-"], "environment": []}
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{sage_company.database_url}\n"))
    if way == "environment":
        monkeypatch.setenv("CHECK_ERP_URL", sage_company.database_url)
    status, output, _ = check_erp(*arguments[way])
    assert status == 0
    assert output.startswith("  passed   Address\n")
    assert not ErpConnection.objects.exists()


@pytest.mark.parametrize("url", ["", "nonsense pa55", "mssql+pymssql://reader:pa55@127.0.0.1:1/x?encryption=off"])
def test_what_cannot_be_tested_is_told_without_a_secret(db, url):
    status, output, errors = check_erp("--url", url)
    assert status == 1
    assert "pa55" not in output + errors


def test_a_company_that_is_not_there(connection):
    assert check_erp("--company", "nowhere") == (
        1,
        "",
        "There is no company 'nowhere'. Companies with an ERP connection: harbor-point.\n",
    )


def test_a_company_without_a_connection(company):
    assert check_erp("--company", "harbor-point")[2] == (
        "The company 'harbor-point' has no ERP connection. Set one up first.\n"
    )


def test_nothing_to_test_at_all(db):
    assert check_erp() == (1, "", "No company has an ERP connection yet. Set one up first, or give --url.\n")


def test_a_company_and_a_url_are_not_both(db):
    with pytest.raises(CommandError, match="not allowed with argument"):
        check_erp("--company", "harbor-point", "--url", "-")


def test_it_keeps_nothing(connection):
    check_erp()
    assert not ConnectionCheck.objects.exists()
