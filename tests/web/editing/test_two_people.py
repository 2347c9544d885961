"""Two people edit one commitment: the second is told what changed meanwhile, and loses nothing typed."""

import pytest
from django.urls import reverse

from commitments.models import Commitment
from tests.web.editing.forms import FOOTINGS, LINE, delete_address, edit_address, form_of, text_of


@pytest.fixture
def both_edit(client, manager, approver, draft):
    """Ada has saved `hers` since Max opened the form; then Max sends `his`: the answer, and the form it holds."""

    def run(hers, his):
        client.force_login(manager)
        opened = form_of(client.get(edit_address(draft)))
        client.force_login(approver)
        answer = client.post(edit_address(draft), {**opened, **hers, "save": "1"})
        assert answer.status_code == 302, text_of(answer)
        client.force_login(manager)
        answer = client.post(edit_address(draft), {**opened, **his, "save": "1"})
        return answer, form_of(answer) if answer.status_code == 409 else {}

    return run


def test_the_second_is_told_field_by_field_and_loses_nothing(both_edit, client, draft):
    answer, form = both_edit(
        {"title": "Hers", "status": "approved"}, {"title": "His", "description": "His words", "number": "SC-7"}
    )

    text = text_of(answer)
    assert "Ada Approver" in text
    assert "changed Subcontract SC-1042 just now" in text
    assert "nothing of yours is saved yet" in text
    assert "Title Concrete Hers His Yours: saving replaces what was saved meanwhile" in text
    assert "Status Draft Approved Not changed What was saved meanwhile" in text
    assert "Save over the changes" in text
    assert (form["title"], form["number"], form["description"]) == (["His"], ["SC-7"], ["His words"])
    assert form["status"] == ["approved"]
    draft.refresh_from_db()
    assert (draft.title, draft.revision) == ("Hers", 2)

    client.post(edit_address(draft), {**form, "save": "1"})

    draft.refresh_from_db()
    assert (draft.title, draft.number, draft.status, draft.revision) == ("His", "SC-7", "approved", 3)


def test_lines_of_both_are_brought_together(both_edit, client, draft):
    answer, form = both_edit(
        {"line_unit_cost": ["150", "200"], "line_description": ["Footings", "Slab on grade"]},
        {"line_unit_cost": ["120", "200"], "line_quantity": ["1", "7"]},
    )

    text = text_of(answer)
    assert "Line 1, unit cost 100.00 150.00 120 Yours" in text
    assert "Line 2, description Slab Slab on grade Not changed" in text
    assert form["line_unit_cost"] == ["120", "200.00"] or form["line_unit_cost"] == ["120", "200"]
    assert form["line_quantity"] == ["1", "7"]
    assert form["line_description"] == ["Footings", "Slab on grade"]

    client.post(edit_address(draft), {**form, "save": "1"})

    draft.refresh_from_db()
    assert draft.amount == 1520


def without(form_lines, *places):
    return {name: [text for n, text in enumerate(texts) if n not in places] for name, texts in form_lines.items()}


def lines_in(form):
    return {name: texts for name, texts in form.items() if name.startswith("line_")}


def test_a_line_removed_meanwhile_is_gone_unless_it_was_changed_here(both_edit, client, manager, draft):
    client.force_login(manager)
    lines = lines_in(form_of(client.get(edit_address(draft))))

    answer, form = both_edit(without(lines, 0, 1) | {"has_lines": "1"}, {"line_description": ["Footings", "My slab"]})

    text = text_of(answer)
    assert "Line “Footings”" in text
    assert "Removed Not changed" in text
    assert form["line_description"] == ["My slab"]
    assert form["line_id"] == [""]


def test_a_line_added_meanwhile_is_added_here(both_edit, client, manager, draft):
    client.force_login(manager)
    lines = lines_in(form_of(client.get(edit_address(draft))))
    added = {f"line_{name}": [*lines[f"line_{name}"], text] for name, text in zip(LINE, FOOTINGS, strict=True)}

    _, form = both_edit(added, {"line_description": ["My footings", "Slab"]})

    assert form["line_description"] == ["My footings", "Slab", "Footings"]
    assert all(form["line_id"])


def test_a_new_order_meanwhile_is_taken_over(both_edit, client, manager, draft):
    client.force_login(manager)
    lines = lines_in(form_of(client.get(edit_address(draft))))

    answer, form = both_edit({name: texts[::-1] for name, texts in lines.items()}, {"title": "His"})

    assert "Order of the lines" in text_of(answer)
    assert form["line_description"] == ["Slab", "Footings"]


def test_the_same_change_by_both_is_no_conflict(both_edit):
    answer, form = both_edit({"title": "Agreed"}, {"title": "Agreed", "number": "SC-7"})
    assert "saving replaces what was saved meanwhile" not in text_of(answer)
    assert form["title"] == ["Agreed"]


@pytest.mark.parametrize("seen", ["", "{", "[]", '{"texts": 1, "rows": []}', '{"texts": {}, "rows": [["1"]]}', "null"])
def test_without_what_was_seen_all_that_was_typed_is_kept(client, manager, draft, seen):
    Commitment.objects.update(revision=7, title="Hers")
    client.force_login(manager)

    answer = client.post(edit_address(draft), {"revision": "1", "seen": seen, "title": "His", "save": "1"})

    assert answer.status_code == 409
    assert form_of(answer)["title"] == ["His"]


def test_sent_meanwhile_keeps_what_was_typed_and_says_what_to_do(client, manager, draft):
    client.force_login(manager)
    opened = form_of(client.get(edit_address(draft)))
    Commitment.objects.update(revision=2, erp_status="ready_to_export")

    answer = client.post(edit_address(draft), {**opened, "title": "His", "save": "1"})

    assert answer.status_code == 409
    assert "Retrieve it from the ERP to change it. What you typed is kept below." in text_of(answer)
    assert form_of(answer)["title"] == ["His"]

    again = client.post(edit_address(draft), {**form_of(answer), "save": "1"})

    assert again.status_code == 409
    assert "Subcontract SC-1042 is locked. It was sent to the ERP" in text_of(again)
    assert form_of(again)["title"] == ["His"]


def test_deleted_meanwhile_offers_what_was_typed_as_a_new_one(client, manager, approver, draft):
    client.force_login(manager)
    opened = form_of(client.get(edit_address(draft)))
    client.force_login(approver)
    client.post(delete_address(draft), {"revision": "1"})
    client.force_login(manager)

    answer = client.post(edit_address(draft), {**opened, "title": "His", "save": "1"})

    assert answer.status_code == 409
    assert "deleted Subcontract SC-1042 Concrete just now" in text_of(answer)
    assert "Save it to create a new commitment." in text_of(answer)
    new = reverse("commitment_create", args=[draft.company.slug, draft.project_id, "subcontract"])
    assert f'action="{new}"' in answer.content.decode()
    client.post(new, {**form_of(answer), "save": "1"})
    assert Commitment.objects.get().title == "His"


def test_what_never_was_is_not_found(client, manager, draft):
    client.force_login(manager)
    address = edit_address(draft).replace(str(draft.pk), "999999")
    assert client.post(address, {"kind": "subcontract", "save": "1"}).status_code == 404


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 40, "٣"])
def test_a_broken_revision_saves_over_nothing(client, manager, draft, revision):
    client.force_login(manager)
    answer = client.post(edit_address(draft), {"revision": revision, "title": "His", "save": "1"})
    assert answer.status_code == 409
    draft.refresh_from_db()
    assert draft.title == "Concrete"
