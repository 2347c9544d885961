"""What only the ERP has: the list with its suggestions, the comparison, and linking, on a real Sage company file."""

from __future__ import annotations

import html
import re
import shutil

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from commitments.models import Commitment
from erpintegrations.models import SyncLink, SyncRun, UnlinkedRecord
from erpintegrations.services.run_sync import open_run, perform_sync
from tests.connectors.builder import Line
from tests.factories import CommitmentFactory, ErpConnectionFactory, ExportFactory, SyncLinkFactory

LIST = "/companies/harbor-point/erp-integrations/commitment/adoption/"
LINES = (Line(1000),)
pytestmark = pytest.mark.django_db


@pytest.fixture
def job(sage_company):
    return sage_company.add_job("Riverside Clinic")


@pytest.fixture
def books(sage_company, job):
    """Adds a subcontract that is only in Sage: `books("SC-9")`."""
    return lambda number, *, vendor=0, lines=LINES: sage_company.add_subcontract(number, job, vendor, lines=lines)


@pytest.fixture
def sync(connection):
    def run():
        run, _ = open_run(connection=connection, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=timezone.now())
        return perform_sync(run_id=run.pk, retry_waits=())

    return run


@pytest.fixture
def browser(client, accountant):
    """Of an accounting approver who is not allowed to unlink."""
    client.force_login(accountant)
    return client


def record(number: str) -> UnlinkedRecord:
    return UnlinkedRecord.objects.get(number=number)


def compare_url(number: str, commitment: Commitment | None = None) -> str:
    address = reverse("adoption_compare", args=["harbor-point", record(number).pk])
    return f"{address}?commitment={commitment.pk}" if commitment else address


