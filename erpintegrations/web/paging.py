"""Pages of a list, with the addresses of their neighbors. The place in the list is the parameter `at`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from erpintegrations.selectors.keyset import BrokenCursor, KeysetPage, keyset_page
from erpintegrations.web import flash

PLACE = "at"


@dataclass(frozen=True, slots=True)
class Page:
    """One page, as `partials/pagination.html` and its list need it."""

    rows: list[Any]
    position: str
    first_url: str
    previous_url: str
    next_url: str


def list_page(
    request: HttpRequest, rows: QuerySet[Any], *, column: str = "id", descending: bool = False, total: int | None = None
) -> Page:
    """This function will load the page that the address names, or the first one and say so."""
    place = request.GET.get(PLACE, "")
    try:
        found = keyset_page(rows, column=column, descending=descending, cursor=place)
    except BrokenCursor:
        flash.warning(request, "The page in the address is not one of this list: this is its first page.")
        place, found = "", keyset_page(rows, column=column, descending=descending)
    return Page(
        rows=found.rows,
        position=_position(found, total),
        first_url=address(request, **{PLACE: ""}) if place else "",
        previous_url=address(request, **{PLACE: found.previous}) if found.previous else "",
        next_url=address(request, **{PLACE: found.next}) if found.next else "",
    )


def newest_first(request: HttpRequest, rows: QuerySet[Any], *, ascending: bool = False) -> Page:
    """This function will load a page of a list in the order in which its rows were made."""
    return list_page(request, rows, descending=not ascending)


def address(request: HttpRequest, **parameters: str) -> str:
    """The page's own address with these parameters set, or left out where they are empty."""
    query = request.GET.copy()
    for name, value in parameters.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _position(page: KeysetPage[Any], total: int | None) -> str:
    shown = len(page.rows)
    if total is None or shown >= total:
        return f"{shown:,} shown"
    return f"{shown:,} of {total:,}"
