"""What is read for comparing and exporting: lines, records by number, masters, and how wide the texts are."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from erpintegrations.connectors.base import (
    CommitmentKind,
    Connector,
    NeedsAttention,
    RecordsUnreadable,
    Retryable,
    StatedAmounts,
)
from tests.connectors.builder import Line, SageCompany
from tests.connectors.conftest import read

SUBCONTRACT, PURCHASE_ORDER = CommitmentKind.SUBCONTRACT, CommitmentKind.PURCHASE_ORDER


def test_a_subcontracts_lines_come_in_order_with_their_amounts(
    company: SageCompany, connector: Connector, job: int
) -> None:
    lines = [
        Line("10.50", change="2", billed="1.25", cost_code="3.300", cost_type=4, description=" Footings "),
        Line("20", cost_code="1001", cost_type=1),
    ]
    erp_id = company.add_subcontract("SC-1", job, lines=lines)
    detail = connector.details([erp_id])[erp_id]
    assert detail.record == read(connector)[erp_id]
    first, second = detail.lines
    assert (first.number, first.description, first.cost_code, first.cost_type) == (1, "Footings", "3.3", "4")
    assert (first.amount, first.changed_amount, first.invoiced_amount) == (
        Decimal("10.50"),
        Decimal("2.00"),
        Decimal("1.25"),
    )
    assert (first.quantity, first.unit_price) == (None, None)
    assert (second.cost_code, second.amount) == ("1001", Decimal("20.00"))


@pytest.mark.parametrize("number", ["1e7", "1e14"])
def test_a_quantity_and_a_price_that_make_no_amount_are_told_of(
    company: SageCompany, connector: Connector, job: int, number: str
) -> None:
    erp_id = company.add_purchase_order("PO-1", job)
    company.run(f"UPDATE pcorln SET linprc = {number}, rcvdte = {number}")
    with pytest.raises(NeedsAttention, match=r"A value in the Sage table pcorln cannot be read \(received\)"):
        connector.details([erp_id])


@pytest.mark.parametrize(("kept", "expected"), [("7.50", Decimal("7.5")), (0, Decimal(0))])
def test_a_subcontracts_retainage_is_read_in_percent(
    company: SageCompany, connector: Connector, job: int, kept: object, expected: Decimal
) -> None:
    erp_id = company.add_subcontract("SC-1", job, rtnrte=kept)
    assert connector.details([erp_id])[erp_id].retainage == expected
    (found,) = connector.find_by_number(CommitmentKind.SUBCONTRACT, ["SC-1"])
    assert found.retainage == expected


def test_where_the_erp_keeps_no_retainage_there_is_none(company: SageCompany, connector: Connector, job: int) -> None:
    order, subcontract = company.add_purchase_order("PO-1", job), company.add_subcontract("SC-1", job)
    company.run("ALTER TABLE subcon DROP COLUMN rtnrte")
    found = connector.details([order, subcontract])
    assert (found[order].retainage, found[subcontract].retainage) == (None, None)


def test_a_purchase_orders_lines_have_quantities_and_prices(
    company: SageCompany, connector: Connector, job: int
) -> None:
    erp_id = company.add_purchase_order("PO-1", job, lines=[Line("12.50")])
    company.change_line(erp_id, 1, linqty=Decimal("2.5"), linprc=Decimal("5"), rcvdte=Decimal("1.5"))
    (line,) = connector.details([erp_id])[erp_id].lines
    assert (line.quantity, line.unit_price, line.amount) == (Decimal("2.5"), Decimal(5), Decimal("12.50"))
    assert line.invoiced_amount == Decimal("7.50")


def test_what_the_erp_says_beside_the_lines_is_read_too(company: SageCompany, connector: Connector, job: int) -> None:
    order = company.add_purchase_order("PO-1", job, lines=[Line("12.50")], slstax=Decimal("1.25"), cancel=Decimal(5))
    company.change_line(order, 1, cancel=Decimal("0.4"))
    subcontract = company.add_subcontract("SC-1", job, lines=[Line(10, change=2)])
    found = connector.details([order, subcontract])
    assert found[order].stated == StatedAmounts(Decimal("12.50"), Decimal("1.25"), Decimal("12.50"), Decimal("5.00"))
    assert found[subcontract].stated is None
    assert [(line.total_amount, line.cancelled_quantity) for line in found[order].lines] == [(None, Decimal("0.4"))]
    assert [(line.total_amount, line.cancelled_quantity) for line in found[subcontract].lines] == [(12, 0)]


def test_what_cannot_be_read_of_single_records_is_told_of_all_of_them(
    company: SageCompany, connector: Connector, job: int
) -> None:
    line, header, other = (company.add_purchase_order(number, job) for number in ("PO-1", "PO-2", "PO-3"))
    company.run(
        "UPDATE pcorln SET linqty = 'ten' WHERE recnum = (SELECT recnum FROM pchord WHERE ordnum = 'PO-1')",
        "UPDATE pchord SET subttl = 'much' WHERE ordnum = 'PO-2'",
    )
    with pytest.raises(RecordsUnreadable) as raised:
        connector.details([line, header, other])
    assert raised.value.problems == {
        line: "A value in the Sage table pcorln cannot be read (quantity).",
        header: "A value in the Sage table pchord cannot be read (subttl).",
    }
    assert list(connector.details([other])) == [other]


def test_records_that_are_not_there_are_left_out(company: SageCompany, connector: Connector, job: int) -> None:
    erp_id = company.add_subcontract("SC-1", job, lines=[])
    found = connector.details([erp_id, str(uuid.uuid4())])
    assert list(found) == [erp_id]
    assert found[erp_id].lines == ()


@pytest.mark.parametrize("asked", ["sc-1", "SC-1", " Sc-1 "])
def test_numbers_are_compared_as_the_erp_compares_them(
    company: SageCompany, connector: Connector, job: int, asked: str
) -> None:
    other_job = company.add_job("Library")
    ids = {company.add_subcontract("SC-1", job), company.add_subcontract("sc-1 ", other_job)}
    company.add_subcontract("SC-11", job)
    company.add_purchase_order("SC-1", job)
    found = connector.find_by_number(SUBCONTRACT, [asked])
    assert {detail.record.erp_id for detail in found} == ids
    assert len(connector.find_by_number(PURCHASE_ORDER, [asked])) == 1


def test_a_void_purchase_order_is_found_by_its_number_too(company: SageCompany, connector: Connector, job: int) -> None:
    company.void(company.add_purchase_order("PO-1", job))
    (found,) = connector.find_by_number(PURCHASE_ORDER, ["PO-1"])
    assert found.record.is_void


def test_no_number_finds_nothing(company: SageCompany, connector: Connector, job: int) -> None:
    company.add_subcontract("", job)
    assert connector.find_by_number(SUBCONTRACT, ["", " "]) == []


def test_many_numbers_are_asked_for_in_parts(company: SageCompany, connector: Connector, job: int) -> None:
    ids = company.add_many(700, job)
    found = connector.find_by_number(SUBCONTRACT, [f"M-{n}" for n in range(1, 1500)])
    assert {detail.record.erp_id for detail in found} == set(ids)
    assert all(len(detail.lines) == 2 for detail in found)


def test_masters_come_with_their_names_in_order(company: SageCompany, connector: Connector) -> None:
    first, second = company.add_job("Town hall", status=4), company.add_job("Library", status=6)
    vendor = company.add_vendor("Acme Concrete")
    company.add_cost_code("3.3", "Concrete")
    company.add_cost_type(4, "Subcontract")
    masters = connector.masters()
    assert [(job.erp_id, job.name, job.status) for job in masters.jobs] == [
        (str(first), "Town hall", "4-Current"),
        (str(second), "Library", "6-Closed"),
    ]
    assert [(one.erp_id, one.name) for one in masters.vendors] == [(str(vendor), "Acme Concrete")]
    assert [(one.erp_id, one.name) for one in masters.cost_codes] == [("3.3", "Concrete")]
    assert [(one.erp_id, one.name) for one in masters.cost_types] == [("4", "Subcontract")]


def test_widths_are_those_of_the_columns(company: SageCompany, connector: Connector, job: int) -> None:
    widths = connector.text_widths()
    assert (widths.number, widths.title, widths.line_description, widths.vendor_name) == (20, 50, 50, 75)


def test_widths_fall_back_to_the_published_limits(company: SageCompany, connector: Connector, job: int) -> None:
    company.run(
        "DROP INDEX subcon_idnum",
        "CREATE TABLE narrow AS SELECT * FROM subcon",
        "DROP TABLE subcon",
        "ALTER TABLE narrow RENAME TO subcon",
        "DROP INDEX pchord_idnum",
        "CREATE TABLE narrow AS SELECT * FROM pchord",
        "DROP TABLE pchord",
        "ALTER TABLE narrow RENAME TO pchord",
    )
    widths = connector.text_widths()
    assert (widths.number, widths.title) == (12, 30)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Decimal("11")},
        {"cstcde": Decimal("2.1")},
        {"csttyp": 2},
        {"linnum": 5},
    ],
    ids=str,
)
def test_the_digest_tells_other_lines_apart(
    company: SageCompany, connector: Connector, job: int, change: dict[str, object]
) -> None:
    erp_id = company.add_subcontract("SC-1", job, lines=[Line(10, cost_code="1.1", cost_type=4), Line(20)])
    before = read(connector)[erp_id].lines_digest
    assert before == connector.look_up([erp_id]).records[erp_id].lines_digest
    company.change_line(erp_id, 1, **change)
    assert read(connector)[erp_id].lines_digest != before


def test_two_lines_that_swap_their_amounts_have_another_digest(
    company: SageCompany, connector: Connector, job: int
) -> None:
    one = company.add_subcontract("SC-1", job, lines=[Line(10), Line(20)])
    other = company.add_subcontract("SC-2", job, lines=[Line(20), Line(10)])
    records = read(connector)
    assert records[one].amount == records[other].amount
    assert records[one].lines_digest != records[other].lines_digest


def test_an_empty_company_proves_nothing(connector: Connector) -> None:
    for ask in (
        lambda: connector.details([str(uuid.uuid4())]),
        lambda: connector.find_by_number(SUBCONTRACT, ["SC-1"]),
        lambda: connector.masters(),
    ):
        with pytest.raises(NeedsAttention, match="no jobs at all"):
            ask()


def test_a_file_that_is_gone_is_told_in_words(company: SageCompany, connector: Connector) -> None:
    company.path.unlink()
    with pytest.raises((NeedsAttention, Retryable)) as refused:
        connector.find_by_number(SUBCONTRACT, ["SC-1"], timeout_seconds=2)
    assert "not there" in refused.value.problem
