"""What is wrong with what somebody wants to save: everything at once, each fault naming its field and line.

A fixed number of queries, whatever the number of lines.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal

from commitments.editing.inputs import (
    DATES,
    FIELD_LABELS,
    HEADER_FIELDS,
    LONG_TEXTS,
    MOST_LINES,
    CommitmentInput,
    LineInput,
    fields_of_kind,
    statuses_of_kind,
)
from commitments.models import Commitment, CostCode, CostType, ScheduleOfValuesLine, Vendor
from commitments.refusals import Fault
from directory.models import Project

LONGEST_TEXT = 5000
FIRST_YEAR, LAST_YEAR = 1990, 2100
# Below these, every figure fits its column, and the sum of the most lines fits the commitment's.
LINE_LIMIT = Decimal(10) ** 10
TOTAL_LIMIT = Decimal(10) ** 12
METHOD = Commitment.AccountingMethod


def find_faults(
    *, project: Project, kind: str, header: CommitmentInput, lines: Sequence[LineInput], current: Commitment | None
) -> list[Fault]:
    """All that is wrong with a tidied header and its tidied lines; `current` is the commitment as it is, if it is."""
    return [
        *_texts(header),
        *_number_taken(project, kind, header, current),
        *_vendor(project, header),
        *_choices(kind, header),
        *_retainage(header),
        *_dates(kind, header),
        *_lines(project, header, lines),
    ]


def _texts(header: CommitmentInput) -> Iterator[Fault]:
    for name in ("number", "title"):
        yield from _text(name, getattr(header, name), _width(Commitment, name), required=True)
    for name in LONG_TEXTS:
        yield from _text(name, getattr(header, name), LONGEST_TEXT, required=False)


def _text(name: str, value: str, width: int, *, required: bool, line: int | None = None) -> Iterator[Fault]:
    label = FIELD_LABELS[name]
    if required and not value:
        yield Fault(name, f"{label} can't be blank.", line)
    if len(value) > width:
        yield Fault(name, f"{label} is too long. Maximum {width:,} characters; this has {len(value):,}.", line)
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in value):
        yield Fault(name, f"{label} contains an invisible control character. Type it anew.", line)


def _number_taken(project: Project, kind: str, header: CommitmentInput, current: Commitment | None) -> Iterator[Fault]:
    """The ERP tells no upper case from lower, so neither do we; a number that is kept is not asked about."""
    if not header.number or "\0" in header.number or (current is not None and current.number == header.number):
        return
    others = Commitment.objects.filter(project=project, kind=kind, number__iexact=header.number)
    taken = next((other for other in others[:2] if current is None or other.pk != current.pk), None)
    if taken is not None:
        yield Fault(
            "number",
            f"Number {header.number} is taken: {taken.short_label()} “{taken.title}” of this project has it. "
            "Choose another one.",
        )


def _vendor(project: Project, header: CommitmentInput) -> Iterator[Fault]:
    if header.vendor is None:
        yield Fault("vendor", "Contract company can't be blank.")
    elif not Vendor.objects.filter(company_id=project.company_id, pk=header.vendor).exists():
        yield Fault("vendor", "Contract company is none of this company's vendors. Choose one of the list.")


def _choices(kind: str, header: CommitmentInput) -> Iterator[Fault]:
    statuses = dict(statuses_of_kind(kind))
    if header.status not in statuses:
        label = Commitment.Status(header.status).label if header.status in Commitment.Status.values else header.status
        problem = f"Status “{label[:40]}” is none of a {_kind_words(kind)}." if label else "Status can't be blank."
        yield Fault("status", f"{problem} Choose one of {', '.join(statuses.values())}.")
    if header.accounting_method not in METHOD.values:
        yield Fault("accounting_method", f"Choose the accounting method: {' or '.join(METHOD.labels)}.")


def _retainage(header: CommitmentInput) -> Iterator[Fault]:
    retainage = header.default_retainage_percent
    if retainage is None:
        yield Fault("default_retainage_percent", "Default retainage can't be blank. Write 0 for none.")
    elif not 0 <= retainage <= 100:
        yield Fault("default_retainage_percent", "Default retainage is a percentage from 0 to 100.")
    elif _decimals(retainage) > 2:
        yield Fault("default_retainage_percent", "Default retainage has at most 2 decimals.")


def _dates(kind: str, header: CommitmentInput) -> Iterator[Fault]:
    for name in HEADER_FIELDS:
        if name not in fields_of_kind(kind) and getattr(header, name):
            yield Fault(name, f"A {_kind_words(kind)} has no {FIELD_LABELS[name].lower()}. Leave it empty.")
    for name in DATES:
        value: datetime.date | None = getattr(header, name)
        if value is not None and not FIRST_YEAR <= value.year <= LAST_YEAR:
            yield Fault(name, f"{FIELD_LABELS[name]} lies outside the years {FIRST_YEAR} to {LAST_YEAR}.")
    start, end = header.start_date, header.estimated_completion_date
    if start is not None and end is not None and end < start:
        yield Fault("estimated_completion_date", "Estimated completion date lies before the start date.")


def _lines(project: Project, header: CommitmentInput, lines: Sequence[LineInput]) -> Iterator[Fault]:
    if len(lines) > MOST_LINES:
        yield Fault("lines", f"A schedule of values has at most {MOST_LINES} lines; this one has {len(lines):,}.")
        return
    codes = _known(CostCode, project, {line.cost_code for line in lines})
    types = _known(CostType, project, {line.cost_type for line in lines})
    for position, line in enumerate(lines, start=1):
        yield from _cost("cost_code", line.cost_code, codes, position)
        yield from _cost("cost_type", line.cost_type, types, position)
        yield from _text(
            "description", line.description, _width(ScheduleOfValuesLine, "description"), required=True, line=position
        )
        yield from _figures(header.accounting_method, line, position)
    total = sum((line.amount or Decimal(0) for line in lines), Decimal(0))
    if total < 0:
        yield Fault("lines", "The total can't be negative: the credits come to more than the other lines.")
    elif total >= TOTAL_LIMIT:
        yield Fault("lines", f"The total is too large. It must stay below {TOTAL_LIMIT:,}.")


def _known(model: type[CostCode] | type[CostType], project: Project, wanted: set[int | None]) -> set[int]:
    """Those of the wanted ids that belong to the company."""
    ids = {pk for pk in wanted if pk is not None}
    return set(model._default_manager.filter(company_id=project.company_id, pk__in=ids).values_list("pk", flat=True))


def _cost(name: str, value: int | None, known: set[int], line: int) -> Iterator[Fault]:
    label = FIELD_LABELS[name]
    if value is None:
        yield Fault(name, f"{label} can't be blank.", line)
    elif value not in known:
        yield Fault(name, f"{label} is none of this company's. Choose one of the list.", line)


def _figures(method: str, line: LineInput, position: int) -> Iterator[Fault]:
    if method == METHOD.AMOUNT_BASED:
        yield from _figure("amount", line.amount, 2, position)
        return
    quantity_faults = [*_figure("quantity", line.quantity, 4, position)]
    cost_faults = [*_figure("unit_cost", line.unit_cost, 4, position)]
    yield from quantity_faults
    if line.quantity is not None and line.quantity < 0:
        yield Fault("quantity", "Quantity can't be negative. For a credit, make the unit cost negative.", position)
    yield from _text(
        "unit_of_measure",
        line.unit_of_measure,
        _width(ScheduleOfValuesLine, "unit_of_measure"),
        required=False,
        line=position,
    )
    yield from cost_faults
    if not quantity_faults and not cost_faults:
        yield from _figure("amount", line.amount, 2, position)


def _figure(name: str, value: Decimal | None, decimals: int, line: int) -> Iterator[Fault]:
    label = FIELD_LABELS[name]
    if value is None:
        yield Fault(name, f"{label} can't be blank.", line)
    elif abs(value) >= LINE_LIMIT:
        yield Fault(name, f"{label} is too large. It must stay below {LINE_LIMIT:,}.", line)
    elif _decimals(value) > decimals:
        yield Fault(name, f"{label} has at most {decimals} decimals.", line)


def _decimals(value: Decimal) -> int:
    """Those that matter: 1.50 has one."""
    _, _, fraction = format(value, "f").partition(".")
    return len(fraction.rstrip("0"))


def _kind_words(kind: str) -> str:
    return str(Commitment.Kind(kind).label).lower()


def _width(model: type[Commitment] | type[ScheduleOfValuesLine], name: str) -> int:
    return getattr(model._meta.get_field(name), "max_length", None) or 0
