"""Accept, Reject and Retry, one by one and many at once."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from erpintegrations.models import ErpConnection, Export
from tests.web.exports.pages import flashes, url, words

pytestmark = pytest.mark.django_db


class TestAnswers:
    def test_accept_says_under_which_number(self, client, accountant, sent):
        export = sent("SC-7")
        client.force_login(accountant)
        answer = client.post(url("export_accept", export.pk), {f"number-{export.pk}": "1042"}, follow=True)
        assert flashes(answer) == [
            "SC-7 accepted as 1042. Key it into Sage from its entry sheet; it is linked once found."
        ]
        assert Export.objects.get().state == "accepted"

    @pytest.mark.parametrize("number", ["1042", ""])
    def test_numbers_typed_in_the_other_rows_stay(self, client, accountant, sent, number):
        export, other, third = sent("SC-7"), sent("SC-8"), sent("SC-9")
        client.force_login(accountant)
        typed = {f"number-{export.pk}": number, f"number-{other.pk}": "1043", f"number-{third.pk}": "SC-9"}
        back = f"{url('erp_ready')}?order=number"
        answer = client.post(url("export_accept", export.pk), {**typed, "next": back})
        kept = f"{back}&number-{other.pk}=1043"
        assert (answer["Location"] if number else answer.context["back"]) == kept
        assert f'name="number-{other.pk}" value="1043"' in client.get(kept).content.decode()

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
        answer = client.post(url("export_accept", export.pk), {f"number-{export.pk}": number})
        assert answer.status_code == 422
        assert told in words(answer)
        assert f'name="number-{export.pk}" value="{number}"' in answer.content.decode()
        assert Export.objects.get().state == "ready"

    def test_a_second_approver_is_told(self, client, accountant, sent):
        export = sent("SC-7", state="accepted")
        client.force_login(accountant)
        answer = client.post(
            url("export_accept", export.pk), {f"number-{export.pk}": "1", "next": url("erp_ready")}, follow=True
        )
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
        answer = client.post(url("export_accept", export.pk), {f"number-{export.pk}": "1042"}, follow=True)
        then = "The bridge writes it within seconds, and it is linked as soon as it is found in Sage."
        assert flashes(answer) == [f"SC-7 accepted as 1042. {then}"]

    def test_retry_in_place(self, client, accountant, sent):
        export = sent("SC-7", state="failed")
        client.force_login(accountant)
        answer = client.post(url("export_retry", export.pk), follow=True)
        assert answer.request["PATH_INFO"] == url("erp_failed")
        assert flashes(answer) == [
            "SC-7 is tried again. Key it into Sage from its entry sheet; it is linked once found."
        ]
        assert url("entry_sheet", export.pk) in answer.content.decode()

    def test_one_that_waits_for_its_next_attempt_is_tried_at_once(self, client, accountant, sent):
        later = timezone.now() + datetime.timedelta(hours=1)
        export = sent("SC-7", state="accepted", problem="The bridge is down.", lease_expires_at=later)
        client.force_login(accountant)
        assert "The bridge is down." in words(client.get(f"{url('erp_ready')}?show=on-the-way"))
        assert 'aria-label="Retry SC-7"' in client.get(url("export_detail", export.pk)).content.decode()
        client.post(url("export_retry", export.pk))
        assert Export.objects.get().next_attempt_at is None
        assert Export.objects.get().problem == ""
        again = client.post(url("export_retry", export.pk), follow=True)
        assert "already accepted Subcontract SC-7" in flashes(again)[-1]


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

    def test_what_is_typed_in_the_rows_is_what_the_preview_begins_with(self, client, accountant, sent):
        export, other = sent("SC-1"), sent("SC-2")
        client.force_login(accountant)
        typed = {f"number-{export.pk}": "1042", f"number-{other.pk}": "SC-2"}
        preview = client.post(url("exports_accept_selected"), {"export": [export.pk, other.pk], **typed})
        assert f'name="number-{export.pk}" value="1042"' in preview.content.decode()
        assert f'name="number-{other.pk}" value="SC-2"' in preview.content.decode()
        assert "Total of 2 20,000.00" in words(preview)
        assert preview.context["back"] == f"{url('erp_ready')}?number-{export.pk}=1042"

    def test_what_is_accepted_leads_to_the_entry_sheets(self, client, accountant, sent):
        export = sent("SC-1")
        client.force_login(accountant)
        chosen = {"export": export.pk, f"number-{export.pk}": "SC-1", "confirmed": "yes"}
        result = client.post(url("exports_accept_selected"), chosen).content.decode()
        for address in (url("entry_sheets"), url("entry_sheet", export.pk), f"{url('erp_ready')}?show=on-the-way"):
            assert f'href="{address}"' in result

    def test_reject_keeps_one_reason_for_all(self, client, accountant, sent):
        exports = [sent("SC-1"), sent("SC-2", state="failed")]
        client.force_login(accountant)
        ids = ",".join(str(export.pk) for export in exports)
        chosen = {"exports": ids, "confirmed": "yes"}
        assert client.post(url("exports_reject_selected"), chosen).status_code == 422
        result = client.post(url("exports_reject_selected"), chosen | {"reason": "No budget."})
        assert "<h1>2 rejected</h1>" in result.content.decode()
        assert "Total of 2 20,000.00" in words(result)
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
