"""What is typed at the desk. A form checks its shape; Sage's own rules are checked by the desk."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms

from sandbox.sage_desk import JOB_STATUSES, SUBCONTRACT, ChangedLine, NewLine
from sandbox.sage_entry import DESCRIPTION_WIDTH, NUMBER_WIDTH

LINES = 4
LONGEST_RECORD = 200
CENT = Decimal("0.01")


class AmountForm(forms.Form):
    amount = forms.DecimalField(max_digits=12, decimal_places=2, localize=True)


class JobStatusForm(forms.Form):
    status = forms.TypedChoiceField(choices=list(JOB_STATUSES.items()), coerce=int)


class RemoveJobsForm(forms.Form):
    """The jobs that the person saw in the preview: no other is removed."""

    jobs = forms.TypedMultipleChoiceField(coerce=int)

    def __init__(self, data: Any, *, removable: list[int]) -> None:
        super().__init__(data)
        self.fields["jobs"].choices = [(number, number) for number in removable]  # type: ignore[attr-defined]


class HeaderForm(forms.Form):
    """The boxes of Sage's screen, in its order. Retention is a percentage; only a subcontract has it."""

    number = forms.CharField(max_length=NUMBER_WIDTH)
    description = forms.CharField(max_length=DESCRIPTION_WIDTH)
    vendor = forms.TypedChoiceField(coerce=int)
    job = forms.TypedChoiceField(coerce=int)
    date = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    retention = forms.DecimalField(max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False)

    def __init__(self, *args: Any, kind: str, choices: dict[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_subcontract = kind == SUBCONTRACT
        self.fields["number"].label = "Subcontract number" if is_subcontract else "Order number"
        self.fields["date"].label = "Contract date" if is_subcontract else "Order date"
        if is_subcontract:
            self.order_fields(["job", "vendor", "number", "description", "date", "retention"])
        else:
            del self.fields["retention"]
            self.order_fields(["number", "date", "vendor", "description", "job"])
        for name in ("vendor", "job"):
            self.fields[name].choices = [("", "Choose …"), *choices[name]]  # type: ignore[attr-defined]


class ChangedHeaderForm(HeaderForm):
    """What can be changed of a record that is there: its job and its date stay."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["job"], self.fields["date"]


class LineForm(forms.Form):
    description = forms.CharField(max_length=DESCRIPTION_WIDTH)
    cost_code = forms.TypedChoiceField(coerce=Decimal)
    cost_type = forms.TypedChoiceField(coerce=int)
    quantity = forms.DecimalField(max_digits=12, decimal_places=4, min_value=Decimal("0.0001"), localize=True)
    price = forms.DecimalField(max_digits=12, decimal_places=2, localize=True)

    def __init__(self, *args: Any, kind: str, choices: dict[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind == SUBCONTRACT:
            del self.fields["quantity"]
            self.fields["price"].label = "Amount"
        else:
            self.order_fields(["number", "description", "quantity", "price"])
        for name in ("cost_code", "cost_type"):
            self.fields[name].choices = [("", "Choose …"), *choices[name]]  # type: ignore[attr-defined]

    def new_line(self) -> NewLine:
        quantity = self.cleaned_data.get("quantity", Decimal(1))
        return NewLine(
            description=self.cleaned_data["description"],
            amount=(quantity * self.cleaned_data["price"]).quantize(CENT, ROUND_HALF_UP),
            quantity=quantity,
            cost_code=self.cleaned_data["cost_code"],
            cost_type=self.cleaned_data["cost_type"],
        )


class ChangedLineForm(LineForm):
    """A line of a record that is there; without its number, one that is added."""

    number = forms.IntegerField(required=False, widget=forms.HiddenInput)
    price = forms.DecimalField(max_digits=15, decimal_places=6, localize=True)

    def changed_line(self) -> ChangedLine:
        return ChangedLine(number=self.cleaned_data["number"], line=self.new_line())


class NewLines(forms.BaseFormSet):
    """Lines that are left blank are left out, also where some were typed before more were asked for."""

    def initial_form_count(self) -> int:
        return 0


# The number of lines that a form may claim to have is bounded.
LineFormSet = forms.formset_factory(
    LineForm, formset=NewLines, extra=LINES, max_num=LONGEST_RECORD, absolute_max=LONGEST_RECORD
)
ChangedLineFormSet = forms.formset_factory(
    ChangedLineForm,
    extra=2,
    max_num=LONGEST_RECORD,
    absolute_max=LONGEST_RECORD + 2,
    can_delete=True,
    can_delete_extra=False,
)


def with_more_lines(typed: Mapping[str, str], *, prefix: str, form_kwargs: dict[str, Any]) -> Any:
    """The lines that were typed, with a few more blank ones below."""
    count = typed.get(f"{prefix}-TOTAL_FORMS", "")
    there = min(int(count), LONGEST_RECORD) if count.isascii() and count.isdecimal() and len(count) < 9 else 0
    values = [
        {name: typed.get(f"{prefix}-{place}-{name}", "") for name in LineForm.base_fields} for place in range(there)
    ]
    lines = LineFormSet(initial=values, prefix=prefix, form_kwargs=form_kwargs)
    lines.extra = there + LINES
    return lines
