"""Measuring ours against others: alternately, in one process, several times over, so that a busy machine slows both.

A scenario yields `Case`s; `measure` turns each into one `Result` per way it is held against. Only ratios are judged;
seconds stand beside them.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from benchmarks.memory import peak_memory
from benchmarks.statements import Statements, counted

RUNS = 5
FEWER_RUNS = 3
FEWER_RUNS_FROM = 500_000


def _nothing() -> None:
    """Nothing has to be brought back to where it was."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What work gives that measures itself: the seconds that count, and what else is to be reported of it."""

    seconds: float
    beside: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do the work. `before` is not timed: it brings everything back to where the work begins.

    Work that gives `Measured` is taken at its word, any other is timed.
    """

    name: str
    work: Callable[[], object]
    before: Callable[[], object] = _nothing


@dataclass(frozen=True, slots=True)
class Against:
    """A way that ours is held against: ours may take at most `target` times as long; None reports without judging."""

    way: Way
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """A function, as "module:name", that a fresh process calls with these texts; its peak may be `most` bytes."""

    function: str
    arguments: tuple[str, ...]
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What is compared at one size. `runs` overrules how often; `memory` is measured apart.

    Of one that `is_whole`, each run takes long: nothing warms it up, and its statements are not counted.
    """

    name: str
    size: int
    ours: Way
    against: Sequence[Against]
    memory: Memory | None = None
    runs: int | None = None
    is_whole: bool = False


class Scenario(Protocol):
    """A module of `benchmarks.scenarios`. Its docstring says what the floor does, and that ours cannot do without it.

    `cases` prepares so many records in the empty database, and whatever files it needs in the folder. `SKIPPED` says
    why what it would be held against as well is not there; "" when all is.
    """

    SIZES: Sequence[int]
    SKIPPED: str

    def cases(self, size: int, folder: Path) -> Iterator[Case]: ...


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: the median, the fastest and the slowest of the runs."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `ratio` is the median of the ratios of runs that followed each other.

    `beside` are the medians of what our way reported beside its seconds.
    """

    scenario: str
    case: str
    size: int
    database: str
    against: str
    runs: int
    ours: Times
    theirs: Times
    ratio: Times
    target: float | None
    met: bool | None
    statements: dict[str, int] = field(default_factory=dict)
    peak_memory: int | None = None
    most_memory: int | None = None
    beside: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(scenario: str, case: Case, *, database: str, runs: int | None = None) -> list[Result]:
    """This function will do the work every way, in turn, and compare. What comes before only warms up and counts."""
    often = runs or case.runs or (FEWER_RUNS if case.size >= FEWER_RUNS_FROM else RUNS)
    ways = [case.ours, *(against.way for against in case.against)]
    statements: Statements = Counter()
    if not case.is_whole:
        for way in ways:
            _measured(way)
        statements = _count(case)
    rounds = [[_measured(way) for way in ways] for _ in range(often)]
    memory = peak_memory(case.memory.function, case.memory.arguments) if case.memory else None
    return [
        _result(scenario, case, database, against, [(done[0], done[index]) for done in rounds], statements, memory)
        for index, against in enumerate(case.against, start=1)
    ]


def _count(case: Case) -> Statements:
    case.ours.before()
    with counted() as statements:
        case.ours.work()
    return statements


def _measured(way: Way) -> Measured:
    way.before()
    gc.collect()
    started = time.perf_counter()
    done = way.work()
    return done if isinstance(done, Measured) else Measured(time.perf_counter() - started)


def _result(
    scenario: str,
    case: Case,
    database: str,
    against: Against,
    pairs: list[tuple[Measured, Measured]],
    statements: Statements,
    memory: int | None,
) -> Result:
    ratio = _times([ours.seconds / theirs.seconds for ours, theirs in pairs])
    return Result(
        scenario=scenario,
        case=case.name,
        size=case.size,
        database=database,
        against=against.way.name,
        runs=len(pairs),
        ours=_times([ours.seconds for ours, _ in pairs]),
        theirs=_times([theirs.seconds for _, theirs in pairs]),
        ratio=ratio,
        target=against.target,
        met=None if against.target is None else ratio.median <= against.target,
        statements=dict(sorted(statements.items())),
        peak_memory=memory,
        most_memory=case.memory.most if case.memory else None,
        beside={name: median(ours.beside[name] for ours, _ in pairs) for name in pairs[0][0].beside},
    )


def _times(values: list[float]) -> Times:
    return Times(median(values), min(values), max(values))
