"""A commitment as the ERP would store it: header and lines in the ERP's own field names, all values as text.

What the approver sees, what the bridge writes and the entry sheet shows, and what a record read back is compared with.
A subcontract has `ctcnum` and `condte`, and lines with an `amount`; a purchase order `ordnum` and `orddte`, and lines
with quantity `linqty`, price `linprc` and total `extttl`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from commitments.models import Commitment, ScheduleOfValuesLine
from erpintegrations.models import Export
from erpintegrations.selectors.references import References
from erpintegrations.selectors.widths import as_stored

NUMBER = {Commitment.Kind.SUBCONTRACT.value: "ctcnum", Commitment.Kind.PURCHASE_ORDER.value: "ordnum"}
DATE = {Commitment.Kind.SUBCONTRACT.value: "condte", Commitment.Kind.PURCHASE_ORDER.value: "orddte"}


def document_of(
    commitment: Commitment, lines: Sequence[ScheduleOfValuesLine], references: References
) -> dict[str, Any]:
    """This function will say how the ERP would store a commitment that has no faults.

    Raises ValueError for one that is not linked to a vendor and a job, or has no date.
    """
    if references.vendor is None or references.job is None or commitment.contract_date is None:
        raise ValueError("A commitment with faults has no document.")
    document = {
        "kind": str(commitment.kind),
        NUMBER[commitment.kind]: as_stored(commitment.number),
        "dscrpt": as_stored(commitment.title),
        "vndnum": references.vendor.erp_id,
        "jobnum": references.job.erp_id,
        DATE[commitment.kind]: commitment.contract_date.isoformat(),
    }
    if commitment.is_subcontract:
        document["rtnrte"] = _plain(commitment.default_retainage_percent)
    numbered = enumerate(lines, start=1)
    return document | {"lines": [_line(commitment, number, line, references) for number, line in numbered]}


def document_to_write(export: Export) -> dict[str, Any]:
    """The document of an accepted export, under the number that the approver gave it."""
    return export.document | {NUMBER[export.kind]: export.erp_number or export.document[NUMBER[export.kind]]}


def _line(
    commitment: Commitment, number: int, line: ScheduleOfValuesLine, references: References
) -> dict[str, str | int]:
    coded: dict[str, str | int] = {
        "linnum": number,
        "dscrpt": as_stored(line.description),
        "cstcde": references.cost_codes[line.cost_code_id].erp_id,
        "csttyp": references.cost_types[line.cost_type_id].erp_id,
    }
    if commitment.is_subcontract:
        return coded | {"amount": f"{line.amount:.2f}"}
    return coded | {"linqty": _plain(line.quantity), "linprc": _plain(line.unit_cost), "extttl": f"{line.amount:.2f}"}


def _plain(number: Decimal) -> str:
    """Without trailing zeros, never with an exponent."""
    return f"{number.normalize():f}"
