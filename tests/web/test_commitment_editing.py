"""New, Edit and Delete of commitments, as a browser without a script sends them."""

import html
import re

import pytest
from django.urls import reverse

from commitments.models import Commitment
from directory.models import Activity, Level
from tests.factories import (
    CommitmentFactory,
    CostCodeFactory,
    CostTypeFactory,
    ErpConnectionFactory,
    LineFactory,
    ProjectFactory,
    ProjectMemberFactory,
    SyncLinkFactory,
    VendorFactory,
)


@pytest.fixture
def vendor(company):
    return VendorFactory(company=company, number="104", name="Bayside Concrete")


@pytest.fixture
def codes(company):
    CostCodeFactory(company=company, code="03-300", name="Concrete")
    CostTypeFactory(company=company, code="1", name="Material")


@pytest.fixture
def draft(project, vendor, codes):
    """Subcontract SC-1042 with two lines: 100.00 and 200.00."""
    commitment = CommitmentFactory(
        project=project, number="SC-1042", title="Concrete", vendor=vendor, status="draft", amount=300, lines=False
    )
    code, kind = project.company.cost_codes.get(), project.company.cost_types.get()
    for description, amount in (("Footings", 100), ("Slab", 200)):
        LineFactory(commitment=commitment, description=description, amount=amount, cost_code=code, cost_type=kind)
    return commitment


@pytest.fixture
def new(project):
    return reverse("commitment_create", args=[project.company.slug, project.pk, "subcontract"])


def edit_address(commitment):
    return reverse("commitment_edit", args=[commitment.company.slug, commitment.project_id, commitment.pk])


def delete_address(commitment):
    return reverse("commitment_delete", args=[commitment.company.slug, commitment.project_id, commitment.pk])


def page_address(commitment):
    return reverse("commitment_detail", args=[commitment.company.slug, commitment.project_id, commitment.pk])


LINE = ("id", "cost_code", "cost_type", "description", "quantity", "unit_of_measure", "unit_cost", "amount")


def typed(*lines, **fields):
    """What a person types for a new subcontract; a line is its texts in the order of the form."""
    header = {
        "number": "SC-77",
        "title": "Retaining wall",
        "vendor": "Bayside Concrete (104)",
        "status": "draft",
        "accounting_method": "unit_based",
        "default_retainage_percent": "10",
        "has_lines": "1",
    }
    rows = {f"line_{name}": [line[n] for line in lines] for n, name in enumerate(LINE)}
    return {**header, **rows, **fields}


