"""A project's commitments, and one commitment with its lines, its link to the ERP and its history."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from commitments.models import Commitment, ScheduleOfValuesLine
from directory.access import CompanyAccess
from directory.models import Project
from directory.refusals import NotAllowed
from erpintegrations.connectors import Wording
from erpintegrations.models import SyncLink, UnlinkOverride
from erpintegrations.selectors.after_unlink import changed_since, left_in_erp
from erpintegrations.selectors.drift import drift_of, in_words
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.selectors.overrides import can_be_asked, waiting_by_link, why_not_answer
from erpintegrations.selectors.stories import FieldChange
from erpintegrations.selectors.verdicts import Verdict, unlink_verdict

# What the list can be sorted by; each is a column with an index (project, column, id).
ORDERS = {"number": "Number", "title": "Title", "amount": "Amount"}


class CommitmentFilter(django_filters.FilterSet):
    """Search and filters of a project's commitments."""

    q = django_filters.CharFilter(label="Search", method="matching", max_length=100)
    kind = django_filters.ChoiceFilter(label="Type", choices=Commitment.Kind.choices, empty_label="Any")
    status = django_filters.ChoiceFilter(label="Status", choices=Commitment.Status.choices, empty_label="Any")
    erp_status = django_filters.ChoiceFilter(
        label="ERP status", choices=Commitment.ErpStatus.choices, empty_label="Any"
    )

    class Meta:
        model = Commitment
        fields: list[str] = []

    def __init__(self, data: Any, *, project: Project) -> None:
        super().__init__(data, queryset=Commitment.objects.filter(project=project).select_related("vendor"))

    def matching(self, commitments: QuerySet[Commitment], name: str, text: str) -> QuerySet[Commitment]:
        return commitments.filter(
            Q(number__icontains=text) | Q(title__icontains=text) | Q(vendor__name__icontains=text)
        )


@dataclass(frozen=True, slots=True)
class LinkPanel:
    """What a commitment's page says of its link: open or last closed, its verdict, and what this person may do."""

    link: SyncLink
    wording: Wording
    as_of: datetime.datetime | None
    verdict: Verdict | None
    not_allowed: NotAllowed | None
    drift: str
    waiting: UnlinkOverride | None
    may_ask_anyway: bool
    may_answer: bool
    differences: list[FieldChange]
    left_in_erp: list[SyncLink]


def commitment_of(project: Project, commitment_id: int) -> Commitment | None:
    return (
        Commitment.objects.filter(project=project, pk=commitment_id)
        .select_related("project", "vendor", "company")
        .first()
    )


def lines_of(commitment: Commitment) -> QuerySet[ScheduleOfValuesLine]:
    return commitment.lines.select_related("cost_code", "cost_type").order_by("position", "id")


def link_panel(commitment: Commitment, access: CompanyAccess, now: datetime.datetime) -> LinkPanel | None:
    """The commitment's latest link as its page shows it; None when it never had one."""
    link = (
        SyncLink.objects.filter(commitment=commitment)
        .select_related("connection", "linked_by", "closed_by", "commitment")
        .order_by("-id")
        .first()
    )
    if link is None:
        return None
    wording, freshness = link.connection.wording, freshness_of(link.connection)
    waiting = waiting_by_link([link]).get(link.pk)
    return LinkPanel(
        link=link,
        wording=wording,
        as_of=freshness.as_of(link),
        verdict=unlink_verdict(link, freshness, wording, now) if link.is_open else None,
        not_allowed=access.why_not_unlink(commitment.project_id, str(commitment.project)),
        drift=in_words(drift_of(link)) if link.is_open else "",
        waiting=waiting,
        may_ask_anyway=can_be_asked(link, waiting, access),
        may_answer=waiting is not None and why_not_answer(waiting, access) is None,
        differences=changed_since(commitment, link),
        left_in_erp=list(left_in_erp(commitment)),
    )
