"""Who may unlink the commitments of a project, for whoever may not."""

from __future__ import annotations

from django.db.models import QuerySet

from directory.models import CompanyMember, Level, User

NAMED = 3


def unlinkers(company_id: int, project_id: int) -> QuerySet[CompanyMember]:
    """As `CompanyAccess.why_not_unlink` has it: both levels and the privilege."""
    return CompanyMember.objects.filter(
        company=company_id,
        user__is_active=True,
        erp_integrations_level__gte=Level.STANDARD,
        can_push_to_accounting=True,
        user__project_memberships__project=project_id,
        user__project_memberships__commitments_level=Level.ADMIN,
    )


def who_can_unlink(company_id: int, project_id: int, *, but: User | None = None) -> str:
    """A few of them by name, such as "Ada Approver and Alma Admin"; empty when nobody has all the rights.

    `but` is one that does not count.
    """
    rows = unlinkers(company_id, project_id).exclude(user=but).order_by("user__name", "id")
    names = list(rows.values_list("user__name", flat=True)[: NAMED + 1])
    if len(names) > NAMED:
        names = [*names[:NAMED], "others"]
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
