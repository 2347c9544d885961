"""What a bridge was given may arrive late, be refused, or be forgotten: never are there two records for it, or none."""

from __future__ import annotations

import pytest

from commitments.models import Commitment
from erpintegrations.connectors.bridge import Refused
from erpintegrations.models import Export, Presence, SyncLink, SyncRun
from erpintegrations.refusals import NumberNotPossible
from erpintegrations.services.answer_export import Outcome, reject_exports, retry_exports
from erpintegrations.services.export_commitment import LEASE, MOST_ATTEMPTS
from erpintegrations.services.keep_house import hand_on_exports
from erpintegrations.services.read_back import check_export
from erpintegrations.services.run_sync import open_run, perform_sync
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.bridging import DeskBridge, Killed
from tests.services.exporting_stage import ExportStage

pytestmark = pytest.mark.django_db
State = Export.State


@pytest.fixture
def stage(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "bridge")


def sync(stage: ExportStage) -> None:
    waiting, _ = open_run(connection=stage.connection, trigger="schedule", by=None, now=stage.clock())
    assert perform_sync(run_id=waiting.pk, clock=stage.clock, retry_waits=()).state == SyncRun.State.COMPLETED


def reject(stage: ExportStage, export: Export) -> Outcome:
    (outcome,) = reject_exports(
        exports=[export], access=stage.access, reason="Renumber.", now=stage.clock(), bridge_of=stage.bridge
    )
    return outcome


def retry(stage: ExportStage, export: Export) -> Export:
    (outcome,) = retry_exports(exports=[export], access=stage.access, now=stage.clock())
    assert outcome.done
    return stage.perform(export)


def tried(stage: ExportStage, export: Export, fails: str) -> Export:
    """An attempt at which the bridge fails; then the next one is due."""
    stage.bridge.fails = fails
    export = stage.perform(export)
    stage.bridge.fails = ""
    stage.forward(minutes=2)
    return export


def export_as(number: str, export: Export, stage: ExportStage) -> Export:
    """The same commitment once more, corrected to another number."""
    Commitment.objects.filter(pk=export.commitment_id).update(number=number)
    return stage.perform(stage.accept(Commitment.objects.get(pk=export.commitment_id)))


def delete_and_unlink(link: SyncLink, stage: ExportStage) -> None:
    stage.sage.delete(link.erp_id)
    SyncLink.objects.filter(pk=link.pk).update(presence=Presence.DELETED)
    unlink_commitment(link=SyncLink.objects.get(pk=link.pk), access=stage.access, now=stage.clock())


# ---- Late ------------------------------------------------------------------------------------------------------------


def test_what_is_late_writes_nothing_once_a_later_attempt_was_refused(stage):
    export = stage.accepted("SC-7")
    tried(stage, export, "late")
    stage.sage.run("UPDATE actpay SET recnum = recnum + 100")
    export = stage.perform(export)
    assert (export.state, export.written_at) == (State.FAILED, None)
    stage.sage.run("UPDATE actpay SET recnum = recnum - 100")
    assert reject(stage, export).done

    again = export_as("SC-8", export, stage)
    stage.bridge.arrive()

    assert again.state == State.LINKED
    assert (stage.in_sage("SC-7"), len(stage.in_sage("SC-8"))) == ([], 1)


def test_what_is_late_and_was_keyed_in_meanwhile_writes_nothing_more(stage):
    export = stage.accepted("SC-7")
    tried(stage, export, "late")
    by_hand = stage.key_in("SC-7")
    export = stage.perform(export)
    assert (export.state, export.link.erp_id) == (State.LINKED, by_hand)
    delete_and_unlink(export.link, stage)

    again = export_as("SC-8", export, stage)
    stage.bridge.arrive()

    assert again.state == State.LINKED
    assert stage.in_sage("SC-7") == []


@pytest.mark.parametrize("by", ["a sync", "Check now"])
def test_the_bridge_is_asked_before_what_was_corrected_in_sage_is_linked(stage, by):
    """It wrote SC-7, then somebody changed it there: whether it is the bridge's own, only the bridge knows."""
    export = stage.accepted("SC-7")
    tried(stage, export, "after")
    (own,) = stage.in_sage("SC-7")
    stage.sage.change_line(own, 1, amount=5)
    export = stage.perform(export)
    assert export.state == State.NEEDS_DECISION
    stage.sage.change_line(own, 1, amount=10000)
    stage.bridge.asked = []

    if by == "a sync":
        sync(stage)
    else:
        check_export(export=export, access=stage.access, now=stage.clock())
    export.refresh_from_db()
    assert (export.state, export.link) == (State.ACCEPTED, None)

    export = stage.perform(export)
    assert (export.state, export.link.erp_id, stage.bridge.asked) == (State.LINKED, own, ["cancel"])


