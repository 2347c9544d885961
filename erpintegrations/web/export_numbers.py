"""The numbers that are typed into the rows of Ready to Export: kept in the list's address while others are answered."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import QueryDict

from directory.access import CompanyRequest
from erpintegrations.models import Export
from erpintegrations.selectors.exports import exports_in, prefilled_number

PREFIX = "number-"
LONGEST, MOST = 60, 200


def number_field(export_id: int) -> str:
    return f"{PREFIX}{export_id}"


def typed_numbers(data: QueryDict) -> dict[int, str]:
    """What is typed beside each export, by its id."""
    fields = [(name.removeprefix(PREFIX), value) for name, value in data.items() if name.startswith(PREFIX)]
    return {
        int(text): str(value)[:LONGEST]
        for text, value in fields[:MOST]
        if text.isascii() and text.isdecimal() and len(text) < 19
    }


def with_typed_numbers(request: CompanyRequest, url: str, *, without: Collection[int] = ()) -> str:
    """The list's address with what this request has beside those that still wait, where it is not what they begin with.

    `without` are those that are answered by this request. One query where anything was typed.
    """
    typed = {pk: text for pk, text in typed_numbers(request.POST).items() if pk not in without}
    if not typed:
        return url
    waiting = exports_in(request.company, Export.State.READY).filter(pk__in=typed).select_related("connection")
    kept = {
        number_field(export.pk): typed[export.pk]
        for export in waiting
        if typed[export.pk] != prefilled_number(export, export.connection)
    }
    parts = urlsplit(url)
    others = [(name, value) for name, value in parse_qsl(parts.query) if not name.startswith(PREFIX)]
    return parts._replace(query=urlencode([*others, *kept.items()])).geturl()
