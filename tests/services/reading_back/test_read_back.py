"""Reading back: what is found in Sage is linked, what is nearly so is decided by a person, and memory is kept."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from commitments.models import Commitment
from directory.models import Activity
from erpintegrations.models import Export, Presence, SyncLink, SyncRun
from erpintegrations.refusals import (
    AlreadyAnswered,
    ErpNotReachable,
    NumberNotPossible,
)
from erpintegrations.services.answer_export import reject_exports
from erpintegrations.services.read_back import check_export
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.connectors.builder import Line
from tests.services.exporting_stage import ExportStage

pytestmark = pytest.mark.django_db
State = Export.State


def status_of(export: Export) -> str:
    return Commitment.objects.get(pk=export.commitment_id).erp_status


# ---- Found -----------------------------------------------------------------------------------------------------------


def test_what_was_keyed_in_is_linked_by_check_now(stage, awaiting, check, manager):
    assert check(awaiting).state == State.AWAITING
    erp_id = stage.key_in("SC-7")

    export = check(awaiting)

    assert (export.state, export.link.erp_id, export.link.linked_by) == (State.LINKED, erp_id, manager)
    assert status_of(export) == Commitment.ErpStatus.SYNCED


def test_the_next_sync_links_what_was_keyed_in(stage, awaiting, sync):
    stage.key_in("sc-7 ")

    assert sync().state == SyncRun.State.COMPLETED

    awaiting.refresh_from_db()
    assert (awaiting.state, awaiting.link.linked_by) == (State.LINKED, None)
    told = Activity.objects.get(verb="linked")
    assert (told.actor, told.actor_label) == (None, "ERP Integrations")


def test_the_sync_after_that_finds_nothing_new(stage, awaiting, sync):
    stage.key_in("SC-7")
    sync()
    before = list(SyncLink.objects.values())

    assert sync().changed_count == 0
    assert list(SyncLink.objects.values()) == before


def test_other_texts_and_another_date_do_not_matter(stage, awaiting, check):
    line = Line("10000", cost_code="3300", cost_type=4, description="footings")
    stage.key_in("SC-7", lines=[line], dscrpt="concrete works", condte=None)

    assert check(awaiting).state == State.LINKED


def test_a_void_purchase_order_is_not_what_was_exported(stage, check):
    export = stage.perform(stage.accepted("PO-7", kind="purchase_order"))
    stage.sage.void(stage.key_in("PO-7"))

    assert check(export).state == State.AWAITING


def test_a_failed_one_that_is_in_sage_after_all_is_linked(stage, sync):
    export = stage.accepted("SC-7")
    stage.sage.path.rename(stage.sage.path.with_suffix(".away"))
    assert stage.perform(export).state == State.FAILED
    stage.sage.path.with_suffix(".away").rename(stage.sage.path)
    stage.key_in("SC-7")

    sync()

    export.refresh_from_db()
    assert (export.state, status_of(export)) == (State.LINKED, Commitment.ErpStatus.SYNCED)


def test_many_are_looked_for_at_once(stage, sync):
    def queries_for(numbers: list[str]) -> int:
        exports = [stage.perform(stage.accepted(number)) for number in numbers]
        stage.key_in(numbers[0])
        with CaptureQueriesContext(database) as queries:
            sync()
        found = Export.objects.filter(pk__in=[export.pk for export in exports]).values_list("state", flat=True)
        assert sorted(found) == [State.AWAITING] * (len(numbers) - 1) + [State.LINKED]
        return len(queries)

    queries_for(["SC-18"])  # jobs, vendors and codes are read for the first time
    two = queries_for(["SC-20", "SC-21"])
    assert queries_for([f"SC-{number}" for number in range(30, 42)]) <= two


# ---- Nearly found ----------------------------------------------------------------------------------------------------


NEAR = {
    "another vendor": ({"vendor": 999}, "vendor"),
    "another amount": ({"amount": "10000.01"}, "total of the lines, lines"),
    "another retainage": ({"rtnrte": 5}, "retainage"),
    "another cost code": ({"lines": [Line("10000", cost_code="3301", cost_type=4)]}, "lines"),
    "one line in two": ({"lines": [Line("9000", cost_code="3300", cost_type=4), Line("1000")]}, "lines"),
    "a change order": (
        {"lines": [Line("10000", change="5", cost_code="3300", cost_type=4)]},
        "changed amount",
    ),
}


@pytest.mark.parametrize(("keyed_in", "named"), NEAR.values(), ids=NEAR)
def test_a_near_match_waits_for_a_person(stage, awaiting, check, keyed_in, named):
    stage.key_in("SC-7", **keyed_in)

    export = check(awaiting)

    assert export.state == State.NEEDS_DECISION
    assert export.problem == f"SC-7 in Sage has other values: {named}."
    assert status_of(export) == Commitment.ErpStatus.EXPORTING
    assert stage.story(export)[-1] == "export_needs_decision"
    assert not SyncLink.objects.exists()


def test_both_sides_are_kept_field_by_field_and_line_by_line(stage, awaiting, check):
    lines = [Line("9000", cost_code="3300", cost_type=4, description="Slab"), Line("1000")]
    stage.key_in("SC-7", vendor=999, lines=lines)

    candidate = check(awaiting).candidate

    header = {cell["field"]: (cell["ours"], cell["theirs"], cell["differs"]) for cell in candidate["header"]}
    assert header["Vendor"] == (str(stage.books.vendor_number), "999", True)
    assert header["Total of the lines"] == ("10000.00", "10000.00", False)
    first, second = candidate["lines"]
    assert (first["ours"], first["theirs"], first["differs"]) == (True, True, True)
    assert (second["ours"], second["theirs"], second["differs"]) == (False, True, True)


def test_one_that_is_corrected_in_sage_is_linked_by_itself(stage, awaiting, check, sync):
    erp_id = stage.key_in("SC-7", "999")
    check(awaiting)
    stage.sage.change_line(erp_id, 1, amount=10000)

    sync()

    awaiting.refresh_from_db()
    assert awaiting.state == State.LINKED


def test_one_that_is_deleted_in_sage_is_waited_for_again(stage, awaiting, check, sync):
    erp_id = stage.key_in("SC-7", "999")
    check(awaiting)
    stage.sage.delete(erp_id)

    sync()

    awaiting.refresh_from_db()
    assert (awaiting.state, awaiting.candidate, awaiting.problem) == (State.AWAITING, {}, "")


# ---- Memory ----------------------------------------------------------------------------------------------------------


def unlinked_and_sent_again(stage: ExportStage) -> tuple[Export, str]:
    stage.key_in("SC-7")
    link = stage.perform(stage.accepted("SC-8")).link
    assert link is None
    export = stage.perform(stage.accept(stage.books.commitment("SC-9", stage.project)))
    erp_id = stage.key_in("SC-9")
    link = check_export(export=export, access=stage.access, now=stage.clock()).link
    stage.sage.delete(erp_id)
    SyncLink.objects.filter(pk=link.pk).update(presence=Presence.DELETED)
    unlink_commitment(link=SyncLink.objects.get(pk=link.pk), access=stage.access, now=stage.clock())
    again = stage.accept(Commitment.objects.get(number="SC-9"))
    return stage.perform(again), erp_id


def test_a_record_that_a_person_unlinked_is_not_linked_by_itself_again(stage, check, decide, approver):
    export, erp_id = unlinked_and_sent_again(stage)
    stage.key_in("SC-9", erp_id=erp_id)

    export = check(export)

    assert export.state == State.NEEDS_DECISION
    assert export.problem == (
        f"SC-9 in Sage was unlinked by {approver.name} before, so that it is not linked by itself."
    )
    assert decide(export, link_it=True).state == State.LINKED


def test_two_that_are_just_alike_need_a_person(stage, check):
    export = stage.perform(stage.accepted("PO-7", kind="purchase_order"))
    stage.key_in("PO-7")
    stage.key_in("PO-7")

    assert check(export).problem == "2 records in Sage are just like it."


# ---- Rejecting what is on its way ------------------------------------------------------------------------------------


def test_what_is_in_sage_already_is_linked_rather_than_rejected(stage, awaiting):
    stage.key_in("SC-7")

    (outcome,) = reject_exports(exports=[awaiting], access=stage.access, reason="Wrong vendor.", now=stage.clock())

    assert isinstance(outcome.refusal, NumberNotPossible)
    assert outcome.export.state == State.LINKED


def test_what_waits_to_be_keyed_in_can_be_rejected(stage, awaiting):
    (outcome,) = reject_exports(exports=[awaiting], access=stage.access, reason="Wrong vendor.", now=stage.clock())

    assert (outcome.refusal, outcome.export.state) == (None, State.REJECTED)


def test_a_bridge_that_is_away_keeps_what_it_was_given_from_being_rejected(bridged):
    export = bridged.accepted("SC-7")
    bridged.bridge.fails = "before"
    bridged.perform(export)
    Export.objects.filter(pk=export.pk).update(state=State.AWAITING, lease_expires_at=None, version=F("version") + 1)
    bridged.bridge.fails = "away"
    arguments = {"access": bridged.access, "reason": "No.", "bridge_of": bridged.bridge}

    (outcome,) = reject_exports(exports=[export], now=bridged.clock(), **arguments)
    assert isinstance(outcome.refusal, ErpNotReachable)
    assert "Nothing was rejected." in outcome.refusal.remedy

    bridged.bridge.fails = ""
    (outcome,) = reject_exports(exports=[export], now=bridged.clock(), **arguments)
    assert outcome.refusal is None


# ---- Sage is away ----------------------------------------------------------------------------------------------------


def test_sage_out_of_reach_is_said_and_changes_nothing(stage, awaiting, check):
    stage.sage.path.rename(stage.sage.path.with_suffix(".away"))
    with pytest.raises(ErpNotReachable, match=r"The ERP database file is not there\."):
        check(awaiting)
    awaiting.refresh_from_db()
    assert awaiting.state == State.AWAITING


def test_an_answered_one_is_not_looked_for(stage, check):
    commitment = stage.books.commitment("SC-7", stage.project)
    export = stage.accept(commitment)
    with pytest.raises(AlreadyAnswered):
        check(export)
