"""Export: each way in which a worker, the bridge or Sage can fail, and that it never makes a duplicate."""

from __future__ import annotations

import pytest

from commitments.models import Commitment
from directory.models import Activity
from erpintegrations.enqueue import exports_in_queue
from erpintegrations.models import Export, Presence, SyncLink
from erpintegrations.services.answer_export import reject_exports, retry_exports
from erpintegrations.services.decide_export import decide_candidate
from erpintegrations.services.export_commitment import LEASE, MOST_ATTEMPTS, claim, perform_export
from erpintegrations.services.keep_house import hand_on_exports
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.bridging import CUT_OFF, Killed
from tests.services.exporting_stage import ExportStage

pytestmark = pytest.mark.django_db
State = Export.State


@pytest.fixture
def stage(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "bridge")


@pytest.fixture
def sheet(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "entry_sheet")


def status_of(export: Export) -> str:
    return Commitment.objects.get(pk=export.commitment_id).erp_status


def test_the_bridge_writes_and_reading_back_links(stage):
    export = stage.perform(stage.accepted("SC-7"))

    assert (export.state, export.problem) == (State.LINKED, "")
    (erp_id,) = stage.in_sage("SC-7")
    assert export.link.erp_id == erp_id
    assert (export.link.presence, export.link.checked_at) == (Presence.PRESENT, export.link.presence_changed_at)
    assert export.link.expected_vendor_id == str(stage.books.vendor_number)
    assert export.link.expected_lines_digest == export.link.erp_lines_digest != ""
    assert not SyncLink.objects.get(pk=export.link_id).has_drifted
    assert status_of(export) == Commitment.ErpStatus.SYNCED
    assert stage.story(export) == ["sent", "accepted", "export_written", "linked"]


def test_a_purchase_order_too(stage):
    commitment = stage.books.commitment("PO-7", stage.project, kind="purchase_order", amount="99.99")
    commitment.lines.update(quantity=3, unit_cost="33.33", amount="99.99")

    export = stage.perform(stage.accept(commitment))

    assert (export.state, export.problem) == (State.LINKED, "")


def test_the_number_is_the_one_that_accounting_accepted(stage):
    export = stage.perform(stage.accepted("SC-7", erp_number="2401-007"))

    assert export.link.erp_number == "2401-007"


def test_an_entry_sheet_waits_until_it_is_keyed_in(sheet):
    export = sheet.perform(sheet.accepted("SC-7"))

    assert (export.state, export.method) == (State.AWAITING, "entry_sheet")
    assert status_of(export) == Commitment.ErpStatus.EXPORTING
    assert sheet.bridge.asked == []


# ---- Twice, killed, cut off ------------------------------------------------------------------------------------------


def test_the_same_task_delivered_twice_writes_once(stage):
    export = stage.accepted("SC-7")

    stage.perform(export)
    again = stage.perform(export)

    assert again.state == State.LINKED
    assert len(stage.in_sage("SC-7")) == 1
    assert stage.bridge.asked.count("submit") == 1


def test_while_one_worker_is_at_it_another_leaves_it_alone(stage):
    export = stage.accepted("SC-7")
    claim(export.pk, now=stage.clock())

    assert stage.perform(export).state == State.WRITING
    assert stage.bridge.asked == []


