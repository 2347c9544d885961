"""How a word of a search may be spelled in the database. Filters and lists use it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q


def spellings(word: str) -> set[str]:
    """SQLite's LIKE folds the case of ASCII alone: ask for the usual spellings of any other word."""
    return {word} if word.isascii() else {word, word.lower(), word.upper(), word.title()}


def anywhere(word: str, columns: Iterable[str]) -> Q:
    """The word occurs in any of these columns, in any of its spellings."""
    spelled = sorted(spellings(word))
    found = Q()
    for column in columns:
        found |= any_of(f"{column}__icontains", spelled)
    return found


def any_of(lookup: str, values: Iterable[Any]) -> Q:
    found = Q()
    for value in values:
        found |= Q(**{lookup: value})
    return found
