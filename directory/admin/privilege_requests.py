"""Requests for the privilege: pending ones first, granted or declined one at a time or many together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from directory import privilege
from directory.access import PRIVILEGE
from directory.admin.patterns import Decision, DecisionAdmin, ShownOnly
from directory.models import PrivilegeRequest

PENDING = PrivilegeRequest.State.PENDING
ALL = "all"


def _is_pending(request: PrivilegeRequest) -> bool:
    return request.state == PENDING


GRANT = Decision(
    name="grant",
    label="Grant the request",
    question=f"Who is listed below then has '{PRIVILEGE}'.",
    done=f"{{row}}: granted. They now have '{PRIVILEGE}'.",
    perform=lambda row, by, reason, now: privilege.grant_request(request=row, by=by, reason=reason, now=now),
    applies_to=_is_pending,
)
DECLINE = Decision(
    name="decline",
    label="Decline the request",
    question="Who is listed below sees that the request was declined, and your reason.",
    done="{row}: declined.",
    perform=lambda row, by, reason, now: privilege.decline_request(request=row, by=by, reason=reason, now=now),
    applies_to=_is_pending,
)


class StateFilter(admin.SimpleListFilter):
    """Shows what waits for an answer unless something else is asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, label in PrivilegeRequest.State.choices if value != PENDING] + [(ALL, "All")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        choices = super().choices(changelist)
        yield {**next(choices), "display": PENDING.label}
        yield from choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = self.value()
        return queryset if state == ALL else queryset.filter(state=state or PENDING)


@admin.register(PrivilegeRequest)
class PrivilegeRequestAdmin(ShownOnly, DecisionAdmin):
    decisions = (GRANT, DECLINE)
    list_display = ["person", "company", "reason", "requested_at", "state", "answered_by", "answered_at", "answer"]
    list_filter = [StateFilter, "member__company"]
    list_select_related = ["member__user", "member__company", "answered_by"]
    search_fields = ["member__user__name", "member__user__email", "reason"]
    fields = ["person", "company", "reason", "requested_at", "state", "answered_by", "answered_at", "answer"]

    @admin.display(ordering="member__user__name")
    def person(self, request: PrivilegeRequest) -> str:
        return str(request.member.user)

    @admin.display(ordering="member__company__name")
    def company(self, request: PrivilegeRequest) -> str:
        return request.member.company.name
