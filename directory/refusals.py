"""Refusals: what a rule forbids, told as the sentence that the person reads. Every room raises them.

A door (page, command, admin) turns a refusal into its own form in one place; nothing else about it is ever shown.
"""

from __future__ import annotations


class Refusal(Exception):
    """Something was asked for that the rules forbid. Nothing was changed.

    `code` is stable and for machines, `message` the sentence for the person, `remedy` what to do next.
    """

    code = "refused"

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class NotAllowed(Refusal):
    """The person may see this, but may not do it. `remedy` says who can help, or where to ask."""

    code = "not_allowed"


class LacksPrivilege(NotAllowed):
    """All that the person lacks is 'Can Push to Accounting', which can be requested."""

    code = "lacks_privilege"
