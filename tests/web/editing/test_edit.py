"""Edit: what is saved, what is locked, and why."""

import pytest
from django.urls import reverse

from commitments.models import Commitment
from directory.models import Activity
from tests.factories import (
    LineFactory,
    VendorFactory,
)
from tests.web.editing.forms import FOOTINGS, edit_address, form_of, page_address, text_of, typed


def test_a_form_sent_back_untouched_changes_nothing(client, manager, draft):
    client.force_login(manager)
    form = form_of(client.get(edit_address(draft)))

    answer = client.post(edit_address(draft), {**form, "save": "1"}, follow=True)

    assert "Nothing was changed in Subcontract SC-1042." in text_of(answer)
    assert not Activity.objects.exists()


def test_an_edit_is_saved_and_told_in_the_history(client, manager, draft):
    client.force_login(manager)
    form = form_of(client.get(edit_address(draft)))
    form |= {"title": "Concrete works", "line_quantity": ["3", "1"], "save": "1"}

    answer = client.post(edit_address(draft), form, follow=True)

    text = text_of(answer)
    assert "Subcontract SC-1042 was saved." in text
    assert "Commitment edited" in text
    assert "03-300 Concrete · Material · Footings · 3 × 100.00 = 300.00" in text
    draft.refresh_from_db()
    assert (draft.title, draft.amount, draft.revision) == ("Concrete works", 500, 2)


def test_saving_leads_back_to_where_it_was_come_from(client, manager, draft):
    back = reverse("correction", args=[draft.company.slug, draft.project_id, draft.pk])
    client.force_login(manager)
    page = client.get(edit_address(draft), {"next": back})
    assert f'href="{back}">Cancel' in page.content.decode()
    page = client.post(edit_address(draft), {**form_of(page), "add_line": ""})
    form = form_of(page) | {"title": "Concrete works", "save": "1"}

    assert client.post(edit_address(draft), form).url == back


def test_saving_never_leads_to_another_site(client, manager, draft):
    client.force_login(manager)
    page = client.get(edit_address(draft), {"next": "//elsewhere.example"})
    answer = client.post(edit_address(draft), {**form_of(page), "save": "1", "next": "https://elsewhere.example"})
    assert answer.url == page_address(draft)


def test_two_vendors_of_one_name_stay_apart_while_untouched(client, manager, draft, company):
    VendorFactory(company=company, number="104A", name="Bayside Concrete")
    client.force_login(manager)
    form = form_of(client.get(edit_address(draft)))

    client.post(edit_address(draft), {**form, "title": "Other", "save": "1"})

    draft.refresh_from_db()
    assert (draft.title, draft.vendor.number) == ("Other", "104")


def test_the_number_of_queries_does_not_grow_with_the_lines(client, manager, draft, query_count):
    client.force_login(manager)
    before = query_count(edit_address(draft))
    code, kind = draft.company.cost_codes.get(), draft.company.cost_types.get()
    for _ in range(30):
        LineFactory(commitment=draft, cost_code=code, cost_type=kind)
    assert query_count(edit_address(draft)) == before


def test_a_schedule_of_the_most_lines_is_taken(client, manager, vendor, codes, new):
    client.force_login(manager)
    answer = client.post(new, typed(*[FOOTINGS] * 500, save="1"), follow=True)
    assert answer.status_code == 200
    assert Commitment.objects.get().lines.count() == 500


@pytest.mark.parametrize(
    ("erp_status", "sentence"),
    [
        ("ready_to_export", "Retrieve it from the ERP to change it."),
        ("exporting", "It is being exported to the ERP. Wait until the export has ended."),
    ],
)
def test_what_is_sent_says_why_it_is_locked(client, manager, draft, erp_status, sentence):
    Commitment.objects.update(erp_status=erp_status)
    client.force_login(manager)

    answer = client.get(edit_address(draft))
    assert answer.status_code == 409
    assert sentence in text_of(answer)

    page = client.get(page_address(draft)).content.decode()
    assert sentence in page
    assert 'aria-label="Edit SC-1042"' not in page


def test_what_is_synced_shows_the_locked_fields_and_saves_the_others(client, manager, draft):
    Commitment.objects.update(erp_status="synced")
    client.force_login(manager)
    page = client.get(edit_address(draft))

    form = form_of(page)
    assert "Synced with the ERP: what is shown here and the schedule of values are locked." in text_of(page)
    assert not {"number", "title", "vendor", "status", "default_retainage_percent", "line_id"} & form.keys()
    client.post(edit_address(draft), {**form, "description": "As agreed on site", "save": "1"})

    draft.refresh_from_db()
    assert (draft.description, draft.lines.count()) == ("As agreed on site", 2)
    assert "Locked while it is synced with the ERP: Number, Title, Contract company, Status, Default retainage, " in (
        text_of(client.get(page_address(draft)))
    )


def test_a_locked_field_that_is_sent_all_the_same_is_refused(client, manager, draft):
    Commitment.objects.update(erp_status="synced")
    client.force_login(manager)

    answer = client.post(edit_address(draft), {"revision": "1", "title": "Forged", "save": "1"})

    assert answer.status_code == 409
    assert "Locked: Title. It is synced with the ERP. Unlink it to change this." in text_of(answer)
    assert form_of(answer)["title"] == ["Forged"]
    draft.refresh_from_db()
    assert draft.title == "Concrete"
