"""What counts as the record that was exported: number, kind, job, vendor and lines; nothing else."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erpintegrations.connectors.base import CommitmentKind, ErpDetail, ErpLine, ErpRecord
from erpintegrations.sync.matching import Nearness, match

LINE = ErpLine(1, "Footings", "3300", "4", None, None, Decimal("100.00"), Decimal("0.00"), Decimal("0.00"))
RECORD = ErpRecord(
    erp_id="6f9619ff-8b86-d011-b42d-00c04fc964ff",
    kind=CommitmentKind.SUBCONTRACT,
    number="SC-7",
    job_id="12",
    vendor_id="400",
    description="Concrete",
    status="4-Current",
    is_void=False,
    contract_date=datetime.date(2026, 3, 2),
    amount=Decimal("100.00"),
    changed_amount=Decimal("0.00"),
    invoiced_amount=Decimal("0.00"),
    updated_at=None,
)
DETAIL = ErpDetail(RECORD, (LINE,))
DOCUMENT = {
    "kind": "subcontract",
    "ctcnum": "SC-7",
    "dscrpt": "Concrete",
    "vndnum": "400",
    "jobnum": "12",
    "condte": "2026-03-02",
    "lines": [{"linnum": 1, "dscrpt": "Footings", "cstcde": "3300.000", "csttyp": "4", "amount": "100.00"}],
}


def other(**fields) -> ErpDetail:
    return ErpDetail(replace(RECORD, **fields), DETAIL.lines)


def lines(*found: ErpLine) -> ErpDetail:
    return ErpDetail(replace(RECORD, amount=sum((line.amount for line in found), Decimal(0))), found)


def differing(detail: ErpDetail, document: dict = DOCUMENT) -> list[str]:
    found = match(detail, document)
    return [one.field for one in found.header if one.differs and one.decides] + [
        f"line {line.place}" for line in found.lines if line.differs
    ]


def test_the_same_is_exact():
    found = match(DETAIL, DOCUMENT)
    assert (found.nearness, found.differences, found.same_lines) == (Nearness.EXACT, 0, True)


@pytest.mark.parametrize(
    ("sent", "kept", "differs"),
    [
        ("10", "10.00", []),
        ("10", "0", ["Retainage"]),
        ("0", "10", ["Retainage"]),
        ("7.5", "7.50", []),
        ("10", None, []),
    ],
)
def test_another_retainage_differs_where_the_erp_keeps_one(sent, kept, differs):
    detail = replace(DETAIL, retainage=None if kept is None else Decimal(kept))
    assert differing(detail, DOCUMENT | {"rtnrte": sent}) == differs


@pytest.mark.parametrize("number", ["sc-7", " SC-7 ", "Sc-7"])
def test_numbers_are_compared_as_the_erp_compares_them(number):
    assert match(other(number=number), DOCUMENT).nearness == Nearness.EXACT


@pytest.mark.parametrize(
    "detail",
    [other(number="SC-70"), other(kind=CommitmentKind.PURCHASE_ORDER), other(is_void=True)],
    ids=["another number", "another kind", "void"],
)
def test_what_is_no_match_at_all(detail):
    assert match(detail, DOCUMENT).nearness == Nearness.NONE


@pytest.mark.parametrize(
    ("detail", "fields"),
    [
        (other(vendor_id="401"), ["Vendor"]),
        (other(vendor_id=""), ["Vendor"]),
        (other(job_id="13"), ["Job"]),
        (other(changed_amount=Decimal("1.00")), ["Changed amount"]),
        (lines(replace(LINE, amount=Decimal("100.01"))), ["Total of the lines", "line 1"]),
        (lines(replace(LINE, cost_code="3301")), ["line 1"]),
        (lines(replace(LINE, cost_type="1")), ["line 1"]),
        (lines(), ["Total of the lines", "line 1"]),
        (lines(LINE, replace(LINE, number=2, amount=Decimal(0))), ["line 2"]),
    ],
)
def test_what_is_near_and_where_it_differs(detail, fields):
    assert match(detail, DOCUMENT).nearness == Nearness.NEAR
    assert differing(detail) == fields


@pytest.mark.parametrize(
    "detail",
    [
        other(description="Something else"),
        other(contract_date=None),
        other(status="3-Contract"),
        other(invoiced_amount=Decimal("5.00")),
        lines(replace(LINE, description="Slab")),
        lines(replace(LINE, number=10)),
    ],
)
def test_what_may_differ(detail):
    assert match(detail, DOCUMENT).nearness == Nearness.EXACT


def test_lines_in_another_order_are_near():
    document = {**DOCUMENT, "lines": [DOCUMENT["lines"][0], {**DOCUMENT["lines"][0], "amount": "50.00"}]}
    turned = lines(replace(LINE, amount=Decimal("50.00")), LINE)
    assert differing(turned, document) == ["line 1", "line 2"]


def test_a_purchase_orders_quantity_is_shown_and_its_total_decides():
    line = replace(LINE, quantity=Decimal("2.5"), unit_price=Decimal("40"))
    order = ErpDetail(replace(RECORD, kind=CommitmentKind.PURCHASE_ORDER), (line,))
    ours = {"cstcde": "3300", "csttyp": "4", "linqty": "2.50", "linprc": "40", "extttl": "100.00", "dscrpt": "Footings"}
    document = {"kind": "purchase_order", "ordnum": "SC-7", "vndnum": "400", "jobnum": "12", "lines": [ours]}
    assert match(order, document).nearness == Nearness.EXACT
    split = {**document, "lines": [{**ours, "linqty": "1", "linprc": "100"}]}
    assert match(order, split).nearness == Nearness.EXACT


@given(
    st.lists(st.decimals(min_value=-99999, max_value=99999, places=2), min_size=1, max_size=6),
    st.integers(min_value=0, max_value=5),
    st.decimals(min_value=Decimal("0.01"), max_value=100, places=2),
)
def test_any_other_amount_of_any_line_is_seen(amounts, which, change):
    document = {**DOCUMENT, "lines": [{**DOCUMENT["lines"][0], "amount": f"{amount:.2f}"} for amount in amounts]}
    same = [replace(LINE, number=place, amount=amount + 0) for place, amount in enumerate(amounts, start=1)]
    assert match(lines(*same), document).nearness == Nearness.EXACT
    which %= len(same)
    same[which] = replace(same[which], amount=same[which].amount + change)
    assert match(lines(*same), document).nearness == Nearness.NEAR
