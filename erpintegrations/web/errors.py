"""The pages for what went wrong. `urls.py` names the handlers, the settings `csrf_failure` and `friendly_errors`.

Each page says what happened and what to do next, and never shows the exception. A partial update (htmx) shows the
same sentences in the page's message region: `templates/base.html` says how.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)

LAST_RESORT = (
    '<!doctype html><html lang="en"><title>Something went wrong</title><h1>Something went wrong</h1>'
    "<p>The error was recorded. Nothing of what you asked for was saved in part. Try again in a minute.</p>"
)


def handler400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/400.html", status=400)


def handler403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A PermissionDenied's own sentences are shown: `raise PermissionDenied("…")` says why, and what to do."""
    return refused(request, message=str(exception or ""))


def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def handler405(request: HttpRequest) -> HttpResponse:
    return render(request, "errors/405.html", status=405)


def handler500(request: HttpRequest) -> HttpResponse:
    """Touches neither the database nor the session: either may be what broke."""
    try:
        page: str = render_to_string("errors/500.html", {"request_id": _request_id()})
    except Exception:
        logger.exception("The error page could not be rendered")
        page = LAST_RESORT
    return HttpResponse(page, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without the proof that it is ours: page open too long, another sign-in meanwhile, cookies off."""
    logger.warning("A form was refused for want of its CSRF token: %s", reason)
    return render(request, "errors/csrf.html", status=403)


def refused(
    request: HttpRequest,
    *,
    message: str,
    remedy: str = "",
    title: str = "You may not do this",
    action_url: str = "",
    action_label: str = "",
    status: int = 403,
) -> HttpResponse:
    """The page of a refusal: the sentence, what to do next, and at most one button that leads there."""
    context = {
        "refusal_title": title,
        "message": message,
        "remedy": remedy,
        "action_url": action_url,
        "action_label": action_label,
    }
    return render(request, "errors/403.html", context, status=status)


def friendly_errors(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: gives Django's empty "405 Method Not Allowed" a page. Answers that have a body are left alone."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != 405 or response.streaming or response.content or request.method == "HEAD":
            return response
        page = handler405(request)
        if response.has_header("Allow"):
            page["Allow"] = response["Allow"]
        return page

    return answer


def _request_id() -> str:
    """The id under which the log has this request, so that a person can quote it."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64]
