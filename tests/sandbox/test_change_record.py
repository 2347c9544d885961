"""Changing a record on its screen: number, vendor, description and lines; what Sage refuses, and what is then read."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from django.test import Client
from django.urls import reverse

from erpintegrations.connectors import connector_for
from sandbox import sage_desk, sage_records
from sandbox.sage_desk import PURCHASE_ORDER, SUBCONTRACT, ChangedLine, NotInSage, SageRefuses
from sandbox.sage_tables import actpay, company_engine, pchord
from tests.sandbox.conftest import NOW, VENDOR, key_in_purchase_order, key_in_subcontract, line
from tests.sandbox.test_sage_desk import everything, refusal, rows

OTHER_VENDOR = 401


def changed(number: int | None, amount: str, quantity: str = "1") -> ChangedLine:
    return ChangedLine(number=number, line=line(amount, quantity))


def change(path, kind: str, recnum: int, *lines: ChangedLine, **header) -> None:
    known = {"number": "SC-1" if kind == SUBCONTRACT else "PO-1", "vendor": VENDOR, "description": "Concrete"}
    sage_desk.change_record(path, kind, recnum, **{**known, **header}, lines=lines, now=NOW)


@pytest.fixture
def subcontract(sage_path) -> int:
    """Lines of 1,000.00 and 500.00."""
    return key_in_subcontract(sage_path)


@pytest.fixture
def order(sage_path) -> int:
    """Lines of 10 × 100.00 and 3 × 33.33."""
    return key_in_purchase_order(sage_path)


def amounts(path, kind: str, recnum: int) -> list[tuple[int, Decimal]]:
    return [(each.number, each.amount) for each in sage_records.read_record(path, kind, recnum)[1]]


def test_number_vendor_and_description_change_and_the_identity_stays(sage_path, subcontract):
    with company_engine(sage_path).begin() as connection:
        connection.execute(sa.insert(actpay), [{"recnum": OTHER_VENDOR, "vndnme": "Bayline Excavating"}])
    before = sage_records.read_record(sage_path, SUBCONTRACT, subcontract)[0]
    lines = changed(1, "1000.00"), changed(2, "500.00")
    change(sage_path, SUBCONTRACT, subcontract, *lines, number=" SC-9 ", vendor=OTHER_VENDOR, description="Site work")
    after = sage_records.read_record(sage_path, SUBCONTRACT, subcontract)[0]
    assert (after.number, after.vendor_name, after.description) == ("SC-9", "Bayline Excavating", "Site work")
    assert (after.identity, after.job, after.amount) == (before.identity, before.job, before.amount)


def test_lines_are_added_changed_and_removed_at_once(sage_path, subcontract):
    change(sage_path, SUBCONTRACT, subcontract, changed(2, "750.00"), changed(None, "20.00"), changed(None, "-5.00"))
    assert amounts(sage_path, SUBCONTRACT, subcontract) == [
        (2, Decimal("750.00")),
        (3, Decimal("20.00")),
        (4, Decimal("-5.00")),
    ]


def test_an_orders_totals_follow_its_lines(sage_path, order):
    change(sage_path, PURCHASE_ORDER, order, changed(1, "1200.00", "12"), changed(None, "50.00", "4"))
    [header] = rows(sage_path, pchord)
    assert (header["subttl"], header["pchttl"], header["pchbal"]) == (Decimal("1250.00"),) * 3
    _, [first, added] = sage_records.read_record(sage_path, PURCHASE_ORDER, order)
    assert (first.quantity, first.price) == (Decimal(12), Decimal(100))
    assert (added.number, added.quantity, added.price) == (3, Decimal(4), Decimal("12.50"))


def test_a_line_whose_price_has_many_decimals_stays_as_it_is(sage_path, order):
    change(sage_path, PURCHASE_ORDER, order, changed(1, "1000.00", "10"), changed(2, "100.00", "3"))
    before = everything(sage_path)
    change(sage_path, PURCHASE_ORDER, order, changed(1, "1000.00", "10"), changed(2, "100.00", "3"))
    assert everything(sage_path) == before


def test_the_connector_sees_it_by_amount_vendor_and_digest(sage_path, subcontract):
    connector = connector_for("sage100", f"sqlite:///{sage_path}")

    def read():
        with connector.reading() as reading:
            return next(reading.records())

    before = read()
    change(sage_path, SUBCONTRACT, subcontract, changed(1, "900.00"), changed(2, "600.00"))
    swapped = read()
    assert (swapped.amount, swapped.erp_id) == (before.amount, before.erp_id)
    assert swapped.lines_digest != before.lines_digest


# ---- What Sage refuses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ({"number": " "}, "must have 1 to 20 characters"),
        ({"number": "sc-2"}, "is in use already"),
        ({"vendor": 999}, "There is no vendor 999."),
        ({"description": "x" * 51}, "at most 50 characters"),
    ],
)
def test_what_cannot_be_keyed_in_cannot_be_changed_to_either(sage_path, subcontract, header, sentence):
    key_in_subcontract(sage_path, "SC-2")
    before = everything(sage_path)
    with pytest.raises(SageRefuses, match=sentence):
        change(sage_path, SUBCONTRACT, subcontract, changed(1, "1.00"), **header)
    assert everything(sage_path) == before


def test_its_own_number_in_other_letters_is_free(sage_path, subcontract):
    change(sage_path, SUBCONTRACT, subcontract, changed(1, "1.00"), number="sc-1")
    assert sage_desk.recnum_of(sage_path, SUBCONTRACT, "sc-1") == subcontract


def test_a_record_keeps_at_least_one_line(sage_path, subcontract):
    assert "at least one line" in refusal(change, sage_path, SUBCONTRACT, subcontract)


def test_an_invoiced_line_stays_and_does_not_fall_below(sage_path, subcontract):
    sage_desk.set_invoiced_amount(sage_path, SUBCONTRACT, subcontract, Decimal("800.00"))
    sentence = "Line 1 cannot be changed to less than the 800.00 invoiced on it."
    assert refusal(change, sage_path, SUBCONTRACT, subcontract, changed(1, "799.99")) == sentence
    assert "Line 1 cannot be removed" in refusal(change, sage_path, SUBCONTRACT, subcontract, changed(2, "500.00"))
    change(sage_path, SUBCONTRACT, subcontract, changed(1, "800.00"))
    assert sage_records.read_record(sage_path, SUBCONTRACT, subcontract)[0].left == 0


def test_a_changed_line_is_not_removed(sage_path, subcontract):
    sage_desk.set_changed_amount(sage_path, subcontract, Decimal("10.00"))
    assert "has an invoiced or changed amount" in refusal(
        change, sage_path, SUBCONTRACT, subcontract, changed(2, "1.00")
    )


def test_a_received_line_keeps_quantity_and_price_and_may_be_described_anew(sage_path, order):
    sage_desk.set_invoiced_amount(sage_path, PURCHASE_ORDER, order, Decimal("100.00"))
    second = changed(2, "99.99", "3")
    told = refusal(change, sage_path, PURCHASE_ORDER, order, changed(1, "1000.00", "5"), second)
    assert told == "Line 1 cannot be given another quantity or price. It has a received quantity."
    assert "cannot be removed" in refusal(change, sage_path, PURCHASE_ORDER, order, second)
    change(sage_path, PURCHASE_ORDER, order, changed(1, "1000.00", "10"), changed(2, "200.00", "4"))
    [header] = rows(sage_path, pchord)
    assert (header["pchttl"], header["pchbal"]) == (Decimal("1200.00"), Decimal("1100.00"))


def test_a_void_order_stays_as_it_is(sage_path, order):
    sage_desk.void_purchase_order(sage_path, order)
    assert "is void" in refusal(change, sage_path, PURCHASE_ORDER, order, changed(1, "1.00"))


@pytest.mark.parametrize("numbers", [[7], [1, 1]])
def test_lines_that_are_not_there_any_more_are_refused(sage_path, subcontract, numbers):
    wanted = [changed(number, "1.00") for number in numbers]
    assert "Open it again" in refusal(change, sage_path, SUBCONTRACT, subcontract, *wanted)


def test_an_unknown_record_is_not_in_sage(sage_path):
    with pytest.raises(NotInSage):
        change(sage_path, SUBCONTRACT, 999, changed(None, "1.00"))


# ---- The screen ------------------------------------------------------------------------------------------------------


@pytest.fixture
def path(sample, settings):
    return settings.SANDBOX_ERP_PATH


def as_shown(client: Client, url: str) -> dict[str, str]:
    """What the screen's form sends when nothing is touched."""
    context = client.get(url).context
    fields = [
        *context["form"],
        *context["lines"].management_form,
        *(field for form in context["lines"] for field in form),
    ]
    data = {field.html_name: field.value() for field in fields}
    return {name: str(value) for name, value in data.items() if value not in (None, False, "")}


