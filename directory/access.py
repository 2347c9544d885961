"""Who may do what, where: the permission table of the product, in one place.

Views load and authorise through `company_page` and `project_page`; services and lists ask a `CompanyAccess`. What a
person does not belong to answers 404, so that nothing leaks; what they see but may not use answers 403 and says why.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from directory.models import Company, CompanyMember, Level, Project, ProjectMember
from directory.refusals import LacksPrivilege, NotAllowed

if TYPE_CHECKING:
    from directory.models import User

PRIVILEGE = "Can Push to Accounting"


class CommitmentsLevels:
    """One person's levels on the Commitments tool of one company's projects, each asked for once, when it is needed.

    A company has thousands of projects and a page shows few: a list has those of its rows loaded together. Else the
    first that is asked for is loaded alone, and the next one brings all, so that no loop asks for one after another.
    """

    def __init__(self, user: User, company: Company) -> None:
        self._user, self._company = user, company
        self._known: dict[int, Level] = {}
        self._are_all_known = False

    def of(self, project_id: int) -> Level:
        if project_id not in self._known:
            self.load([project_id]) if not self._known else self._load_all()
        return self._known.get(project_id, Level.NONE)

    def load(self, project_ids: Iterable[int]) -> None:
        """This function will load those of these projects, in one query where any of them is not known yet."""
        missing = set() if self._are_all_known else set(project_ids) - self._known.keys()
        if missing:
            found = self._query(project_id__in=missing)
            self._known |= {project_id: found.get(project_id, Level.NONE) for project_id in missing}

    def all(self) -> dict[int, Level]:
        """Of each project that they belong to, as a copy."""
        self._load_all()
        return dict(self._known)

    def _load_all(self) -> None:
        if not self._are_all_known:
            self._known, self._are_all_known = self._query(), True

    def _query(self, **which: Any) -> dict[int, Level]:
        rows = ProjectMember.objects.filter(project__company=self._company, user=self._user, **which)
        return {pk: Level(level) for pk, level in rows.values_list("project_id", "commitments_level")}


@dataclass(frozen=True, slots=True)
class CompanyAccess:
    """What one person may do in one company. Three queries at most, whatever the size of the company."""

    user: User
    company: Company
    member: CompanyMember
    commitments_levels: CommitmentsLevels

    @property
    def erp_integrations_level(self) -> Level:
        return Level(self.member.erp_integrations_level)

    @property
    def has_privilege(self) -> bool:
        return self.member.can_push_to_accounting

    def commitments_level(self, project_id: int) -> Level:
        return self.commitments_levels.of(project_id)

    def require_erp_integrations(self, level: Level) -> None:
        """Raises NotAllowed when the person's level on ERP Integrations is lower."""
        if self.erp_integrations_level < level:
            raise NotAllowed(
                f"This needs {level.label} on the company's ERP Integrations tool; "
                f"you have {self.erp_integrations_level.label}.",
                remedy=f"Ask an administrator of {self.company.name} to raise your level.",
            )

    def require_commitments(self, project: Project, level: Level) -> None:
        """Raises NotAllowed when the person's level on the project's Commitments tool is lower."""
        self._require_commitments(project.pk, str(project), level)

    def why_not_accounting(self) -> NotAllowed | None:
        """Why this person is no accounting approver, or None: Standard on ERP Integrations, and the privilege."""
        try:
            self.require_erp_integrations(Level.STANDARD)
        except NotAllowed as refusal:
            return refusal
        if not self.has_privilege:
            return LacksPrivilege(
                f"This needs the privilege '{PRIVILEGE}', which your account does not have.",
                remedy="Request it; an administrator grants it in the Company Directory.",
            )
        return None

    def why_not_unlink(self, project_id: int, project_label: str) -> NotAllowed | None:
        """Why this person may not unlink commitments of this project, or None when they may.

        Admin on the project's Commitments, Standard on ERP Integrations, and the privilege.
        """
        try:
            self._require_commitments(project_id, project_label, Level.ADMIN)
        except NotAllowed as refusal:
            return refusal
        return self.why_not_accounting()

    def _require_commitments(self, project_id: int, project_label: str, level: Level) -> None:
        held = self.commitments_level(project_id)
        if held < level:
            raise NotAllowed(
                f"This needs {level.label} on the Commitments tool of project {project_label}; you have {held.label}.",
                remedy=f"Ask an administrator of {self.company.name} to raise your level.",
            )


def access_for(user: User, company: Company) -> CompanyAccess | None:
    """What this person may do in this company; None when they do not belong to it."""
    member = CompanyMember.objects.filter(company=company, user=user).first() if user.is_active else None
    if member is None:
        return None
    return CompanyAccess(user, company, member, CommitmentsLevels(user, company))


class CompanyRequest(HttpRequest):
    """A request on a company's page: signed in, the company visible to the person."""

    user: User
    company: Company
    access: CompanyAccess


class ProjectRequest(CompanyRequest):
    """A request on a project's page."""

    project: Project


View = Callable[..., HttpResponseBase]


def company_page(*, erp_integrations: Level = Level.NONE) -> Callable[[View], View]:
    """Decorates a view that takes `company_slug`; the view finds `request.company` and `request.access`.

    404 unless the person belongs to the company; NotAllowed unless they have the level on ERP Integrations.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def authorised(request: Any, company_slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            _enter_company(request, company_slug)
            request.access.require_erp_integrations(erp_integrations)
            return view(request, *args, **kwargs)

        return authorised

    return decorate


def project_page(*, commitments: Level) -> Callable[[View], View]:
    """Decorates a view that takes `company_slug` and `project_id`; the view finds `request.project` too.

    404 unless the person belongs to company and project; NotAllowed unless they have the level on Commitments.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def authorised(request: Any, company_slug: str, project_id: int, *args: Any, **kwargs: Any) -> HttpResponseBase:
            _enter_company(request, company_slug)
            project = Project.objects.visible_to(request.user).filter(company=request.company, pk=project_id).first()
            if project is None:
                raise Http404
            request.project = project
            request.access.require_commitments(project, commitments)
            return view(request, *args, **kwargs)

        return authorised

    return decorate


def _enter_company(request: Any, company_slug: str) -> None:
    """One query: whoever has an entry in the company's directory sees the company."""
    user = request.user
    entries = CompanyMember.objects.filter(company__slug=company_slug, user_id=user.pk).select_related("company")
    member = entries.first() if user.is_active else None
    if member is None:
        raise Http404
    request.company = member.company
    request.access = CompanyAccess(user, member.company, member, CommitmentsLevels(user, member.company))