@pytest.mark.parametrize("when", ["killed before", "killed after"])
def test_a_killed_worker_leaves_neither_two_records_nor_none(stage, when):
    export = stage.accepted("SC-7")
    stage.bridge.fails = when
    with pytest.raises(Killed):
        stage.perform(export)
    export.refresh_from_db()
    assert export.state == State.WRITING

    stage.forward(seconds=LEASE.total_seconds() + 1)
    assert hand_on_exports(now=stage.clock()) == [export.pk]
    export = stage.perform(export)

    assert export.state == State.LINKED
    assert len(stage.in_sage("SC-7")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_followed_by_looking_before_writing(stage, when):
    export = stage.accepted("SC-7")
    stage.bridge.fails = when

    export = stage.perform(export)
    assert (export.state, export.problem) == (State.ACCEPTED, CUT_OFF)
    assert export.next_attempt_at is not None
    assert status_of(export) == Commitment.ErpStatus.EXPORTING
    assert stage.perform(export).attempts == 1, "not before the pause is over"

    stage.forward(minutes=2)
    assert hand_on_exports(now=stage.clock()) == [export.pk]
    assert exports_in_queue(stage.now) == {export.pk}
    export = stage.perform(export)
    assert (export.state, export.problem) == (State.LINKED, "")
    assert len(stage.in_sage("SC-7")) == 1


def test_a_record_that_was_written_and_deleted_before_it_was_read_back_is_not_written_again(stage):
    export = stage.accepted("SC-7")
    stage.bridge.fails = "after"
    stage.perform(export)
    stage.sage.delete(stage.in_sage("SC-7")[0])
    stage.forward(minutes=2)

    export = stage.perform(export)

    assert (export.state, stage.in_sage("SC-7")) == (State.FAILED, [])
    assert export.problem == ("SC-7 was written for Subcontract SC-7, and deleted in Sage before it was found there.")
    assert export.remedy == (
        "Retry to have it written once more, as it was sent; or reject it, so that it is corrected first."
    )
    retry_exports(exports=[export], access=stage.access, now=stage.clock())
    assert stage.perform(export).state == State.LINKED
    assert len(stage.in_sage("SC-7")) == 1


# ---- What fails ------------------------------------------------------------------------------------------------------


def test_a_refusal_of_the_bridge_is_told_in_its_own_words(stage):
    export = stage.accepted("SC-7")
    stage.sage.run("DELETE FROM actpay")

    export = stage.perform(export)

    assert export.state == State.FAILED
    assert export.problem == f"The bridge refused it: There is no vendor {stage.books.vendor_number}."
    assert export.written_at is None
    assert status_of(export) == Commitment.ErpStatus.FAILED_TO_EXPORT
    assert stage.story(export)[-1] == "export_failed"


def test_a_refused_one_is_retried_under_another_key(stage):
    export = stage.accepted("SC-7")
    key = export.key
    stage.sage.run("UPDATE actpay SET recnum = recnum + 100")
    assert stage.perform(export).key != key
    stage.sage.run("UPDATE actpay SET recnum = recnum - 100")

    (outcome,) = retry_exports(exports=[export], access=stage.access, now=stage.clock())
    assert outcome.refusal is None

    assert stage.perform(export).state == State.LINKED


def test_a_bridge_that_stays_away_fails_in_the_end(stage):
    export = stage.accepted("SC-7")
    stage.bridge.fails = "away"
    pauses = []
    for _ in range(MOST_ATTEMPTS):
        before = stage.now
        export = stage.perform(export)
        if export.next_attempt_at:
            pauses.append(round((export.next_attempt_at - before).total_seconds() / 60))
            stage.now = export.next_attempt_at

    assert pauses == [1, 2, 5, 15, 30, 60, 60]
    assert (export.state, export.problem, export.attempts) == (State.FAILED, "The bridge cannot be reached.", 0)


def test_what_may_have_been_written_does_not_fail_while_that_is_uncertain(stage):
    export = stage.accepted("SC-7")
    stage.bridge.fails = "before"
    stage.perform(export)
    Export.objects.filter(pk=export.pk).update(attempts=MOST_ATTEMPTS - 1)
    stage.bridge.fails = "away"
    stage.forward(hours=1)

    export = stage.perform(export)

    assert export.state == State.ACCEPTED
    assert "Whether it was written is not known." in export.problem


def test_what_the_bridge_is_made_to_forget_fails_for_certain_and_is_retried_under_another_key(stage):
    export = stage.accepted("SC-7")
    stage.bridge.fails = "before"
    key = stage.perform(export).key
    Export.objects.filter(pk=export.pk).update(attempts=MOST_ATTEMPTS)
    stage.forward(hours=1)

    export = stage.perform(export)
    assert (export.state, export.written_at) == (State.FAILED, None)
    assert export.key != key
    assert stage.bridge.asked[-1] == "cancel"

    retry_exports(exports=[export], access=stage.access, now=stage.clock())
    assert stage.perform(export).state == State.LINKED


def test_a_request_that_arrives_after_it_was_given_up_writes_nothing(stage):
    export = stage.accepted("SC-7")
    stage.bridge.fails = "late"
    stage.perform(export)
    Export.objects.filter(pk=export.pk).update(attempts=MOST_ATTEMPTS)
    stage.forward(hours=1)
    export = stage.perform(export)
    assert export.state == State.FAILED
    (outcome,) = reject_exports(exports=[export], access=stage.access, reason="Renumber.", now=stage.clock())
    assert outcome.done
    Commitment.objects.filter(pk=export.commitment_id).update(number="SC-8")
    again = stage.perform(stage.accept(Commitment.objects.get(pk=export.commitment_id)))

    stage.bridge.arrive()

    assert again.state == State.LINKED
    assert (len(stage.in_sage("SC-8")), stage.in_sage("SC-7")) == (1, [])


def test_another_companys_database_proves_nothing_and_nothing_is_written(stage):
    export = stage.accepted("SC-7")
    stage.sage.run("PRAGMA application_id = 77")

    export = stage.perform(export)

    assert export.state == State.FAILED
    assert "Another company answered" in export.problem
    assert stage.bridge.asked == []


def test_sage_out_of_reach_leaves_it_unwritten(stage):
    export = stage.accepted("SC-7")
    stage.sage.run("BEGIN EXCLUSIVE")
    stage.sage.path.rename(stage.sage.path.with_suffix(".away"))

    export = stage.perform(export)

    assert export.state == State.FAILED
    assert "The ERP database file is not there." in export.problem
    assert stage.bridge.asked == []


# ---- A number that is in use -----------------------------------------------------------------------------------------


def test_a_number_that_somebody_took_meanwhile_needs_a_decision(stage):
    export = stage.accepted("SC-7")
    stage.key_in("sc-7", "1")

    export = stage.perform(export)

    assert export.state == State.NEEDS_DECISION
    assert export.problem == "sc-7 in Sage has other values: total of the lines, lines."
    assert stage.bridge.asked == []


def test_a_number_that_is_linked_to_another_commitment_is_refused(stage):
    first = stage.perform(stage.accepted("SC-7"))
    export = stage.accepted("SC-8")
    Export.objects.filter(pk=export.pk).update(erp_number="SC-7")

    export = stage.perform(export)

    assert export.state == State.FAILED
    assert export.problem.startswith("SC-7 in Sage is linked to subcontract SC-7 of ")
    assert first.link.is_open
    assert stage.bridge.asked.count("submit") == 1
    (outcome,) = reject_exports(exports=[export], access=stage.access, reason="Another number.", now=stage.clock())
    assert outcome.refusal is None


def test_a_former_record_that_is_back_keeps_a_second_one_from_being_made(stage):
    export = stage.perform(stage.accepted("SC-7"))
    link = export.link
    stage.sage.delete(link.erp_id)
    SyncLink.objects.filter(pk=link.pk).update(presence=Presence.DELETED)
    unlink_commitment(link=SyncLink.objects.get(pk=link.pk), access=stage.access, now=stage.clock())
    again = stage.accept(Commitment.objects.get(pk=export.commitment_id), "SC-7A")
    stage.key_in("SC-7", erp_id=link.erp_id)

    again = stage.perform(again)

    assert again.state == State.FAILED
    assert again.problem == "SC-7, which Subcontract SC-7 was linked to before, is in Sage again."
    assert stage.in_sage("SC-7A") == []


def test_once_another_record_is_linked_the_bridge_writes_nothing_more_for_it(stage):
    export = stage.accepted("SC-7")
    stage.bridge.fails = "late"
    stage.perform(export)
    by_hand = stage.key_in("SC-7", "5")
    stage.forward(minutes=2)
    export = stage.perform(export)
    assert export.state == State.NEEDS_DECISION

    linked = decide_candidate(
        export=export,
        access=stage.access,
        link_it=True,
        reason="It is.",
        seen_version=export.version,
        now=stage.clock(),
        bridge_of=stage.bridge,
    )

    assert linked.link.erp_id == by_hand
    stage.sage.delete(by_hand)
    stage.bridge.arrive()
    assert stage.in_sage("SC-7") == []


# ---- Housekeeping ----------------------------------------------------------------------------------------------------


def test_a_lost_task_is_handed_on_and_a_waiting_one_is_not(stage):
    lost = stage.accepted("SC-7")
    assert hand_on_exports(now=stage.clock()) == []

    stage.forward(minutes=10)
    assert exports_in_queue(stage.now) == {lost.pk}
    assert hand_on_exports(now=stage.clock()) == [], "it waits in the queue"


def test_one_that_was_linked_is_never_claimed_again(stage):
    export = stage.perform(stage.accepted("SC-7"))
    stage.forward(days=1)

    assert hand_on_exports(now=stage.clock()) == []
    assert perform_export(export_id=export.pk, clock=stage.clock, bridge_of=stage.bridge).state == State.LINKED
    assert Activity.objects.filter(verb="linked").count() == 1