def form_of(answer):
    """Everything that the page's form would send, as it stands."""
    content = answer.content.decode().partition("<template")[0]
    form = content[content.index('class="commitment-form"') :]
    data: dict[str, list[str]] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") == "radio" and "checked" not in tag:
            continue
        data.setdefault(attributes["name"], []).append(html.unescape(attributes.get("value", "")))
    for name, body in re.findall(r'<textarea name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        data[name] = [html.unescape(body).lstrip("\r\n")]
    for name, body in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        data[name] = re.findall(r'value="(\w+)" selected', body)
    return data


def text_of(answer):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


FOOTINGS = ("", "03-300", "Material", "Footings", "10", "CY", "5", "")
WALLS = ("", "03-300 Concrete", "1", "Walls", "1,000", "SF", "2.50", "")


# ---- New -------------------------------------------------------------------------------------------------------------


def test_a_subcontract_is_created(client, manager, project, vendor, codes, new):
    client.force_login(manager)

    answer = client.post(new, typed(FOOTINGS, WALLS, ("",) * 8, save="1"), follow=True)

    commitment = Commitment.objects.get()
    assert answer.redirect_chain == [(page_address(commitment), 302)]
    assert "Subcontract SC-77 was created." in text_of(answer)
    assert (commitment.amount, commitment.vendor, commitment.project) == (2550, vendor, project)
    assert [line.description for line in commitment.lines.all()] == ["Footings", "Walls"]


def test_a_purchase_order_is_created_with_its_delivery_date(client, manager, project, vendor):
    client.force_login(manager)
    address = reverse("commitment_create", args=[project.company.slug, project.pk, "purchase-order"])
    assert "Delivery date" in text_of(client.get(address))

    client.post(address, typed(number="PO-1", delivery_date="2026-12-01", save="1"))

    commitment = Commitment.objects.get()
    assert (commitment.kind, commitment.delivery_date.isoformat()) == ("purchase_order", "2026-12-01")


def test_another_kind_does_not_exist(client, manager, project):
    client.force_login(manager)
    address = reverse("commitment_create", args=[project.company.slug, project.pk, "change-order"])
    assert client.get(address).status_code == 404


def test_all_that_is_wrong_is_said_at_once_and_nothing_typed_is_lost(client, manager, vendor, codes, new):
    client.force_login(manager)
    wrong = ("", "09-999", "Material", "", "1.000,5", "", "5", "")

    answer = client.post(new, typed(FOOTINGS, wrong, number="", vendor="Nobody", contract_date="tomorrow", save="1"))

    assert answer.status_code == 422
    text = text_of(answer)
    assert "Not saved. Please correct 6 things:" in text
    for sentence in (
        "Number can't be blank.",
        "“Nobody” is none of this company's vendors. Write a vendor's number or name.",
        "“tomorrow” is not a date. Write it like 11/23/2026.",
        "Line 2: “09-999” is none of this company's cost codes. Write a cost code or its name.",
        "Line 2: Description can't be blank.",
        "Line 2: “1.000,5” is not a number. Write it like 1,234.50.",
    ):
        assert sentence in text
    again = form_of(answer)
    assert again["line_quantity"] == ["10", "1.000,5"]
    assert again["vendor"] == ["Nobody"]
    assert again["line_description"] == ["Footings", ""]
    assert 'aria-describedby="line-2-quantity-error"' in answer.content.decode()
    assert not Commitment.objects.exists()


def test_an_ambiguous_vendor_lists_the_candidates(client, manager, company, new):
    for number in ("220", "221"):
        VendorFactory(company=company, number=number, name="Twin Brothers")
    client.force_login(manager)
    answer = client.post(new, typed(vendor="twin brothers", save="1"))
    assert "fits several vendors: Twin Brothers (220), Twin Brothers (221). Write the number of one." in text_of(answer)


def test_who_may_only_read_is_not_offered_it(client, viewer, manager, project, new):
    address = reverse("commitment_list", args=[project.company.slug, project.pk])
    client.force_login(viewer)
    assert "New subcontract" not in text_of(client.get(address))
    client.force_login(manager)
    assert "New subcontract New purchase order" in text_of(client.get(address))


# ---- The lines, without a script -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("button", "descriptions"),
    [
        ("add_line", ["Footings", "Walls", ""]),
        ("remove_line_1", ["Walls"]),
        ("move_down_1", ["Walls", "Footings"]),
        ("move_up_2", ["Walls", "Footings"]),
        ("move_up_1", ["Footings", "Walls"]),
        ("move_down_2", ["Footings", "Walls"]),
        ("remove_line_9", ["Footings", "Walls"]),
        ("update_totals", ["Footings", "Walls"]),
    ],
)
def test_each_button_of_the_lines_gives_the_form_back(client, manager, new, button, descriptions):
    client.force_login(manager)

    answer = client.post(new, typed(FOOTINGS, WALLS, title="Half typed", **{button: ""}))

    assert answer.status_code == 200
    assert form_of(answer)["line_description"] == descriptions
    assert form_of(answer)["title"] == ["Half typed"]
    assert not Commitment.objects.exists()


def test_the_last_line_removed_leaves_an_empty_one(client, manager, new):
    client.force_login(manager)
    answer = client.post(new, typed(FOOTINGS, remove_line_1=""))
    assert form_of(answer)["line_description"] == [""]


def test_update_totals_computes_what_can_be_read(client, manager, new):
    client.force_login(manager)
    answer = client.post(new, typed(FOOTINGS, WALLS, ("", "", "", "", "many", "", "1", ""), update_totals=""))
    text = text_of(answer)
    assert "Total 2,550.00" in text
    assert "2,500.00" in text


def test_the_accounting_method_decides_which_figures_count(client, manager, new):
    client.force_login(manager)
    line = ("", "03-300", "Material", "Footings", "10", "CY", "5", "70")
    assert "Total 50.00" in text_of(client.post(new, typed(line, update_totals="")))
    by_amount = typed(line, accounting_method="amount_based", update_totals="")
    assert "Total 70.00" in text_of(client.post(new, by_amount))


def test_uneven_columns_of_lines_are_no_error(client, manager, vendor, codes, new):
    client.force_login(manager)
    answer = client.post(new, {**typed(FOOTINGS, WALLS, save="1"), "line_description": ["Footings"]})
    assert answer.status_code == 422
    assert "Line 2: Description can't be blank." in text_of(answer)


