"""The set-up's overview, and its steps for jobs, vendors and codes, on a real Sage company file."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django_q.models import OrmQ

from directory.models import Project
from erpintegrations.models import BringIn, ErpConnection, FoundMaster, SyncRun, VendorLink
from erpintegrations.services.run_sync import perform_sync
from erpintegrations.web.set_up_trail import SLUGS
from tests.factories import ErpConnectionFactory, VendorFactory
from tests.services.set_up.conftest import SettingUp

pytestmark = pytest.mark.django_db
SET_UP = "/companies/harbor-point/erp-integrations/set-up/"
VENDORS = f"{SET_UP}vendors/"


@pytest.fixture
def set_up(connection, sage_company, admin) -> SettingUp:
    return SettingUp(connection, sage_company, admin)


@pytest.fixture
def browser(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def vendors(set_up, sage_company):
    """Vendors of Sage with these names, read."""

    def add(*names: str) -> None:
        for name in names:
            sage_company.add_vendor(name)
        set_up.read()

    return add


def words(response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def said(response) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def decide_url(erp_id, kind="vendor", route="set_up_decide") -> str:
    found = FoundMaster.objects.get(kind=kind, erp_id=str(erp_id))
    return reverse(route, args=["harbor-point", SLUGS[kind], found.pk])


def token_of(page) -> str:
    return re.search(r'name="seen" value="([\d-]+)"', page.content.decode()).group(1)


class TestTheOverview:
    def test_before_anything_was_read_says_what_to_do(self, browser, connection):
        text = words(browser.get(SET_UP))
        assert "Nothing has been read yet" in text
        assert "Go to the sync runs" in text

    def test_shows_each_step_with_its_figures_and_what_comes_next(self, browser, set_up, vendors):
        vendors("Acme", "Zenith", "Twin")
        set_up.decide(1, "create")
        set_up.decide(2, "leave")
        steps = {step.label: step for step in browser.get(SET_UP).context["steps"]}
        assert list(steps) == ["Jobs", "Vendors", "Cost codes", "Cost types", "Commitments"]
        found = steps["Vendors"]
        assert (found.found, found.brought_in, found.decided, found.undecided, found.left) == (3, 0, 1, 1, 1)
        assert [step.label for step in steps.values() if step.is_next] == ["Jobs"]

    def test_goes_on_with_the_first_step_that_is_not_done(self, browser, set_up, vendors):
        vendors("Acme")
        set_up.decide_all("job")
        set_up.bring_in("job")
        steps = browser.get(SET_UP).context["steps"]
        assert [step.label for step in steps if step.is_next] == ["Vendors"]
        assert [step.todo for step in steps] == ["Done", "To decide", "None found", "None found", "Done"]

    def test_shows_what_is_under_way(self, browser, set_up, vendors):
        vendors("Acme")
        set_up.decide_all()
        set_up.request()
        assert "It waits for its turn" in words(browser.get(SET_UP))

    def test_asks_whether_many_are_really_gone(self, browser, set_up, vendors, sage_company):
        vendors(*(f"Vendor {n}" for n in range(30)))
        sage_company.run("DELETE FROM actpay WHERE recnum > 10")
        set_up.read()
        assert "20 of 30 vendors are missing from Sage all at once." in words(browser.get(SET_UP))
        answer = browser.post(f"{SET_UP}gone/")
        run = SyncRun.objects.get()
        assert answer.headers["Location"] == reverse("run_detail", args=["harbor-point", run.pk])
        started = "A sync was started that marks what is missing as gone. This page shows how far it is."
        assert said(answer) == [("success", started)]
        perform_sync(run_id=run.pk, retry_waits=())
        assert "missing from Sage" not in words(browser.get(SET_UP))

    def test_new_ones_can_be_created_by_themselves(self, browser, set_up, vendors):
        VendorFactory(company=set_up.company, number="77", name="ACME")
        vendors("Acme", "Zenith")
        assert "Vendors Listed as undecided 1 vendors Create by themselves" in words(browser.get(SET_UP))
        answer = browser.post(f"{VENDORS}new/", {"new": "create"})
        how = "From now on, new vendors are created here by themselves where nothing here is like them."
        assert (answer.headers["Location"], said(answer)) == (SET_UP, [("success", how)])
        text = words(browser.get(SET_UP))
        assert f"Vendors Created by themselves Chosen by {set_up.admin.name}" in text
        assert "Nobody is put on the team of a project that comes by itself" in text
        answer = browser.post(f"{VENDORS}new/", {"new": "list"})
        assert said(answer)[-1] == ("success", "From now on, new vendors are listed as undecided.")
        assert "Created by themselves" not in words(browser.get(SET_UP))

    def test_without_a_connection_says_who_sets_it_up(self, browser, company):
        assert "No accounting system is connected yet" in words(browser.get(SET_UP))
        assert "No accounting system is connected yet" in words(browser.get(VENDORS))

    def test_is_in_the_navigation_of_administrators_alone(self, client, admin, approver, connection):
        for person, is_there in ((admin, True), (approver, False)):
            client.force_login(person)
            assert (SET_UP in client.get(reverse("erp_home", args=["harbor-point"])).content.decode()) == is_there

    def test_what_is_undecided_is_said_on_the_tools_first_page(self, client, browser, approver, vendors):
        vendors("Acme")
        home = reverse("erp_home", args=["harbor-point"])
        assert "2 of the jobs, vendors and codes of Sage 100 Contractor® wait for your decision" in words(
            client.get(home)
        )
        client.force_login(approver)
        assert "for your decision" not in words(client.get(home))

    def test_takes_the_same_number_of_queries_for_many(self, browser, vendors, query_count):
        vendors("Acme")
        before = query_count(SET_UP)
        vendors(*(f"Vendor {n}" for n in range(60)))
        assert query_count(SET_UP) == before


class TestTheList:
    def test_shows_ours_beside_theirs(self, browser, set_up, vendors):
        VendorFactory(company=set_up.company, number="77", name="ACME")
        vendors("Acme", "Zenith")
        text = words(browser.get(VENDORS))
        assert "2 in Sage 100 Contractor®: 0 brought in, 0 decided, 2 undecided, 0 left, 0 gone" in text
        assert "ACME Same name" in text
        assert "Decide 2 undecided at once" in text

    @pytest.mark.parametrize(
        ("query", "shown"),
        [
            ("", ["Acme", "Zenith", "New"]),
            ("?q=zen", ["Zenith"]),
            ("?q=3", ["New"]),
            ("?state=leave", ["Zenith"]),
            ("?state=undecided", ["Acme", "New"]),
            ("?likeness=name", ["Acme"]),
            ("?state=gone", []),
            ("?state=problem", []),
            ("?order=-name", ["Zenith", "New", "Acme"]),
        ],
    )
    def test_can_be_searched_filtered_and_sorted(self, browser, set_up, vendors, query, shown):
        VendorFactory(company=set_up.company, number="77", name="ACME")
        vendors("Acme", "Zenith", "New")
        set_up.decide(2, "leave")
        assert [row.found.name for row in browser.get(VENDORS + query).context["rows"]] == shown

    def test_jobs_can_be_filtered_by_their_status(self, browser, set_up, sage_company):
        sage_company.add_job("Closed one", status=6)
        set_up.read()
        rows = browser.get(f"{SET_UP}jobs/?status=6-Closed").context["rows"]
        assert [row.found.name for row in rows] == ["Closed one"]

    def test_says_why_one_could_not_be_brought_in(self, browser, set_up, vendors):
        vendors("Acme")
        set_up.decide(1, "create")
        VendorFactory(company=set_up.company, number="1", name="Zenith")
        set_up.bring_in()
        text = words(browser.get(VENDORS))
        assert "Could not be brought in The number 1 is taken here, by the vendor “Zenith”." in text

    def test_what_has_its_number_and_another_name_is_linked_only_after_both_were_seen(self, browser, set_up, vendors):
        VendorFactory(company=set_up.company, number="1", name="Somebody else")
        VendorFactory(company=set_up.company, number="2", name="Zenith")
        vendors("Acme", "Zenith")
        page = browser.get(VENDORS).content.decode()
        assert 'aria-label="Link 1 Acme to another one"' in page
        assert 'aria-label="Link 1 Acme to Somebody else"' not in page
        assert 'aria-label="Link 2 Zenith to Zenith"' in page

    @pytest.mark.parametrize("query", ["?order=x", "?at=broken", "?state=x&likeness=y", "?q=" + "x" * 500])
    def test_a_broken_address_is_no_error(self, browser, vendors, query):
        vendors("Acme")
        assert browser.get(VENDORS + query).status_code == 200

    def test_pages_in_the_same_number_of_queries_for_many(self, browser, vendors, query_count):
        vendors("Acme", "Zenith")
        before = query_count(VENDORS)
        vendors(*(f"Vendor {n}" for n in range(100)))
        assert query_count(VENDORS) == before
        first = browser.get(VENDORS).context["page"]
        second = browser.get(first.next_url).context["page"]
        assert len({row.pk for row in [*first.rows, *second.rows]}) == 100

    @pytest.mark.parametrize("address", ["nothing/", "commitment/", "vendor/"])
    def test_a_step_that_there_is_not_is_no_page(self, browser, connection, address):
        assert browser.get(SET_UP + address).status_code == 404

    def test_of_another_company_nothing_is_seen(self, browser, connection):
        other = ErpConnectionFactory()
        FoundMaster.objects.create(
            company=other.company, connection=other, kind="vendor", erp_id="5", order_key="5", name="SECRET",
            first_seen_at="2026-03-02T12:00Z",
        )  # fmt: skip
        assert "SECRET" not in words(browser.get(VENDORS))
        for route in ("set_up_choose", "set_up_decide"):
            address = decide_url(5, route=route)
            answer = browser.get(address) if route == "set_up_choose" else browser.post(address)
            assert answer.status_code == 404


class TestOne:
    def test_is_decided_by_a_click(self, browser, vendors, set_up):
        vendors("Acme")
        back = f"{VENDORS}?q=ac"
        answer = browser.post(decide_url(1), {"decision": "create", "seen": "undecided", "next": back})
        assert said(answer) == [("success", "1 Acme: to be created.")]
        assert answer.headers["Location"] == back
        assert set_up.states() == {"1": "create"}

    def test_is_linked_to_what_is_suggested(self, browser, vendors, set_up):
        ours = VendorFactory(company=set_up.company, number="77", name="ACME")
        vendors("Acme")
        browser.post(decide_url(1), {"decision": "link", "ours": ours.pk, "seen": "undecided"})
        assert set_up.row(1).chosen_id == ours.pk
        assert "To be linked" in words(browser.get(VENDORS))

    def test_that_somebody_else_decided_meanwhile_says_so(self, browser, vendors, set_up):
        vendors("Acme")
        set_up.decide(1, "leave")
        ((level, text),) = said(browser.post(decide_url(1), {"decision": "create", "seen": "undecided"}))
        assert (level, text.startswith("Somebody else decided about 1 Acme")) == ("error", True)
        assert set_up.states() == {"1": "leave"}

    @pytest.mark.parametrize("fields", [{}, {"decision": "brought_in"}, {"decision": "link", "ours": "x"}])
    def test_nonsense_decides_nothing(self, browser, vendors, set_up, fields):
        vendors("Acme")
        ((level, _),) = said(browser.post(decide_url(1), fields))
        assert level == "error"
        assert set_up.states() == {"1": "undecided"}

    def test_can_be_linked_to_any_of_ours(self, browser, vendors, set_up):
        vendors("Acme")
        VendorFactory(company=set_up.company, number="77", name="Zenith")
        taken = VendorFactory(company=set_up.company, number="78", name="Zenith taken")
        VendorLink.objects.create(company=set_up.company, connection=set_up.connection, erp_id="9", vendor=taken)
        address = decide_url(1, route="set_up_choose")
        assert "Nothing looks alike" in words(browser.get(address))
        page = browser.get(f"{address}?q=zen")
        assert [ours.name for ours, _ in page.context["choices"]] == ["Zenith"]
        assert "Which vendor is 1 Acme?" in words(page)


class TestAllAtOnce:
    def test_is_shown_before_it_is_done(self, browser, vendors, set_up):
        VendorFactory(company=set_up.company, number="77", name="ACME")
        VendorFactory(company=set_up.company, number="2", name="Another")
        vendors("Acme", "Zenith", "New one", "New two")
        text = words(browser.post(f"{VENDORS}decide/"))
        assert "Link 1, create 2, and bring in" in text
        assert set(set_up.states().values()) == {"undecided"}

    def test_is_done_and_brought_in(self, browser, vendors, set_up):
        vendors("Acme", "Zenith")
        seen = token_of(browser.post(f"{VENDORS}decide/"))
        answer = browser.post(f"{VENDORS}decide/", {"confirmed": "all", "seen": seen})
        started = BringIn.objects.get()
        assert answer.headers["Location"] == reverse("bring_in_detail", args=["harbor-point", started.pk])
        assert (started.total, OrmQ.objects.count()) == (2, 1)
        set_up.perform(started)
        assert set_up.links() == {"1": "Acme", "2": "Zenith"}
        assert "2 brought in" in words(browser.get(VENDORS))

    def test_takes_in_what_the_search_shows(self, browser, vendors, set_up):
        vendors("Acme", "Zenith")
        address = f"{VENDORS}decide/?q=zen"
        browser.post(address, {"confirmed": "all", "seen": token_of(browser.post(address))})
        assert set_up.states() == {"1": "undecided", "2": "create"}

    def test_can_be_to_leave_them(self, browser, vendors, set_up):
        vendors("Acme", "Zenith")
        seen = token_of(browser.post(f"{VENDORS}decide/"))
        answer = browser.post(f"{VENDORS}decide/", {"confirmed": "leave", "seen": seen})
        assert said(answer) == [("success", "2 are left. Each can still be decided.")]
        assert not BringIn.objects.exists()

    def test_what_was_left_can_be_decided_at_once_too(self, browser, vendors, set_up):
        vendors("Acme", "Zenith")
        set_up.decide_all(what="leave")
        address = f"{VENDORS}decide/?state=leave"
        assert "Decide these 2 at once" in words(browser.get(f"{VENDORS}?state=leave"))
        browser.post(address, {"confirmed": "all", "seen": token_of(browser.post(address))})
        assert set(set_up.states().values()) == {"create"}

    def test_a_second_click_does_nothing_twice(self, browser, vendors, set_up):
        vendors("Acme")
        fields = {"confirmed": "all", "seen": token_of(browser.post(f"{VENDORS}decide/"))}
        browser.post(f"{VENDORS}decide/", fields)
        level, text = said(browser.post(f"{VENDORS}decide/", fields))[-1]
        assert (level, text.startswith("Something changed since you looked")) == ("error", True)
        assert BringIn.objects.count() == 1

    def test_with_nothing_undecided_says_so(self, browser, vendors, set_up):
        vendors("Acme")
        set_up.decide(1, "leave")
        ((level, text),) = said(browser.post(f"{VENDORS}decide/"))
        assert (level, text) == ("error", "Nothing is to be decided here. Choose another filter, or decide row by row.")

    def test_what_is_decided_one_by_one_is_brought_in_by_a_click(self, browser, vendors, set_up):
        vendors("Acme")
        set_up.decide(1, "create")
        assert "Bring in 1 decided" in words(browser.get(VENDORS))
        browser.post(f"{VENDORS}bring-in/")
        assert BringIn.objects.get().total == 1

    def test_while_another_step_is_under_way_it_stays_decided(self, browser, vendors, set_up):
        vendors("Acme")
        set_up.decide_all("job")
        set_up.request("job")
        seen = token_of(browser.post(f"{VENDORS}decide/"))
        ((level, text),) = said(browser.post(f"{VENDORS}decide/", {"confirmed": "all", "seen": seen}))
        assert (level, text.startswith("Bringing in jobs is under way already")) == ("error", True)
        assert set_up.states() == {"1": "create"}

    def test_jobs_say_who_gets_on_the_team(self, browser, set_up):
        set_up.read()
        assert "You are put on the team of each new project" in words(browser.post(f"{SET_UP}jobs/decide/"))
        set_up.decide_all("job")
        set_up.bring_in("job")
        project = Project.objects.get(name="Another job")
        assert browser.get(reverse("commitment_list", args=["harbor-point", project.pk])).status_code == 200


def test_an_approver_gets_no_page_of_the_set_up(client, approver, connection):
    client.force_login(approver)
    for address in (SET_UP, VENDORS):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "This needs Admin on the company's ERP Integrations tool; you have Standard." in words(answer)
    assert not ErpConnection.objects.filter(masters_read_at__isnull=False).exists()
