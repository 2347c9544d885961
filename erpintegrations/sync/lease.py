"""The right to work on a run: claimed for a while, renewed with each sign of progress, lost when it runs out.

Nothing here waits or locks: every step is one conditional update whose count decides. Services call it.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable

from django.db.models import F, Q, QuerySet

from erpintegrations.models import SyncRun

LEASE = datetime.timedelta(seconds=90)
BEAT = datetime.timedelta(seconds=1)
MOST_ATTEMPTS = 3

Clock = Callable[[], datetime.datetime]


class LeaseLost(Exception):
    """The run has ended, or somebody else has taken it over. Whoever gets this writes nothing more."""


class Lease:
    """A claimed run. Every write to it goes through `runs`, which holds nothing once the lease is lost."""

    def __init__(self, run_id: int, token: uuid.UUID, clock: Clock) -> None:
        self.run_id = run_id
        self.token = token
        self._clock = clock
        self._phase = ""
        self._beaten_at = clock()

    @property
    def runs(self) -> QuerySet[SyncRun]:
        """The run as long as it is ours, else nothing."""
        return SyncRun.objects.filter(pk=self.run_id, lease_token=self.token, state=SyncRun.State.RUNNING)

    def beat(self, phase: str, done: int = 0, total: int = 0) -> None:
        """This function will record progress and renew the lease, about once a second at most.

        Raises LeaseLost.
        """
        now = self._clock()
        if phase == self._phase and now - self._beaten_at < BEAT:
            return
        self._phase, self._beaten_at = phase, now
        self.write(phase=phase, progress_done=done, progress_total=total, lease_expires_at=now + LEASE)

    def renew(self) -> None:
        """This function will renew the lease; in a transaction, nobody can take the run over before it ends.

        Raises LeaseLost.
        """
        self.write(lease_expires_at=self._clock() + LEASE)

    def write(self, **values: object) -> None:
        """This function will write to the run. Raises LeaseLost."""
        if self.runs.update(**values) != 1:
            raise LeaseLost(f"Sync run {self.run_id} has ended or was taken over.")


def claim(run_id: int, *, clock: Clock) -> Lease | None:
    """This function will claim a waiting run, or take over one whose lease ran out; None when neither can be done."""
    now = clock()
    token = uuid.uuid4()
    values = {
        "state": SyncRun.State.RUNNING,
        "lease_token": token,
        "lease_expires_at": now + LEASE,
        "attempts": F("attempts") + 1,
        "phase": SyncRun.Phase.CONNECTING,
        "progress_done": 0,
        "progress_total": 0,
    }
    run = SyncRun.objects.filter(pk=run_id)
    claimed = run.filter(state=SyncRun.State.QUEUED).update(started_at=now, **values)
    if not claimed:
        claimed = run.filter(abandoned(now), attempts__lt=MOST_ATTEMPTS).update(**values)
    return Lease(run_id, token, clock) if claimed else None


def abandoned(now: datetime.datetime) -> Q:
    """Runs whose worker has given no sign of life for the length of a lease."""
    return Q(state=SyncRun.State.RUNNING, lease_expires_at__lt=now)


def worn_out(now: datetime.datetime) -> Q:
    """Abandoned runs that have been tried often enough."""
    return abandoned(now) & Q(attempts__gte=MOST_ATTEMPTS)
