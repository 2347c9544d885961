"""Ready to Export, and Failed to Export."""

from __future__ import annotations

import pytest

from directory.models import CompanyMember, Level
from erpintegrations.models import ErpConnection
from tests.factories import CommitmentFactory, ExportFactory, ProjectFactory
from tests.web.exports.pages import flashes, url, words

pytestmark = pytest.mark.django_db


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
        field = f'name="number-{sent("SC-7").pk}"'
        client.force_login(accountant)
        assert f'{field} value="SC-7"' in client.get(url("erp_ready")).content.decode()
        ErpConnection.objects.update(use_commitment_number=False)
        assert f'{field} value=""' in client.get(url("erp_ready")).content.decode()

    def test_a_failed_one_shows_the_cause_and_the_remedy(self, client, accountant, sent):
        sent("SC-7", state="failed", problem="The bridge did not answer.", remedy="Start its service, then retry.")
        client.force_login(accountant)
        page = client.get(url("erp_failed"))
        assert "The bridge did not answer. Start its service, then retry." in words(page)
        assert 'aria-label="Retry SC-7"' in page.content.decode()
        assert 'aria-label="Reject SC-7"' in page.content.decode()

    def test_all_can_be_ticked_and_their_amounts_are_added_up(self, client, accountant, sent):
        sent("SC-1", amount=300), sent("SC-2", amount=200)
        client.force_login(accountant)
        page = client.get(url("erp_ready"))
        assert "Total of 2 500.00" in words(page)
        assert " checked" not in page.content.decode()
        ticked = client.get(page.context["tick_url"])
        assert ticked.content.decode().count(" checked") == 2
        assert ticked.context["back"] == url("erp_ready")

    def test_what_was_rejected_is_listed_with_the_reason(self, client, accountant, sent):
        export = sent("SC-7", state="rejected", reject_reason="The vendor is wrong.", answered_by=accountant)
        client.force_login(accountant)
        page = client.get(f"{url('erp_ready')}?show=rejected")
        assert [row.export for row in page.context["rows"]] == [export]
        assert "The vendor is wrong." in words(page)
        assert f"{url('erp_ready')}?show=rejected" in client.get(url("export_detail", export.pk)).content.decode()

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


def test_levels_below_read_only_see_nothing(client, accountant, sent):
    export = sent("SC-7")
    CompanyMember.objects.filter(user=accountant).update(erp_integrations_level=Level.NONE)
    client.force_login(accountant)
    for address in (url("erp_ready"), url("erp_failed"), url("export_detail", export.pk)):
        assert client.get(address).status_code == 403
