"""Vendors, cost codes and cost types as people write them: found by number, code or name, and suggested."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from commitments.models import CostCode, CostType, Vendor
from directory.models import Company

# So many choices the page brings along; where there are more, it asks for them while somebody types.
LISTED = 300
SUGGESTED = 50
NAMED = 5
LABEL = re.compile(r"(?P<name>.+) \((?P<number>[^()]+)\)")
LONGEST_SEARCH = 200


class NotFound(ValueError):
    """Nothing, or more than one, fits what was typed: the sentence says what to type instead."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a field's list offers. `is_complete` is False when there are more, which have to be searched for."""

    labels: list[str]
    is_complete: bool


def vendor_label(vendor: Vendor) -> str:
    return f"{vendor.name} ({vendor.number})"


def cost_type_label(cost_type: CostType) -> str:
    """With its code, because two may have the same name."""
    return f"{cost_type.code} {cost_type.name}"


def vendor_choices(company: Company, text: str = "") -> Choices:
    vendors = Vendor.objects.filter(company=company)
    search = _search(text)
    labelled = LABEL.fullmatch(search)
    if labelled:
        vendors = vendors.filter(number=labelled["number"])
    elif search:
        vendors = vendors.filter(Q(name__icontains=search) | Q(number__istartswith=search))
    most = SUGGESTED if search else LISTED
    found = list(vendors.order_by("name", "id")[: most + 1])
    return Choices([vendor_label(vendor) for vendor in found[:most]], is_complete=len(found) <= most)


def cost_code_choices(company: Company, text: str = "") -> Choices:
    codes = CostCode.objects.filter(company=company)
    search = _search(text)
    for word in search.split():
        codes = codes.filter(Q(code__icontains=word) | Q(name__icontains=word))
    most = SUGGESTED if search else LISTED
    found = sorted(codes.only("code", "name"), key=lambda code: _by_number(code.code))
    return Choices([str(code) for code in found[:most]], is_complete=len(found) <= most)


def cost_type_choices(company: Company) -> Choices:
    """All of them: a company has a handful."""
    found = CostType.objects.filter(company=company).order_by("code", "id")[:LISTED]
    return Choices([cost_type_label(cost_type) for cost_type in found], is_complete=True)


def find_vendor(company: Company, text: str) -> int | None:
    """The vendor that has this number or name, or is written as "Name (number)". None for nothing typed.

    Raises NotFound.
    """
    typed = _search(text)
    if not typed:
        return None
    labelled = LABEL.fullmatch(typed)
    fits = Q(number__iexact=typed) | Q(name__iexact=typed)
    if labelled:
        fits |= Q(number__iexact=labelled["number"], name__iexact=labelled["name"])
    found = list(Vendor.objects.filter(fits, company=company).order_by("name", "id")[: NAMED + 1])
    if len(found) == 1:
        return found[0].pk
    if found:
        raise NotFound(
            f"“{_shown(typed)}” fits several vendors: {_named(map(vendor_label, found))}. Write the number of one."
        )
    similar = vendor_choices(company, typed).labels
    hint = f"Did you mean {_named(similar, last=' or ')}?" if similar else "Write a vendor's number or name."
    raise NotFound(f"“{_shown(typed)}” is none of this company's vendors. {hint}")


class Costs:
    """A company's cost codes or types, to look many texts up in. One query each."""

    def __init__(self, word: str, rows: Iterable[tuple[int, str, str]]) -> None:
        self._word = word
        self._labels: dict[int, str] = {}
        self._ids: dict[str, set[int]] = defaultdict(set)
        self._codes: dict[str, int] = {}
        for pk, code, name in rows:
            self._labels[pk] = f"{code} {name}"
            self._codes[code.casefold()] = pk
            for key in (f"{code} {name}", name):
                self._ids[key.casefold()].add(pk)

    @classmethod
    def codes(cls, company: Company) -> Costs:
        rows = CostCode.objects.filter(company=company).order_by("code", "id")
        return cls("cost code", rows.values_list("pk", "code", "name"))

    @classmethod
    def types(cls, company: Company) -> Costs:
        rows = CostType.objects.filter(company=company).order_by("code", "id")
        return cls("cost type", rows.values_list("pk", "code", "name"))

    def find(self, text: str) -> int | None:
        """By code, name, or both as the list writes them. None for nothing typed. Raises NotFound."""
        typed = " ".join(text.split())
        if not typed:
            return None
        key = typed.casefold()
        if key in self._codes:
            return self._codes[key]
        found = self._ids.get(key, set())
        if len(found) == 1:
            return next(iter(found))
        if found:
            labels = [label for pk, label in self._labels.items() if pk in found]
            raise NotFound(f"“{_shown(typed)}” fits several {self._word}s: {_named(labels)}. Write the code of one.")
        similar = [label for label in self._labels.values() if key in label.casefold()]
        hint = f"Did you mean {_named(similar, last=' or ')}?" if similar else f"Write a {self._word} or its name."
        raise NotFound(f"“{_shown(typed)}” is none of this company's {self._word}s. {hint}")


def _search(text: str) -> str:
    """What PostgreSQL can look for: without NUL, of a sensible length."""
    return " ".join(text.replace("\0", "").split())[:LONGEST_SEARCH]


def _by_number(code: str) -> list[tuple[int, str]]:
    """Sorts 1500.000 before 10800.000, and 03-300 before 03-1000: what are digits counts as a number."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]+)", code)]


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"


def _named(labels: Iterable[str], last: str = ", ") -> str:
    shown = list(labels)
    if len(shown) > NAMED:
        return f"{', '.join(shown[:NAMED])}, …"
    return last.join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
