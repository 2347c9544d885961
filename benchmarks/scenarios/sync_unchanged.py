"""A sync that finds nothing new, of one company.

The floor reads the same columns of the ERP with the bare driver, and the links' with theirs, and looks each record up
among the links by its id: no sync can know that nothing changed without having seen both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.data import make_synced_company
from benchmarks.floor import look_up_each
from benchmarks.harness import Against, Case, Memory, Way
from benchmarks.syncing import sync

SIZES = (1_000, 10_000, 100_000, 1_000_000)
SKIPPED = ""
# A run itself has some twenty statements, which outweigh a few thousand records.
JUDGED_FROM = 100_000
MOST_MEMORY = 300 * 10**6


def cases(size: int, folder: Path) -> Iterator[Case]:
    synced = make_synced_company(size, folder)
    target = 1.5 if size >= JUDGED_FROM else None
    yield Case(
        "Nothing changed",
        size,
        ours=Way("sync", lambda: sync(synced.connection.pk)),
        against=[Against(Way("floor", lambda: look_up_each(synced)), target=target)],
        memory=Memory("benchmarks.syncing:sync", (str(synced.connection.pk),), most=MOST_MEMORY),
    )
