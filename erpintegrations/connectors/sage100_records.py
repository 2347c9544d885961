"""A row that `sage100_tables.select_records` brings, as a plain record. Only `sage100` imports this.

A fingerprint is of the row as the driver hands it over, so that a row which is as it was need not be made plain at all.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, TypeVar

from erpintegrations.connectors import normalise
from erpintegrations.connectors import sage100_tables as tables
from erpintegrations.connectors.base import CommitmentKind, ErpRecord, NeedsAttention

Answer = TypeVar("Answer")

VOID = 5
STATUS = {
    CommitmentKind.SUBCONTRACT: {
        1: "1-Bid",
        2: "2-Refused",
        3: "3-Contract",
        4: "4-Current",
        5: "5-Complete",
        6: "6-Closed",
    },
    CommitmentKind.PURCHASE_ORDER: {
        1: "1-Open",
        2: "2-Review",
        3: "3-Dispute",
        4: "4-Closed",
        VOID: "5-Void",
        6: "6-Master",
    },
}

# How each column of the query is read, in the query's order.
READERS: dict[str, Callable[[object], Any]] = {
    "recnum": normalise.whole_number,
    "erp_id": normalise.guid,
    "number": normalise.text,
    "jobnum": normalise.reference,
    "vndnum": normalise.reference,
    "description": normalise.text,
    "status": normalise.whole_number,
    "contract_date": normalise.date,
    "amount": normalise.amount,
    "changed": normalise.amount,
    "invoiced": normalise.amount,
    "upddte": normalise.date_and_time,
    "insdte": normalise.date_and_time,
    "line_count": normalise.whole_number,
    "amount_check": normalise.whole_number,
    "code_check": normalise.whole_number,
    "type_check": normalise.whole_number,
}
# Another one whenever the same row would make another record: then every record is looked at once more.
EDITION = b"2"
# The oldest layout that tells all values apart, and writes equal ones alike.
LAYOUT = 2


def fingerprints_of(rows: Sequence[Sequence[Any]]) -> list[str]:
    """What tells each of these rows from any other, and from what it was before, if the same driver brings it."""
    try:
        contents = [marshal.dumps(tuple(row), LAYOUT) for row in rows]
    except ValueError:  # it does not know the decimals and moments that a driver may hand over
        contents = [repr(tuple(row)).encode() for row in rows]
    return [blake2b(content, digest_size=16, person=EDITION).hexdigest() for content in contents]


def records_of(kind: CommitmentKind, rows: Sequence[Sequence[Any]]) -> list[ErpRecord]:
    """The records that rows hold. Raises NeedsAttention, which says what in them cannot be read."""
    return [record_of(kind, row, fingerprint) for row, fingerprint in zip(rows, fingerprints_of(rows), strict=True)]


def record_of(kind: CommitmentKind, row: Sequence[Any], fingerprint: str) -> ErpRecord:
    """The record that a row holds. Raises as `records_of` does."""
    try:
        return _record(kind, row, fingerprint)
    except normalise.UnreadableValue:
        _name_what_cannot_be_read(tables.HEADERS[kind].name, row)
        raise


def _record(kind: CommitmentKind, row: Sequence[Any], fingerprint: str) -> ErpRecord:
    """Reads each value as READERS says, which a test holds it to; a loop over them would take a fifth longer, of which
    a sync that finds a hundred thousand new ones takes note.
    """
    recnum, erp_id, number, job_id, vendor_id, description, status, contract_date, *rest = row
    amount, changed, invoiced, updated_at, inserted_at, *checks = rest
    whole, in_cents, moment = normalise.whole_number, normalise.amount, normalise.date_and_time
    whole(recnum)
    status, inserted_at = whole(status), moment(inserted_at)
    return ErpRecord(
        erp_id=normalise.guid(erp_id),
        kind=kind,
        number=normalise.text(number),
        job_id=normalise.reference(job_id),
        vendor_id=normalise.reference(vendor_id),
        description=normalise.text(description),
        status="" if status is None else STATUS[kind].get(status) or str(status),
        is_void=kind is CommitmentKind.PURCHASE_ORDER and status == VOID,
        contract_date=normalise.date(contract_date),
        amount=in_cents(amount),
        changed_amount=in_cents(changed),
        invoiced_amount=in_cents(invoiced),
        updated_at=moment(updated_at) or inserted_at,
        lines_digest=":".join([str(whole(check) or 0) for check in checks]),
        fingerprint=fingerprint,
    )


def _name_what_cannot_be_read(table: str, row: Sequence[Any]) -> None:
    """This function will raise NeedsAttention, which names the first column of the row that cannot be read."""
    erp_id = row[list(READERS).index("erp_id")]
    if erp_id is None or (isinstance(erp_id, str) and not normalise.text(erp_id)):
        raise damaged(f"A record in the Sage table {table} has no identity.", f"{table}._idnum is blank")
    for (column, read), value in zip(READERS.items(), row, strict=True):
        plain(table, column, read, value)


def plain(table: str, column: str, read: Callable[[object], Answer], value: object) -> Answer:
    """This function will read a value, and raise NeedsAttention that says where it stands if it cannot be read."""
    try:
        return read(value)
    except normalise.UnreadableValue as error:
        cause = f"{table} {column}: {error}"
    raise damaged(f"A value in the Sage table {table} cannot be read ({column}).", cause)


def damaged(problem: str, cause: str) -> NeedsAttention:
    remedy = "Have the Sage database checked (Sage's own file tools), or restore it from a backup, then sync again."
    return NeedsAttention(problem, remedy=remedy, cause=cause)
