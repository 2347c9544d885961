"""What the rules of commitments refuse, each with a stable code. See `directory.refusals` for the base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from directory.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what somebody wants to save. `line` counts from 1; None for the commitment itself.

    `field` is one of `inputs.HEADER_FIELDS`, `inputs.LINE_FIELDS`, or "lines" for the whole schedule of values.
    """

    field: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        return f"Line {self.line}: {self.message}" if self.line else self.message


class CommitmentInvalid(Refusal):
    """Something about the commitment or its lines is wrong. `faults` holds all of it at once."""

    code = "commitment_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(" ".join(map(str, faults)), remedy="Correct this, then save again.")
        self.faults = tuple(faults)


class CommitmentLocked(Refusal):
    """Its ERP status locks what was to be changed. `fields` names that."""

    code = "commitment_locked"

    def __init__(self, message: str, *, fields: Sequence[str], remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.fields = tuple(fields)


class EditedMeanwhile(Refusal):
    """Somebody else saved, sent, linked or deleted it since it was opened. Nothing was changed."""

    code = "edited_meanwhile"


class NotDeletable(Refusal):
    """It is no Draft, or the ERP knows it."""

    code = "not_deletable"
