"""The form of a commitment: its own fields, and the lines of its schedule of values. The editing pages use it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict

from commitments.editing import (
    FIELD_LABELS,
    HEADER_FIELDS,
    CommitmentInput,
    LineInput,
    fields_of_kind,
    find_faults,
    locked_fields,
    statuses_of_kind,
)
from commitments.editing.inputs import DATES, LONG_TEXTS
from commitments.editing.reading import Unreadable, read_date, read_percent
from commitments.editing.story import figure
from commitments.models import Commitment
from commitments.pickers import Costs, NotFound, find_vendor, vendor_label
from commitments.refusals import Fault
from directory.models import Project
from erpintegrations.web.commitment_lines import LineRow, has_rows, read_rows, rows_from

METHODS = Commitment.AccountingMethod
METHOD_WORDS = {"amount_based": "each line has an amount", "unit_based": "each line has a quantity and a unit cost"}


class HeaderForm(forms.Form):
    """The commitment's own fields, as texts: what is wrong with them is found by `commitments.editing`."""

    use_required_attribute = False

    number = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    title = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    vendor = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"list": "vendors", "autocomplete": "off"}),
        help_text="Type a part of the name or the number, and choose.",
    )
    status = forms.CharField(required=False, widget=forms.Select)
    contract_date = forms.CharField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), help_text="Needed to send it to the ERP."
    )
    start_date = forms.CharField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    estimated_completion_date = forms.CharField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    delivery_date = forms.CharField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    default_retainage_percent = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="In percent.",
    )
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    inclusions = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    exclusions = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, texts: dict[str, str], *, kind: str, locked: Iterable[str], search_url: str) -> None:
        super().__init__(data=texts, auto_id="id_%s")
        for name, field in self.fields.items():
            field.label = FIELD_LABELS[name]
        self.fields["status"].widget.choices = statuses_of_kind(kind)
        if search_url:
            self.fields["vendor"].widget.attrs |= searching(search_url, "#vendors")
        for name in list(self.fields):
            if name not in fields_of_kind(kind) or name in locked:
                del self.fields[name]
        self.full_clean()


def searching(url: str, target: str) -> dict[str, str]:
    """A field whose list is filled while somebody types, where there is more than the page brings along."""
    return {
        "hx-get": url,
        "hx-trigger": "input changed delay:200ms",
        "hx-target": target,
        "hx-sync": "this:replace",
    }


