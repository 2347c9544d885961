"""The schedule of values, without a script, and the lists of its fields."""

import pytest
from django.urls import reverse

from commitments.models import Commitment
from tests.factories import (
    VendorFactory,
)
from tests.web.editing.forms import FOOTINGS, WALLS, form_of, text_of, typed


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


def test_the_total_says_which_lines_it_leaves_out(client, manager, new):
    client.force_login(manager)
    priced = ("", "03-300", "Material", "Footings", "10", "CY", "$5", "")
    answer = client.post(new, typed(priced, ("", "", "", "", "many", "", "1", ""), update_totals=""))
    assert "Total 50.00 without line 2" in text_of(answer)


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
