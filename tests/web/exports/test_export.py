"""One export's own page."""

from __future__ import annotations

import pytest
from django.utils import timezone

from commitments.models import Commitment
from directory.activity import record
from directory.models import CompanyMember, Verb
from erpintegrations.models import Export
from erpintegrations.services.exports import export_entry
from tests.factories import ExportFactory, SyncLinkFactory
from tests.web.exports.pages import of_commitment, url, words

pytestmark = pytest.mark.django_db
ErpStatus = Commitment.ErpStatus


def changed_amount(document, amount):
    (line,) = document["lines"]
    return document | {"lines": [line | {"amount": amount}]}


class TestExport:
    def test_shows_what_was_sent_in_the_erps_field_names(self, client, viewer, sent):
        export = sent("SC-7")
        client.force_login(viewer)
        said = words(client.get(url("export_detail", export.pk)))
        assert "As Sage will store it Number ctcnum SC-7 Description dscrpt Concrete Vendor vndnum 1 Acme" in said
        assert "1 Footings and slab 3300 4 10,000.00" in said

    def test_shows_the_number_that_accounting_gave_it(self, client, viewer, sent):
        export = sent("SC-7", state="accepted", erp_number="1042")
        client.force_login(viewer)
        assert "As it was accepted Number ctcnum 1042" in words(client.get(url("export_detail", export.pk)))

    def test_tells_what_is_left_in_the_erp_for_the_same_work(self, client, viewer, sent):
        export = sent("SC-7")
        left = {"left_in_erp": True, "invoiced_amount": 200, "presence": "present", "erp_number": "SC-6"}
        SyncLinkFactory(connection=export.connection, commitment=export.commitment, unlinked=True, **left)
        client.force_login(viewer)
        said = words(client.get(url("export_detail", export.pk)))
        assert "Left in Sage Unlinked anyway: the record stays there and counts there" in said
        assert "of which 200.00 invoiced" in said
        assert "SC-6 left in Sage" in words(client.get(url("erp_ready")))

    def test_a_linked_one_that_has_drifted_leads_to_both_sides(self, client, viewer, sent):
        export = sent("SC-7")
        link = SyncLinkFactory(connection=export.connection, commitment=export.commitment, erp_amount=5)
        accepted = {"answered_by": viewer, "answered_at": timezone.now(), "erp_number": "SC-7"}
        Export.objects.filter(pk=export.pk).update(state="linked", link=link, **accepted)
        client.force_login(viewer)
        page = client.get(url("export_detail", export.pk))
        assert "Next: It is in Sage, and linked, but differs there: amount." in words(page)
        assert url("link_compare", link.pk) in page.content.decode()

    def test_says_when_it_failed_and_how_often(self, client, viewer, sent, approver):
        export = sent("SC-7", state="failed", problem="The bridge did not answer.")
        still = ErpStatus.EXPORTING, ErpStatus.FAILED_TO_EXPORT
        for _ in range(2):
            entry = export_entry(export, Verb.EXPORT_FAILED, still, at=timezone.now(), actor=None)
            record(entry)
        client.force_login(viewer)
        assert "just now" in words(client.get(url("erp_failed")))
        assert "for the 2nd time" in words(client.get(url("erp_failed")))
        assert "for the 2nd time" in words(client.get(url("export_detail", export.pk)))

    def test_what_did_not_change_is_no_change_in_its_story(self, client, viewer, sent):
        export = sent("SC-7", state="accepted")
        still = ErpStatus.EXPORTING, ErpStatus.EXPORTING
        record(export_entry(export, Verb.EXPORT_WRITTEN, still, at=timezone.now(), actor=None))
        client.force_login(viewer)
        said = words(client.get(url("export_detail", export.pk)))
        assert "Written to the ERP" in said
        assert "ERP status:" not in said

    def test_tells_how_it_was_sent_before_and_what_changed(self, client, viewer, accountant, sent, project, books):
        earlier = sent("SC-7", state="rejected", reject_reason="The amount is wrong.", answered_by=accountant)
        commitment = earlier.commitment
        export = ExportFactory(connection=earlier.connection, commitment=commitment, sent_by=accountant)
        Export.objects.filter(pk=export.pk).update(document=changed_amount(earlier.document, "12500.00"))
        client.force_login(viewer)
        said = words(client.get(url("export_detail", export.pk)))
        assert "Before it was sent this time Sent before: Rejected" in said
        assert "“The amount is wrong.”" in said
        assert "Footings and slab, 3300, 4, 10,000.00 → became Footings and slab, 3300, 4, 12,500.00" in said
        assert "Sent again after a rejection" in words(client.get(url("erp_ready")))

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
