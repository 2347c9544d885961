"""What a page says once, after something was done: green or red, if wanted with one button such as Undo.

Views call `success`, `warning` and `error`; `templates/partials/messages.html` shows them. A flash is text, never HTML.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


@dataclass(frozen=True)
class FlashAction:
    """A button in the flash: posts `fields` to `url`. `accessible_label` names the object too: "Undo of SC-1042".

    Beside it, or instead of it, there may be a link that leads on.
    """

    url: str = ""
    label: str = ""
    accessible_label: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    link_url: str = ""
    link_label: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for an address outside this site, and where there is none."""
        urls = [url for url in (self.url, self.link_url) if url]
        if not urls or not all(map(_is_path_here, urls)):
            raise ValueError("A flash's button may only lead to a path of this site.")


def _is_path_here(url: str) -> bool:
    return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)


def success(request: HttpRequest, text: str, *, action: FlashAction | None = None) -> None:
    """This function will say in green that it worked."""
    _add(request, messages.SUCCESS, text, action)


def warning(request: HttpRequest, text: str, *, action: FlashAction | None = None) -> None:
    """This function will say in amber that it worked in part, or what to mind."""
    _add(request, messages.WARNING, text, action)


def error(request: HttpRequest, text: str, *, action: FlashAction | None = None) -> None:
    """This function will say in red that it did not work, and why."""
    _add(request, messages.ERROR, text, action)


def action_of(message: Message) -> FlashAction | None:
    """The button that a stored message carries, or None. Anything unexpected in it is no button."""
    tags = message.extra_tags or ""
    if not tags.startswith("{"):
        return None
    try:
        stored: dict[str, Any] = json.loads(tags)
        return FlashAction(**stored)
    except (ValueError, TypeError):
        return None


def _add(request: HttpRequest, level: int, text: str, action: FlashAction | None) -> None:
    # The session's message store keeps level, text and extra_tags: the button travels in the last, as JSON.
    extra_tags = json.dumps(asdict(action)) if action else ""
    messages.add_message(request, level, str(text), extra_tags=extra_tags)