@pytest.mark.parametrize("number", ["SC-1042", "PO-2010", "PO-2013"])
def test_saving_the_screen_as_it_is_shown_changes_no_amount(viewer_client, path, number):
    kind = SUBCONTRACT if number.startswith("SC") else PURCHASE_ORDER
    recnum = sage_desk.recnum_of(path, kind, number)
    url = reverse(f"sandbox_{kind}_change", kwargs={"recnum": recnum})
    before = sage_records.read_record(path, kind, recnum)
    answer = viewer_client.post(url, as_shown(viewer_client, url))
    assert answer.status_code == 302, answer.content.decode()
    assert sage_records.read_record(path, kind, recnum) == before


def test_the_screen_changes_adds_and_removes_lines(viewer_client, path):
    recnum = sage_desk.recnum_of(path, SUBCONTRACT, "SC-1042")
    url = reverse("sandbox_subcontract_change", kwargs={"recnum": recnum})
    shown = as_shown(viewer_client, url)
    count = int(shown["line-INITIAL_FORMS"])
    added = {"description": "Entrance sign", "cost_code": "10800.000", "cost_type": "4", "price": "12,500.50"}
    typed = {
        **shown,
        "vendor": "402",
        "line-0-price": "1,234.00",
        "line-1-DELETE": "on",
        **{f"line-{count}-{name}": value for name, value in added.items()},
    }
    answer = viewer_client.post(url, typed, follow=True)
    assert "Subcontract SC-1042 was changed in Sage." in answer.content.decode()
    record, lines = sage_records.read_record(path, SUBCONTRACT, recnum)
    assert record.vendor == 402
    assert lines[0].amount == Decimal("1234.00")
    assert (lines[-1].description, lines[-1].amount) == ("Entrance sign", Decimal("12500.50"))
    assert len(lines) == count