class CommitmentForm:
    """A commitment while it is edited: what was typed, what is locked, and what is wrong with it.

    `seen` holds the texts that the person was first shown: with them, what somebody else changed meanwhile can be told
    from what this person typed.
    """

    def __init__(self, project: Project, kind: str, commitment: Commitment | None) -> None:
        self.project, self.kind, self.commitment = project, kind, commitment
        self.locked = locked_fields(commitment) if commitment else {}
        self.revision = commitment.revision if commitment else 0
        self.texts, self.rows = texts_of(commitment, kind), rows_of(commitment)
        self.seen = snapshot(self.texts, self.rows)
        self.faults: list[Fault] = []

    def fill(self, data: QueryDict) -> None:
        """Take what was typed. What the page did not offer, because it is locked, stays as it is."""
        typed = {name: data.get(name) or "" for name in self.texts if name in data}
        self.texts |= typed
        if has_rows(data):
            self.rows = rows_from(data)
        # Locked since the page was opened: what was typed is still shown, and saving it says why it cannot be.
        offered = {*typed, "lines"} if has_rows(data) else typed.keys()
        self.locked = {name: why for name, why in self.locked.items() if name not in offered}
        if self.commitment is not None:
            self.revision = revision_of(data.get("revision", ""))
            self.seen = data.get("seen", "")

    def read(self) -> tuple[CommitmentInput, list[LineInput]]:
        """What was typed as values; `faults` then holds all that is wrong with it. Lines left blank are left out."""
        self.rows = [row for row in self.rows if not row.is_blank]
        values, faults = self._read_header()
        company = self.project.company
        codes, types = Costs.codes(company), Costs.types(company)
        lines, line_faults = read_rows(self.rows, codes, types, self.accounting_method)
        header = CommitmentInput(**values)
        unreadable = [*faults, *line_faults]
        known = {(fault.field, fault.line) for fault in unreadable}
        others = find_faults(
            project=self.project,
            kind=self.kind,
            header=header.tidied(),
            lines=[line.tidied(self.accounting_method) for line in lines],
            current=self.commitment,
        )
        self.show([*unreadable, *(fault for fault in others if (fault.field, fault.line) not in known)])
        return header, lines

    def show(self, faults: Iterable[Fault]) -> None:
        """Mark what is wrong, but for what is locked: nobody can correct that here."""
        open_faults = [fault for fault in faults if (fault.field if fault.line is None else "lines") not in self.locked]
        self.faults = sorted(open_faults, key=lambda fault: fault.line or 0)
        for fault in self.faults:
            if fault.line is not None and fault.line <= len(self.rows):
                self.rows[fault.line - 1].errors.setdefault(fault.field, fault.message)

    def header(self, search_url: str = "") -> HeaderForm:
        form = HeaderForm(self.texts, kind=self.kind, locked=self.locked, search_url=search_url)
        for fault in self.faults:
            if fault.line is None and fault.field in form.fields:
                form.add_error(fault.field, fault.message)
        return form

    @property
    def accounting_method(self) -> str:
        return self.texts["accounting_method"]

    @property
    def methods(self) -> list[tuple[str, str]]:
        return [(value, f"{METHODS(value).label}: {words}") for value, words in METHOD_WORDS.items()]

    @property
    def lines_fault(self) -> str:
        """What is wrong with the schedule of values as a whole."""
        return next((fault.message for fault in self.faults if fault.field == "lines"), "")

    @property
    def total(self) -> Decimal:
        return sum((row.counted(self.accounting_method) for row in self.rows), Decimal("0.00"))

    @property
    def not_counted(self) -> str:
        """Such as "without line 2 and 4", of those whose figures cannot be read; empty for none."""
        places = [str(n) for n, row in enumerate(self.rows, start=1) if row.is_unreadable(self.accounting_method)]
        return f"without line {' and '.join(places)}" if places else ""

    def _read_header(self) -> tuple[dict[str, Any], list[Fault]]:
        faults: list[Fault] = []
        values: dict[str, Any] = dict(self.texts)
        readers: dict[str, Any] = {"vendor": self._find_vendor, "default_retainage_percent": read_percent}
        for name, read in {**readers, **dict.fromkeys(DATES, read_date)}.items():
            try:
                values[name] = read(self.texts[name])
            except (NotFound, Unreadable) as problem:
                values[name] = None
                faults.append(Fault(name, str(problem)))
        return values, faults

    def _find_vendor(self, text: str) -> int | None:
        """Two vendors may have the same name: an untouched one is the one that it was."""
        if self.commitment is not None and text == vendor_label(self.commitment.vendor):
            return self.commitment.vendor_id
        return find_vendor(self.project.company, text)


def texts_of(commitment: Commitment | None, kind: str) -> dict[str, str]:
    """Each field as the form writes it. Without a commitment: what a new one begins with."""
    if commitment is None:
        is_subcontract = kind == Commitment.Kind.SUBCONTRACT
        return dict.fromkeys(HEADER_FIELDS, "") | {
            "status": Commitment.Status.DRAFT.value,
            "accounting_method": (METHODS.AMOUNT_BASED if is_subcontract else METHODS.UNIT_BASED).value,
            "default_retainage_percent": "0",
        }
    dates = {name: getattr(commitment, name) for name in DATES}
    return {
        "number": commitment.number,
        "title": commitment.title,
        "vendor": vendor_label(commitment.vendor),
        "status": commitment.status,
        "accounting_method": commitment.accounting_method,
        "default_retainage_percent": figure(commitment.default_retainage_percent),
        **{name: value.isoformat() if value else "" for name, value in dates.items()},
        **{name: getattr(commitment, name) for name in LONG_TEXTS},
    }


def rows_of(commitment: Commitment | None) -> list[LineRow]:
    if commitment is None:
        return [LineRow()]
    lines = commitment.lines.select_related("cost_code", "cost_type").order_by("position", "id")
    return [LineRow.of(line, commitment.accounting_method) for line in lines]


def snapshot(texts: dict[str, str], rows: Iterable[LineRow]) -> str:
    return json.dumps({"texts": texts, "rows": [row.texts for row in rows]}, ensure_ascii=False)


def revision_of(text: str) -> int:
    """No revision is 0: what is sent without one is never saved over anything."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
