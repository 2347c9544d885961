"""Which of ours a job, vendor, cost code or cost type of the ERP may be: by number, then by name. Pure.

Services call it. What could be two things at once is left to a person: nothing is suggested then.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from erpintegrations.models import FoundMaster

Likeness = FoundMaster.Likeness


@dataclass(frozen=True, slots=True)
class Theirs:
    """One of the ERP's that is not brought in yet."""

    pk: int
    number: str
    name: str
    short_name: str


@dataclass(frozen=True, slots=True)
class Ours:
    """One of ours; `is_taken` when it is linked already, or chosen for another one of theirs."""

    pk: int
    number: str
    name: str
    is_taken: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """How much the two are alike; `ours` only where it can be but one."""

    likeness: Likeness
    ours: int | None = None


NOTHING = Suggestion(Likeness.NONE)
SEVERAL = Suggestion(Likeness.SEVERAL)


def suggest(theirs: Iterable[Theirs], ours: Iterable[Ours]) -> dict[int, Suggestion]:
    """What to suggest for each of theirs, by its `pk`. Each of ours is suggested at most once."""
    book = _Book(ours)
    found = {one.pk: book.look_up(one) for one in theirs}
    claims = Counter(suggestion.ours for suggestion in found.values() if suggestion.ours is not None)
    contested = {pk for pk, count in claims.items() if count > 1}
    return {
        pk: SEVERAL if suggestion.ours in contested and suggestion.likeness != Likeness.SAME else suggestion
        for pk, suggestion in found.items()
    }


def same_number(number: str) -> str | Decimal:
    """What two spellings of one number have in common: 3.30 and 3.300, sc-1 and SC-1."""
    text = number.strip()
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text.casefold()
    return value.normalize() if value.is_finite() else text.casefold()


def same_name(name: str) -> str:
    """What two spellings of one name have in common: letters and digits alone count."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def spelled(name: str) -> str:
    """A name as it is written, whatever its capitals and the blanks in and around it."""
    return " ".join(name.casefold().split())


class _Book:
    """Ours, by number and by name; those that are taken by number alone."""

    def __init__(self, ours: Iterable[Ours]) -> None:
        self._by_number: dict[object, list[Ours]] = defaultdict(list)
        self._by_name: dict[str, Ours | None] = {}  # None where several bear the name: there may be thousands
        self._taken: set[str] = set()
        for one in ours:
            if one.is_taken:
                self._taken.add(one.number)
                continue
            self._by_number[same_number(one.number)].append(one)
            if name := same_name(one.name):
                self._by_name[name] = None if name in self._by_name else one

    def look_up(self, one: Theirs) -> Suggestion:
        numbered = self._by_number.get(same_number(one.number), [])
        names = {same_name(one.name), same_name(one.short_name)} & self._by_name.keys()
        both = [ours for ours in numbered if same_name(ours.name) in names]
        if len(both) == 1:
            return Suggestion(Likeness.SAME, both[0].pk)
        alike = {*numbered, *(self._by_name[name] for name in names)}
        if len(alike) > 1 or None in alike:
            return SEVERAL
        if (ours := next(iter(alike), None)) is not None:
            return Suggestion(Likeness.NUMBER if numbered else _by_name_alone(one, ours), ours.pk)
        return Suggestion(Likeness.TAKEN) if one.number in self._taken else NOTHING


def _by_name_alone(one: Theirs, ours: Ours) -> Likeness:
    """A short name, or a name without its signs, may be somebody else's."""
    is_same = spelled(one.name or one.short_name) == spelled(ours.name)
    return Likeness.NAME if is_same else Likeness.ALIKE
