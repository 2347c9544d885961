"""When a plan is too surprising to be believed without a person. Pure; called by services."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from erpintegrations.sync.compare import PRESENT, UPDATED_AT, Change, Plan

FEW = 10
SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why nothing is marked until a person confirms it, and what that person should look at."""

    problem: str
    remedy: str


def doubt(
    plan: Plan, *, erp: str, is_first_answer: bool = False, confirmed: Collection[int] = frozenset()
) -> Doubt | None:
    """Why a person must confirm this plan first; None when it can be applied.

    Only records that are missing count: a void one is there to be looked at. `is_first_answer` says that nobody has
    answered since the connection was pointed where it points now; `confirmed` are the links whose disappearance a
    person has confirmed before; `erp` is how the ERP is called.
    """
    missing = [change for change in plan.vanished() if change.link.id not in confirmed]
    if not missing:
        return None
    problem = _why(plan, missing, erp=erp, is_first_answer=is_first_answer)
    if not problem:
        return None
    return Doubt(
        problem,
        remedy="Nothing has been marked. Check with whoever looks after the ERP: if they were really deleted, confirm "
        "this run on its page; if not, discard it.",
    )


def _why(plan: Plan, missing: list[Change], *, erp: str, is_first_answer: bool) -> str:
    vanished = len(missing)
    if plan.records_read == 0:
        return f"{erp} answered without a single commitment, though {_count(vanished)} should be in it."
    if is_first_answer and (
        plan.present + plan.void == 0 or any(change.link.presence == PRESENT for change in missing)
    ):
        return (
            f"The connection to {erp} was set up anew, and {_count(vanished)} {_is(vanished)} not in the database that "
            "it names now: it may be another company's."
        )
    if plan.older:
        return (
            f"{_count(vanished)} {_is(vanished)} missing from {erp}, and {_count(plan.older)} {_is(plan.older)} there "
            "in an older state than was read before, as after a backup was restored."
        )
    if _are_the_newest(missing, plan):
        return (
            f"The {vanished:,} linked commitments that are missing from {erp} were changed later than all that it "
            "still holds, as after a backup was restored."
        )
    if vanished > FEW and vanished > SHARE * plan.links_compared:
        return f"{vanished:,} of {plan.links_compared:,} linked commitments are missing from {erp} all at once."
    return ""


def doubt_masters(*, erp: str, what: str, missing: int, known: int, read: int) -> str:
    """Why jobs, vendors or codes that a reading lacks are not marked as gone: the sentence, or "" when they can be.

    `known` is how many were there before, `read` how many the reading holds.
    """
    if missing and not read:
        return f"{erp} answered without any {what}, though {known:,} should be in it."
    if missing > FEW and missing > SHARE * known:
        return f"{missing:,} of {known:,} {what} are missing from {erp} all at once."
    return ""


def _are_the_newest(missing: list[Change], plan: Plan) -> bool:
    """One alone is what the product is there for: the newest one, exported by mistake and deleted at once."""
    newest = plan.newest_seen
    moments = [change.link.values[UPDATED_AT] for change in missing]
    return len(missing) > 1 and newest is not None and all(moment and moment > newest for moment in moments)


@dataclass(frozen=True, slots=True)
class Witness:
    """Another linked record, asked for together with the one in question. Both moments are by the ERP's own clock."""

    recorded_at: datetime.datetime | None
    found_at: datetime.datetime | None
    is_there: bool

    @property
    def is_older(self) -> bool:
        return bool(self.recorded_at and self.found_at and self.found_at < self.recorded_at)


def doubt_absence(*, erp: str, count: int, count_before: int, witnesses: Collection[Witness]) -> str:
    """Why one record's absence proves nothing by itself: the sentence, or "" when it can be believed.

    `count` is how many commitments the ERP holds now, `count_before` how many the last completed sync read.
    """
    if count == 0:
        return f"{erp} answered without a single commitment, which proves nothing about this one."
    fewer = count_before - count
    if fewer > FEW and fewer > SHARE * count_before:
        return f"{erp} suddenly holds {fewer:,} commitments fewer than at the last sync."
    if any(witness.is_older for witness in witnesses):
        return f"{erp} shows other commitments in an older state than was read before, as after a backup was restored."
    missing = sum(not witness.is_there for witness in witnesses)
    if missing > 1 and missing > len(witnesses) / 2:
        return f"The commitments that were changed last are missing from {erp} too, as after a backup was restored."
    return ""


def _count(number: int) -> str:
    return "1 linked commitment" if number == 1 else f"{number:,} linked commitments"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
