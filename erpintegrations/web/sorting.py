"""The order of a list, from the address: `order=number`, or `order=-number` for descending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest

from erpintegrations.web.paging import PLACE, address

ORDER = "order"


@dataclass(frozen=True, slots=True)
class Header:
    """One sortable column, as `partials/sort_header.html` needs it."""

    label: str
    url: str
    direction: str


@dataclass(frozen=True, slots=True)
class Sorting:
    """By which column a list is sorted. `keep` are the parameters that a filter form hands on."""

    column: str
    descending: bool
    headers: dict[str, Header]
    keep: dict[str, str]


def sorting(request: HttpRequest, columns: Mapping[str, str], *, default: str) -> Sorting:
    """This function will read the order from the address; one that is not offered counts as the default."""
    wanted = request.GET.get(ORDER, default)
    descending = wanted.startswith("-")
    column = wanted.removeprefix("-")
    if column not in columns:
        column, descending = default.removeprefix("-"), default.startswith("-")
    headers = {name: _header(request, name, label, column, descending) for name, label in columns.items()}
    current = f"-{column}" if descending else column
    return Sorting(column, descending, headers, keep={} if current == default else {ORDER: current})


def _header(request: HttpRequest, name: str, label: str, column: str, descending: bool) -> Header:
    is_current = name == column
    direction = ("descending" if descending else "ascending") if is_current else ""
    turned = f"-{name}" if is_current and not descending else name
    return Header(label, address(request, **{ORDER: turned, PLACE: ""}), direction)
