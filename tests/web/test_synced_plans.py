"""The query plans of the Synced list at 20,000 links: no offered order sorts, and none reads the whole table."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection as database

from commitments.models import Commitment, Vendor
from directory.models import Project
from erpintegrations.connectors import wording_for
from erpintegrations.models import SyncLink
from erpintegrations.selectors.counting import COUNT_LIMIT
from erpintegrations.selectors.keyset import Cursor, walk
from erpintegrations.selectors.synced_list import open_links
from erpintegrations.web.filters import CAN_BE_UNLINKED, CANNOT_BE_DELETED, DRIFTED, SyncedFilter
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


@pytest.mark.parametrize("state", [CANNOT_BE_DELETED, DRIFTED])
def test_a_state_that_few_are_in_has_an_index_of_its_own(large_company, state):
    rows = SyncedFilter(
        {"state": state}, open_links(large_company), company=large_company, wording=wording_for("sage100")
    ).qs
    text = plan(rows.order_by("number", "id")[:51])
    assert f"link_{'drifted' if state == DRIFTED else 'not_deletable'}" in text, text


@pytest.mark.parametrize("state", [CAN_BE_UNLINKED, "deleted", "voided", "purged", "unknown"])
@pytest.mark.parametrize("column", ["number", "vendor_name"])
def test_a_state_other_than_present_is_found_among_the_few_that_are(large_company, state, column):
    rows = SyncedFilter(
        {"state": state}, open_links(large_company), company=large_company, wording=wording_for("sage100")
    ).qs
    text = plan(rows.order_by(column, "id")[:51])
    assert "link_not_present" in text or (database.vendor == "postgresql" and "link_by_presence" in text), text


@pytest.mark.parametrize("words", ["012345", "vendor 39 SC-0123", "title SC-012345", "Zebra", "ÖZ 012345"])
@pytest.mark.parametrize("column", ["number", "-amount"])
def test_a_search_for_what_few_have_reads_those_few(large_company, words, column):
    text = plan(searched(large_company, words).order_by(column, "id" if column == "number" else "-id")[:51])
    if database.vendor == "postgresql":
        assert "Bitmap Index Scan on link_search" in text, text
        assert "Seq Scan" not in text, text
    else:
        assert "USING INTEGER PRIMARY KEY" in text or not text, text
        assert "link_by_" not in text, text


@pytest.mark.parametrize("words", ["Title", "title vendor sc-0", "SC"])
def test_a_search_for_what_most_have_walks_an_index(large_company, words):
    assert_walks_an_index(plan(searched(large_company, words).order_by("number", "id")[:51]))


def searched(company, words):
    return SyncedFilter({"q": words}, open_links(company), company=company, wording=wording_for("sage100")).qs


@pytest.mark.parametrize(
    ("model", "factory", "index"),
    [(Project, ProjectFactory, "project_by_name"), (Vendor, VendorFactory, "vendor_by_name")],
)
def test_the_filters_offer_the_first_names_of_an_index(large_company, model, factory, index):
    model.objects.bulk_create(factory.build_batch(2_000, company=large_company))
    with database.cursor() as cursor:
        cursor.execute(f"ANALYZE {model._meta.db_table}")
    text = plan(model.objects.filter(company=large_company).order_by("name", "id").values_list("id", "name")[:300])
    assert index in text, text
    assert "Sort" not in text, text
    assert "TEMP B-TREE" not in text, text


def test_counting_reads_an_index_only_so_far(large_company):
    rows = open_links(large_company).order_by()[: COUNT_LIMIT + 1]
    assert rows.count() == COUNT_LIMIT + 1
    text = plan(rows)
    assert "SCAN erpintegrations_synclink" not in text or "INDEX" in text, text
    assert "Limit" in text or database.vendor == "sqlite", text
