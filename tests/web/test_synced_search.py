"""The Synced list's search, filters, order and pages, and what a broken address comes to."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from erpintegrations.models import Presence, SyncLink
from tests.factories import (
    CompanyFactory,
    ProjectFactory,
    VendorFactory,
)
from tests.web.synced_stage import ADDRESS, cursor, erp_fixture, link_fixture, numbers, page_fixture, walk, words  # noqa: F401  the fixtures erp, link and page

pytestmark = pytest.mark.django_db


class TestSearchAndFilters:
    def test_finds_in_every_column_whatever_the_case(self, page, link, company):
        tower = ProjectFactory(company=company, number="2402", name="Fremont Tower")
        link("SC-100", title="Rebar", vendor=VendorFactory(company=company, name="Delta Mechanical"))
        link("PO-200", kind="purchase_order", title="Ducts", on=tower, erp_number="ZX-9")
        for query, expected in (
            ("sc-1", ["SC-100"]),
            ("REBAR", ["SC-100"]),
            ("delta mech", ["SC-100"]),
            ("fremont", ["PO-200"]),
            ("zx-9", ["PO-200"]),
            ("ducts fremont", ["PO-200"]),
            ("rebar fremont", []),
        ):
            assert numbers_or_none(page(f"?q={query}")) == expected, query

    def test_treats_wildcards_as_text_and_folds_other_letters(self, page, link, company):
        link("SC-1", title="100% steel")
        link("SC-2", title="ÖSTLICHER Anbau")
        assert numbers(page("?q=%25")) == ["SC-1"]
        assert numbers_or_none(page("?q=_")) == []
        assert numbers(page("?q=östlicher")) == ["SC-2"]

    @pytest.mark.parametrize(
        ("state", "expected"),
        [
            ("can-be-unlinked", ["DEL", "PUR", "VOI"]),
            ("cannot-be-deleted", ["INV"]),
            ("present", ["INV", "PRE"]),
            ("deleted", ["DEL"]),
            ("voided", ["VOI"]),
            ("purged", ["PUR"]),
            ("unknown", ["UNK"]),
        ],
    )
    def test_filters_by_state(self, page, link, state, expected):
        for number, presence in (("DEL", "deleted"), ("PUR", "purged"), ("VOI", "voided"), ("UNK", "unknown")):
            link(number, presence=presence)
        link("PRE")
        link("INV", invoiced_amount=1)
        assert numbers(page(f"?state={state}")) == expected

    def test_filters_by_type_project_and_vendor(self, page, link, company):
        tower = ProjectFactory(company=company, number="2402")
        delta = VendorFactory(company=company, name="Delta")
        link("SC-1", on=tower)
        link("SC-2", vendor=delta)
        link("PO-3", kind="purchase_order")
        assert numbers(page("?type=purchase_order")) == ["PO-3"]
        assert numbers(page(f"?project={tower.pk}")) == ["SC-1"]
        assert numbers(page(f"?vendor={delta.pk}")) == ["SC-2"]

    def test_says_so_when_nothing_fits(self, page, link):
        link("SC-1")
        answer = page("?q=nowhere")
        assert "No synced commitment matches" in words(answer)
        assert "Clear filters" in words(answer)

    def test_offers_no_project_or_vendor_of_another_company(self, page, link):
        link("SC-1")
        VendorFactory(company=CompanyFactory(), name="Foreign Vendor")
        assert "Foreign Vendor" not in words(page())

    def test_lists_so_many_vendors_and_the_chosen_one(self, page, link, company, monkeypatch):
        monkeypatch.setattr("erpintegrations.web.filters.LISTED", 2)
        vendors = [VendorFactory(company=company, name=f"Vendor {letter}") for letter in "ABCD"]
        link("SC-1", vendor=vendors[3])
        answer = page(f"?vendor={vendors[3].pk}")
        assert numbers(answer) == ["SC-1"]
        assert "Vendor C" not in words(answer)
        assert "The first 2 are listed" in words(answer)


def numbers_or_none(response) -> list[str]:
    assert response.status_code == 200
    return numbers(response)


class TestBrokenAddress:
    @pytest.mark.parametrize(
        "query",
        [
            "?state=nonsense",
            "?type=x",
            "?project=abc",
            "?project=99999999999999999999999",
            "?project=²",
            "?vendor=-1",
            "?vendor=999999",
            f"?q={'x' * 101}",
            "?q=%00",
            "?order=password",
            "?order=--number",
            "?at=nonsense",
            "?at=%00",
            f"?at={'A' * 3000}",
            f"?at={cursor(['SC-1', 'x', False])}",
            f"?at={cursor(['SC-1', 2**70, False])}",
            f"?at={cursor([chr(0), 1, False])}",
            f"?at={cursor([chr(0xD800), 1, False])}",
            f"?at={cursor(['x' * 60, 1, False])}",
            f"?at={cursor([None, 1, False])}",
            f"?at={cursor({'a': 1})}",
            f"?order=amount&at={cursor(['NaN', 1, False])}",
            f"?order=amount&at={cursor(['1e999999', 1, True])}",
        ],
    )
    def test_is_told_and_the_first_page_shown(self, page, link, query):
        link("SC-1")
        answer = page(query)
        assert answer.status_code == 200
        assert numbers(answer) == ["SC-1"]
        assert re.search(r"message-warning.{0,400}in the address", answer.content.decode(), re.DOTALL)

    @pytest.mark.parametrize("query", ["?%ff=%fe", "?utm=1", "?q=%ff", "?page=2", "?q", "?&&&=", "?tick=1"])
    def test_strange_but_harmless_ones_are_fine(self, page, link, query):
        link("SC-1")
        assert page(query).status_code == 200

    def test_keeps_the_filters_that_can_be_understood(self, page, link):
        link("SC-1")
        link("SC-2", presence=Presence.DELETED)
        assert numbers(page("?state=deleted&vendor=abc")) == ["SC-2"]


class TestOrderAndPages:
    @pytest.mark.parametrize(
        "order", ["number", "title", "kind", "project_name", "vendor_name", "amount", "erp_number", "presence"]
    )
    @pytest.mark.parametrize("sign", ["", "-"])
    def test_every_order_shows_every_row_once_there_and_back(self, page, link, order, sign, company):
        vendors = [VendorFactory(company=company, name=f"Vendor {n}") for n in range(3)]
        for n in range(120):
            link(
                f"SC-{n}",
                title=f"Title {n % 7}",
                kind="subcontract" if n % 3 else "purchase_order",
                vendor=vendors[n % 3],
                amount=Decimal(n % 11) / 10,
                presence="present" if n % 2 else "deleted",
            )
        there = walk(page, f"?order={sign}{order}", "next_url")
        seen = [row for shown in there for row in shown]
        assert [len(shown) for shown in there] == [50, 50, 20]
        assert len(set(seen)) == 120
        values = list(SyncLink.objects.order_by(f"{sign}{order}", f"{sign}id").values_list("number", flat=True))
        assert seen == values
        last = page(f"?order={sign}{order}")
        while last.context["page"].next_url:
            last = page(last.context["page"].next_url.removeprefix(ADDRESS))
        back = walk(page, "?" + last.wsgi_request.META["QUERY_STRING"], "previous_url")
        assert back == there[::-1]

    def test_keeps_filters_from_page_to_page_and_says_how_many(self, page, link):
        for n in range(60):
            link(f"SC-{n}", presence="deleted")
        link("PO-1")
        answer = page("?state=deleted")
        assert answer.context["position"] == "50 of 60 commitments"
        following = page(answer.context["page"].next_url.removeprefix(ADDRESS))
        assert len(following.context["rows"]) == 10
        assert following.context["page"].first_url == f"{ADDRESS}?state=deleted"

    def test_a_page_whose_rows_are_gone_leads_to_the_first(self, page, link):
        for n in range(51):
            link(f"SC-{n:02}", presence="deleted")
        following = page().context["page"].next_url.removeprefix(ADDRESS)
        SyncLink.objects.filter(number="SC-50").update(number="AA")
        answer = page(following)
        assert answer.status_code == 200
        assert "This page is empty now" in words(answer)
        assert "Go to the first page" in words(answer)

    def test_asks_the_database_as_often_for_60_rows_as_for_one(self, page, link):
        def questions() -> int:
            with CaptureQueriesContext(database) as asked:
                assert page().status_code == 200
            return len(asked)

        link("SC-1")
        page()
        for_one = questions()
        for n in range(60):
            link(f"SC-1{n:02}", presence=Presence.values[n % 5])
        assert questions() == for_one <= 20

    def test_can_tick_all_that_will_go_through(self, page, link):
        link("SC-1", presence=Presence.DELETED)
        link("SC-2")
        html = page("?tick=gone").content.decode()
        assert re.findall(r'aria-label="Select ([^"]+)"\s+checked', html) == ["SC-1"]
