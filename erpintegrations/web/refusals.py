"""The one place where a page turns a refusal, or the ERP's failure to answer, into words. Nothing was changed then."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from directory.refusals import LacksPrivilege, NotAllowed, Refusal
from erpintegrations.connectors.base import ErpError, Retryable
from erpintegrations.web import errors, flash
from erpintegrations.web.returning import back_to

logger = logging.getLogger(__name__)


class RefusalMiddleware:
    """Answers a Refusal or ErpError that a view raised.

    NotAllowed: a page (403) that says why, and leads to the request form when the privilege is all that lacks.
    Any other, after a click: the sentence in red, back on the page where the click was. Otherwise a page of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NotAllowed):
            logger.info("Refused: %s", exception.code)
            return _not_allowed(request, exception)
        if isinstance(exception, Refusal):
            logger.info("Refused: %s", exception.code)
            return _say(request, exception.message, exception.remedy, title="This cannot be done now", status=409)
        if isinstance(exception, ErpError):
            code = "erp_retryable" if isinstance(exception, Retryable) else "erp_needs_attention"
            logger.info("Refused: %s (%s)", code, exception.cause)
            return _say(request, exception.problem, exception.remedy, title="The ERP did not answer", status=503)
        return None


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """On to an address of this site, by a redirect that a partial update (htmx) follows as a whole page too."""
    return HttpResponseClientRedirect(address) if getattr(request, "htmx", False) else redirect(address)


def _not_allowed(request: HttpRequest, refusal: NotAllowed) -> HttpResponse:
    company = getattr(request, "company", None)
    can_request = isinstance(refusal, LacksPrivilege) and company is not None
    return errors.refused(
        request,
        message=refusal.message,
        remedy=refusal.remedy,
        action_url=reverse("privilege_request", args=[company.slug]) if can_request and company else "",
        action_label="Request the privilege" if can_request else "",
    )


def say_why_not(request: HttpRequest, refusal: Refusal, *, action: flash.FlashAction | None = None) -> None:
    """This function will say in red why not, with a button where there is a next step that one click does."""
    logger.info("Refused: %s", refusal.code)
    flash.error(request, f"{refusal.message} {refusal.remedy}".strip(), action=action)


def _say(request: HttpRequest, message: str, remedy: str, *, title: str, status: int) -> HttpResponse:
    if request.method != "POST":
        return errors.refused(request, message=message, remedy=remedy, title=title, status=status)
    flash.error(request, f"{message} {remedy}".strip())
    return go_to(request, back_to(request, default=_page_of_the_click(request)))


def _page_of_the_click(request: HttpRequest) -> str:
    """As the browser tells it, when it is another page of this site; else the first page."""
    try:
        referrer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return reverse("home")
    is_ours = referrer.netloc == request.get_host() and referrer.path.startswith("/")
    if not is_ours or referrer.path == request.path:
        return reverse("home")
    return urlunsplit(("", "", "/" + referrer.path.lstrip("/"), referrer.query, ""))
