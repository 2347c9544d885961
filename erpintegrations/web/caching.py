"""Keeps what signed-in people see out of every cache. Only the settings name this middleware."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def no_store(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: no answer to somebody with a session is kept, by a proxy or on the disk of a shared computer.

    It asks for the cookie alone, so that a page that needs no database still needs none. Static files never come here:
    WhiteNoise answers them before.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        has_session = any(settings.SESSION_COOKIE_NAME in cookies for cookies in (request.COOKIES, response.cookies))
        page = request.resolver_match
        if has_session and not (page and page.url_name in ("health", "health_of_tasks")):
            response["Cache-Control"] = "private, no-store"
        return response

    return answer
