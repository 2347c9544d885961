"""A row becomes a record by the readers of its columns, each value by its own."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from erpintegrations.connectors.base import CommitmentKind, ErpRecord, NeedsAttention
from erpintegrations.connectors.sage100_records import READERS, record_of

ERP_ID = "0A1B2C3D-0000-4000-8000-00000000ABCD"
ROW = (
    *(7, ERP_ID, " SC-7 ", 12, Decimal(34), "Foundations ", "4", "2026-03-02"),
    *(1234.5, None, "10", None, "2026-03-02 08:30:00", 2, Decimal(987), None, 4.0),
)


def test_a_row_becomes_a_record():
    assert record_of(CommitmentKind.SUBCONTRACT, ROW, "fingerprint") == ErpRecord(
        erp_id=ERP_ID.lower(),
        kind=CommitmentKind.SUBCONTRACT,
        number="SC-7",
        job_id="12",
        vendor_id="34",
        description="Foundations",
        status="4-Current",
        is_void=False,
        contract_date=datetime.date(2026, 3, 2),
        amount=Decimal("1234.50"),
        changed_amount=Decimal("0.00"),
        invoiced_amount=Decimal("10.00"),
        updated_at=datetime.datetime(2026, 3, 2, 8, 30),  # noqa: DTZ001
        lines_digest="2:987:0:4",
    )


def test_a_status_that_nobody_knows_is_kept_as_it_is():
    row = list(ROW)
    row[list(READERS).index("status")] = 9
    assert record_of(CommitmentKind.PURCHASE_ORDER, row, "").status == "9"
    row[list(READERS).index("status")] = None
    assert record_of(CommitmentKind.PURCHASE_ORDER, row, "").status == ""


@pytest.mark.parametrize("column", READERS)
def test_a_value_that_cannot_be_read_is_named_whichever_it_is(column):
    row = list(ROW)
    row[list(READERS).index(column)] = b"?"
    with pytest.raises(NeedsAttention, match=rf"^A value in the Sage table subcon cannot be read \({column}\)\.$"):
        record_of(CommitmentKind.SUBCONTRACT, row, "")