def test_it_is_not_linked_to_what_was_keyed_in_while_its_own_lives_too(stage):
    export = stage.accepted("PO-7", kind="purchase_order")
    tried(stage, export, "after")
    (own,) = stage.in_sage("PO-7")
    stage.sage.change_line(own, 1, extttl=5)
    by_hand = stage.key_in("PO-7")

    export = stage.perform(export)

    assert (export.state, export.candidate["erp_id"]) == (State.NEEDS_DECISION, by_hand)
    assert export.problem == "The bridge wrote PO-7 for it, which is in Sage, too."
    version = export.version
    sync(stage)
    export.refresh_from_db()
    assert (export.state, export.version) == (State.NEEDS_DECISION, version)


# ---- Refused, or given up --------------------------------------------------------------------------------------------


class DiesAfterTheFirstPromise(DeskBridge):
    dies = True

    def cancel(self, key):
        receipt = super().cancel(key)
        if self.dies:
            self.dies = False
            raise Killed
        return receipt


def test_one_whose_worker_died_after_its_key_was_given_up_can_be_retried(stage):
    stage.bridge = DiesAfterTheFirstPromise(stage.sage)
    export = stage.accepted("SC-7")
    tried(stage, export, "before")
    Export.objects.filter(pk=export.pk).update(attempts=MOST_ATTEMPTS - 1)
    stage.bridge.fails = "before"
    with pytest.raises(Killed):
        stage.perform(export)
    Export.objects.filter(pk=export.pk).update(attempts=1)
    stage.forward(seconds=LEASE.total_seconds() + 1)

    export = stage.perform(export)
    assert export.state == State.FAILED
    assert export.problem == "The bridge refused it: This key was canceled, so nothing is written under it."

    assert retry(stage, export).state == State.LINKED


class RefusesAndGoesAway(DeskBridge):
    def submit(self, document, key):
        try:
            return super().submit(document, key)
        except Refused:
            self.fails = "away"
            raise


def test_a_refusal_is_not_the_last_word_before_the_bridge_promised_to_write_nothing_more(stage):
    stage.bridge = RefusesAndGoesAway(stage.sage)
    export = stage.accepted("SC-7")
    stage.sage.run("UPDATE actpay SET recnum = recnum + 100")

    export = stage.perform(export)

    assert export.state == State.ACCEPTED
    assert export.problem.startswith("The bridge refused it: There is no vendor ")
    assert export.problem.endswith(" Whether it was written is not known.")


# ---- Forgotten -------------------------------------------------------------------------------------------------------


def test_what_the_bridge_never_wrote_is_written_once_the_record_in_its_place_is_gone(stage):
    export = stage.accepted("SC-7")
    tried(stage, export, "before")
    by_hand = stage.key_in("SC-7", "5")
    export = stage.perform(export)
    assert export.state == State.NEEDS_DECISION
    stage.sage.delete(by_hand)

    sync(stage)
    assert hand_on_exports(now=stage.clock()) == []  # it is queued already
    export = stage.perform(export)

    assert export.state == State.LINKED
    assert len(stage.in_sage("SC-7")) == 1


class OtherNumber(DeskBridge):
    """Writes another number than the one that it is given, against the protocol."""

    def submit(self, document, key):
        return super().submit({**document, "ctcnum": "SC-7X"}, key)


def test_another_number_than_the_one_it_was_given_is_told_until_it_is_put_right(stage):
    stage.bridge = OtherNumber(stage.sage)

    export = stage.perform(stage.accepted("SC-7"))
    sync(stage)

    export.refresh_from_db()
    assert (export.state, export.problem) == (
        State.AWAITING,
        "The bridge wrote it as SC-7X, though it was given SC-7.",
    )
    assert isinstance(reject(stage, export).refusal, NumberNotPossible)
    (own,) = stage.in_sage("SC-7X")
    stage.sage.delete(own)
    assert reject(stage, export).done


def test_given_its_number_in_sage_it_is_linked(stage):
    stage.bridge = OtherNumber(stage.sage)
    export = stage.perform(stage.accepted("SC-7"))
    stage.sage.run("UPDATE subcon SET ctcnum = 'SC-7' WHERE ctcnum = 'SC-7X'")

    sync(stage)

    assert stage.perform(export).state == State.LINKED


# ---- Failed, and there -----------------------------------------------------------------------------------------------


def test_a_failed_one_that_was_keyed_in_nearly_right_is_not_rejected(stage):
    export = stage.accepted("SC-7")
    Export.objects.filter(pk=export.pk).update(attempts=MOST_ATTEMPTS - 1)
    export = tried(stage, export, "away")
    assert export.state == State.FAILED
    stage.key_in("SC-7", "9999")

    refusal = reject(stage, export).refusal

    assert isinstance(refusal, NumberNotPossible)
    assert refusal.message == "SC-7 is in Sage, so Subcontract SC-7 was not rejected."
    assert refusal.remedy == "Retry it: it is linked, or both sides are laid next to each other."
    assert retry(stage, export).state == State.NEEDS_DECISION
