"""The steps of the set-up as its overview shows them: figures, state, and the next thing to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from directory.models import Company
from erpintegrations.models import BringIn, StandingDecision
from erpintegrations.selectors.set_up import CommitmentFigures, MasterFigures
from erpintegrations.web.set_up_trail import SLUGS, step_url


@dataclass(frozen=True, slots=True)
class Step:
    """One row. `left` and `gone` count what is not to be brought in; None where that is not counted here."""

    label: str
    url: str
    found: int
    brought_in: int
    decided: int | None
    undecided: int | None
    left: int
    gone: int | None
    todo: str
    tone: str
    icon: str
    is_next: bool = False


@dataclass(frozen=True, slots=True)
class NewOnes:
    """What happens with new ones of a kind: with a `decision`, somebody chose that they are created by themselves.
    `alike` counts those that wait for a person because something here is like them.
    """

    label: str
    what: str
    decision: StandingDecision | None
    alike: int
    url: str


def new_ones(
    company: Company, masters: Mapping[str, MasterFigures], decisions: Mapping[str, StandingDecision]
) -> list[NewOnes]:
    return [
        NewOnes(
            label=str(BringIn.Step(kind).label),
            what=SLUGS[kind],
            decision=decisions.get(kind),
            alike=figures.alike,
            url=f"{step_url(company, kind)}?state=undecided",
        )
        for kind, figures in masters.items()
    ]


def set_up_steps(company: Company, masters: Mapping[str, MasterFigures], commitments: CommitmentFigures) -> list[Step]:
    """In the order in which they are done: what comes later needs what comes before."""
    is_begun = any(figures.found for figures in masters.values())
    first_open = next((kind for kind, figures in masters.items() if figures.found and not figures.is_done), None)
    steps = [_master_step(company, figures, is_next=kind == first_open) for kind, figures in masters.items()]
    return [*steps, _commitment_step(company, commitments, is_next=is_begun and first_open is None)]


def _master_step(company: Company, figures: MasterFigures, *, is_next: bool) -> Step:
    todo, tone, icon = _master_state(figures)
    return Step(
        label=str(BringIn.Step(figures.kind).label),
        url=step_url(company, figures.kind),
        found=figures.found,
        brought_in=figures.brought_in,
        decided=figures.decided,
        undecided=figures.undecided,
        left=figures.left,
        gone=figures.gone,
        todo=todo,
        tone=tone,
        icon=icon,
        is_next=is_next,
    )


def _master_state(figures: MasterFigures) -> tuple[str, str, str]:
    if not figures.found:
        return "None found", "quiet", "empty"
    if figures.undecided:
        return "To decide", "info", "edit"
    if figures.decided:
        return "To bring in", "info", "download"
    return "Done", "good", "check"


def _commitment_step(company: Company, figures: CommitmentFigures, *, is_next: bool) -> Step:
    is_done = not figures.waiting
    return Step(
        label=str(BringIn.Step.COMMITMENT.label),
        url=step_url(company, BringIn.Step.COMMITMENT),
        found=figures.found,
        brought_in=figures.linked,
        decided=None,
        undecided=figures.waiting,
        left=figures.left,
        gone=figures.gone,
        todo="Done" if is_done else "To bring in",
        tone="good" if is_done else "info",
        icon="check" if is_done else "download",
        is_next=is_next and not is_done,
    )