def test_what_sage_refuses_is_told_on_the_screen_and_nothing_typed_is_lost(viewer_client, path):
    url = reverse("sandbox_subcontract_change", kwargs={"recnum": sage_desk.recnum_of(path, SUBCONTRACT, "SC-1042")})
    before = path.read_bytes()
    answer = viewer_client.post(url, {**as_shown(viewer_client, url), "number": "SC-1043", "description": "Mine"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "SC-1043 is in use already" in page
    assert 'value="Mine"' in page
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "data", [{}, {"line-TOTAL_FORMS": "x"}, {"line-TOTAL_FORMS": "999999", "line-INITIAL_FORMS": "1"}]
)
def test_a_broken_form_is_told(viewer_client, path, data):
    url = reverse("sandbox_subcontract_change", kwargs={"recnum": sage_desk.recnum_of(path, SUBCONTRACT, "SC-1042")})
    assert viewer_client.post(url, data).status_code == 422


def test_a_void_orders_page_offers_no_change(viewer_client, path):
    recnum = sage_desk.recnum_of(path, PURCHASE_ORDER, "PO-2005")
    page = viewer_client.get(reverse("sandbox_purchase_order", kwargs={"recnum": recnum})).content.decode()
    assert reverse("sandbox_purchase_order_change", kwargs={"recnum": recnum}) not in page
