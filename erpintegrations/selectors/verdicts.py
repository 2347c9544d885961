"""Will Unlink work? Answered from what is recorded, before the click on each row and again by the service. Pure."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from directory.refusals import Refusal
from erpintegrations import moments
from erpintegrations.connectors.base import CommitmentKind, Wording
from erpintegrations.models import Presence, SyncLink
from erpintegrations.refusals import CommitmentStillInErp, ErpForbidsDeletion, PresenceUnknown
from erpintegrations.selectors.freshness import Freshness


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Unlink will do with a link, as recorded now. `refusal` is None when it will go through.

    `hint` is the line under the row's button: why not, and what to do; or on what evidence it will go through.
    """

    refusal: Refusal | None
    needs_reason: bool
    hint: str

    @property
    def will_unlink(self) -> bool:
        return self.refusal is None


def still_in_erp_message(wording: Wording) -> str:
    """The red message, word for word."""
    return f"The commitment is still in {wording.label}. Please delete it before retrying."


def unlink_verdict(link: SyncLink, freshness: Freshness, wording: Wording, now: datetime.datetime) -> Verdict:
    """Decide from what a completed sync or a Check now has recorded. A failed sync proves nothing either way."""
    if link.presence == Presence.UNKNOWN:
        return _refused(_never_seen(freshness, wording, now))
    if link.is_gone:
        return _gone(link, wording)
    return _refused(_still_there(link, freshness, wording, now))


def _refused(refusal: Refusal) -> Verdict:
    return Verdict(refusal, needs_reason=False, hint=refusal.remedy)


def _gone(link: SyncLink, wording: Wording) -> Verdict:
    if link.presence == Presence.PURGED:
        hint = (
            f"Removed together with its job by “{wording.purge_name}”: this is history, not a correction. "
            "Unlink asks for a reason."
        )
        return Verdict(None, needs_reason=True, hint=hint)
    what = "Voided" if link.presence == Presence.VOIDED else "Deleted"
    return Verdict(None, needs_reason=False, hint=f"{what} in {wording.short_label}. Unlink will go through.")


def _never_seen(freshness: Freshness, wording: Wording, now: datetime.datetime) -> Refusal:
    return PresenceUnknown(
        f"No completed sync has looked for this commitment in {wording.label} yet.",
        remedy=f"{_next_sync(freshness, now)} Check now asks at once.",
    )


def _still_there(link: SyncLink, freshness: Freshness, wording: Wording, now: datetime.datetime) -> Refusal:
    kind = CommitmentKind(link.kind)
    if link.invoiced_amount or link.changed_amount:
        return ErpForbidsDeletion(still_in_erp_message(wording), remedy=wording.why_refused[kind])
    as_of = freshness.as_of(link)
    looked = f"Last looked at {moments.both(as_of, now)}." if as_of else ""
    if freshness.last_sync_failed:
        looked = f"{looked} The last sync did not complete, so it has not been looked at since."
    remedy = f"{wording.how_to_delete[kind]} {looked} {_next_sync(freshness, now)} Check now asks at once."
    return CommitmentStillInErp(still_in_erp_message(wording), remedy=" ".join(remedy.split()))


def _next_sync(freshness: Freshness, now: datetime.datetime) -> str:
    if freshness.open_run is not None:
        return "A sync is under way."
    if freshness.next_due_at is None:
        return "No hourly sync is scheduled."
    return f"The next sync is due {moments.both(max(freshness.next_due_at, now), now)}."
