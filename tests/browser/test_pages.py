"""Each page, light and dark, wide and narrow: axe finds nothing, nothing scrolls sideways, the console stays empty."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, resolve, reverse
from playwright.sync_api import Page

from directory.models import User
from erpintegrations.web import errors
from erpintegrations.web import urls as product_urls
from sandbox import urls as sandbox_urls
from tests.browser.conftest import NARROW, WIDE
from tests.browser.pages import PAGES, POST_ONLY, WITHOUT_A_PAGE
from tests.browser.pages.case import PageCase
from tests.browser.stage import ADMIN

pytestmark = pytest.mark.browser

LOOKS = [(scheme, size) for size in (WIDE, NARROW) for scheme in ("light", "dark")]

UNTIL_NOTHING_FADES = """
() => Promise.all(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished)
  .map((finished) => finished.catch(() => null)))
"""


@pytest.mark.parametrize("case", PAGES, ids=str)
def test_page(case: PageCase, open_window, sample_company):
    address = case.address(sample_company)
    page = open_window(case.person).page

    answer = page.goto(address)

    assert answer is not None
    assert answer.status == case.status
    if case.act:
        case.act(page)
    if case.route:
        assert resolve(page.evaluate("location.pathname")).url_name == case.route
    assert case.text in page.locator("main").inner_text()
    is_fit_for_everybody(page)


@pytest.mark.parametrize("name", ["400", "500"])
def test_page_of_an_error_that_no_address_leads_to(name, open_window, sample_company):
    handler = getattr(errors, f"handler{name}")
    request = RequestFactory().get("/broken/")
    request.user = User.objects.get(email=ADMIN)
    page = open_window(ADMIN).page
    body = handler(request).content.decode()
    page.route("**/broken/", lambda route: route.fulfill(status=int(name), body=body, content_type="text/html"))

    page.goto("/broken/")

    is_fit_for_everybody(page)


def is_fit_for_everybody(page: Page) -> None:
    problems: list[str] = []
    for scheme, (width, height) in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(UNTIL_NOTHING_FADES)
        look = f"{scheme}, {width} px"
        problems += [f"{look}: {problem}" for problem in [*violations(page), *sideways(page)]]
    assert not problems, "\n".join([page.url, *problems])


def violations(page: Page) -> list[str]:
    """What axe has to say, with the places."""
    # Preloading is for a rule about style sheets that turn pages; axe would break the content policy for it.
    found: dict[str, Any] = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response
    return [
        f"{violation['id']}: {violation['help']}: {[node['html'][:160] for node in violation['nodes'][:3]]} "
        f"{[node['failureSummary'][:250] for node in violation['nodes'][:1]]}"
        for violation in found["violations"]
    ]


def sideways(page: Page) -> list[str]:
    """Whether the page scrolls sideways, and what sticks out."""
    too_wide = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return null;
          return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1)
            .slice(0, 3).map((e) => e.outerHTML.slice(0, 120));
        }"""
    )
    return [] if too_wide is None else [f"scrolls sideways: {too_wide}"]


# ---- No page is forgotten --------------------------------------------------------------------------------------------


def routes(patterns: list[URLPattern | URLResolver]) -> set[str]:
    names: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            names |= routes(pattern.url_patterns)
        elif pattern.name:
            names.add(pattern.name)
    return names


ROUTES = routes([*product_urls.urlpatterns, *sandbox_urls.urlpatterns])


def test_every_route_has_a_page_here():
    assert ROUTES - {case.route for case in PAGES} - POST_ONLY - set(WITHOUT_A_PAGE) == set()


@pytest.mark.parametrize("route", sorted(POST_ONLY))
def test_what_has_no_page_answers_posts_alone(route, sample_company):
    client = Client()
    client.force_login(User.objects.get(email=ADMIN), "directory.sample_accounts.PeopleBackend")

    assert client.get(address_of(route, sample_company.slug)).status_code == 405


def address_of(route: str, slug: str) -> str:
    for arguments in ([], [slug], [1], [slug, 1], [slug, 1, 1]):
        try:
            return reverse(route, args=arguments)
        except Exception:  # noqa: S112  another number of arguments then
            continue
    raise LookupError(route)