@pytest.mark.parametrize("field", ["number", "title", "vendor", "description", "line_description", "line_cost_code"])
def test_a_zero_byte_is_refused_not_an_error(client, manager, vendor, codes, new, field):
    client.force_login(manager)
    answer = client.post(new, typed(FOOTINGS, save="1") | {field: "a\x00b"})
    assert answer.status_code == 422


# ---- Edit ------------------------------------------------------------------------------------------------------------


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


# ---- Two people ------------------------------------------------------------------------------------------------------


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


# ---- Delete ----------------------------------------------------------------------------------------------------------


def test_deleting_asks_first_and_says_what_will_be_gone(client, manager, draft):
    client.force_login(manager)
    assert 'aria-label="Delete SC-1042"' in client.get(page_address(draft)).content.decode()

    text = text_of(client.get(delete_address(draft)))

    assert "Delete Subcontract SC-1042?" in text
    assert "its schedule of values (2 lines) for good. It cannot be undone. Its history is kept" in text
    assert Commitment.objects.exists()


def test_a_deleted_commitment_leaves_its_history_at_its_address(client, manager, viewer, draft):
    client.force_login(manager)

    answer = client.post(delete_address(draft), {"revision": "1"}, follow=True)

    assert "Subcontract SC-1042 was deleted. Its history stays." in text_of(answer)
    assert not Commitment.objects.exists()
    client.force_login(viewer)
    page = client.get(page_address(draft))
    assert page.status_code == 410
    assert "deleted this commitment just now" in text_of(page)
    assert "03-300 Concrete · Material · Slab · 1 × 200.00 = 200.00" in text_of(page)


def test_another_projects_deleted_commitment_is_not_found(client, manager, project):
    other = ProjectFactory(company=project.company)
    ProjectMemberFactory(project=other, user=manager, commitments_level=Level.ADMIN)
    commitment = CommitmentFactory(project=other, status="draft")
    client.force_login(manager)
    client.post(delete_address(commitment), {"revision": "1"})

    address = reverse("commitment_detail", args=[project.company.slug, project.pk, commitment.pk])

    assert client.get(page_address(commitment)).status_code == 410
    assert client.get(address).status_code == 404


def test_what_cannot_be_deleted_says_what_to_do_first(client, manager, project, draft):
    SyncLinkFactory(connection=ErpConnectionFactory(company=project.company), commitment=draft)
    client.force_login(manager)
    sentence = "Subcontract SC-1042 is synced with the ERP, so it cannot be deleted. Unlink it, set its status to Draft"

    page = client.get(page_address(draft))
    assert sentence in text_of(page)
    assert "Delete SC-1042" not in page.content.decode()
    assert sentence in text_of(client.get(delete_address(draft)))
    refused = client.post(delete_address(draft), {"revision": "1", "next": page_address(draft)}, follow=True)
    assert sentence in text_of(refused)
    assert Commitment.objects.exists()


def test_deleting_an_older_revision_is_refused(client, manager, draft):
    Commitment.objects.update(revision=2)
    client.force_login(manager)
    answer = client.post(delete_address(draft), {"revision": "1", "next": page_address(draft)}, follow=True)
    assert "Somebody else changed Subcontract SC-1042 since you opened it." in text_of(answer)
    assert Commitment.objects.exists()


# ---- The lists of the fields -----------------------------------------------------------------------------------------


def test_a_list_is_searched_while_somebody_types(client, manager, project, vendor, codes):
    client.force_login(manager)
    address = reverse("commitment_choices", args=[project.company.slug, project.pk, "vendors"])
    assert 'value="Bayside Concrete (104)"' in client.get(address, {"vendor": "bays"}).content.decode()
    address = reverse("commitment_choices", args=[project.company.slug, project.pk, "cost-codes"])
    assert 'value="03-300 Concrete"' in client.get(address, {"line_cost_code": "conc"}).content.decode()
    address = reverse("commitment_choices", args=[project.company.slug, project.pk, "people"])
    assert client.get(address).status_code == 404


def test_only_a_long_list_is_searched(client, manager, company, new, vendor):
    client.force_login(manager)
    assert "/choices/vendors/" not in client.get(new).content.decode()
    VendorFactory.create_batch(300, company=company)
    assert "/choices/vendors/" in client.get(new).content.decode()