def words(response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def said(response) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def link_them(browser, number: str, commitment: Commitment, **fields):
    page = browser.get(compare_url(number, commitment))
    compared = re.search(r'name="compared" value="(\w+)"', page.content.decode())
    address = reverse("adoption_adopt", args=["harbor-point", record(number).pk])
    token = compared.group(1) if compared else ""
    return browser.post(address, {"commitment": commitment.pk, "compared": token, **fields})


class TestTheList:
    def test_shows_what_the_last_sync_found_without_a_link(self, browser, books, sync):
        books("SC-9", lines=[Line(1000), Line(500)])
        sync()
        text = words(browser.get(LIST))
        assert "Only in Sage" in text
        assert "SC-9" in text
        assert "1,500.00" in text

    def test_suggestions_come_first_with_why(self, browser, books, sync, project):
        books("SC-9")
        books("SC-100")
        CommitmentFactory(project=project, number="SC-9", title="Rebar", amount=7)
        sync()
        page = browser.get(LIST)
        (suggestion,) = page.context["suggestions"]
        assert (suggestion.record.number, suggestion.commitment.title) == ("SC-9", "Rebar")
        assert "They may belong together" in words(page)
        assert "Same number" in words(page)

    def test_names_vendor_and_job_as_sage_does(self, browser, books, sync, sage_company, job):
        vendor = sage_company.add_vendor("Acme")
        books("SC-9", vendor=vendor)
        sync()
        text = words(browser.get(LIST))
        assert f"{vendor} · Acme {job} · Riverside Clinic" in text
        assert "SC-9" in words(browser.get(f"{LIST}?q=acme"))
        assert "Nothing matches" in words(browser.get(f"{LIST}?q=acme&type=purchase_order"))

    def test_tells_what_people_know_of_a_record(self, browser, books, sync, project, connection, approver):
        left, rejected = books("SC-8"), books("SC-9")
        SyncLinkFactory(
            connection=connection,
            commitment=CommitmentFactory(project=project, number="SC-8-R"),
            erp_id=left,
            unlinked=True,
            left_in_erp=True,
        )
        ExportFactory(
            connection=connection,
            commitment=CommitmentFactory(project=project, number="SC-7"),
            sent_by=approver,
            state="rejected",
            reject_reason="Not ours.",
            answered_by=approver,
            candidate={"erp_id": rejected},
        )
        sync()
        text = words(browser.get(LIST))
        assert "SC-8 Left by Unlink anyway, from SC-8-R" in text
        assert "SC-9 Rejected as SC-7" in text

    def test_can_be_searched_and_sorted(self, browser, books, sync):
        for number, amount in (("SC-1", 3), ("SC-2", 2), ("XX-3", 1)):
            books(number, lines=[Line(amount)])
        sync()
        rows = browser.get(f"{LIST}?q=sc&order=amount").context["page"].rows
        assert [row.number for row in rows] == ["SC-2", "SC-1"]
        assert "Nothing matches" in words(browser.get(f"{LIST}?q=nothing"))

    @pytest.mark.parametrize("query", ["?order=x", "?at=broken", "?q=" + "x" * 500, "?order=-vendor_id"])
    def test_a_broken_address_is_no_error(self, browser, books, sync, query):
        books("SC-9")
        sync()
        assert browser.get(LIST + query).status_code == 200

    def test_pages_by_key(self, browser, sage_company, job, sync):
        sage_company.add_many(60, job)
        sync()
        first = browser.get(LIST)
        second = browser.get(first.context["page"].next_url)
        numbers = [row.number for page in (first, second) for row in page.context["page"].rows]
        assert len(numbers) == len(set(numbers)) == 61  # and the one that every test company has

    def test_takes_the_same_number_of_queries_for_many(self, browser, books, sync, project, query_count):
        for n in range(3):
            books(f"SC-{n}")
            CommitmentFactory(project=project, number=f"SC-{n}")
        sync()
        before = query_count(LIST)
        for n in range(3, 30):
            books(f"SC-{n}")
            CommitmentFactory(project=project, number=f"SC-{n}")
        sync()
        assert query_count(LIST) == before

    def test_says_to_those_who_may_not_link_why(self, client, viewer, books, sync):
        books("SC-9")
        sync()
        client.force_login(viewer)
        text = words(client.get(LIST))
        assert "This needs Standard on the company's ERP Integrations tool; you have Read Only." in text
        assert "Find its commitment" not in text

    def test_of_another_companys_records_nothing_is_seen(self, browser, connection):
        other = ErpConnectionFactory()
        UnlinkedRecord.objects.create(
            company=other.company, connection=other, erp_id="x", kind="subcontract", number="SECRET",
            first_seen_at=timezone.now(),
        )  # fmt: skip
        assert "SECRET" not in words(browser.get(LIST))
        assert browser.get(compare_url("SECRET")).status_code == 404

    def test_everything_linked_says_so(self, browser, connection):
        assert "Everything is linked" in words(browser.get(LIST))

    def test_the_synced_list_and_the_tool_lead_there(self, browser, connection):
        for address in ("erp_synced", "erp_home"):
            assert LIST in browser.get(reverse(address, args=["harbor-point"])).content.decode()


class TestTheChoice:
    def test_offers_what_looks_alike_and_a_search(self, browser, books, sync, project):
        books("SC-9")
        alike = CommitmentFactory(project=project, number="sc-9", title="Rebar")
        CommitmentFactory(project=project, number="SC-77", title="Paint")
        sync()
        page = browser.get(compare_url("SC-9"))
        assert [choice.commitment for choice in page.context["choices"]] == [alike]
        page = browser.get(compare_url("SC-9") + "?q=paint")
        assert [choice.commitment.title for choice in page.context["choices"]] == ["Paint"]

    def test_without_anything_alike_says_what_to_do(self, browser, books, sync):
        books("SC-9")
        sync()
        assert "None looks alike" in words(browser.get(compare_url("SC-9")))

    @pytest.mark.parametrize("wanted", ["abc", "-1", "9" * 40, "٣", "999999"])
    def test_a_commitment_that_there_is_not_leads_back_to_the_choice(self, browser, books, sync, wanted):
        books("SC-9")
        sync()
        page = browser.get(f"{compare_url('SC-9')}?commitment={wanted}")
        assert page.status_code == 200
        assert "The commitment in the address is not one of this company." in words(page)


class TestLinking:
    @pytest.fixture
    def commitment(self, project, books, sync):
        books("SC-9", lines=[Line(1000), Line(500)])
        made = CommitmentFactory(project=project, number="SC-9", title="Rebar", amount=1500)
        sync()
        return made

    def test_the_comparison_shows_both_sides(self, browser, commitment):
        page = browser.get(compare_url("SC-9", commitment))
        text = words(page)
        assert "Link SC-9 to SC-9?" in text
        assert "1,000.00" in text
        assert "No such line" in text
        assert page.context["sides"].differences > 0

    def test_another_retainage_is_a_difference(self, browser, commitment, sage_company):
        sage_company.run("UPDATE subcon SET rtnrte = 5 WHERE ctcnum = 'SC-9'")
        sides = browser.get(compare_url("SC-9", commitment)).context["sides"]
        (retainage,) = [pair for pair in sides.header if pair.label == "Retainage"]
        assert (retainage.ours, retainage.theirs, retainage.counts) == ("0 %", "5 %", True)

    def test_links_them_and_says_so(self, browser, commitment, accountant):
        answer = link_them(browser, "SC-9", commitment)
        assert answer.headers["Location"] == LIST
        assert said(answer) == [
            ("success", "Subcontract SC-9 is linked to Sage 100 Contractor® number SC-9."),
        ]
        assert SyncLink.objects.get().linked_by == accountant
        assert not UnlinkedRecord.objects.filter(number="SC-9").exists()

    def test_what_was_changed_meanwhile_is_compared_anew(self, browser, commitment):
        address = compare_url("SC-9", commitment)
        page = browser.get(address)
        token = re.search(r'name="compared" value="(\w+)"', page.content.decode()).group(1)
        Commitment.objects.update(revision=9)
        adopt = reverse("adoption_adopt", args=["harbor-point", record("SC-9").pk])
        answer = browser.post(adopt, {"commitment": commitment.pk, "compared": token, "next": address})
        ((level, text),) = said(answer)
        assert level == "error"
        assert "was changed since you compared them: nothing was linked." in text
        assert answer.headers["Location"] == address
        assert not SyncLink.objects.exists()

    def test_a_draft_is_shown_but_not_linked(self, browser, commitment):
        Commitment.objects.update(status="draft")
        page = browser.get(compare_url("SC-9", commitment))
        assert "Subcontract SC-9 is “Draft”, and once it is linked, that could not be changed." in words(page)
        assert "Link them" not in words(page)

    def test_a_commitment_that_was_sent_is_refused_on_a_page_of_its_own(self, browser, commitment):
        Commitment.objects.update(erp_status="ready_to_export")
        page = browser.get(compare_url("SC-9", commitment))
        assert "Subcontract SC-9 is on its way into the ERP" in words(page)

    def test_the_other_kind_is_shown_but_not_linked(self, browser, commitment, project):
        order = CommitmentFactory(project=project, number="PO-1", kind="purchase_order")
        page = browser.get(compare_url("SC-9", order))
        assert (
            "Purchase Order PO-1 cannot be linked to SC-9 in Sage: one is a subcontract, the other a purchase order. "
            "Choose a record of the same type."
        ) in words(page)
        assert "Link them" not in words(page)

    def test_a_record_of_an_export_under_way_is_shown_but_not_linked_with_why(self, browser, commitment, project):
        export = ExportFactory(
            connection=record("SC-9").connection,
            commitment=CommitmentFactory(project=project, number="SC-70"),
            state="awaiting",
            erp_number="SC-9",
        )
        page = browser.get(compare_url("SC-9", commitment))
        assert (
            "SC-9 in Sage may be the record of Subcontract SC-70 of 2401 Riverside Clinic, which is on its way there "
            "as SC-9. Open that export and decide there: have the record linked to it, or reject the export. "
            "Then try again."
        ) in words(page)
        assert reverse("export_detail", args=["harbor-point", export.pk]) in page.content.decode()
        assert "Link them" not in words(page)
        assert said(link_them(browser, "SC-9", commitment))[0][1].startswith("SC-9 in Sage may be the record of ")

    def test_while_a_former_record_is_back_no_other_is_linked_with_why(self, browser, commitment, sage_company, job):
        back = sage_company.add_subcontract("SC-8", job)
        SyncLinkFactory(commitment=commitment, connection=record("SC-9").connection, erp_id=back, unlinked=True)
        Commitment.objects.update(erp_status="not_sent")
        page = browser.get(compare_url("SC-9", commitment))
        assert "SC-8, which Subcontract SC-9 was linked to before, is in Sage again." in words(page)
        assert "Link them" not in words(page)

    def test_an_erp_that_is_not_there_is_said_in_words(self, browser, commitment, sage_company, tmp_path):
        shutil.move(sage_company.path, tmp_path / "away.sqlite3")
        page = browser.get(compare_url("SC-9", commitment))
        assert page.status_code in (409, 503)
        assert "Traceback" not in words(page)

    def test_without_a_commitment_nothing_is_linked(self, browser, commitment):
        adopt = reverse("adoption_adopt", args=["harbor-point", record("SC-9").pk])
        answer = browser.post(adopt, {})
        assert said(answer) == [("error", "The commitment was deleted, or none was chosen. Choose one below.")]
        assert not SyncLink.objects.exists()
