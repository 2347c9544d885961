"""A record that was written for one commitment's export is adopted by no other; who gets there still has a way out."""

from __future__ import annotations

import pytest

from commitments.models import Commitment
from erpintegrations.models import Export, Presence, SyncLink, UnlinkedRecord
from erpintegrations.refusals import LinkNotPossible, NumberNotPossible
from erpintegrations.services.adopt_record import adopt_record, read_for_adoption
from erpintegrations.services.answer_export import accept_exports, reject_exports, retry_exports
from erpintegrations.services.decide_export import decide_candidate
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.services.read_back import check_export
from erpintegrations.services.send_to_erp import send_to_erp
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.services.exporting_stage import ExportStage

pytestmark = pytest.mark.django_db
State = Export.State


@pytest.fixture
def stage(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "bridge")


@pytest.fixture
def sheet(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "entry_sheet")


def listed(stage: ExportStage, erp_id: str, number: str = "SC-7", kind: str = "subcontract") -> UnlinkedRecord:
    """As a sync lists a record that no commitment is linked to."""
    return UnlinkedRecord.objects.create(
        company=stage.connection.company,
        connection=stage.connection,
        erp_id=erp_id,
        kind=kind,
        number=number,
        first_seen_at=stage.clock(),
    )


def adopt(stage: ExportStage, record: UnlinkedRecord, commitment: Commitment) -> SyncLink:
    return adopt_record(record=record, commitment=commitment, access=stage.access, now=stage.clock())


def written_unread(stage: ExportStage, number: str = "SC-7") -> tuple[Export, str]:
    """The bridge wrote it, and the answer was lost: the export waits for its next attempt."""
    export = stage.accepted(number, **({"kind": "purchase_order"} if number.startswith("PO") else {}))
    stage.bridge.fails = "after"
    export = stage.perform(export)
    (erp_id,) = stage.in_sage(number)
    return export, erp_id


def link_to(stage: ExportStage, erp_id: str, commitment: Commitment) -> SyncLink:
    """As if it had been linked before this product knew better."""
    record = stage.connection.connector().look_up([erp_id]).records[erp_id]
    (link,) = link_commitments(
        connection=stage.connection, pairs=[(commitment, record)], by=None, now=stage.clock(), seen_at=stage.clock()
    )
    return link


def reject(stage: ExportStage, export: Export):
    (outcome,) = reject_exports(
        exports=[export], access=stage.access, reason="Renumber.", now=stage.clock(), bridge_of=stage.bridge
    )
    return outcome


def assert_refused(stage: ExportStage, record: UnlinkedRecord, commitment: Commitment) -> None:
    with pytest.raises(LinkNotPossible) as refused:
        adopt(stage, record, commitment)
    assert refused.value.message == (
        f"SC-7 in Sage may be the record of Subcontract SC-7 of {stage.project}, which is on its way there as SC-7."
    )
    assert refused.value.remedy == (
        "Open that export and decide there: have the record linked to it, or reject the export. Then try again."
    )
    assert not SyncLink.objects.exists()


# ---- What refuses it -------------------------------------------------------------------------------------------------


def test_what_the_bridge_wrote_is_adopted_by_no_other_and_then_linked_to_its_own(stage):
    export, erp_id = written_unread(stage)
    other = stage.books.commitment("SC-77", stage.project)

    assert_refused(stage, listed(stage, erp_id), other)

    stage.forward(minutes=2)
    export = stage.perform(export)
    assert (export.state, export.link.erp_id) == (State.LINKED, erp_id)


@pytest.mark.parametrize("state", [State.ACCEPTED, State.AWAITING, State.NEEDS_DECISION, State.FAILED])
def test_while_its_number_is_on_its_way_no_other_adopts_a_record_under_it(sheet, state):
    export = sheet.accepted("SC-7")
    if state != State.ACCEPTED:
        export = sheet.perform(export)
    erp_id = sheet.key_in("sc-7 ", "5")
    Export.objects.filter(pk=export.pk).update(state=state)
    other = sheet.books.commitment("SC-77", sheet.project)

    with pytest.raises(LinkNotPossible, match="may be the record of Subcontract SC-7 of "):
        adopt(sheet, listed(sheet, erp_id, "sc-7"), other)


def test_what_was_found_for_it_is_not_adopted_under_another_number(sheet):
    export = sheet.perform(sheet.accepted("SC-7"))
    erp_id = sheet.key_in("SC-7", "5")
    assert check_export(export=export, access=sheet.access, now=sheet.clock()).state == State.NEEDS_DECISION
    sheet.sage.run("UPDATE subcon SET ctcnum = 'SC-7X' WHERE ctcnum = 'SC-7'")

    with pytest.raises(LinkNotPossible) as refused:
        adopt(sheet, listed(sheet, erp_id, "SC-7X"), sheet.books.commitment("SC-77", sheet.project))

    assert refused.value.message.startswith("SC-7X in Sage may be the record of Subcontract SC-7 of ")
    assert refused.value.message.endswith(", which is on its way there as SC-7.")


def test_the_other_kind_under_the_same_number_is_no_hindrance(sheet):
    sheet.perform(sheet.accepted("PO-7", kind="purchase_order"))
    erp_id = sheet.sage.add_subcontract("PO-7", sheet.books.job_of(sheet.project), sheet.books.vendor_number)

    link = adopt(sheet, listed(sheet, erp_id, "PO-7"), sheet.books.commitment("SC-77", sheet.project))

    assert link.is_open


