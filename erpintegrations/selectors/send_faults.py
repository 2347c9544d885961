"""What keeps a commitment from being sent to the ERP: all of it at once, each with its field, line and limit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from commitments.models import Commitment, ScheduleOfValuesLine
from erpintegrations.connectors.base import TextWidths, Wording
from erpintegrations.selectors.references import Reference, References
from erpintegrations.selectors.widths import as_stored

# The largest amount that a line and a whole commitment can have in the ERP: decimal(12,2).
LARGEST_AMOUNT = Decimal("9999999999.99")
WHO_LINKS = "Ask an administrator of ERP Integrations to link it"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `text` says it and what to do; `line` counts from 1, None for the header."""

    field: str
    text: str
    line: int | None = None

    def __str__(self) -> str:
        return f"Line {self.line}, {self.field}: {self.text}" if self.line else f"{self.field}: {self.text}"


def faults_before_sending(
    *,
    commitment: Commitment,
    lines: Sequence[ScheduleOfValuesLine],
    references: References,
    wording: Wording,
    widths: TextWidths,
    taken: Sequence[str],
) -> list[Fault]:
    """Everything that must be corrected first. `taken` says in sentences who has the commitment's number already."""
    erp = wording.short_label
    return [
        *_header_faults(commitment, erp),
        *_width_fault("Number", commitment.number, widths.number, erp),
        *(Fault("Number", f"{sentence} Choose another number.") for sentence in taken),
        *_width_fault("Title", commitment.title, widths.title, erp),
        *_width_fault("Vendor name", commitment.vendor.name, widths.vendor_name, erp),
        *_reference_fault("Vendor", commitment.vendor.name, references.vendor, erp, "vendor"),
        *_reference_fault("Project", str(commitment.project), references.job, erp, "job"),
        *_line_faults(lines, references, widths, erp),
    ]


def _header_faults(commitment: Commitment, erp: str) -> Iterator[Fault]:
    if commitment.status != Commitment.Status.APPROVED:
        status = commitment.get_status_display()
        yield Fault("Status", f"It is {status}, and only an Approved commitment can be sent. Set it to Approved.")
    if commitment.contract_date is None:
        yield Fault("Contract date", f"It is empty, and {erp} needs it. Enter it.")
    if abs(commitment.amount) > LARGEST_AMOUNT:
        yield _too_large("Amount", commitment.amount, erp)


def _line_faults(
    lines: Sequence[ScheduleOfValuesLine], references: References, widths: TextWidths, erp: str
) -> Iterator[Fault]:
    if not lines:
        yield Fault("Schedule of values", f"It has no line, and {erp} needs at least one. Add it.")
    for number, line in enumerate(lines, start=1):
        yield from _width_fault("Description", line.description, widths.line_description, erp, number)
        code, kind = references.cost_codes.get(line.cost_code_id), references.cost_types.get(line.cost_type_id)
        yield from _reference_fault("Cost code", str(line.cost_code), code, erp, "cost code", number)
        yield from _reference_fault("Cost type", str(line.cost_type), kind, erp, "cost type", number)
        if abs(line.amount) > LARGEST_AMOUNT:
            yield _too_large("Amount", line.amount, erp, number)


def _width_fault(field: str, text: str, width: int, erp: str, line: int | None = None) -> Iterator[Fault]:
    stored = as_stored(text)
    if len(stored) > width:
        yield Fault(
            field,
            f"It has {len(stored)} characters, and {erp} keeps {width}: “{stored[:width].rstrip()}” is all that it "
            "would store. Shorten it.",
            line,
        )


def _reference_fault(
    field: str, name: str, reference: Reference | None, erp: str, what: str, line: int | None = None
) -> Iterator[Fault]:
    if reference is None:
        yield Fault(field, f"{name} is not linked to a {what} in {erp}. {WHO_LINKS}.", line)
    elif reference.is_gone:
        text = f"{name} is linked to {what} {reference.erp_id}, which is no longer in {erp}. {WHO_LINKS} anew."
        yield Fault(field, text, line)
    elif reference.is_closed:
        text = f"{name} is {what} {reference.erp_id} in {erp}, whose status is {reference.status}."
        yield Fault(field, f"{text} Have accounting set it to Current, or choose another project.", line)


def _too_large(field: str, amount: Decimal, erp: str, line: int | None = None) -> Fault:
    return Fault(field, f"{amount:,.2f} is more than {erp} can hold: {LARGEST_AMOUNT:,.2f} at most. Lower it.", line)
