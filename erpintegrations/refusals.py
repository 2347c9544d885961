"""What the rules of the link to the ERP refuse, each with a stable code. See `directory.refusals` for the base."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
    """The history keeps why: of unlinking a record purged with its job, and of deciding about a sync run."""

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


class SettingsNotPossible(Refusal):
    """What somebody wants to set for the connection does not hold together; the sentence says what and why."""

    code = "settings_not_possible"


class CannotSend(Refusal):
    """The commitment is not such as the ERP would take it. `faults` holds all that is wrong at once."""

    code = "cannot_send"

    def __init__(self, message: str, *, faults: Sequence[Any], remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return " ".join([self.message, *map(str, self.faults), self.remedy]).strip()


class ErpStatusForbids(Refusal):
    """The commitment is not in an ERP status in which this can be asked of it; the sentence says in which it is."""

    code = "erp_status_forbids"


class AlreadyAnswered(Refusal):
    """Somebody accepted, rejected or retrieved the export first; the sentence says who, when and how."""

    code = "already_answered"


class NumberNotPossible(Refusal):
    """The commitment's number in the ERP is blank, too long, or taken."""

    code = "number_not_possible"


class OverrideNotPossible(Refusal):
    """Unlink anyway is not needed here, was asked for already, or was answered already."""

    code = "override_not_possible"


class RecordNotThere(Refusal):
    """The ERP's record that is to be linked was deleted or voided there, or linked to another commitment."""

    code = "record_not_there"


class BringInNotPossible(Refusal):
    """Something is brought in already, there is nothing to bring in, or it has ended."""

    code = "bring_in_not_possible"


class SetUpNotPossible(Refusal):
    """What is to become of one of the ERP's jobs, vendors or codes cannot be so; the sentence says why."""

    code = "set_up_not_possible"
