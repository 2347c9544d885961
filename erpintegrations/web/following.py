"""Pages that follow exports by themselves while a task works on them.

Such a page asks for itself every two seconds and says what it shows; while that is so still, the answer is empty, and
nothing moves under the person's hands. Without JavaScript it is a page as any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse

from erpintegrations.models import Export

SHOWN = "Shown"
PAGE, PART = "base.html", "part.html"


@dataclass(frozen=True, slots=True)
class Following:
    """Whether the page is on the watch, and what its live region says. `frame` is the template that its own extends."""

    is_on: bool
    is_update: bool
    shown: str
    said: str

    @property
    def frame(self) -> str:
        return PART if self.is_update else PAGE


def follow(request: HttpRequest, exports: Sequence[Export], *, going_on: str, done: str) -> Following:
    """`going_on` says what a task does with the exports shown, empty when it does nothing; `done` that it has ended.

    An address that somebody was just warned about is not asked for again and again.
    """
    is_update = SHOWN in request.headers
    is_warned = getattr(get_messages(request), "added_new", False)
    is_on = bool(going_on) and not is_warned
    return Following(is_on, is_update, _shown(exports), going_on if is_on else done if is_update else "")


def nothing_new(request: HttpRequest, exports: Sequence[Export]) -> HttpResponse | None:
    """An empty answer to a page that shows these exports already, as they are now."""
    return HttpResponse(status=204) if request.headers.get(SHOWN) == _shown(exports) else None


def _shown(exports: Sequence[Export]) -> str:
    states = " ".join(f"{export.pk}.{export.version}" for export in exports)
    return hashlib.sha256(states.encode()).hexdigest()[:16]
