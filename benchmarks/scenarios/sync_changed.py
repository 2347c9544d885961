"""A sync that finds news: 1 % of the records changed, 1 % gone, or every record new.

The floor reads both sides with the bare drivers and looks each record up, as where nothing changed, and then writes the
rows that differ, which it is told, in one bulk write: COPY on PostgreSQL, executemany on SQLite. It tells nobody: the
product also keeps what a run changed and the history of each commitment, two more rows a change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

from benchmarks.data import SyncedCompany, make_synced_company
from benchmarks.floor import insert_unlinked, look_up_each, read_records, update_links
from benchmarks.harness import Against, Case, Way
from benchmarks.syncing import sync
from erpintegrations.models import Presence, SyncLink, UnlinkedRecord

SIZES = (100_000,)
SKIPPED = ""
TARGET = 2.0
# Two of three records are subcontracts: every 67th of them is one in a hundred of all.
MOST_STEP = 67


def cases(size: int, folder: Path) -> Iterator[Case]:
    synced = make_synced_company(size, folder)
    yield _changed(synced)
    yield _gone(synced)
    new = make_synced_company(size, folder, name="Newcomers", is_linked=False)
    yield _all_new(new)


def _changed(synced: SyncedCompany) -> Case:
    """One in a hundred has another amount than at the last run, on either way."""
    links, amounts = _chosen_links(synced), count(1)

    def change() -> None:
        _in_sage(synced, f"UPDATE sbcnln SET amount = {next(amounts)} WHERE linnum = 1 AND {_is_chosen(synced)}")

    def floor() -> None:
        look_up_each(synced)
        update_links(links, dict.fromkeys(("erp_amount", "changed_amount", "invoiced_amount"), next(amounts)))

    return Case(
        "1 % changed",
        synced.size,
        ours=Way("sync", lambda: sync(synced.connection.pk), before=change),
        against=[Against(Way("floor", floor), TARGET)],
    )


def _gone(synced: SyncedCompany) -> Case:
    """One in a hundred is deleted. For the next run their links only have to be recorded as present again."""
    links = _chosen_links(synced)
    tables = ("subcon", "sbcnln")

    def delete() -> None:
        SyncLink.objects.filter(pk__in=links).update(presence=Presence.PRESENT)
        _in_sage(synced, *(f"DELETE FROM {name} WHERE {_is_chosen(synced)}" for name in tables))

    def floor() -> None:
        look_up_each(synced)
        update_links(links, {"presence": "deleted"})

    return Case(
        "1 % gone",
        synced.size,
        ours=Way("sync", lambda: sync(synced.connection.pk), before=delete),
        against=[Against(Way("floor", floor, before=delete), TARGET)],
    )


def _all_new(new: SyncedCompany) -> Case:
    """No record has a link or is listed yet."""

    def empty() -> None:
        UnlinkedRecord.objects.filter(connection=new.connection)._raw_delete("default")

    def floor() -> None:
        insert_unlinked(new, read_records(new))

    return Case(
        "All new",
        new.size,
        ours=Way("sync", lambda: sync(new.connection.pk), before=empty),
        against=[Against(Way("floor", floor, before=empty), TARGET)],
    )


def _is_chosen(synced: SyncedCompany) -> str:
    return f"recnum % {min(MOST_STEP, max(2, synced.size // 10))} = 0"


def _chosen_links(synced: SyncedCompany) -> list[int]:
    with closing(sqlite3.connect(synced.sage)) as file:
        chosen = {row[0].lower() for row in file.execute(f"SELECT _idnum FROM subcon WHERE {_is_chosen(synced)}")}
    links = SyncLink.objects.filter(connection=synced.connection, kind="subcontract").values_list("pk", "erp_id")
    return [pk for pk, erp_id in links.iterator() if erp_id in chosen]


def _in_sage(synced: SyncedCompany, *statements: str) -> None:
    with closing(sqlite3.connect(synced.sage)) as file, file:
        for statement in statements:
            file.execute(statement)
