"""Pages of a list, with the addresses of their neighbors. The place in the list is the parameter `at`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from erpintegrations.selectors.keyset import PAGE_SIZE, BrokenCursor, KeysetPage, keyset_page
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

    @property
    def is_only_one(self) -> bool:
        """Whether its rows are all that there are."""
        return not (self.first_url or self.previous_url or self.next_url)


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


def page_of(request: HttpRequest, rows: Sequence[Any], *, size: int = PAGE_SIZE) -> Page:
    """One page of rows that are in memory already; the place is how many come before it."""
    place = request.GET.get(PLACE, "0")
    start = int(place) if place.isascii() and place.isdecimal() and len(place) < 10 else len(rows)
    if start >= len(rows):
        if start and rows:
            flash.warning(request, "The page in the address is not one of this list: this is its first page.")
        start = 0
    shown = list(rows[start : start + size])
    before, after = max(start - size, 0), start + size
    return Page(
        rows=shown,
        position=f"{start + 1:,}–{start + len(shown):,} of {len(rows):,}" if shown else "None",
        first_url=address(request, **{PLACE: ""}) if start else "",
        previous_url=address(request, **{PLACE: str(before) if before else ""}) if start else "",
        next_url=address(request, **{PLACE: str(after)}) if after < len(rows) else "",
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
