"""What to believe of the headers that reverse proxies add. Only `settings` names this middleware."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class TrustedProxyMiddleware:
    """Puts the address that the outermost trusted proxy saw into REMOTE_ADDR, where the throttle and the log look.

    Each proxy appends the address it was called from to X-Forwarded-For, so with N trusted proxies the N-th entry
    from the right is the last one that can be believed. Everything left of it came from the caller, as does a
    request id when no proxy stands in front.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        proxies = settings.TRUSTED_PROXIES
        if proxies:
            entries = [entry.strip() for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
            if len(entries) >= proxies and _is_address(entries[-proxies]):
                request.META["REMOTE_ADDR"] = entries[-proxies]
        if not proxies or not REQUEST_ID.fullmatch(request.META.get("HTTP_X_REQUEST_ID", "")):
            request.META.pop("HTTP_X_REQUEST_ID", None)
        structlog.contextvars.bind_contextvars(ip=request.META.get("REMOTE_ADDR"))
        return self.get_response(request)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
