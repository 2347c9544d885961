"""Will Unlink work? Answered from what is recorded, before the click on each row and again by the service. Pure."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from directory.refusals import Refusal
from erpintegrations import moments
from erpintegrations.connectors.base import CommitmentKind, Wording
from erpintegrations.models import Presence, SyncLink, SyncRun
from erpintegrations.refusals import CommitmentStillInErp, ErpForbidsDeletion, PresenceUnknown
from erpintegrations.selectors.freshness import Freshness

CHECK_NOW = "Check now asks at once."
OR_ANYWAY = "Or have an Admin of ERP Integrations ask for Unlink anyway, which takes two persons."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Unlink will do with a link, as recorded now. `refusal` is None when it will go through.

    `hint` says why, and what to do, in the few words of a row; `more` is what a page of its own adds, which shows
    neither what Unlink will do nor when the next sync is due.
    """

    refusal: Refusal | None
    needs_reason: bool
    hint: str
    more: str

    @property
    def will_unlink(self) -> bool:
        return self.refusal is None


def still_in_erp_message(wording: Wording) -> str:
    """The red message, word for word."""
    return f"The commitment is still in {wording.label}. Please delete it before retrying."


def unlink_verdict(link: SyncLink, freshness: Freshness, wording: Wording, now: datetime.datetime) -> Verdict:
    """Decide from what a completed sync or a Check now has recorded. A failed sync proves nothing either way.

    A recorded disappearance stands, however many syncs fail after it: nothing has shown that the record came back.
    """
    if link.presence == Presence.UNKNOWN:
        return _never_seen(link, freshness, wording, now)
    if link.is_gone:
        return _gone(link, wording)
    return _still_there(link, freshness, wording, now)


def needs_reason(link: SyncLink) -> bool:
    """Whether Unlink asks why: what was removed together with its job is history, not a correction."""
    return link.presence == Presence.PURGED


def _gone(link: SyncLink, wording: Wording) -> Verdict:
    """Of a link whose record is recorded as gone: a later sync, whatever became of it, does not change that."""
    if needs_reason(link):
        hint = f"Removed together with its job by “{wording.purge_name}”: history, not a correction."
        return Verdict(None, needs_reason=True, hint=hint, more="Unlink asks for a reason.")
    hint = f"{link.get_presence_display()} in {wording.short_label}."
    return Verdict(None, needs_reason=False, hint=hint, more="Unlink will go through.")


def back_in_erp(link: SyncLink, wording: Wording, found_at: str) -> CommitmentStillInErp:
    """The refusal for a link, as it is recorded now, whose record was found again when Unlink asked the live ERP.

    `found_at` is that moment in words.
    """
    found = f"It is back in {wording.short_label}: it was found there {found_at}."
    return _still_in_erp(link, wording, before=found)


def how_to_leave(link: SyncLink, wording: Wording) -> str:
    """What to do about a record that is still there: delete it in the ERP, or what else where the ERP refuses that.

    Reads alone.
    """
    kind = CommitmentKind(link.kind)
    if not link.erp_forbids_deletion:
        return wording.how_to_delete[kind]
    return wording.why_refused[kind].format(amounts=_what_forbids_it(link))


def _not_looked_at_since(link: SyncLink, freshness: Freshness) -> str:
    """After a sync that did not complete: since when this link's record has not been looked at. Else nothing."""
    as_of = freshness.as_of(link)
    so = f"it has not been looked at since {moments.exact(as_of)}" if as_of else "it has not been looked at"
    return _why_not_since(freshness, so, as_of)


def _still_in_erp(link: SyncLink, wording: Wording, *, before: str = "", after: str = "") -> CommitmentStillInErp:
    """The red message and its remedy, which read as one."""
    message, what_to_do = still_in_erp_message(wording), how_to_leave(link, wording)
    if link.erp_forbids_deletion:
        return ErpForbidsDeletion(message, remedy=_join(before, f"But {what_to_do}", OR_ANYWAY, after))
    return CommitmentStillInErp(message, remedy=_join(before, what_to_do, after))


def _what_forbids_it(link: SyncLink) -> str:
    changed = link.changed_amount
    clauses = (
        f"{link.invoiced_amount:,.2f} is invoiced" if link.invoiced_amount else "",
        f"change orders {'add' if changed > 0 else 'take away'} {abs(changed):,.2f}" if changed else "",
    )
    return " and ".join(filter(None, clauses)) or "something of it is invoiced or changed"


def _never_seen(link: SyncLink, freshness: Freshness, wording: Wording, now: datetime.datetime) -> Verdict:
    due = next_sync(freshness, now)
    refusal = PresenceUnknown(
        f"No completed sync has looked for this commitment in {wording.label} yet.",
        remedy=_join(_why_not_since(freshness, "it has not been looked at"), due, CHECK_NOW),
    )
    why = _not_looked_at_since(link, freshness) or "No completed sync has looked for it yet."
    return Verdict(refusal, needs_reason=False, hint=_join(why, CHECK_NOW), more=due)


def _still_there(link: SyncLink, freshness: Freshness, wording: Wording, now: datetime.datetime) -> Verdict:
    as_of, due = freshness.as_of(link), next_sync(freshness, now)
    known = _join(
        f"Last looked at {moments.both(as_of, now)}." if as_of else "",
        _why_not_since(freshness, "it has not been looked at since", as_of),
        due,
        CHECK_NOW,
    )
    return Verdict(
        _still_in_erp(link, wording, after=known),
        needs_reason=False,
        hint=_join("Still there.", how_to_leave(link, wording), _not_looked_at_since(link, freshness)),
        more=_join(due, CHECK_NOW),
    )


def _why_not_since(freshness: Freshness, so: str, as_of: datetime.datetime | None = None) -> str:
    """What became of the last sync, unless it completed, or the link was looked at after it."""
    run = freshness.last_finished
    if run is None or not freshness.last_sync_failed:
        return ""
    if as_of is not None and run.finished_at is not None and as_of > run.finished_at:
        return ""
    if run.state == SyncRun.State.NEEDS_CONFIRMATION:
        return f"The last sync waits for an administrator's confirmation, so {so}."
    if run.state != SyncRun.State.FAILED:
        return f"The last sync recorded nothing, so {so}."
    return f"The last sync did not complete, so {so}."


def next_sync(freshness: Freshness, now: datetime.datetime) -> str:
    """When the ERP is looked at next, in a sentence."""
    if freshness.open_run is not None:
        return "A sync is under way."
    if freshness.next_due_at is None:
        return "No hourly sync is scheduled."
    if freshness.next_due_at <= now:
        return "The next sync is due now."
    return f"The next sync is due {moments.both(freshness.next_due_at, now)}."


def _join(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
