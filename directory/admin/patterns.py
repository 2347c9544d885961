"""What the admin pages of every room share: fields fixed once saved, pages that only show, decisions with a reason."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from directory.privilege import REASON_MAX_LENGTH, may_grant
from directory.refusals import Refusal

MOST_AT_ONCE = 200


class FixedOnceSaved(admin.ModelAdmin):
    """Fields that say whose a row is cannot be changed later, so that nothing wanders from one company to another."""

    fixed_fields: tuple[str, ...] = ("company",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is not None:
            # Disabled rather than read-only: the field still takes part in the checks for uniqueness.
            for name in set(self.fixed_fields) & set(form.base_fields):
                form.base_fields[name].disabled = True
        return form


class ShownOnly:
    """A page or an inline that shows and never writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        max_length=REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        error_messages={"required": "Say why in a few words; the history keeps it."},
        help_text="Kept in the history, with your name and the moment.",
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that only who may grant the privilege decides, about one row or many, and always with a reason.

    `perform` takes row, person, reason and moment and raises Refusal; `done` is a sentence about the `{row}`.
    """

    name: str
    label: str
    question: str
    done: str
    perform: Callable[[Any, Any, str, datetime.datetime], object]
    applies_to: Callable[[Any], bool]


class DecisionAdmin(admin.ModelAdmin):
    """Offers decisions on the page of a row and for rows selected in the list, to those alone who may make them."""

    decisions: tuple[Decision, ...] = ()
    change_form_template = "admin/directory/change_form_with_decisions.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_grant(request.user) or super().has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_grant(request.user) or super().has_module_permission(request)

    def get_urls(self) -> list[URLPattern]:
        options = self.opts
        own = [
            path(
                f"<int:object_id>/{decision.name}/",
                self.admin_site.admin_view(partial(self._decide_one, decision=decision)),
                name=f"{options.app_label}_{options.model_name}_{decision.name}",
            )
            for decision in self.decisions
        ]
        return own + super().get_urls()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Decisions only: rows are deleted one at a time, on a page that says what goes with them."""
        if not may_grant(request.user):
            return {}
        return {decision.name: (self._action(decision), decision.name, decision.label) for decision in self.decisions}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        # Django itself overlooks the post of an action that it does not offer, in silence.
        self._require_grant(request, request.POST.getlist("action"))
        return super().changelist_view(request, extra_context)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        if row is not None and may_grant(request.user):
            context["decisions"] = [
                (decision.label, self._url(decision.name, row.pk))
                for decision in self.decisions
                if decision.applies_to(row)
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    def _require_grant(self, request: HttpRequest, names: list[str]) -> None:
        if {decision.name for decision in self.decisions} & set(names) and not may_grant(request.user):
            raise PermissionDenied(
                "Your account may not grant or revoke 'Can Push to Accounting'. "
                "Ask an administrator of this site if you need to."
            )

    def _url(self, page: str, *arguments: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=arguments)

    def _action(self, decision: Decision) -> Callable[..., HttpResponse | None]:
        def act(_: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            return self._decide(request, decision, queryset, back=request.get_full_path())

        return act

    def _decide_one(self, request: HttpRequest, object_id: int, *, decision: Decision) -> HttpResponse:
        self._require_grant(request, [decision.name])
        queryset = self.get_queryset(request).filter(pk=object_id)
        if not queryset.exists():
            messages.error(request, f"This {self.opts.verbose_name} does not exist any more.")
            return redirect(self._url("changelist"))
        return self._decide(request, decision, queryset, back=self._url("change", object_id))

    def _decide(self, request: HttpRequest, decision: Decision, queryset: QuerySet[Any], *, back: str) -> HttpResponse:
        rows = list(queryset[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE:
            messages.error(request, f"Select at most {MOST_AT_ONCE} at once. Nothing was changed.")
            return redirect(back)
        form = ReasonForm(request.POST if "decide" in request.POST else None)
        if form.is_valid():
            self._perform(request, decision, rows, form.cleaned_data["reason"])
            return redirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": decision.label,
            "opts": self.opts,
            "decision": decision,
            "rows": rows,
            "form": form,
            "back": back,
            "is_bulk": "action" in request.POST,
        }
        return TemplateResponse(request, "admin/directory/decide.html", context)

    def _perform(self, request: HttpRequest, decision: Decision, rows: list[Model], reason: str) -> None:
        """Each row in a transaction of its own: one that is refused holds up no other."""
        for row in rows:
            try:
                decision.perform(row, request.user, reason, timezone.now())
            except Refusal as refusal:
                messages.error(request, f"{row}: {refusal}")
            else:
                messages.success(request, decision.done.format(row=row))
                self.log_change(request, row, f"{decision.label}: {reason}")
