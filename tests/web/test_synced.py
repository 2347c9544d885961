"""The Commitment pages of ERP Integrations: the Views, and Synced with its search, filters, order, pages."""

from __future__ import annotations

import base64
import datetime
import json
import re
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule

from commitments.models import Commitment
from directory.models import CompanyMember, Level
from erpintegrations.models import Presence, SyncLink, SyncRun
from erpintegrations.selectors import views_menu
from tests.factories import (
    CommitmentFactory,
    CompanyFactory,
    CompanyMemberFactory,
    ErpConnectionFactory,
    ProjectFactory,
    SyncLinkFactory,
    SyncRunFactory,
    VendorFactory,
)

ADDRESS = "/companies/harbor-point/erp-integrations/commitment/synced/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def erp(company):
    """The company's connection; these pages never ask the ERP itself."""
    return ErpConnectionFactory(company=company)


@pytest.fixture
def link(erp, project):
    """Links a new commitment: `link("SC-1", presence=Presence.DELETED, title="Rebar")`."""

    def make(
        number: str, *, kind="subcontract", title="Concrete", vendor=None, amount=1000, on=None, **fields
    ) -> SyncLink:
        on = on or project
        commitment = CommitmentFactory(
            project=on,
            number=number,
            title=title,
            kind=kind,
            amount=Decimal(amount),
            vendor=vendor or VendorFactory(company=on.company, name="Bayshore Concrete"),
            lines=False,
        )
        a_day_ago = timezone.now() - datetime.timedelta(days=1)
        return SyncLinkFactory(connection=erp, commitment=commitment, **{"linked_at": a_day_ago, **fields})

    return make


@pytest.fixture
def page(client, approver):
    """Opens the Synced list as the approver: `page("?q=rebar")`."""
    client.force_login(approver)
    return lambda query="": client.get(ADDRESS + query)


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def numbers(response) -> list[str]:
    return [row.link.number for row in response.context["rows"]]


def row_of(response, number: str):
    return next(row for row in response.context["rows"] if row.link.number == number)


