"""What a company's first page shows: its projects, and where the link to the ERP stands."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.models import Level, Project
from erpintegrations.connectors import Wording
from erpintegrations.models import GONE, ErpConnection, Presence, SyncLink
from erpintegrations.selectors.freshness import Freshness, freshness_of


@dataclass(frozen=True, slots=True)
class ErpSummary:
    """Where the link to the ERP stands: how many are linked, how many of these are gone from it (and, of those, purged
    with their job: Unlink asks for a reason), and as of when."""

    wording: Wording
    linked: int
    gone: int
    purged: int
    freshness: Freshness

    @property
    def ready(self) -> int:
        return self.gone - self.purged


def project_summaries(access: CompanyAccess) -> QuerySet[Project]:
    """The projects whose commitments this person may see, with `commitment_count` and `synced_count`."""
    readable = [pk for pk, level in access.commitments_levels.items() if level >= Level.READ_ONLY]
    return (
        Project.objects.filter(company=access.company, pk__in=readable)
        .annotate(
            commitment_count=Count("commitments"),
            synced_count=Count("commitments", filter=Q(commitments__erp_status=Commitment.ErpStatus.SYNCED)),
        )
        .order_by("number", "id")
    )


def erp_summary(access: CompanyAccess) -> ErpSummary | None:
    """None when the person may not see the ERP lists, or the company has no connection yet."""
    if access.erp_integrations_level < Level.READ_ONLY:
        return None
    connection = ErpConnection.objects.filter(company=access.company).first()
    if connection is None:
        return None
    links = SyncLink.objects.filter(company=access.company, closed_at=None)
    gone = links.filter(presence__in=GONE)
    return ErpSummary(
        wording=connection.wording,
        linked=links.count(),
        gone=gone.count(),
        purged=gone.filter(presence=Presence.PURGED).count(),
        freshness=freshness_of(connection),
    )
