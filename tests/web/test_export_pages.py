"""The pages of exports: sending, the lists, an export's own page, and answers one by one and many at once."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from commitments.models import Commitment
from directory.models import CompanyMember, Level
from erpintegrations.models import ErpConnection, Export, UnlinkedRecord, VendorLink
from tests.connectors.builder import Line
from tests.exporting import Books
from tests.factories import CommitmentFactory, ExportFactory, ProjectFactory, SyncLinkFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(connection, sage_company):
    return Books(connection, sage_company)


@pytest.fixture
def sent(books, project, manager):
    return lambda number, **fields: books.export(number, project, manager, **fields)


def url(route, *arguments):
    return reverse(route, args=["harbor-point", *arguments])


def of_commitment(route, commitment):
    return url(route, commitment.project_id, commitment.pk)


def words(answer):
    """The page's text, without markup."""
    content = re.sub(r"<script.*?</script>|<svg.*?</svg>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content)).split())


def flashes(answer):
    return [str(message) for message in answer.context["messages"]]


# ---- The commitment's page -------------------------------------------------------------------------------------------


class TestSending:
    @pytest.fixture
    def commitment(self, books, project):
        return books.commitment("SC-7", project)

    def test_the_button_is_there_where_it_will_work(self, client, manager, commitment):
        client.force_login(manager)
        page = client.get(of_commitment("commitment_detail", commitment))
        assert 'aria-label="Send to ERP: SC-7"' in page.content.decode()
        assert "Accounting accepts or rejects it. Until then it is locked, and can be retrieved." in words(page)

    def test_a_click_sends_it_and_says_so(self, client, manager, commitment):
        client.force_login(manager)
        answer = client.post(of_commitment("commitment_send", commitment), follow=True)
        assert flashes(answer) == ["SC-7 was sent to the ERP. It is locked until accounting answers."]
        assert 'aria-label="Retrieve from ERP: SC-7"' in answer.content.decode()
        assert "Send to ERP: SC-7" not in answer.content.decode()
        assert "Ready to export Sent" in words(answer)

    def test_what_is_known_to_be_wrong_is_said_in_place_of_the_button(self, client, manager, commitment):
        Commitment.objects.update(status="draft", contract_date=None)
        client.force_login(manager)
        page = client.get(of_commitment("commitment_detail", commitment))
        assert "Send to ERP: SC-7" not in page.content.decode()
        assert "Before it can be sent to the ERP: Status: It is Draft, and only an Approved commitment" in words(page)
        assert "Contract date: It is empty, and Sage needs it. Enter it." in words(page)

    def test_what_the_erp_was_last_seen_to_hold_warns_and_is_checked_anew(
        self, client, manager, commitment, connection, sage_company
    ):
        """Somebody freed the number, and the sync has not looked since."""
        UnlinkedRecord.objects.create(
            company=connection.company,
            connection=connection,
            erp_id="1",
            kind="subcontract",
            number="SC-7",
            status="4-Current",
            first_seen_at=timezone.now(),
        )
        ErpConnection.objects.update(text_widths={"title": 5}, text_widths_read_at=timezone.now() - timedelta(days=2))
        VendorLink.objects.update(gone_at=timezone.now())
        client.force_login(manager)
        page = client.get(of_commitment("commitment_detail", commitment))
        said = words(page)
        assert "As Sage was last read; it is checked anew when you send:" in said
        assert "SC-7 is the number of a subcontract that is in Sage already (4-Current, 0.00)." in said
        assert "Title: It has 8 characters, and Sage keeps 5" in said
        assert "which is no longer in Sage" in said
        assert 'aria-label="Send to ERP: SC-7"' in page.content.decode()
        client.post(of_commitment("commitment_send", commitment))
        assert Export.objects.get().state == "ready"

    def test_widths_that_were_never_read_frighten_nobody(self, client, manager, commitment):
        Commitment.objects.update(title="T" * 45)
        client.force_login(manager)
        page = client.get(of_commitment("commitment_detail", commitment))
        assert "characters, and Sage keeps" not in words(page)
        client.post(of_commitment("commitment_send", commitment))
        assert Export.objects.get().state == "ready"

    def test_all_that_is_wrong_is_said_at_once_after_the_click(self, client, manager, commitment, sage_company, job):
        sage_company.add_subcontract("SC-7", job, lines=[Line(5)])
        Commitment.objects.update(title="T" * 51)
        client.force_login(manager)
        answer = client.post(of_commitment("commitment_send", commitment))
        assert answer.status_code == 422
        said = words(answer)
        assert "Subcontract SC-7 was not sent to Sage: 2 things have to be corrected first." in said
        assert "Number: SC-7 is the number of a subcontract that is in Sage already" in said
        assert "Title: It has 51 characters, and Sage keeps 50" in said
        assert not Export.objects.exists()

    def test_who_may_not_send_sees_no_button(self, client, accountant, commitment):
        client.force_login(accountant)
        page = client.get(of_commitment("commitment_detail", commitment))
        assert "Send to ERP: SC-7" not in page.content.decode()
        assert "Send to ERP needs Admin on the Commitments tool of this project." in words(page)

    def test_a_rejected_one_says_why_and_offers_to_send_it_again(self, client, manager, sent):
        export = sent("SC-7", state="rejected", reject_reason="The vendor is wrong.")
        client.force_login(manager)
        page = client.get(of_commitment("commitment_detail", export.commitment))
        assert "Reason The vendor is wrong." in words(page)
        assert 'aria-label="Re-send to ERP: SC-7"' in page.content.decode()

    def test_one_that_was_unlinked_since_is_not_called_linked(self, client, approver, sent):
        """On the commitment's page, and on the export's own."""
        export = sent("SC-7", state="accepted")
        link = SyncLinkFactory(connection=export.connection, commitment=export.commitment, unlinked=True)
        Export.objects.update(state="linked", link=link, finished_at=timezone.now())
        client.force_login(approver)
        page = client.get(of_commitment("commitment_detail", export.commitment))
        assert "State Unlinked since Sent" in words(page)
        assert 'aria-label="Re-send to ERP: SC-7"' in page.content.decode()
        page = client.get(url("export_detail", export.pk))
        assert "State Unlinked since Sent" in words(page)
        assert "Next: Nothing more here: it was linked, and unlinked since. The commitment's page leads on." in words(
            page
        )

    def test_retrieve_takes_it_back(self, client, manager, sent):
        export = sent("SC-7")
        client.force_login(manager)
        answer = client.post(of_commitment("commitment_retrieve", export.commitment), follow=True)
        assert flashes(answer) == ["SC-7 was retrieved from the ERP. It can be edited again."]
        assert 'aria-label="Re-send to ERP: SC-7"' in answer.content.decode()

    def test_retrieve_that_comes_too_late_is_told(self, client, manager, sent):
        export = sent("SC-7", state="accepted")
        client.force_login(manager)
        back = of_commitment("commitment_detail", export.commitment)
        answer = client.post(of_commitment("commitment_retrieve", export.commitment), {"next": back}, follow=True)
        assert "already accepted Subcontract SC-7" in flashes(answer)[0]

    def test_the_page_takes_as_many_queries_with_many_lines(self, client, manager, commitment, query_count):
        client.force_login(manager)
        few = query_count(of_commitment("commitment_detail", commitment))
        line = commitment.lines.get()
        for position in range(2, 12):
            line.pk, line.position = None, position
            line.save()
        assert query_count(of_commitment("commitment_detail", commitment)) == few


# ---- The lists -------------------------------------------------------------------------------------------------------


class TestLists:
    @pytest.mark.parametrize(
        ("route", "heading", "empty"),
        [
            (
                "erp_ready",
                "Commitments - Ready to be Exported to Sage 100 Contractor®",
                "Nothing waits for export",
            ),
            ("erp_failed", "Commitments - Failed to Export to Sage 100 Contractor®", "No export has failed"),
        ],
    )
    def test_have_their_headings_and_say_when_they_are_empty(
        self, client, accountant, connection, route, heading, empty
    ):
        client.force_login(accountant)
        page = client.get(url(route))
        assert f"<h1>{heading}</h1>" in page.content.decode()
        assert empty in words(page)

    def test_each_lists_its_own(self, client, accountant, sent):
        for number, state in (("SC-1", "ready"), ("SC-2", "failed"), ("SC-3", "awaiting"), ("SC-4", "rejected")):
            sent(number, state=state)
        ExportFactory()
        client.force_login(accountant)
        listed = {
            address: [row.export.number for row in client.get(address).context["rows"]]
            for address in (url("erp_ready"), url("erp_failed"), f"{url('erp_ready')}?show=on-the-way")
        }
        assert list(listed.values()) == [["SC-1"], ["SC-2"], ["SC-3"]]

    def test_a_row_says_who_sent_what_when_with_the_schedule_of_values(self, client, accountant, sent):
        sent("SC-7")
        client.force_login(accountant)
        said = words(client.get(url("erp_ready")))
        assert "SC-7 Subcontract Concrete Schedule of values, 1 line Footings and slab 3300, type 4 10,000.00" in said
        assert "Max Manager just now" in said

    def test_the_number_is_prefilled_when_the_connection_says_so(self, client, accountant, sent):
        sent("SC-7")
        client.force_login(accountant)
        assert 'name="number" value="SC-7"' in client.get(url("erp_ready")).content.decode()
        ErpConnection.objects.update(use_commitment_number=False)
        assert 'name="number" value=""' in client.get(url("erp_ready")).content.decode()

    def test_a_failed_one_shows_the_cause_and_the_remedy(self, client, accountant, sent):
        sent("SC-7", state="failed", problem="The bridge did not answer.", remedy="Start its service, then retry.")
        client.force_login(accountant)
        page = client.get(url("erp_failed"))
        assert "The bridge did not answer. Start its service, then retry." in words(page)
        assert 'aria-label="Retry SC-7"' in page.content.decode()
        assert 'aria-label="Reject SC-7"' in page.content.decode()

    @pytest.mark.parametrize("route", ["erp_ready", "erp_failed"])
    def test_who_lacks_the_privilege_is_led_to_request_it(self, client, manager, sent, route):
        sent("SC-1"), sent("SC-2", state="failed")
        client.force_login(manager)
        page = client.get(url(route))
        assert "This needs the privilege 'Can Push to Accounting'" in words(page)
        assert url("privilege_request") in page.content.decode()
        assert "Accept SC-1" not in page.content.decode()
        assert "Retry SC-2" not in page.content.decode()

    def test_those_on_their_way_are_counted(self, client, accountant, sent):
        sent("SC-1", state="awaiting")
        sent("SC-2", state="needs_decision")
        client.force_login(accountant)
        said = words(client.get(url("erp_ready")))
        assert "2 accepted commitments are on the way to Sage, 1 of them needs a decision." in said

    def test_search_filters_and_order(self, client, accountant, sent, books, connection, manager, approver):
        mill = ProjectFactory(company=connection.company, number="2402", name="Mill")
        sent("SC-1", amount=300)
        books.export("SC-2", mill, approver, amount=100)
        sent("PO-3", kind="purchase_order", amount=200)
        client.force_login(accountant)

        def numbers(query):
            return [row.export.number for row in client.get(f"{url('erp_ready')}?{query}").context["rows"]]

        assert numbers("q=mill") == ["SC-2"]
        assert numbers("type=purchase_order") == ["PO-3"]
        assert numbers(f"project={mill.pk}") == ["SC-2"]
        assert numbers(f"sender={manager.pk}") == ["SC-1", "PO-3"]
        assert numbers("order=amount") == ["SC-2", "PO-3", "SC-1"]
        assert numbers("order=-number") == ["SC-2", "SC-1", "PO-3"]
        assert numbers("order=-id") == ["PO-3", "SC-2", "SC-1"]
        assert numbers("q=nothing") == []
        broken = client.get(f"{url('erp_ready')}?type=nonsense&order=password&at=!")
        assert [message.split(":")[0].split(" in the address")[0] for message in flashes(broken)] == [
            "This filter",
            "The order",
            "The page",
        ]

    def test_fifty_to_a_page(self, client, accountant, connection, project, manager):
        for _ in range(51):
            ExportFactory(connection=connection, commitment=CommitmentFactory(project=project), sent_by=manager)
        client.force_login(accountant)
        first = client.get(url("erp_ready"))
        assert len(first.context["rows"]) == 50
        assert "50 of 51 commitments" in words(first)
        assert len(client.get(first.context["page"].next_url).context["rows"]) == 1

    @pytest.mark.parametrize("route", ["erp_ready", "erp_failed"])
    def test_the_lists_take_as_many_queries_with_many_rows(self, client, accountant, sent, query_count, route):
        sent("SC-0"), sent("SC-00", state="failed")
        client.force_login(accountant)
        few = query_count(url(route))
        for number in range(10):
            sent(f"SC-1{number}"), sent(f"SC-2{number}", state="failed")
        assert query_count(url(route)) == few


# ---- One export ------------------------------------------------------------------------------------------------------


class TestExport:
    def test_shows_what_was_sent_in_the_erps_field_names(self, client, viewer, sent):
        export = sent("SC-7")
        client.force_login(viewer)
        said = words(client.get(url("export_detail", export.pk)))
        assert "As Sage stores it Number ctcnum SC-7 Description dscrpt Concrete Vendor vndnum 1 Job jobnum 1" in said
        assert "1 Footings and slab 3300 03-300 Concrete 4 Subcontract 10,000.00" in said

    def test_a_purchase_order_shows_quantities_and_prices(self, client, viewer, sent):
        export = sent("PO-7", kind="purchase_order", amount=600)
        client.force_login(viewer)
        said = words(client.get(url("export_detail", export.pk)))
        assert "Quantity Price Amount 1 Footings and slab" in said
        assert "Number ordnum PO-7" in said

    def test_says_whose_step_is_next(self, client, viewer, accountant, approver, sent):
        export = sent("SC-7")
        client.force_login(viewer)
        said = words(client.get(url("export_detail", export.pk)))
        assert "Next: Accounting accepts it under a number, or rejects it with a reason." in said
        assert "Ada Approver, Anna Accountant can." in said
        CompanyMember.objects.update(can_push_to_accounting=False)
        assert "Nobody can now: it needs Standard" in words(client.get(url("export_detail", export.pk)))

    @pytest.mark.parametrize("state", sorted(set(Export.State.values) - {"linked"}))
    def test_every_state_has_a_page(self, client, accountant, sent, state, now_lease):
        export = sent("SC-7", state=state, **now_lease(state))
        client.force_login(accountant)
        page = client.get(url("export_detail", export.pk))
        assert page.status_code == 200
        assert "Next:" in words(page)

    @pytest.fixture
    def now_lease(self):
        lease = {"lease_token": "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d", "lease_expires_at": timezone.now()}
        return lambda state: lease if state == "writing" else {}

    def test_tells_its_story(self, client, manager, accountant, books, project):
        commitment = books.commitment("SC-7", project)
        client.force_login(manager)
        client.post(of_commitment("commitment_send", commitment))
        export = Export.objects.get()
        client.force_login(accountant)
        client.post(url("export_reject", export.pk), {"reason": "The vendor is wrong."})
        said = words(client.get(url("export_detail", export.pk)))
        assert "Rejected by accounting Reason: The vendor is wrong." in said
        assert "Sent to ERP ERP status: Not sent" in said
        assert "Rejected just now" in said

    def test_of_another_company_is_not_found(self, client, accountant, connection):
        client.force_login(accountant)
        assert client.get(url("export_detail", ExportFactory().pk)).status_code == 404

    def test_takes_as_many_queries_with_many_lines(self, client, accountant, sent, query_count):
        export = sent("SC-7")
        client.force_login(accountant)
        few = query_count(url("export_detail", export.pk))
        export.document["lines"] *= 20
        export.save()
        assert query_count(url("export_detail", export.pk)) == few


# ---- Answers ---------------------------------------------------------------------------------------------------------


class TestAnswers:
    def test_accept_says_under_which_number(self, client, accountant, sent):
        export = sent("SC-7")
        client.force_login(accountant)
        answer = client.post(url("export_accept", export.pk), {"number": "1042"}, follow=True)
        assert flashes(answer) == [
            "SC-7 accepted as 1042. Key it into Sage from its entry sheet; it is linked once found."
        ]
        assert Export.objects.get().state == "accepted"

    @pytest.mark.parametrize(
        ("number", "told"),
        [
            ("", "Commitment ID can't be blank. Enter the number that it gets in Sage."),
            ("1" * 21, "Commitment ID is too long. Maximum 20 characters."),
            ("OTHER", "OTHER is the number of a subcontract that is in Sage already"),
        ],
    )
    def test_a_number_that_is_not_possible_is_said_beside_it(self, client, accountant, sent, number, told):
        export = sent("SC-7")
        client.force_login(accountant)
        answer = client.post(url("export_accept", export.pk), {"number": number})
        assert answer.status_code == 422
        assert told in words(answer)
        assert f'name="number" value="{number}"' in answer.content.decode()
        assert Export.objects.get().state == "ready"

    def test_a_second_approver_is_told(self, client, accountant, sent):
        export = sent("SC-7", state="accepted")
        client.force_login(accountant)
        answer = client.post(url("export_accept", export.pk), {"number": "1", "next": url("erp_ready")}, follow=True)
        assert "already accepted Subcontract SC-7" in flashes(answer)[0]

    def test_reject_asks_for_the_reason(self, client, accountant, sent):
        export = sent("SC-7")
        client.force_login(accountant)
        page = client.get(url("export_reject", export.pk))
        assert "Max Manager sent it" in words(page)
        empty = client.post(url("export_reject", export.pk), {"reason": " "})
        assert empty.status_code == 422
        assert "Enter a reason: the sender has to know what to correct." in words(empty)
        answer = client.post(url("export_reject", export.pk), {"reason": "No budget."}, follow=True)
        assert flashes(answer) == ["SC-7 rejected. Max Manager is told by mail."]

    def test_nobody_writes_a_reason_in_vain(self, client, manager, accountant, sent):
        ready, accepted = sent("SC-7"), sent("SC-8", state="accepted")
        client.force_login(manager)
        assert client.get(url("export_reject", ready.pk)).status_code == 403
        client.force_login(accountant)
        answered = client.get(url("export_reject", accepted.pk))
        assert (answered.status_code, "already accepted" in words(answered)) == (409, True)

    def test_accept_by_the_bridge_leaves_nothing_to_be_keyed_in(self, client, accountant, sent, connection):
        ErpConnection.objects.update(export_method="bridge", bridge_url="http://127.0.0.1:1/")
        export = sent("SC-7")
        client.force_login(accountant)
        answer = client.post(url("export_accept", export.pk), {"number": "1042"}, follow=True)
        assert flashes(answer) == ["SC-7 accepted as 1042. It is linked once the next sync finds it in Sage."]

    def test_retry_in_place(self, client, accountant, sent):
        export = sent("SC-7", state="failed")
        client.force_login(accountant)
        answer = client.post(url("export_retry", export.pk), follow=True)
        assert answer.request["PATH_INFO"] == url("erp_failed")
        assert flashes(answer) == ["SC-7 is tried again. It is linked once the next sync finds it in Sage."]


class TestSelected:
    def test_accept_shows_first_and_then_does_row_by_row(self, client, accountant, sent, sage_company, job):
        exports = [sent("SC-1"), sent("SC-2", state="rejected"), sent("SC-3")]
        sage_company.add_subcontract("SC-3", job)
        client.force_login(accountant)
        chosen = {"export": [export.pk for export in exports]}
        preview = client.post(url("exports_accept_selected"), chosen)
        assert "2 will be accepted" in words(preview)
        assert "1 will not" in words(preview)
        assert f'name="number-{exports[0].pk}" value="SC-1"' in preview.content.decode()
        assert set(Export.objects.values_list("state", flat=True)) == {"ready", "rejected"}

        numbers = {f"number-{exports[0].pk}": "1042", f"number-{exports[2].pk}": "SC-3"}
        chosen = {"exports": f"{exports[0].pk},{exports[2].pk}", "confirmed": "yes"}
        result = client.post(url("exports_accept_selected"), chosen | numbers)
        assert "1 accepted, 1 not" in words(result)
        assert "SC-3 is the number of a subcontract that is in Sage already" in words(result)
        assert Export.objects.get(erp_number="1042").state == "accepted"

    def test_reject_keeps_one_reason_for_all(self, client, accountant, sent):
        exports = [sent("SC-1"), sent("SC-2", state="failed")]
        client.force_login(accountant)
        ids = ",".join(str(export.pk) for export in exports)
        chosen = {"exports": ids, "confirmed": "yes"}
        assert client.post(url("exports_reject_selected"), chosen).status_code == 422
        result = client.post(url("exports_reject_selected"), chosen | {"reason": "No budget."})
        assert "2 rejected, 0 not" in words(result)
        assert set(Export.objects.values_list("reject_reason", flat=True)) == {"No budget."}

    def test_retry_many(self, client, accountant, sent):
        exports = [sent("SC-1", state="failed"), sent("SC-2")]
        client.force_login(accountant)
        chosen = {"export": [export.pk for export in exports]}
        assert "1 will be tried again" in words(client.post(url("exports_retry_selected"), chosen))
        result = client.post(url("exports_retry_selected"), chosen | {"confirmed": "yes"})
        assert "1 tried again, 1 not" in words(result)

    @pytest.mark.parametrize("verb", ["accept", "reject", "retry"])
    def test_nothing_selected_and_too_many(self, client, accountant, connection, verb):
        client.force_login(accountant)
        answer = client.post(url(f"exports_{verb}_selected"), follow=True)
        assert flashes(answer)[0].startswith("Nothing is selected. Tick the commitments to")
        many = client.post(url(f"exports_{verb}_selected"), {"exports": ",".join(map(str, range(201)))}, follow=True)
        assert flashes(many) == ["More than 200 commitments are selected. Select fewer, then take the rest."]

    def test_who_may_not_is_told_for_each_row(self, client, manager, sent):
        export = sent("SC-1")
        client.force_login(manager)
        preview = client.post(url("exports_accept_selected"), {"export": export.pk})
        assert "0 will be accepted" in words(preview)
        assert url("privilege_request") in preview.content.decode()
        client.post(url("exports_accept_selected"), {"export": export.pk, "confirmed": "yes"})
        assert Export.objects.get().state == "ready"

    def test_sent_twice_the_second_says_what_the_first_did(self, client, accountant, sent):
        export = sent("SC-1")
        client.force_login(accountant)
        chosen = {"export": export.pk, f"number-{export.pk}": "SC-1", "confirmed": "yes"}
        client.post(url("exports_accept_selected"), chosen)
        again = client.post(url("exports_accept_selected"), chosen)
        assert "You already accepted Subcontract SC-1" in words(again)


def test_levels_below_read_only_see_nothing(client, accountant, sent):
    export = sent("SC-7")
    CompanyMember.objects.filter(user=accountant).update(erp_integrations_level=Level.NONE)
    client.force_login(accountant)
    for address in (url("erp_ready"), url("erp_failed"), url("export_detail", export.pk)):
        assert client.get(address).status_code == 403
