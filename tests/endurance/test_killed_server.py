"""The server is killed with SIGKILL at random moments of syncs and unlinks, again and again: nothing is ever half done.

The moments follow from a seed, which is printed; ENDURANCE_SEED repeats them. Everything runs on real parts:
script/server's processes, HTTP, the sample company's files.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.endurance import invariants
from tests.endurance.site import (
    LEAN_SERVER,
    WHOLE_SERVER,
    Person,
    Server,
    four_minutes_pass,
    housekeeper,
    keep_house,
)

pytestmark = pytest.mark.slow

KILLS = 30
# Suddenly more than this gone at once would wait for a person's confirmation, as it should.
MOST_NOT_NOTICED = 6
GONE = (
    "SELECT id FROM erpintegrations_synclink WHERE closed_at IS NULL AND presence IN ('deleted', 'voided') ORDER BY id"
)
UNLINKED = "SELECT id FROM erpintegrations_synclink WHERE closed_at IS NOT NULL ORDER BY id"
DELETABLE = """
    SELECT recnum FROM sage.subcon WHERE upper(_idnum) IN (
      SELECT upper(erp_id) FROM erpintegrations_synclink WHERE closed_at IS NULL AND presence = 'present'
        AND invoiced_amount = 0 AND changed_amount = 0)"""


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    made = Server(tmp_path / "data")
    yield made
    made.clean_up()


@dataclass(frozen=True)
class Moment:
    """When the kill comes: up to so many seconds after everybody began, or after the sync was seen to run."""

    waits_for_sync: bool
    seconds: float


MOMENTS = [Moment(True, 0.1), Moment(True, 0.5), Moment(False, 1.5)]


@dataclass
class Round:
    """What was asked for before the kill, and whether an answer came."""

    unlinks: dict[int, list[Future[bool]]] = field(default_factory=dict)
    undos: dict[int, list[Future[bool]]] = field(default_factory=dict)

    @staticmethod
    def answered(posts: dict[int, list[Future[bool]]]) -> set[int]:
        return {link for link, answers in posts.items() if any(answer.result() for answer in answers)}

    @property
    def unanswered(self) -> int:
        return sum(
            not answer.result() for posts in (self.unlinks, self.undos) for link in posts.values() for answer in link
        )


def test_a_server_that_is_killed_leaves_nothing_half_done(server):
    seed = int(os.environ.get("ENDURANCE_SEED") or random.SystemRandom().randrange(10**6))
    print(f"ENDURANCE_SEED={seed}")  # noqa: T201
    chance, tally = random.Random(seed), Counter[str]()
    server.start(WHOLE_SERVER)
    database = invariants.connect(server.directory)
    approver, admin = Person(server.port), Person(server.port)
    approver.sign_in("approver@example.com")
    admin.sign_in("admin@example.com")

    with housekeeper(server) as house:
        for number in range(KILLS):
            what_was_asked = work_and_kill(server, database, approver, admin, chance, moment=MOMENTS[number % 3])
            tally += what_is_left(database, what_was_asked)
            four_minutes_pass(database)
            keep_house(house)
            server.start(LEAN_SERVER if number < KILLS - 1 else WHOLE_SERVER)
            wait_until_no_run_is_open(database)

    print(dict(tally))  # noqa: T201
    assert tally["killed during a sync"] >= 3, tally
    assert tally["killed during an unlink or undo"] >= 3, tally
    the_next_sync_completes(server, database, admin)
    assert server.stop() == 0


def work_and_kill(
    server: Server,
    database: sqlite3.Connection,
    approver: Person,
    admin: Person,
    chance: random.Random,
    *,
    moment: Moment,
) -> Round:
    """Everybody at once: two people unlink the same links, one undoes, one syncs, and accounting deletes records."""
    accounting_deletes(database, chance)
    asked = Round()
    gone, unlinked = _sample(database, GONE, 4, chance), _sample(database, UNLINKED, 3, chance)
    with ThreadPoolExecutor(max_workers=12) as threads:
        threads.submit(admin.post, "sync-runs/now/")
        if moment.waits_for_sync:
            wait_until_a_sync_runs(database)
        for link in gone:
            path = f"commitment/synced/{link}/unlink/"
            asked.unlinks[link] = [threads.submit(person.post, path) for person in (approver, admin)]
        for link in unlinked:
            asked.undos[link] = [threads.submit(approver.post, f"commitment/synced/{link}/undo/")]
        time.sleep(chance.uniform(0, moment.seconds))
        server.kill()
    return asked


def _sample(database: sqlite3.Connection, query: str, most: int, chance: random.Random) -> list[int]:
    found = [pk for (pk,) in database.execute(query)]
    return chance.sample(found, min(most, len(found)))


def accounting_deletes(database: sqlite3.Connection, chance: random.Random) -> None:
    """Two more subcontracts, as long as the syncs keep up."""
    if len(invariants.not_noticed(database)) >= MOST_NOT_NOTICED:
        return
    recnums = _sample(database, DELETABLE, 2, chance)
    with database:
        for recnum in recnums:
            database.execute("DELETE FROM sage.sbcnln WHERE recnum = ?", [recnum])
            database.execute("DELETE FROM sage.subcon WHERE recnum = ?", [recnum])


def wait_until_a_sync_runs(database: sqlite3.Connection) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if any(state == "running" for _, state in invariants.open_runs(database)):
            return
        time.sleep(0.002)


def what_is_left(database: sqlite3.Connection, asked: Round) -> Counter[str]:
    """Look at once, before anything is mended: every invariant holds, and what was answered was done for good."""
    assert invariants.broken(database) == []
    is_open = {pk: not closed for pk, closed in database.execute("SELECT id, closed_at FROM erpintegrations_synclink")}
    assert not any(is_open[link] for link in asked.answered(asked.unlinks)), "an unlink that was confirmed is lost"
    assert all(is_open[link] for link in asked.answered(asked.undos)), "an undo that was confirmed is lost"
    states = Counter(state for _, state in invariants.open_runs(database))
    return Counter(
        {
            "killed during a sync": states["running"],
            "killed before a sync": states["queued"],
            "killed during an unlink or undo": asked.unanswered > 0,
            "unlinks answered": len(asked.answered(asked.unlinks)),
            "undos answered": len(asked.answered(asked.undos)),
            "posts without an answer": asked.unanswered,
        }
    )


def wait_until_no_run_is_open(database: sqlite3.Connection) -> None:
    """The housekeeping has handed the run on, and the new cluster takes it over."""
    started = time.monotonic()
    while invariants.open_runs(database):
        assert time.monotonic() - started < 60, f"a run stays open for ever: {invariants.open_runs(database)}"
        time.sleep(0.05)
    assert invariants.broken(database) == []


def the_next_sync_completes(server: Server, database: sqlite3.Connection, admin: Person) -> None:
    (last,) = database.execute("SELECT MAX(id) FROM erpintegrations_syncrun").fetchone()
    assert admin.post("sync-runs/now/")
    wait_until_no_run_is_open(database)

    query = "SELECT state, problem FROM erpintegrations_syncrun WHERE id > ?"
    assert database.execute(query, [last]).fetchall() == [("completed", "")]
    assert invariants.not_noticed(database) == []
