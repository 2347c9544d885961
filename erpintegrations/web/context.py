"""What every page's frame needs: product name, sandbox notice, company, navigation. Only the settings name this."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from directory.models import Company, Level

PRODUCT_NAME = "ERP Integrations"


@dataclass(frozen=True, slots=True)
class NavItem:
    """One link of the navigation; `is_outside` ones leave the product's own pages and stand apart at the end."""

    label: str
    url: str
    icon: str
    is_current: bool = False
    is_outside: bool = False


def site(request: HttpRequest) -> dict[str, Any]:
    """The frame's context. A view says on whose page it is by `request.company`, as `company_page` does.

    `companies`, `current_company` and `nav` ask the database only when the template shows them. `tool_nav` are the
    pages of the company's ERP Integrations tool, on its own pages alone.
    """
    companies = SimpleLazyObject(lambda: _companies(request))
    company = SimpleLazyObject(lambda: _current_company(request, companies))
    return {
        "product_name": PRODUCT_NAME,
        "sandbox": settings.SANDBOX,
        "companies": companies,
        "current_company": company,
        "nav": SimpleLazyObject(lambda: _nav(request, company or None)),
        "tool_nav": SimpleLazyObject(lambda: _tool_nav(request)),
    }


def _companies(request: HttpRequest) -> list[Company]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    return list(Company.objects.visible_to(user))


def _current_company(request: HttpRequest, companies: Any) -> Company | str:
    """The page's company, or the person's only one. '' for none, because a lazy None would be true in a template."""
    company = getattr(request, "company", None)
    if company is not None:
        return company
    return companies[0] if len(companies) == 1 else ""


def _nav(request: HttpRequest, company: Any) -> list[NavItem]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    items = _company_items(request, company) if company else [NavItem("Companies", reverse("home"), "company")]
    if settings.SANDBOX:
        items.append(NavItem("Sandbox", f"{reverse('home')}sandbox/", "sandbox", is_outside=True))
    if user.is_staff:
        items.append(NavItem("Administration", reverse("admin:index"), "settings", is_outside=True))
    return _mark_current(items, request.path)


def _company_items(request: HttpRequest, company: Company) -> list[NavItem]:
    def url(route: str, **kwargs: Any) -> str:
        return reverse(route, kwargs={"company_slug": company.slug, **kwargs})

    project = getattr(request, "project", None)
    access = getattr(request, "access", None)
    projects_url = f"{url('company_home')}#projects-heading"
    items = [
        NavItem("Company home", url("company_home"), "company"),
        # Commitments is a tool of each project: elsewhere than on a project's pages, choose the project first.
        NavItem(
            "Commitments", url("commitment_list", project_id=project.pk) if project else projects_url, "commitment"
        ),
    ]
    if access is None or access.erp_integrations_level >= Level.READ_ONLY:
        items.append(NavItem("ERP Integrations", url("erp_home"), "sync"))
        items.append(NavItem("History", url("history"), "history"))
    return items


def _tool_nav(request: HttpRequest) -> list[NavItem]:
    """The pages of the tool that this person may see, on each of them."""
    company, access = getattr(request, "company", None), getattr(request, "access", None)
    if company is None or access is None or access.erp_integrations_level < Level.READ_ONLY:
        return []
    tool = reverse("erp_home", args=[company.slug])
    if not request.path.startswith(tool):
        return []
    pages = [
        ("Commitment", "erp_commitment", "commitment"),
        ("Sync runs", "run_list", "sync"),
        ("History", "history", "history"),
    ]
    if access.erp_integrations_level >= Level.ADMIN:
        pages += [
            ("Set-up", "set_up", "download"),
            ("Sync Schedule", "sync_schedule", "clock"),
            ("Configure Settings", "erp_settings", "settings"),
        ]
    items = [NavItem(label, reverse(route, args=[company.slug]), icon) for label, route, icon in pages]
    return _mark_current(items, request.path)


def _mark_current(items: list[NavItem], path: str) -> list[NavItem]:
    """The item with the longest address that the page's begins with: History lies below ERP Integrations."""
    matching = [item.url for item in items if path.startswith(item.url)]
    current = max(matching, key=len, default="")
    return [replace(item, is_current=item.url == current) for item in items]
