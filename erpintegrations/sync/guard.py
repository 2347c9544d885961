"""When a plan is too surprising to be believed without a person. Pure; called by services."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from erpintegrations.sync.compare import Plan

FEW = 10
SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why nothing is marked until a person confirms it, and what that person should look at."""

    problem: str
    remedy: str


def doubt(plan: Plan, *, erp: str, confirmed: Collection[int] = frozenset()) -> Doubt | None:
    """Why a person must confirm this plan first; None when it can be applied.

    Only records that are missing count: a void one is there to be looked at. `confirmed` are the links whose
    disappearance a person has confirmed before; `erp` is how the ERP is called.
    """
    vanished = sum(change.link.id not in confirmed for change in plan.vanished())
    if not vanished:
        return None
    problem = ""
    if plan.records_read == 0:
        problem = f"{erp} answered without a single commitment, though {_count(vanished)} should be in it."
    elif plan.older:
        problem = (
            f"{_count(vanished)} {_is(vanished)} missing from {erp}, and {_count(plan.older)} {_is(plan.older)} there "
            "in an older state than was read before, as after a backup was restored."
        )
    elif vanished > FEW and vanished > SHARE * plan.links_compared:
        problem = f"{vanished:,} of {plan.links_compared:,} linked commitments are missing from {erp} all at once."
    if not problem:
        return None
    return Doubt(
        problem,
        remedy="Nothing has been marked. Check with whoever looks after the ERP: if they were really deleted, confirm "
        "this run on its page; if not, discard it.",
    )


def _count(number: int) -> str:
    return "1 linked commitment" if number == 1 else f"{number:,} linked commitments"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
