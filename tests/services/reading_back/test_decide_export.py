"""A person's decision about a near match: what was shown is linked or rejected, and no second record is left behind."""

from __future__ import annotations

import pytest

from commitments.models import Commitment
from directory.models import Activity
from directory.refusals import LacksPrivilege, NotAllowed
from erpintegrations.models import Export, Presence, RejectionMail, SyncLink, SyncRun
from erpintegrations.refusals import (
    AlreadyAnswered,
    ChangedMeanwhile,
    ErpNotReachable,
    NumberNotPossible,
    ReasonRequired,
)
from erpintegrations.services.answer_export import reject_exports
from erpintegrations.services.read_back import check_export
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.bridging import DeskBridge
from tests.services.exporting_stage import ExportStage

pytestmark = pytest.mark.django_db
State = Export.State


def test_a_person_links_a_near_match_and_the_drift_is_known_from_the_start(stage, awaiting, check, decide):
    erp_id = stage.key_in("SC-7", "9999")

    export = decide(check(awaiting), link_it=True, reason="Rounded by the vendor.")

    assert (export.state, export.link.erp_id, export.link.linked_by) == (State.LINKED, erp_id, stage.access.user)
    assert SyncLink.objects.get(pk=export.link_id).has_drifted
    assert Activity.objects.get(verb="linked").reason == "Rounded by the vendor."


def test_a_near_match_of_another_vendor_that_a_person_links_has_drifted(stage, awaiting, check, decide):
    stage.key_in("SC-7", vendor=999)

    export = decide(check(awaiting), link_it=True)

    assert SyncLink.objects.filter(pk=export.link_id, has_drifted=True).exists()


def test_a_person_rejects_it_and_the_sender_is_told(stage, awaiting, check, decide):
    stage.key_in("SC-7", "1")

    export = decide(check(awaiting), link_it=False, reason="The number is in use.")

    assert (export.state, export.reject_reason) == (State.REJECTED, "The number is in use.")
    assert Commitment.objects.get(pk=export.commitment_id).erp_status == Commitment.ErpStatus.REJECTED
    assert stage.story(export)[-1] == "rejected"
    assert RejectionMail.objects.get().export == export


def test_what_changed_since_it_was_shown_has_to_be_looked_at_again(stage, awaiting, check, decide):
    erp_id = stage.key_in("SC-7", "1")
    export = check(awaiting)
    stage.sage.change_line(erp_id, 1, amount=2)

    with pytest.raises(ChangedMeanwhile, match=r"What Sage holds under SC-7 has changed since it was shown\."):
        decide(export, link_it=True)

    export.refresh_from_db()
    assert export.state == State.NEEDS_DECISION
    assert decide(export, link_it=True).state == State.LINKED


@pytest.mark.parametrize("link_it", [True, False])
def test_another_record_than_the_one_that_was_shown_is_not_decided_about(stage, awaiting, check, decide, sync, link_it):
    first = stage.key_in("SC-7", "9999")
    shown = check(awaiting)
    stage.sage.delete(first)
    stage.key_in("SC-7", "1", vendor=stage.sage.add_vendor("Other"))
    assert sync().state == SyncRun.State.COMPLETED

    with pytest.raises(ChangedMeanwhile) as refused:
        decide(shown, link_it=link_it, reason="As I saw: 9,999.")

    assert refused.value.message == "What Sage holds under SC-7 has changed since it was shown."
    assert refused.value.remedy == (
        "It was read anew, and nothing was decided: Subcontract SC-7 is “Needs a decision” now."
    )
    assert not SyncLink.objects.exists()
    shown.refresh_from_db()
    assert shown.state == State.NEEDS_DECISION
    assert decide(shown, link_it=link_it).state == (State.LINKED if link_it else State.REJECTED)


def test_it_is_not_rejected_for_another_record_than_the_one_that_was_shown(stage, awaiting, check, decide):
    """Not even when no sync has seen it yet."""
    first = stage.key_in("SC-7", "9999")
    shown = check(awaiting)
    stage.sage.delete(first)
    stage.key_in("SC-7", "1")

    with pytest.raises(ChangedMeanwhile):
        decide(shown, link_it=False)


def test_what_may_have_been_keyed_in_for_it_is_not_left_behind_without_a_word(stage, awaiting, check, decide):
    erp_id = stage.key_in("SC-7", "1")
    export = check(awaiting)

    with pytest.raises(NumberNotPossible) as refused:
        decide(export, link_it=False, is_anothers=False)

    assert refused.value.message == "SC-7 in Sage may have been made for Subcontract SC-7, so it was not rejected."
    assert refused.value.remedy == (
        "Delete it in Sage first, if it was. Otherwise say that it is another one's, and stays there."
    )
    stage.sage.delete(erp_id)
    assert decide(export, link_it=False, is_anothers=False).state == State.REJECTED


def test_the_history_keeps_that_it_was_said_to_be_anothers(stage, awaiting, check, decide):
    stage.key_in("SC-7", "1")

    decide(check(awaiting), link_it=False)

    assert Activity.objects.get(verb="rejected").after["anothers_record"] == "SC-7"


def test_what_is_right_by_now_is_linked_and_not_rejected(stage, awaiting, check, decide):
    erp_id = stage.key_in("SC-7", "1")
    export = check(awaiting)
    stage.sage.change_line(erp_id, 1, amount=10000)

    with pytest.raises(NumberNotPossible, match="so it was not rejected: it is linked now"):
        decide(export, link_it=False)

    export.refresh_from_db()
    assert export.state == State.LINKED