def test_once_the_export_is_rejected_the_record_is_adopted(sheet):
    export = sheet.perform(sheet.accepted("SC-7"))
    record = listed(sheet, sheet.key_in("SC-7", "5"))
    other = sheet.books.commitment("SC-77", sheet.project)
    assert_refused(sheet, record, other)
    export = check_export(export=export, access=sheet.access, now=sheet.clock())

    decide_candidate(
        export=export,
        access=sheet.access,
        link_it=False,
        is_anothers=True,
        reason="It is the other's.",
        seen_version=export.version,
        now=sheet.clock(),
    )

    assert adopt(sheet, record, other).is_open


def test_it_is_said_before_anybody_tries(sheet):
    export = sheet.perform(sheet.accepted("SC-7"))
    record = listed(sheet, sheet.key_in("SC-7", "5"))
    other = sheet.books.commitment("SC-77", sheet.project)

    found = read_for_adoption(record=record, commitment=other, access=sheet.access)

    assert found.export == export
    with pytest.raises(LinkNotPossible) as refused:
        adopt(sheet, record, other)
    assert str(found.refusal) == str(refused.value)


# ---- The way out of it -----------------------------------------------------------------------------------------------


def test_what_became_anothers_record_keeps_the_export_from_being_rejected_no_more(stage):
    export, erp_id = written_unread(stage)
    others = link_to(stage, erp_id, stage.books.commitment("SC-77", stage.project))
    stage.forward(minutes=2)
    export = stage.perform(export)
    assert export.state == State.FAILED
    assert export.problem.startswith("SC-7 in Sage is linked to subcontract SC-77 of ")
    assert export.remedy.startswith("Reject it, so that it is sent again under another number;")

    outcome = reject(stage, export)

    assert (outcome.refusal, outcome.export.state) == (None, State.REJECTED)
    Commitment.objects.filter(pk=export.commitment_id).update(number="SC-8")
    again = stage.perform(stage.accept(Commitment.objects.get(pk=export.commitment_id)))
    assert again.state == State.LINKED
    assert again.link.erp_id != others.erp_id
    assert (len(stage.in_sage("SC-7")), len(stage.in_sage("SC-8"))) == (1, 1)


def test_deleted_and_unlinked_there_it_is_retried_as_its_remedy_says(stage):
    export, erp_id = written_unread(stage)
    others = link_to(stage, erp_id, stage.books.commitment("SC-77", stage.project))
    stage.forward(minutes=2)
    export = stage.perform(export)
    stage.sage.delete(erp_id)
    SyncLink.objects.filter(pk=others.pk).update(presence=Presence.DELETED)
    unlink_commitment(link=SyncLink.objects.get(pk=others.pk), access=stage.access, now=stage.clock())

    for _ in range(2):  # at first it is told that what was written is gone
        retry_exports(exports=[export], access=stage.access, now=stage.clock())
        export = stage.perform(export)

    assert export.state == State.LINKED
    assert len(stage.in_sage("SC-7")) == 1


def test_a_record_that_is_void_keeps_the_export_from_being_rejected_no_more(stage):
    export, erp_id = written_unread(stage, "PO-7")
    stage.sage.void(erp_id)
    stage.forward(minutes=2)
    export = stage.perform(export)
    assert export.state == State.AWAITING

    outcome = reject(stage, export)

    assert (outcome.refusal, outcome.export.state) == (None, State.REJECTED)


def test_a_record_that_was_renamed_and_belongs_to_nobody_still_does(stage):
    export, _ = written_unread(stage)
    stage.sage.run("UPDATE subcon SET ctcnum = 'SC-7X' WHERE ctcnum = 'SC-7'")
    link_to(stage, stage.key_in("SC-7"), stage.books.commitment("SC-77", stage.project))
    stage.forward(minutes=2)
    export = stage.perform(export)
    assert export.state == State.FAILED

    refusal = reject(stage, export).refusal

    assert isinstance(refusal, NumberNotPossible)
    assert refusal.message == "SC-7 in Sage was written for this very commitment."


# ---- At once ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_adopting_and_accepting_at_once_none_is_left_without_a_way_out(sheet, at_once):
    commitment = sheet.books.commitment("SC-7", sheet.project)
    other = sheet.books.commitment("SC-77", sheet.project)
    export = send_to_erp(commitment=commitment, access=sheet.access, now=sheet.clock())
    now = sheet.clock()

    def key_in_and_adopt() -> SyncLink:
        return adopt(sheet, listed(sheet, sheet.key_in("SC-7")), other)

    def accept():
        (outcome,) = accept_exports(exports=[export], access=sheet.access, numbers={export.pk: "SC-7"}, now=now)
        return outcome

    results = at_once(key_in_and_adopt, accept)

    assert all(isinstance(result, LinkNotPossible) or not isinstance(result, Exception) for result in results), results
    export = sheet.perform(export)
    if SyncLink.objects.filter(commitment=other, closed_at=None).exists():
        assert export.state in (State.READY, State.FAILED)
        assert reject(sheet, export).refusal is None
    else:
        assert export.state == State.LINKED
    assert SyncLink.objects.filter(closed_at=None).count() == 1
    assert len(sheet.in_sage("SC-7")) == 1
