"""New: a commitment is written."""

from django.urls import reverse

from commitments.models import Commitment
from tests.factories import (
    VendorFactory,
)
from tests.web.editing.forms import FOOTINGS, WALLS, form_of, page_address, text_of, typed


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
