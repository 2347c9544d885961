"""An export's life in any order: sent, taken back, accepted, rejected, written, keyed in, killed in the middle, found;
then unlinked, left in Sage by two persons, or another record adopted.

The real services work on a real company file and its bridge; workers die, answers are lost, Sage and the bridge go
away. Invariants: one commitment, at most one living record in Sage that the product wrote or linked without a person
being told; one open link per commitment and per record; what the commitment says is what its export or its link is;
what was left in Sage keeps its reference, and is linked again by a person only; the history never shrinks. In the end,
when everything is back, nothing that was written is lost.

`export_stage.py` holds the stage and what is true on it; `export_rules.py`, `link_rules.py` and `rare_rules.py` what
happens there.
"""

from __future__ import annotations

import datetime

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from directory.models import Activity
from erpintegrations.models import SyncLink, UnlinkOverride
from erpintegrations.services.export_commitment import LEASE
from tests.properties.export_stage import COMMITMENTS, ErpStatus, State
from tests.properties.rare_rules import RareRules

ERP_STATUS = {
    State.READY: ErpStatus.READY_TO_EXPORT,
    State.ACCEPTED: ErpStatus.EXPORTING,
    State.WRITING: ErpStatus.EXPORTING,
    State.AWAITING: ErpStatus.EXPORTING,
    State.NEEDS_DECISION: ErpStatus.EXPORTING,
    State.FAILED: ErpStatus.FAILED_TO_EXPORT,
}


class ExportLife(RareRules):
    @invariant()
    def one_commitment_has_at_most_one_living_record_that_no_person_was_told_of(self) -> None:
        """A backup alone brings back a second one; then nothing is linked but what was before, or by a person."""
        for n in range(COMMITMENTS if hasattr(self, "told") else 0):
            own, link = self.own_records(n), self.open_link(n)
            assert len(own - self.restored.keys()) <= 1, "a duplicate was made"
            if len(own) > 1 and link is not None:
                assert link.pk in self.chosen | set(self.restored.values()), "linked by itself beside another"

    @invariant()
    def links_and_states_agree(self) -> None:
        for n in range(len(getattr(self, "commitments", []))):
            export, status, link = self.export(n), self.commitment(n).erp_status, self.open_link(n)
            assert (link is not None) == (status == ErpStatus.SYNCED)
            if export is not None and export.is_open:
                assert status == ERP_STATUS[State(export.state)]
            elif link is not None:
                exported = export is not None and (export.state, export.link) == (State.LINKED, link)
                assert exported or link.pk in self.chosen
            else:
                assert status in (ErpStatus.NOT_SENT, ErpStatus.REJECTED)

    @invariant()
    def nothing_is_linked_twice(self) -> None:
        still_open = list(SyncLink.objects.filter(closed_at=None))
        assert len({link.commitment_id for link in still_open}) == len(still_open)
        assert len({link.erp_id for link in still_open}) == len(still_open)
        waiting = UnlinkOverride.objects.filter(state=UnlinkOverride.State.WAITING)
        assert not waiting.exclude(link__closed_at=None).exists(), "consent is asked for what is not linked"

    @invariant()
    def what_was_left_in_sage_keeps_its_reference_and_is_linked_by_a_person_only(self) -> None:
        left: dict = getattr(self, "left", {})
        kept = SyncLink.objects.filter(left_in_erp=True).exclude(closed_at=None)
        assert {(link.pk, link.erp_id, link.erp_number, link.commitment_id) for link in kept} == {
            (pk, *reference) for pk, reference in left.items()
        }
        again = SyncLink.objects.filter(closed_at=None, erp_id__in={reference.erp_id for reference in left.values()})
        assert {link.pk for link in again} <= getattr(self, "chosen", set()), "it was linked by itself"

    @invariant()
    def the_history_never_shrinks(self) -> None:
        told = list(Activity.objects.order_by("pk").values_list("pk", "verb", "subject_id"))
        before = getattr(self, "told", [])
        assert told[: len(before)] == before
        self.told = told

    def teardown(self) -> None:
        if not hasattr(self, "transaction"):
            return
        try:
            self._nothing_is_lost()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)
            self.folder.cleanup()

    def _nothing_is_lost(self) -> None:
        """Everything is back, and time goes by: what the bridge wrote is linked, or a person is asked about it."""
        self.bridge.arrive()
        for _ in range(3):
            self.now += LEASE + datetime.timedelta(hours=2)
            self.house_is_kept()
        self.sync()
        self.one_commitment_has_at_most_one_living_record_that_no_person_was_told_of()
        for n in range(COMMITMENTS):
            for own in self.own_records(n) - self.keyed_in.keys() - self.restored.keys():
                linked = SyncLink.objects.filter(commitment_id=self.commitments[n], erp_id=own, closed_at=None).exists()
                assert linked or self.state(n) in (State.NEEDS_DECISION, State.FAILED), "a record was lost"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["bridge", "entry_sheet"])
@pytest.mark.parametrize(
    ("order", "linked"),
    [
        (ExportLife.reject_what_is_late_and_write_it_under_another_number, False),
        (ExportLife.link_another_record_while_its_own_is_late, False),
        (ExportLife.link_again_what_came_back_and_leave_it, True),
        (ExportLife.bring_back_what_was_left_while_its_number_waits, True),
        (ExportLife.adopt_another_while_its_own_is_back, True),
        (ExportLife.refuse_it_while_it_is_late_and_write_it_under_another_number, False),
        (ExportLife.key_it_in_while_it_is_late_and_write_it_under_another_number, False),
        (ExportLife.forget_what_never_arrived, False),
        (ExportLife.bring_its_former_record_back_before_it_is_read_back, True),
        (ExportLife.consent_to_what_was_asked_by_one_who_lost_admin, True),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_rare_orders_of_things_at_least_once(order, linked, method):
    life = ExportLife()
    life.set_the_stage(method=method, linked=linked)
    try:
        order(life, 0)
        life.one_commitment_has_at_most_one_living_record_that_no_person_was_told_of()
        life.links_and_states_agree()
        life.nothing_is_linked_twice()
        life.what_was_left_in_sage_keeps_its_reference_and_is_linked_by_a_person_only()
    finally:
        life.teardown()


@pytest.mark.slow
@pytest.mark.django_db
def test_an_export_never_makes_a_duplicate_and_loses_nothing():
    run_state_machine_as_test(
        ExportLife,
        settings=settings(
            max_examples=50,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
