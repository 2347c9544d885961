"""Each figure of a record is brought in to the cent, or the record is left with the reason and the figures."""

from decimal import Decimal

import pytest

from commitments.models import Commitment
from erpintegrations.models import CostCodeLink, SyncLink, VendorLink

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("rate", [Decimal("10"), Decimal("7.25"), Decimal("100"), Decimal("0")])
def test_the_retainage_of_a_subcontract_is_brought_in(stage, rate):
    stage.subcontract("SC-1", rtnrte=rate)
    stage.read()
    assert stage.bring_in().done_count == 1
    assert Commitment.objects.get().default_retainage_percent == rate
    stage.read()
    assert not SyncLink.objects.get().has_drifted


@pytest.mark.parametrize(("rate", "told"), [("-1", "-1"), ("100.01", "100.01"), ("7.125", "7.125")])
def test_a_retainage_that_none_here_can_have_is_left(stage, rate, told):
    stage.subcontract("SC-1")
    stage.sage.run(f"UPDATE subcon SET rtnrte = {rate}")
    stage.subcontract("SC-2")
    stage.read()
    stage.bring_in()
    assert stage.left() == {
        "SC-1": ("figure", f"Its retainage is {told} %; here it is from 0 to 100 %, with two decimals at most.")
    }
    assert stage.numbers() == ["SC-2"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("subttl = 5000, pchttl = 5000", "Its lines make 1,000.00, its subtotal is 5,000.00."),
        ("slstax = 400, pchttl = 1400", "A sales tax of 400.00 is in none of its lines."),
        ("pchttl = 1000.01", "Its subtotal and sales tax make 1,000.00, its total is 1,000.01."),
        ("cancel = 250", "250.00 of it is cancelled, which its lines still hold."),
        (
            "subttl = 5000, slstax = 400, pchttl = 5400",
            "Its lines make 1,000.00, its subtotal is 5,000.00. A sales tax of 400.00 is in none of its lines.",
        ),
    ],
)
def test_a_purchase_order_whose_header_says_something_else_than_its_lines_is_left(stage, change, told):
    stage.purchase_order("PO-1")
    stage.sage.run(f"UPDATE pchord SET {change}")
    stage.purchase_order("PO-2")
    stage.read()
    assert stage.bring_in().left_count == 1
    assert stage.left() == {"PO-1": ("amounts", told)}
    assert stage.numbers() == ["PO-2"]


def test_a_cancelled_quantity_is_left(stage):
    order = stage.purchase_order("PO-1")
    stage.sage.change_line(order, 1, linqty=10, linprc=100, extttl=1000, cancel="2.5")
    stage.read()
    stage.bring_in()
    assert stage.left() == {
        "PO-1": ("amounts", "Of line 1, 2.5 of 10 is cancelled, which its amount still holds."),
    }


def test_a_subcontracts_line_whose_total_is_another_one_is_left(stage):
    subcontract = stage.subcontract("SC-1", lines=[stage.line(1000, change=250)])
    stage.sage.change_line(subcontract, 1, cntrct=99999)
    stage.read()
    stage.bring_in()
    assert stage.left() == {"SC-1": ("amounts", "Line 1 and its changes make 1,250.00, its total is 99,999.00.")}


def test_many_figures_that_do_not_agree_are_told_as_far_as_there_is_room(stage):
    subcontract = stage.subcontract("SC-1", lines=[stage.line(1000)] * 9)
    for line in range(1, 10):
        stage.sage.change_line(subcontract, line, cntrct=5)
    stage.read()
    stage.bring_in()
    _, told = stage.left()["SC-1"]
    assert told.startswith("Line 1 and its changes make 1,000.00, its total is 5.00. Line 2")
    assert told.endswith(" …")
    assert len(told) <= 300


@pytest.mark.parametrize(
    ("quantity", "price", "amount"), [("20000000000", "0.0001", 2_000_000), ("0.0001", "20000000000", 2_000_000)]
)
def test_a_quantity_or_price_that_no_line_can_hold_makes_it_amount_based(stage, quantity, price, amount):
    stage.purchase_order("PO-1", lines=[stage.line(amount)])
    stage.sage.run(f"UPDATE pcorln SET linqty = {quantity}, linprc = {price}")
    stage.read()
    assert stage.bring_in().done_count == 1
    commitment = Commitment.objects.get()
    assert (commitment.accounting_method, commitment.amount) == ("amount_based", amount)


def test_a_line_that_is_too_large_to_be_kept_is_left(stage):
    stage.subcontract("SC-1")
    stage.sage.run("UPDATE sbcnln SET amount = 10000000000, cntrct = 10000000000")
    stage.subcontract("SC-2")
    stage.read()
    stage.bring_in()
    told = "Line 1 is 10,000,000,000.00; here a line is less than 10,000,000,000."
    assert stage.left() == {"SC-1": ("figure", told)}
    assert stage.numbers() == ["SC-2"]


def test_what_cannot_be_read_of_some_keeps_none_of_the_others_from_being_brought_in(stage):
    for number in ("PO-1", "PO-2"):
        stage.purchase_order(number)
    stage.sage.run("UPDATE pcorln SET linprc = 100000000000000, rcvdte = 100000000000000")
    stage.subcontract("SC-1")
    stage.sage.run("UPDATE subcon SET rtnrte = 'ten' WHERE ctcnum = 'SC-1'")
    stage.subcontract("SC-2")
    stage.purchase_order("PO-3")
    stage.read()
    done = stage.bring_in()
    assert (done.state, done.done_count, done.left_count) == ("done", 2, 3)
    received = ("figure", "A value in the Sage table pcorln cannot be read (received).")
    assert stage.left() == {
        "PO-1": received,
        "PO-2": received,
        "SC-1": ("figure", "A value in the Sage table subcon cannot be read (rtnrte)."),
    }
    assert stage.numbers() == ["PO-3", "SC-2"]
    stage.assert_whole()


def test_one_whose_vendors_number_is_another_ones_by_now_is_left(stage):
    stage.subcontract()
    stage.read()
    asked = stage.request()
    VendorLink.objects.update(gone_at=stage.clock())
    done = stage.perform(asked)
    assert (done.state, done.done_count, stage.numbers()) == ("done", 0, [])


def test_one_whose_cost_codes_number_is_another_ones_by_now_is_left(stage):
    stage.subcontract()
    stage.read()
    CostCodeLink.objects.update(gone_at=stage.clock())
    stage.bring_in()
    assert stage.left() == {"SC-1": ("no_code", "Cost code 3.3 of line 1 is not brought in.")}
