"""The ERP's subcontracts and purchase orders become linked commitments; what cannot is left, with its reason."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from commitments.models import Commitment
from directory.models import Activity
from erpintegrations.models import BringIn, CostCodeLink, FoundMaster, Presence, SyncLink, UnlinkedRecord
from erpintegrations.refusals import BringInNotPossible
from erpintegrations.selectors.set_up import CommitmentFigures, commitment_figures
from erpintegrations.selectors.set_up_commitments import named_jobs, preview
from erpintegrations.services import bring_in
from tests.connectors.builder import Line
from tests.factories import CommitmentFactory, CostCodeFactory, ExportFactory, SyncLinkFactory

pytestmark = pytest.mark.django_db

OTHER = "OTHER"  # the record of another job, which the company has of its own


def why(stage) -> dict[str, int]:
    return {reason.key: reason.figures.count for reason in preview(stage.connection).reasons}


# ---- What is brought in ----------------------------------------------------------------------------------------------


def test_a_subcontract_becomes_a_linked_commitment_with_its_lines(stage):
    lines = (stage.line("1000.10", description="Footings"), stage.line("-0.05", change=70, billed=30))
    erp_id = stage.subcontract("SC-7", lines=lines, dscrpt="Concrete work")
    stage.read()

    done = stage.bring_in()

    assert (done.state, done.done_count, done.left_count, done.total) == ("done", 1, 0, 1)
    (commitment,) = Commitment.objects.all()
    assert (commitment.kind, commitment.number, commitment.title) == ("subcontract", "SC-7", "Concrete work")
    assert (commitment.project, commitment.vendor) == (stage.project, stage.vendor)
    assert (commitment.status, commitment.erp_status) == ("approved", "synced")
    assert (commitment.amount, commitment.contract_date) == (Decimal("1000.05"), datetime.date(2026, 3, 2))
    assert commitment.accounting_method == "amount_based"
    assert [
        (line.position, line.description, line.quantity, line.unit_cost, line.amount, line.cost_code, line.cost_type)
        for line in commitment.lines.all()
    ] == [
        (1, "Footings", 1, Decimal("1000.10"), Decimal("1000.10"), stage.cost_code, stage.cost_type),
        (2, "Concrete work", 1, Decimal("-0.05"), Decimal("-0.05"), stage.cost_code, stage.cost_type),
    ]
    (link,) = SyncLink.objects.all()
    assert (link.erp_id, link.commitment, link.linked_by) == (erp_id, commitment, stage.admin)
    assert (link.presence, link.amount, link.erp_amount) == (Presence.PRESENT, commitment.amount, commitment.amount)
    assert (link.changed_amount, link.invoiced_amount, link.has_drifted) == (70, 30, False)
    assert link.checked_at < done.finished_at
    assert not UnlinkedRecord.objects.exclude(number=OTHER).exists()


def test_its_history_says_who_brought_it_in(stage):
    stage.subcontract()
    stage.read()
    done = stage.bring_in()
    (entry,) = Activity.objects.filter(subject_type="commitment")
    assert (entry.verb, entry.actor, entry.project) == ("brought_in", stage.admin, stage.project)
    assert entry.after == {"erp_number": "SC-1", "presence": "In the ERP", "erp_status": "Synced"}
    told = Activity.objects.filter(subject_type="bring_in", subject_id=done.pk).order_by("id")
    assert [(entry.verb, entry.actor, entry.after) for entry in told] == [
        ("bring_in_started", stage.admin, {"found": 1}),
        ("bring_in_ended", stage.admin, {"brought_in": 1, "left": 0}),
    ]


def test_a_purchase_order_keeps_quantity_and_price_where_they_make_its_amount(stage):
    first, second = stage.purchase_order("PO-1"), stage.purchase_order("PO-2")
    stage.sage.change_line(first, 1, linqty="3.5", linprc="285.7143", extttl=1000)
    stage.sage.change_line(second, 1, linqty="3", linprc="333.33", extttl=1000)
    stage.read()
    assert stage.bring_in().done_count == 2
    by_unit, by_amount = Commitment.objects.order_by("number")
    assert by_unit.accounting_method == "unit_based"
    assert [(line.quantity, line.unit_cost, line.amount) for line in by_unit.lines.all()] == [
        (Decimal("3.5"), Decimal("285.7143"), 1000)
    ]
    assert by_amount.accounting_method == "amount_based"
    assert [(line.quantity, line.unit_cost, line.amount) for line in by_amount.lines.all()] == [(1, 1000, 1000)]


def test_the_next_sync_finds_all_as_it_was_brought_in(stage):
    stage.subcontract()
    stage.purchase_order(received=200)
    stage.read()
    stage.bring_in()
    before = list(SyncLink.objects.order_by("pk").values())
    stage.read()
    assert list(SyncLink.objects.order_by("pk").values()) == before
    assert not Activity.objects.filter(verb__in=["presence_changed", "amount_changed", "record_changed"]).exists()


def test_one_job_can_be_brought_in_alone(stage):
    other = stage.sage.add_job("Depot")
    stage.link_job(other, name="Depot")
    stage.subcontract("SC-1")
    stage.subcontract("SC-2", job=other)
    stage.read()
    done = stage.bring_in(job_id=str(other))
    assert (done.total, stage.numbers()) == (1, ["SC-2"])


# ---- What is left ----------------------------------------------------------------------------------------------------


def test_what_is_known_to_be_left_is_counted_before_and_not_tried(stage):
    taken = CommitmentFactory(project=stage.project, number="sc-2", kind="subcontract")
    unlinked = stage.subcontract("SC-3")
    ExportFactory(connection=stage.connection, commitment=CommitmentFactory(project=stage.project), state="awaiting",
                  erp_number="sc-4", kind="subcontract")  # fmt: skip
    stage.subcontract("SC-1")
    stage.subcontract("SC-2")
    stage.subcontract("SC-4")
    stage.subcontract("SC-5", vendor=stage.sage.add_vendor("Nobody"))
    stage.subcontract("")
    SyncLinkFactory(
        connection=stage.connection,
        commitment=CommitmentFactory(project=stage.project),
        erp_id=unlinked,
        unlinked=True,
        closed_by=stage.admin,
    )
    stage.read()

    reasons = {"no_job": 1, "no_vendor": 1, "no_number": 1, "number_taken": 1, "exported": 1, "unlinked": 1}
    found = preview(stage.connection)
    assert why(stage) == reasons
    assert (found.ready.count, found.ready.total, found.left.count) == (1, 1000, 6)
    done = stage.bring_in()
    assert (done.total, done.done_count, done.left_count) == (1, 1, 0)
    assert why(stage) == reasons
    assert Commitment.objects.filter(number__iexact="SC-2").get() == taken


@pytest.mark.parametrize(
    ("lines", "reason", "detail"),
    [
        ([Line(5, cost_code="9.999", cost_type=4)], "no_code", "Cost code 9.999 of line 1 is not brought in."),
        ([Line(5, cost_code="3.3", cost_type=8)], "no_code", "Cost type 8 of line 1 is not brought in."),
        ([Line(5, cost_code="3.3")], "no_code", "Line 1 has no cost type."),
        ([], "no_lines", ""),
    ],
)
def test_what_its_lines_show_is_left_with_the_reason(stage, lines, reason, detail):
    stage.subcontract("SC-1", lines=lines)
    stage.subcontract("SC-2")
    stage.read()
    done = stage.bring_in()
    assert (done.done_count, done.left_count, stage.numbers()) == (1, 1, ["SC-2"])
    assert stage.left() == {"SC-1": (reason, detail)}
    after = preview(stage.connection)
    (found,) = [found for found in after.reasons if found.key == reason]
    assert (found.figures.count, found.is_tried_again) == (1, True)
    assert (after.ready.count, after.tried, after.to_try) == (0, 1, 1)
    assert after.left.count == sum(reason.figures.count for reason in after.reasons), "each stands in one figure alone"


def test_what_was_left_for_its_code_is_brought_in_once_the_code_is(stage):
    stage.subcontract("SC-1", lines=[Line(5, cost_code="9.999", cost_type=4)])
    stage.read()
    assert stage.bring_in().left_count == 1
    code = CostCodeFactory(company=stage.company)
    CostCodeLink.objects.create(company=stage.company, connection=stage.connection, erp_id="9.999", cost_code=code)
    assert stage.bring_in().done_count == 1
    assert Commitment.objects.get().lines.get().cost_code == code


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda sage, order: sage.delete(order), "It was deleted since it was last read."),
        (lambda sage, order: sage.void(order), "It was voided since it was last read."),
        (
            lambda sage, order: sage.change_line(order, 1, linprc=1200, extttl=1200),
            "Its amount is 1,200.00 by now; when it was last read, it was 1,000.00.",
        ),
        (lambda sage, order: sage.run("UPDATE pchord SET vndnum = 77"), "It was changed since it was last read."),
    ],
)
def test_what_is_not_as_the_preview_showed_it_is_left_until_it_is_read_again(stage, change, detail):
    order = stage.purchase_order("PO-1")
    stage.read()
    change(stage.sage, order)
    stage.bring_in()
    assert stage.left() == {"PO-1": ("changed", detail)}
    assert stage.numbers() == []
    stage.read()
    assert stage.left() == {}


def test_of_two_records_with_one_number_in_a_job_the_second_is_left(stage):
    stage.subcontract("SC-1")
    stage.subcontract("sc-1")
    stage.purchase_order("SC-1")
    stage.read()
    done = stage.bring_in()
    assert (done.done_count, done.left_count) == (2, 1)
    assert sorted(Commitment.objects.values_list("kind", "number")) == [
        ("purchase_order", "SC-1"),
        ("subcontract", "SC-1"),
    ]
    assert why(stage) == {"no_job": 1, "number_taken": 1}


def test_with_nothing_that_could_be_brought_in_nothing_is_started(stage):
    stage.read()
    with pytest.raises(BringInNotPossible, match="There is nothing to bring in of the commitments"):
        stage.request()
    assert not BringIn.objects.exists()


# ---- The preview, and the size ---------------------------------------------------------------------------------------


def test_the_preview_counts_and_totals_by_job(stage, django_assert_num_queries):
    stage.subcontracts(2)
    stage.purchase_order(lines=[stage.line("0.50")])
    stage.subcontract("SC-9", vendor=stage.sage.add_vendor("Nobody"))
    stage.read()
    FoundMaster.objects.update_or_create(
        connection=stage.connection, kind="job", erp_id=str(stage.job), defaults={"name": "Riverside Clinic"}
    )
    with django_assert_num_queries(1):
        found = preview(stage.connection)
    other, own = named_jobs(stage.connection, found.jobs)
    assert named_jobs(stage.connection, found.jobs, "CLINIC river") == [own]
    assert named_jobs(stage.connection, found.jobs, "another clinic") == []
    assert (own.job_id, own.name) == (str(stage.job), "Riverside Clinic")
    assert (own.ready.count, own.ready.total) == (3, Decimal("2000.50"))
    assert (own.left.count, own.left.total, other.left.count, other.ready.count) == (1, 1000, 1, 0)


def test_the_step_counts_as_its_preview_does(stage):
    first, *_ = stage.subcontracts(3)
    stage.subcontract("SC-9", lines=[])
    stage.read()
    stage.bring_in()
    stage.sage.delete(first)
    stage.read()
    assert commitment_figures(stage.connection) == CommitmentFigures(linked=2, gone=1, waiting=0, left=2)
    assert preview(stage.connection).left.count == 2


def test_it_takes_statements_by_the_batch_and_not_by_the_row(stage, monkeypatch):
    monkeypatch.setattr(bring_in, "SHIFT", datetime.timedelta(days=1))
    stage.many(3000)
    stage.read()
    asked = stage.request()
    with CaptureQueriesContext(database) as captured:
        done = stage.perform(asked)
    assert (done.state, done.done_count) == ("done", 3000)
    batches = 3000 / bring_in.BATCH_SIZE
    assert len(captured) < 100 * batches
