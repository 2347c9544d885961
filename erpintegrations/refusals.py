"""What the rules of the link to the ERP refuse, each with a stable code. See `directory.refusals` for the base."""

from __future__ import annotations

from directory.refusals import Refusal


class CommitmentStillInErp(Refusal):
    """The counterpart is, or may be, still in the ERP: the red message."""

    code = "still_in_erp"


class ErpForbidsDeletion(CommitmentStillInErp):
    """It is still there and cannot be deleted in the ERP either: an invoiced or changed amount."""

    code = "erp_forbids_deletion"


class PresenceUnknown(Refusal):
    """No completed sync and no Check now has ever seen the counterpart."""

    code = "presence_unknown"


class ReasonRequired(Refusal):
    """A record purged with its job is unlinked only with a reason."""

    code = "reason_required"


class AlreadyUnlinked(Refusal):
    """Somebody unlinked it first; the sentence says who and when."""

    code = "already_unlinked"


class LinkNotPossible(Refusal):
    """The commitment or the ERP record is linked already, or they do not belong together."""

    code = "link_not_possible"


class ChangedMeanwhile(Refusal):
    """Somebody else, or a sync, was faster; nothing was changed. The sentence says what is recorded now."""

    code = "changed_meanwhile"


class UndoNotPossible(Refusal):
    """The commitment was changed, sent, linked or deleted since, or it was undone already."""

    code = "undo_not_possible"


class ErpNotReachable(Refusal):
    """The ERP did not answer, or not in a way that proves anything; what was recorded before still stands."""

    code = "erp_not_reachable"


class SyncNotPossible(Refusal):
    """There is no connection, or the run is not in a state in which this can be asked of it."""

    code = "sync_not_possible"
