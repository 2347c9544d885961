"""Which links hold the words of a search: exactly those that LIKE finds, by the index where it says which they are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from django.db import connections
from django.db.models import QuerySet

from erpintegrations.models import SyncLink
from erpintegrations.models.link_search import SEARCHED, SearchedText, ids_with, in_capitals, is_there
from erpintegrations.selectors.counting import COUNT_LIMIT
from erpintegrations.selectors.keyset import place_after, walk
from erpintegrations.selectors.spellings import any_of, anywhere, spellings

# A trigram has three letters: a shorter word is in no index.
SHORTEST = 3
# A word that more links have is met soon on the way through a list's own order, and they would take long to sort.
MOST = 3000


class Found(NamedTuple):
    """The links of a search. Without an index they are met on the way through all, and counting them reads all."""

    links: QuerySet[SyncLink]
    by_index: bool


def with_words(links: QuerySet[SyncLink], words: Sequence[str]) -> Found:
    """Those in which each word occurs somewhere. On SQLite, this asks the database for what the index knows."""
    if connections[links.db].vendor == "postgresql":
        return Found(_by_capitals(links, words), by_index=any(map(_has_trigram, words)))
    for word in words:
        links = links.filter(anywhere(word, SEARCHED))
    ids = _ids(links.db, words)
    return Found(links, by_index=False) if ids is None else Found(links.filter(pk__in=ids), by_index=True)


def count_at_least(
    found: QuerySet[SyncLink], within: QuerySet[SyncLink], column: str, *, descending: bool
) -> int | None:
    """How many of those found are among the first COUNT_LIMIT of a list; None when the list itself is not longer."""
    place = place_after(within, column, COUNT_LIMIT, downwards=descending)
    if place is None:
        return None
    return sum(part.count() for part in walk(found.order_by(), column, place, downwards=not descending))


def _by_capitals(links: QuerySet[SyncLink], words: Sequence[str]) -> QuerySet[SyncLink]:
    """Each word that trigrams can be made of by the expression of the index, which PostgreSQL uses when it pays."""
    links = links.alias(searched=SearchedText())
    for word in words:
        if _has_trigram(word):
            links = links.filter(any_of("searched__contains", map(in_capitals, sorted(spellings(word)))))
        else:
            links = links.filter(anywhere(word, SEARCHED))
    return links


def _ids(alias: str, words: Sequence[str]) -> list[int] | None:
    """The few links among which to look, or None to look at all."""
    spelled = [sorted(spellings(word)) for word in words]
    indexed = [each for each in spelled if all(len(spelling) >= SHORTEST for spelling in each)]
    if not indexed or not is_there(connections[alias]):
        return None
    expression = " AND ".join(f"({' OR '.join(map(_quoted, each))})" for each in indexed)
    return ids_with(connections[alias], expression, most=MOST)


def _has_trigram(word: str) -> bool:
    """On PostgreSQL, only letters and digits that follow each other make one."""
    return any(is_letter and len(list(run)) >= SHORTEST for is_letter, run in groupby(word, str.isalnum))


def _quoted(spelling: str) -> str:
    """A text of FTS5, of which nothing is read as its language."""
    return '"{}"'.format(spelling.replace('"', '""'))
