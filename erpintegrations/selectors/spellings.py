"""How a word of a search may be spelled in the database. Filters and lists use it."""

from __future__ import annotations


def spellings(word: str) -> set[str]:
    """SQLite's LIKE folds the case of ASCII alone: ask for the usual spellings of any other word."""
    return {word} if word.isascii() else {word, word.lower(), word.upper(), word.title()}