@pytest.mark.parametrize(("link_it", "text"), [(True, "Linking a record"), (False, "A rejection needs a reason.")])
def test_a_decision_needs_a_reason(stage, awaiting, check, decide, link_it, text):
    stage.key_in("SC-7", "1")
    with pytest.raises(ReasonRequired, match=text):
        decide(check(awaiting), link_it=link_it, reason="  ")


def test_only_accounting_decides(stage, awaiting, check, decide, access_of, manager, viewer):
    stage.key_in("SC-7", "1")
    export = check(awaiting)
    with pytest.raises(LacksPrivilege):
        decide(export, link_it=True, access=access_of(manager))
    with pytest.raises(NotAllowed):
        check_export(export=export, access=access_of(viewer), now=stage.clock())


def test_somebody_decided_first(stage, awaiting, check, decide):
    stage.key_in("SC-7", "1")
    export = check(awaiting)
    decide(export, link_it=True)
    with pytest.raises(AlreadyAnswered, match="Somebody else, or a sync, was faster: Subcontract SC-7 is “Linked” now"):
        decide(export, link_it=True)


def test_what_the_bridge_has_written_is_not_rejected_while_it_lives_in_sage(bridged, decide):
    export = bridged.accepted("SC-7")
    bridged.bridge.fails = "after"
    bridged.perform(export)
    (erp_id,) = bridged.in_sage("SC-7")
    bridged.sage.change_line(erp_id, 1, amount=5)
    bridged.forward(minutes=2)
    export = bridged.perform(export)
    assert export.state == State.NEEDS_DECISION
    with pytest.raises(NumberNotPossible) as refused:
        decide(export, link_it=False)
    assert refused.value.message == "SC-7 in Sage was written for this very commitment."
    assert refused.value.remedy == "It was not rejected. Have it linked; or delete it in Sage first, then reject."

    bridged.sage.delete(erp_id)
    export = check_export(export=export, access=bridged.access, now=bridged.clock())
    export = bridged.perform(export)
    assert export.state == State.FAILED
    assert export.problem == "SC-7 was written for Subcontract SC-7, and deleted in Sage before it was found there."
    (outcome,) = reject_exports(
        exports=[export], access=bridged.access, reason="No.", now=bridged.clock(), bridge_of=bridged.bridge
    )
    assert (outcome.refusal, outcome.export.state) == (None, State.REJECTED)


# ---- A second record of the same commitment --------------------------------------------------------------------------


class OtherNumber(DeskBridge):
    """Writes another number than the one that it is given, against the protocol."""

    def submit(self, document, key):
        return super().submit({**document, "ctcnum": "SC-7X"}, key)


def test_nothing_is_linked_while_the_bridges_own_record_lives_under_another_number(bridged, decide):
    bridged.bridge = OtherNumber(bridged.sage)
    export = bridged.perform(bridged.accepted("SC-7"))
    assert (export.state, bridged.in_sage("SC-7")) == (State.AWAITING, [])
    assert export.problem == "The bridge wrote it as SC-7X, though it was given SC-7."
    assert export.remedy == ("Delete SC-7X in Sage, then reject this export; or give it the right number there.")
    by_hand = bridged.key_in("SC-7", "5")
    export = check_export(export=export, access=bridged.access, now=bridged.clock())

    bridged.bridge.fails = "away"
    with pytest.raises(ErpNotReachable) as away:
        decide(export, link_it=True)
    assert away.value.message == "The bridge cannot be reached."
    assert away.value.remedy == "Nothing was linked. It is tried again."
    bridged.bridge.fails = ""
    with pytest.raises(NumberNotPossible) as refused:
        decide(export, link_it=True)

    assert refused.value.message == "The bridge wrote SC-7X for it, which is in Sage, too."
    assert refused.value.remedy == "Nothing was linked. Delete one of the two in Sage: it would be there twice."
    bridged.sage.delete(*bridged.in_sage("SC-7X"))
    assert decide(export, link_it=True).link.erp_id == by_hand


@pytest.mark.parametrize("amount", ["10000", "5"], ids=["exact", "near"])
def test_nothing_is_linked_by_itself_or_by_a_person_while_its_former_record_is_back(stage, check, decide, sync, amount):
    first = check(keyed_in_as_it_was_accepted(stage)).link
    stage.sage.delete(first.erp_id)
    SyncLink.objects.filter(pk=first.pk).update(presence=Presence.DELETED)
    unlink_commitment(link=SyncLink.objects.get(pk=first.pk), access=stage.access, now=stage.clock())
    export = stage.perform(stage.accept(Commitment.objects.get(pk=first.commitment_id), "SC-7A"))
    stage.key_in("SC-7", erp_id=first.erp_id)
    erp_id = stage.key_in("SC-7A", amount)

    assert sync().state == SyncRun.State.COMPLETED

    export.refresh_from_db()
    assert export.state == State.NEEDS_DECISION
    assert export.problem == "SC-7, which Subcontract SC-7 was linked to before, is in Sage again."
    with pytest.raises(NumberNotPossible, match="SC-7, which Subcontract SC-7 was linked to before, is in Sage again"):
        decide(export, link_it=True)
    stage.sage.delete(first.erp_id)
    if amount == "10000":
        assert check(export).link.erp_id == erp_id
    else:
        assert decide(check(export), link_it=True).link.erp_id == erp_id


def keyed_in_as_it_was_accepted(stage: ExportStage) -> Export:
    export = stage.perform(stage.accepted("SC-7"))
    stage.key_in("SC-7")
    return export
