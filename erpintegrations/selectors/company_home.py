"""What a company's first page shows: its projects, and where the link to the ERP stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.models import Level, Project
from erpintegrations.connectors import Wording
from erpintegrations.models import GONE, ErpConnection, Presence, SyncLink
from erpintegrations.selectors.counting import CountUpToLimit, count_up_to_limit
from erpintegrations.selectors.exports import on_their_way_counts
from erpintegrations.selectors.freshness import Freshness, freshness_of
from erpintegrations.selectors.overrides import waiting_overrides
from erpintegrations.selectors.views_menu import ViewCounts, view_counts


@dataclass(frozen=True, slots=True)
class ErpSummary:
    """Where the link to the ERP stands: how many are linked, how many of these are gone from it (and, of those, purged
    with their job: Unlink asks for a reason), how many have drifted, and as of when. What waits for accounting: exports
    by where they are, `to_decide` of those on their way, and requests that this person can answer."""

    wording: Wording
    views: ViewCounts
    on_their_way: int
    to_decide: int
    to_answer: int
    gone: int
    purged: int
    drifted: int
    freshness: Freshness

    @property
    def ready(self) -> int:
        return self.gone - self.purged


def readable_projects(access: CompanyAccess, search: str = "") -> QuerySet[Project]:
    """The projects whose commitments this person may see: all, or those with these words in their number or name."""
    readable = [pk for pk, level in access.commitments_levels.all().items() if level >= Level.READ_ONLY]
    projects = Project.objects.filter(company=access.company, pk__in=readable)
    return projects.filter(Q(number__icontains=search) | Q(name__icontains=search)) if search else projects


def with_counts(projects: Iterable[Project]) -> QuerySet[Project]:
    """These by number, with `commitment_count` and `synced_count`, which stop at COUNT_LIMIT + 1. One query."""
    commitments = Commitment.objects.filter(project=OuterRef("pk"))
    synced = commitments.filter(erp_status=Commitment.ErpStatus.SYNCED)
    counted = Project.objects.annotate(
        commitment_count=CountUpToLimit(commitments), synced_count=CountUpToLimit(synced)
    )
    return counted.filter(pk__in=[project.pk for project in projects]).order_by("number", "id")


def erp_summary(access: CompanyAccess) -> ErpSummary | None:
    """None when the person may not see the ERP lists, or the company has no connection yet."""
    if access.erp_integrations_level < Level.READ_ONLY:
        return None
    connection = ErpConnection.objects.filter(company=access.company).first()
    if connection is None:
        return None
    links = SyncLink.objects.filter(company=access.company, closed_at=None)
    gone = links.filter(presence__in=GONE)
    on_their_way = on_their_way_counts(access.company)
    return ErpSummary(
        wording=connection.wording,
        views=view_counts(access.company),
        on_their_way=on_their_way["all"],
        to_decide=on_their_way["to_decide"],
        to_answer=len(waiting_overrides(access).to_answer),
        gone=count_up_to_limit(gone),
        purged=count_up_to_limit(gone.filter(presence=Presence.PURGED)),
        drifted=count_up_to_limit(links.filter(has_drifted=True)),
        freshness=freshness_of(connection),
    )
