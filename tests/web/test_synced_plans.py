"""The query plans of the Synced list at 20,000 links: no offered order sorts, and none reads the whole table."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection as database

from commitments.models import Commitment
from erpintegrations.models import SyncLink
from erpintegrations.selectors.keyset import Cursor, walk
from erpintegrations.selectors.synced_list import open_links
from erpintegrations.selectors.views_menu import COUNT_LIMIT
from tests.factories import CompanyFactory, ErpConnectionFactory, ProjectFactory, VendorFactory

LINKS = 20_000
COLUMNS = ["number", "title", "kind", "project_name", "vendor_name", "amount", "erp_number", "presence"]
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def large_company(django_db_setup, django_db_blocker):
    """20,000 open links of one company, half as many of another, made once for all plans and taken away again."""
    with django_db_blocker.unblock():
        company = CompanyFactory(slug="large")
        made = [_fill(company, LINKS), _fill(CompanyFactory(slug="other"), LINKS // 2)]
        with database.cursor() as cursor:
            cursor.execute("ANALYZE" if database.vendor == "sqlite" else "ANALYZE erpintegrations_synclink")
        yield company
        for connection, project, vendor in made:
            SyncLink.objects.filter(connection=connection).delete()
            Commitment.objects.filter(project=project).delete()
            owner = connection.company
            for row in (connection, project, vendor, owner):
                row.delete()
        if database.vendor == "sqlite":
            with database.cursor() as cursor:
                cursor.execute("DELETE FROM sqlite_stat1")


def _fill(company, count):
    connection = ErpConnectionFactory(company=company)
    project = ProjectFactory(company=company)
    vendor = VendorFactory(company=company)
    common = {"company": company, "project": project, "vendor": vendor}
    commitments = Commitment.objects.bulk_create(
        [
            Commitment(
                **common,
                kind="subcontract" if n % 5 < 3 else "purchase_order",
                number=f"SC-{n:06}",
                title=f"Title {n * 7919 % 1000}",
                status="approved",
                amount=n * 37 % 5000,
                erp_status="synced",
            )
            for n in range(count)
        ],
        batch_size=1000,
    )
    SyncLink.objects.bulk_create(
        [
            SyncLink(
                **common,
                connection=connection,
                commitment=commitment,
                kind=commitment.kind,
                number=commitment.number,
                title=commitment.title,
                amount=commitment.amount,
                project_name=f"Project {n % 3}",
                vendor_name=f"Vendor {n % 40}",
                erp_number=commitment.number,
                erp_id=str(uuid.uuid4()),
                erp_job_id="1",
                presence="present" if n % 50 else "deleted",
            )
            for n, commitment in enumerate(commitments)
        ],
        batch_size=1000,
    )
    return connection, project, vendor


def plan(rows) -> str:
    return rows.explain()


def assert_walks_an_index(text: str) -> None:
    assert "USE TEMP B-TREE" not in text, text
    assert "Sort" not in text, text
    assert "Seq Scan" not in text, text
    assert "SCAN erpintegrations_synclink" not in text, text
    assert "link_by_" in text, text


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_the_first_page_walks_an_index(large_company, column, sign):
    rows = open_links(large_company).order_by(f"{sign}{column}", f"{sign}id")[:51]
    text = plan(rows)
    assert_walks_an_index(text)
    assert len(rows) == 51


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("downwards", [False, True])
def test_a_deep_page_starts_in_the_index_at_its_place(large_company, column, downwards):
    """Also where 12,000 rows share a type: every query of the page is bounded by the place."""
    middle = open_links(large_company).order_by(column, "id")[LINKS // 2]
    place = Cursor(str(getattr(middle, column)), middle.pk)
    parts = walk(open_links(large_company), column, place, downwards=downwards)
    bound = "<" if downwards else ">"
    postgresql = [f"ROW{column},id{bound}ROW"]
    bounds = postgresql if database.vendor == "postgresql" else [f"id{bound}", f"{column}{bound}"]
    for rows, bounded in zip(parts, bounds, strict=True):
        text = plan(rows[:51])
        assert_walks_an_index(text)
        condition = text.split("Filter:")[0]
        for noise in " ()":
            condition = condition.replace(noise, "")
        assert bounded in condition.replace("::text", ""), text


def test_counting_reads_an_index_only_so_far(large_company):
    rows = open_links(large_company).order_by()[: COUNT_LIMIT + 1]
    assert rows.count() == COUNT_LIMIT + 1
    text = plan(rows)
    assert "SCAN erpintegrations_synclink" not in text or "INDEX" in text, text
    assert "Limit" in text or database.vendor == "sqlite", text
