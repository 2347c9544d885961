"""Back to the page that a form was sent from."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

NEXT = "next"


def back_to(request: HttpRequest, *, default: str) -> str:
    """The address in the form's or page's `next` when it is of this site, else `default`: never an open redirect."""
    wanted = request.POST.get(NEXT) or request.GET.get(NEXT, "")
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours else default
