"""What the ERP's status of a record makes of it here: what was not agreed upon is left, what is finished stays so."""

from decimal import Decimal

import pytest

from commitments.models import Commitment
from erpintegrations.refusals import BringInNotPossible
from erpintegrations.selectors.set_up_commitments import preview
from tests.factories import CommitmentFactory, ProjectFactory

pytestmark = pytest.mark.django_db

SUBCONTRACTS = [(1, None), (2, None), (3, "approved"), (4, "approved"), (5, "complete"), (6, "complete"), (9, None)]
PURCHASE_ORDERS = [(1, "approved"), (2, None), (3, None), (4, "closed"), (6, None)]


@pytest.mark.parametrize(
    ("kind", "status", "ours"),
    [
        *(("subcontract", status, ours) for status, ours in SUBCONTRACTS),
        *(("purchase_order", status, ours) for status, ours in PURCHASE_ORDERS),
    ],
)
def test_a_record_becomes_what_its_status_says_or_is_left_for_it(stage, kind, status, ours):
    getattr(stage, kind)("NO-1", status=status)
    stage.read()
    found = preview(stage.connection)
    if ours is None:
        assert (found.ready.count, found.ready.total) == (0, 0)
        assert {reason.key: reason.figures.count for reason in found.reasons} == {"no_job": 1, "not_agreed": 1}
        with pytest.raises(BringInNotPossible, match="There is nothing to bring in of the commitments"):
            stage.request()
        return
    assert stage.bring_in().done_count == 1
    commitment = Commitment.objects.get()
    assert (commitment.status, commitment.erp_status, commitment.amount) == (ours, "synced", Decimal("1000.00"))


def test_one_that_was_refused_since_it_was_read_is_left_until_the_next_sync_says_so(stage):
    stage.subcontract("SC-1")
    stage.read()
    stage.sage.run("UPDATE subcon SET status = 2 WHERE ctcnum = 'SC-1'")
    stage.bring_in()
    told = "Its status is 2-Refused by now; when it was last read, it was 4-Current."
    assert stage.left() == {"SC-1": ("changed", told)}
    stage.read()
    assert {reason.key for reason in preview(stage.connection).reasons} == {"no_job", "not_agreed"}


def test_a_subcontracts_number_is_taken_in_the_whole_company_and_an_orders_in_its_project(stage):
    elsewhere = ProjectFactory(company=stage.company, name="Elsewhere")
    CommitmentFactory(project=elsewhere, number="sc-1", kind="subcontract", vendor=stage.vendor)
    CommitmentFactory(project=elsewhere, number="PO-1", kind="purchase_order", vendor=stage.vendor)
    stage.subcontract("SC-1")
    stage.purchase_order("PO-1")
    stage.read()
    assert {reason.key for reason in preview(stage.connection).reasons} == {"no_job", "number_taken"}
    assert stage.bring_in().done_count == 1
    assert list(Commitment.objects.filter(project=stage.project).values_list("number", flat=True)) == ["PO-1"]


def test_of_two_subcontracts_with_one_number_in_two_jobs_the_second_is_left(stage):
    other = stage.sage.add_job("Depot")
    stage.link_job(other, name="Depot")
    stage.subcontract("SC-1")
    stage.subcontract("SC-1", job=other)
    stage.read()
    done = stage.bring_in()
    assert (done.done_count, done.left_count) == (1, 1)
    assert Commitment.objects.get().project == stage.project