def cursor(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


class TestViews:
    def test_commitment_leads_to_synced(self, client, approver, erp):
        client.force_login(approver)
        answer = client.get("/companies/harbor-point/erp-integrations/commitment/")
        assert answer.headers["Location"] == ADDRESS

    def test_are_offered_with_counts(self, page, link, project):
        link("SC-1")
        CommitmentFactory.create_batch(2, project=project, erp_status=Commitment.ErpStatus.READY_TO_EXPORT)
        CommitmentFactory(project=project, erp_status=Commitment.ErpStatus.FAILED_TO_EXPORT)
        views = page().context["views"]
        assert [(view.label, view.count) for view in views] == [
            ("Ready to Export", "2"),
            ("Failed to Export", "1"),
            ("Synced", "1"),
        ]
        assert [view.label for view in views if view.is_current] == ["Synced"]

    def test_counting_stops_somewhere(self, page, link, monkeypatch):
        monkeypatch.setattr(views_menu, "COUNT_LIMIT", 2)
        for number in ("SC-1", "SC-2", "SC-3", "SC-4"):
            link(number)
        assert page().context["views"][2].count == "2+"

    @pytest.mark.parametrize(
        ("route", "status", "heading"),
        [
            ("erp_ready", "ready_to_export", "Commitments - Ready to be Exported to Sage 100 Contractor®"),
            ("erp_failed", "failed_to_export", "Commitments - Failed to Export to Sage 100 Contractor®"),
        ],
    )
    def test_ready_and_failed_list_their_own(self, client, approver, erp, project, route, status, heading):
        client.force_login(approver)
        address = reverse(route, args=["harbor-point"])
        empty = client.get(address)
        assert f"<h1>{heading}</h1>" in empty.content.decode()
        assert empty.context["page"].rows == []
        mine = CommitmentFactory(project=project, erp_status=status, number="SC-77")
        CommitmentFactory(project=project)
        CommitmentFactory(erp_status=status)
        assert client.get(address).context["page"].rows == [mine]

    def test_the_tool_is_named_after_the_erp(self, client, approver, erp):
        client.force_login(approver)
        answer = client.get("/companies/harbor-point/erp-integrations/")
        assert "<h1>Sage 100 Contractor® Integration</h1>" in answer.content.decode()
        assert ">Commitment</a>" in answer.content.decode()

    def test_a_company_without_a_connection_learns_who_sets_it_up(self, client, approver, admin):
        client.force_login(approver)
        for route in ("erp_home", "erp_synced", "erp_ready", "erp_failed"):
            answer = client.get(reverse(route, args=["harbor-point"]))
            assert answer.status_code == 200
            assert "No accounting system is connected yet" in words(answer)
            assert "Alma Admin" in words(answer)


class TestRow:
    def test_shows_the_commitment_and_its_state_as_of_when(self, page, link, erp):
        SyncRunFactory(connection=erp, read_at=timezone.now() - datetime.timedelta(minutes=5))
        link("SC-1042", title="Cast-in-place concrete", amount="12345.6", erp_number="S-9", presence=Presence.DELETED)
        answer = page()
        said = words(answer)
        for text in (
            "Commitments - Synced with Sage 100 Contractor®",
            "SC-1042",
            "Cast-in-place concrete",
            "Subcontract",
            "2401 Riverside Clinic",
            "Bayshore Concrete",
            "12,345.60",
            "Sage number",
            "S-9",
            "State in Sage",
            "Deleted",
            "as of 5 minutes ago",
        ):
            assert text in said
        assert re.search(r"\w{3} \d+, \d{4}, \d+:\d\d [AP]M", said)

    def test_names_its_buttons_after_the_commitment(self, page, link):
        link("SC-1042")
        html = page().content.decode()
        assert 'aria-label="Unlink SC-1042"' in html
        assert 'aria-label="Check now SC-1042"' in html
        assert 'aria-label="Select SC-1042"' in html

    @pytest.mark.parametrize(
        ("fields", "outlook", "hint"),
        [
            ({"presence": "deleted"}, "Will go through", "Deleted in Sage."),
            ({"presence": "voided"}, "Will go through", "Voided in Sage."),
            ({"presence": "purged"}, "Asks for a reason", "“Remove Refused/Closed Jobs”"),
            ({"presence": "present"}, "Will be refused", "Delete it in 6-7-1 Subcontracts"),
            ({"presence": "present", "invoiced_amount": 5}, "Will be refused", "refuses to delete a subcontract"),
            ({"presence": "unknown"}, "Will be refused", "Check now asks at once"),
        ],
    )
    def test_says_before_the_click_what_unlink_will_do(self, page, link, fields, outlook, hint):
        link("SC-1", **fields)
        row = row_of(page(), "SC-1")
        assert row.outlook.label == outlook
        assert hint in row.hint

    def test_can_be_clicked_even_where_unlink_will_be_refused(self, page, link):
        refused = link("SC-1")
        html = page().content.decode()
        assert f'<form method="post" action="{ADDRESS}{refused.pk}/unlink/">' in html

    def test_of_a_purged_record_leads_to_the_page_that_asks_for_a_reason(self, page, link):
        purged = link("SC-1", presence=Presence.PURGED)
        assert f'<form method="get" action="{ADDRESS}{purged.pk}/unlink/">' in page().content.decode()

    def test_tells_who_lacks_the_privilege_where_to_request_it(self, client, manager, link):
        link("SC-1", presence=Presence.DELETED)
        client.force_login(manager)
        answer = client.get(ADDRESS)
        assert "This needs the privilege" in words(answer)
        assert 'href="/companies/harbor-point/privilege-request/"' in answer.content.decode()
        assert 'aria-label="Unlink SC-1"' not in answer.content.decode()
        assert 'aria-label="Check now SC-1"' in answer.content.decode()

    @pytest.mark.parametrize("person", ["accountant", "viewer"])
    def test_tells_who_lacks_a_level_which_one(self, client, request, person, link):
        link("SC-1", presence=Presence.DELETED)
        client.force_login(request.getfixturevalue(person))
        answer = client.get(ADDRESS)
        assert "This needs Admin on the Commitments tool of project 2401 Riverside Clinic" in words(answer)
        assert "/unlink/" not in answer.content.decode()

    def test_escapes_what_people_typed(self, page, link):
        link("SC-<b>1", title="<script>alert(1)</script>")
        html = page().content.decode()
        assert "<script>alert" not in html
        assert "SC-&lt;b&gt;1" in html

    def test_links_to_the_commitment_only_for_who_may_open_it(self, page, link, company):
        elsewhere = ProjectFactory(company=company, number="2402")
        link("SC-1")
        link("SC-2", on=elsewhere)
        answer = page()
        assert row_of(answer, "SC-1").shows_commitment
        assert not row_of(answer, "SC-2").shows_commitment


class TestWhoSeesIt:
    def test_nobody_without_read_only(self, client, viewer, link):
        link("SC-1")
        CompanyMember.objects.update(erp_integrations_level=Level.NONE)
        client.force_login(viewer)
        answer = client.get(ADDRESS)
        assert answer.status_code == 403
        assert "SC-1" not in words(answer)

    def test_nobody_of_another_company(self, client, link):
        link("SC-1")
        stranger = CompanyMemberFactory(erp_integrations_level=Level.ADMIN).user
        client.force_login(stranger)
        assert client.get(ADDRESS).status_code == 404

    def test_shows_no_other_company_and_nothing_unlinked(self, page, link, erp):
        SyncLinkFactory(commitment__number="FOREIGN-1")
        SyncLinkFactory(connection=erp, commitment__number="GONE-1", unlinked=True)
        link("SC-1")
        assert numbers(page()) == ["SC-1"]

    def test_posts_are_answered_in_words(self, client, approver, erp):
        client.force_login(approver)
        answer = client.post(ADDRESS)
        assert answer.status_code == 405
        assert "Go back to the page where you were" in words(answer)


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


class TestHeader:
    def test_says_when_the_last_sync_completed_and_what_it_found(self, page, link, erp):
        run = SyncRunFactory(connection=erp, links_compared=150, deleted_count=2, returned_count=1)
        answer = page()
        assert "2 gone, 1 back in 150 compared" in words(answer)
        assert f'href="/companies/harbor-point/erp-integrations/sync-runs/{run.pk}/"' in answer.content.decode()

    def test_says_when_the_next_is_due(self, page, erp):
        due = timezone.now() + datetime.timedelta(minutes=12, seconds=-5)
        Schedule.objects.update_or_create(name="Hourly sync", defaults={"func": "x", "next_run": due})
        assert re.search(r"in 1[12] minutes", words(page()))

    def test_without_any_sync_says_so(self, page, erp):
        Schedule.objects.all().delete()
        assert "None yet" in words(page())
        assert "Not scheduled" in words(page())

    def test_shows_a_failed_sync_and_what_to_do(self, page, erp):
        SyncRunFactory(connection=erp)
        failed = SyncRunFactory(connection=erp, failed=True)
        answer = page()
        assert "The last sync failed just now" in words(answer)
        assert "The ERP database did not answer. Try again in a minute." in words(answer)
        assert f"/sync-runs/{failed.pk}/" in answer.content.decode()

    def test_asks_an_admin_to_decide_and_tells_others_who_can(self, client, approver, admin, erp):
        SyncRunFactory(connection=erp, state=SyncRun.State.NEEDS_CONFIRMATION)
        client.force_login(admin)
        assert "Review the sync run" in words(client.get(ADDRESS))
        client.force_login(approver)
        assert "Alma Admin can confirm or discard it" in words(client.get(ADDRESS))

    def test_offers_sync_now_to_an_admin_only(self, client, approver, admin, erp):
        client.force_login(admin)
        assert (
            'action="/companies/harbor-point/erp-integrations/sync-runs/now/"' in client.get(ADDRESS).content.decode()
        )
        client.force_login(approver)
        answer = client.get(ADDRESS)
        assert "/sync-runs/now/" not in answer.content.decode()
        assert "Alma Admin can sync now" in words(answer)

    def test_shows_how_far_a_sync_is_live_and_by_hand(self, page, erp):
        run = SyncRunFactory(connection=erp, queued=True)
        html = page().content.decode()
        assert f'hx-get="/companies/harbor-point/erp-integrations/sync-runs/{run.pk}/progress/"' in html
        assert "Refresh this page" in html


def walk(page, query: str, way: str) -> list[list[str]]:
    """The numbers on each page, from this one on."""
    pages = []
    while query is not None:
        answer = page(query)
        pages.append(numbers(answer))
        following = getattr(answer.context["page"], way)
        query = following.removeprefix(ADDRESS) if following else None
    return pages
