"""The commitment's page: Send to ERP, and Retrieve from ERP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from commitments.models import Commitment
from erpintegrations.models import ErpConnection, Export, UnlinkedRecord, VendorLink
from tests.connectors.builder import Line
from tests.factories import SyncLinkFactory
from tests.web.exports.pages import flashes, of_commitment, url, words

pytestmark = pytest.mark.django_db


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
        VendorLink.objects.update(gone_at=timezone.now(), erp_name="Acme Concrete")
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
