"""Test connection: one look after another at what reading an ERP needs, each with its result and its remedy.

What is looked at is the connector's own (`sage100_checks`); here is how: in order, within a time, and not at all where
what it needs is not there. Pure: no Django. No result holds a password, a login or a URL.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import partial

from erpintegrations.connectors.base import ErpError, Retryable
from erpintegrations.connectors.errors import ask_within

STEP_SECONDS = 20.0


class Outcome(StrEnum):
    """`noted` is worth knowing and needs nobody; `skipped` was not looked at, and its sentence says why."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    NOTED = "noted"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found. `statements` is T-SQL for the administrator of the database, `facts` what was learned."""

    outcome: Outcome
    sentence: str
    remedy: str = ""
    statements: str = ""
    facts: dict[str, str] = field(default_factory=dict)


FOUND = tuple(each.name for each in fields(Finding))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Finding):
    """One line of the list: a finding, and what was looked at."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to look at, once those named in `needs` are there. `look` may raise Retryable or NeedsAttention."""

    key: str
    title: str
    look: Callable[[], Finding]
    needs: tuple[str, ...] = ()
    seconds: float = STEP_SECONDS


passed, warned, failed = (partial(Finding, each) for each in (Outcome.PASSED, Outcome.WARNED, Outcome.FAILED))
noted, skipped = partial(Finding, Outcome.NOTED), partial(Finding, Outcome.SKIPPED)


def failed_by(error: ErpError) -> Finding:
    return failed(error.problem, error.remedy)


def result_of(checks: Iterable[Finding]) -> Outcome:
    """How all of it went: failed, warned or passed, the worst of them."""
    outcomes = {check.outcome for check in checks}
    return next((outcome for outcome in (Outcome.FAILED, Outcome.WARNED) if outcome in outcomes), Outcome.PASSED)


def carry_out(steps: Iterable[Step], *, close: Callable[[], None]) -> Iterator[Check]:
    """This function will look at each step in turn, and close what was opened for it.

    A step is skipped when one that it needs did not go well, and so is all that follows a step to which no answer came:
    a look that was given up may still hold the connection, which then is left to it, unclosed.
    """
    blocked_by: dict[str, str] = {}  # the title of the step that went wrong first, by each key that it blocks
    silent, given_up = "", False
    try:
        for step in steps:
            blocker = silent or next((blocked_by[need] for need in step.needs if need in blocked_by), "")
            if blocker:
                finding = skipped(f"Not looked at: first “{blocker}” has to go well.")
                blocked_by[step.key] = blocker
            else:
                finding, answered, given_up = _look(step)
                silent = "" if answered else step.title
                if finding.outcome is Outcome.FAILED:
                    blocked_by[step.key] = step.title
            yield Check(key=step.key, title=step.title, **{name: getattr(finding, name) for name in FOUND})
    finally:
        if not given_up:
            close()


def _look(step: Step) -> tuple[Finding, bool, bool]:
    """What was found, whether the ERP answered, and whether the look was given up while it still went on."""
    ended = threading.Event()

    def look() -> Finding:
        try:
            return step.look()
        finally:
            ended.set()

    try:
        return ask_within(step.seconds, look), True, False
    except ErpError as error:
        return failed_by(error), not isinstance(error, Retryable), not ended.is_set()
