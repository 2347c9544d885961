"""What a step of the set-up does with one batch; `bring_in` runs it again and again. Services alone import this."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from erpintegrations.models import BringIn


@dataclass(frozen=True, slots=True)
class BatchDone:
    """How many rows of a batch were brought in, how many were left, and the id of the last one looked at."""

    done: int
    left: int
    position: int


@dataclass(frozen=True, slots=True)
class StepWork:
    """The three things that a step knows of its rows.

    `count` says how many rows are to be brought in. `read` gives at most so many of the next ones, those with an id
    beyond `bring_in.position`, in the order of their ids; nothing at the end. It is told the moment, may ask the ERP,
    outside any transaction, and raise Retryable or NeedsAttention. `write` brings them in, in its caller's transaction:
    what is no longer as it was read it leaves alone, so that nothing is lost or doubled when it is called again.
    """

    count: Callable[[BringIn], int]
    read: Callable[[BringIn, int, datetime.datetime], Sequence[Any]]
    write: Callable[[BringIn, Sequence[Any], datetime.datetime], BatchDone]
