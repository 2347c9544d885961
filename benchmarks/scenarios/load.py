"""gunicorn with 32 people who read the Synced list and four who unlink, while a sync of the same company runs.

Held against the same without the sync. What counts is how long the readers waited for all but the slowest twentieth of
their pages (p95). All four unlink the same commitments in the same order, so that each is asked for four times: in the
end each is unlinked, with one entry in the history, and no answer may be an error. Everybody is on the machine that
serves them; with two cores, they wait for each other most of the time, with the sync and without.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from benchmarks.data import SyncedCompany, make_synced_company
from benchmarks.gone import delete_records, reopen
from benchmarks.harness import Against, Case, Measured, Way
from benchmarks.programs import syncing, web_server
from benchmarks.syncing import sync
from benchmarks.visitor import Visitor
from directory.models import Activity, Verb
from erpintegrations.models import Presence, SyncLink
from erpintegrations.selectors.keyset import Cursor
from erpintegrations.selectors.synced_list import open_links

SIZES = (100_000,)
SKIPPED = ""
READERS, UNLINKERS = 32, 4
UNLINKED = 40
SECONDS_OF_A_THOUSAND = 0.2
SECONDS_AT_LEAST, SECONDS_AT_MOST = 2.0, 20.0


@dataclass
class Answers:
    """What all people got: the seconds that readers waited, and every answer that was no page."""

    waited: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def cases(size: int, folder: Path) -> Iterator[Case]:
    synced = make_synced_company(size, folder)
    visitor = Visitor(synced.company)
    gone = list(open_links(synced.company).order_by("pk")[: min(UNLINKED, max(1, size // 20))])
    delete_records(synced, gone)
    reopen(gone, Presence.DELETED)
    sync(synced.connection.pk)
    seconds = min(SECONDS_AT_MOST, max(SECONDS_AT_LEAST, size / 1000 * SECONDS_OF_A_THOUSAND))
    with web_server() as port:
        stage = Stage(synced, visitor, port, gone, seconds)
        before = partial(reopen, gone, Presence.DELETED)
        ours = Way("with a sync", partial(stage.work, with_sync=True), before=before)
        without = Way("without a sync", partial(stage.work, with_sync=False), before=before)
        against = [Against(without, target=2)]
        yield Case("Seconds for a page (p95)", size, ours=ours, against=against, runs=3, is_whole=True)


@dataclass(frozen=True)
class Stage:
    """Who works on what, and how long."""

    synced: SyncedCompany
    visitor: Visitor
    port: int
    gone: Sequence[SyncLink]
    seconds: float

    def work(self, *, with_sync: bool) -> Measured:
        """Raises RuntimeError when an answer was an error, or a link was not unlinked exactly once."""
        entries = Activity.objects.filter(verb=Verb.UNLINKED)
        told_before, answers = entries.count(), Answers()
        sessions = [self._sign_in() for _ in range(READERS + UNLINKERS)]
        until = time.monotonic() + self.seconds
        people = [threading.Thread(target=self._read, args=(one, until, answers)) for one in sessions[:READERS]]
        people += [threading.Thread(target=self._unlink, args=(one, answers)) for one in sessions[READERS:]]
        with syncing(self.synced.connection.pk, is_wanted=with_sync):
            for person in people:
                person.start()
            for person in people:
                person.join()
        if answers.errors:
            raise RuntimeError(f"{len(answers.errors)} answers were errors, the first: {answers.errors[0]}")
        left = open_links(self.synced.company).filter(pk__in=[link.pk for link in self.gone]).count()
        if left or entries.count() - told_before != len(self.gone):
            raise RuntimeError("A link was not unlinked exactly once.")
        p95 = quantiles(answers.waited, n=20)[-1]
        return Measured(p95, beside={"pages": len(answers.waited), "median": round(median(answers.waited), 3)})

    def _sign_in(self) -> str:
        client = Client()
        client.force_login(self.visitor.user)
        return client.cookies["sessionid"].value

    def _read(self, session: str, until: float, answers: Answers) -> None:
        addresses, place = self._addresses(), 0
        while time.monotonic() < until:
            started = time.perf_counter()
            self._ask("GET", addresses[place % len(addresses)], f"sessionid={session}", answers)
            answers.waited.append(time.perf_counter() - started)
            place += 1

    def _unlink(self, session: str, answers: Answers) -> None:
        token = "t" * 32
        cookies = f"sessionid={session}; csrftoken={token}"
        for link in self.gone:
            address = reverse("link_unlink", args=[self.synced.company.slug, link.pk])
            self._ask("POST", address, cookies, answers, token=token)

    def _ask(self, method: str, address: str, cookies: str, answers: Answers, *, token: str = "") -> None:
        headers = {"Cookie": cookies, "X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
                connection.request(method, address, "" if method == "POST" else None, headers)
                answer = connection.getresponse()
                answer.read()
        except OSError as error:
            answers.errors.append(f"{address}: {error}")
            return
        if answer.status != (302 if method == "POST" else 200):
            answers.errors.append(f"{address}: {answer.status}")

    def _addresses(self) -> list[str]:
        middle = self.gone[len(self.gone) // 2]
        list_url = reverse("erp_synced", args=[self.synced.company.slug])
        asked: tuple[dict[str, str], ...] = (
            {},
            {"at": Cursor(middle.number, middle.pk).encode()},
            {"order": "-amount"},
            {"type": "purchase_order"},
            {"project": str(middle.project_id)},
        )
        return [f"{list_url}?{urlencode(parameters)}" for parameters in asked]
