"""Adopt: a record that the ERP has already is linked to a commitment here, each refusal in words."""

import shutil
import uuid

import pytest
from django.utils import timezone

from commitments.models import Commitment
from directory.models import Activity
from directory.refusals import LacksPrivilege, NotAllowed
from erpintegrations.models import Presence, SyncLink, UnlinkedRecord, VendorLink
from erpintegrations.refusals import ChangedMeanwhile, ErpNotReachable, LinkNotPossible, RecordNotThere
from erpintegrations.selectors.adoption import suggestions, suggestions_for, unlinked_records
from erpintegrations.selectors.side_by_side import compare_with_record
from erpintegrations.services.adopt_record import adopt_record, comparison_token, read_for_adoption
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.connectors.builder import Line
from tests.factories import CommitmentFactory

pytestmark = pytest.mark.django_db

LINES = (Line(1000), Line(500))


@pytest.fixture
def commitment(project):
    return CommitmentFactory(project=project, number="SC-9", title="Rebar", amount=1500)


@pytest.fixture
def listed(connection, sage_company, job, now):
    """A record of Sage that no commitment is linked to, listed: `listed("SC-9")`."""

    def add(number, *, kind="subcontract", lines=LINES, vendor=0, **columns):
        adds = {"subcontract": sage_company.add_subcontract, "purchase_order": sage_company.add_purchase_order}
        erp_id = adds[kind](number, job, vendor, lines=lines, **columns)
        return UnlinkedRecord.objects.create(
            company=connection.company,
            connection=connection,
            erp_id=erp_id,
            kind=kind,
            number=number,
            job_id=str(job),
            vendor_id=str(vendor or ""),
            amount=sum(line.amount for line in lines),
            first_seen_at=now,
        )

    return add


@pytest.fixture
def record(listed):
    return listed("SC-9")


@pytest.fixture
def adopt(accountant, access_of, now):
    def act(record, commitment, by=None, **more):
        return adopt_record(record=record, commitment=commitment, access=access_of(by or accountant), now=now, **more)

    return act


def assert_nothing_linked(commitment, status=Commitment.ErpStatus.NOT_SENT):
    assert not SyncLink.objects.filter(commitment=commitment, closed_at=None).exists()
    assert Commitment.objects.get(pk=commitment.pk).erp_status == status
    assert not Activity.objects.filter(verb="adopted").exists()


# ---- It goes ---------------------------------------------------------------------------------------------------------


def test_an_accounting_approver_links_the_two(adopt, record, commitment, accountant, now):
    link = adopt(record, commitment)

    assert (link.commitment, link.erp_id, link.linked_by) == (commitment, record.erp_id, accountant)
    assert (link.presence, link.checked_at) == (Presence.PRESENT, now)
    assert (link.erp_amount, link.amount) == (1500, 1500)
    assert Commitment.objects.get().erp_status == Commitment.ErpStatus.SYNCED
    assert not UnlinkedRecord.objects.exists()


def test_the_history_tells_it(adopt, record, commitment, accountant):
    adopt(record, commitment)
    entry = Activity.objects.get()
    assert (entry.verb, entry.actor, entry.subject_id) == ("adopted", accountant, commitment.pk)
    assert entry.after == {"erp_number": "SC-9", "presence": "In the ERP", "erp_status": "Synced"}


def test_the_record_is_read_once_more(adopt, record, commitment, sage_company):
    sage_company.change_line(record.erp_id, 1, amount=700)
    assert adopt(record, commitment).erp_amount == 1200


def test_it_keeps_what_the_record_should_hold_from_now_on(adopt, record, commitment, connection):
    VendorLink.objects.create(
        company=connection.company, connection=connection, vendor=commitment.vendor, erp_id="77", erp_name="Ours"
    )
    link = SyncLink.objects.get(pk=adopt(record, commitment).pk)
    assert link.expected_vendor_id == "77"
    assert link.expected_lines_digest == link.erp_lines_digest != ""
    assert link.has_drifted, "another vendor than ours"


def test_what_a_person_unlinked_a_person_may_adopt_again(
    adopt, record, commitment, approver, access_of, now, sage_company
):
    link = adopt(record, commitment)
    SyncLink.objects.update(presence=Presence.DELETED, erp_id=str(uuid.uuid4()))
    unlink_commitment(link=link, access=access_of(approver), now=now)
    SyncLink.objects.update(erp_id=link.erp_id)
    again = adopt(record, commitment)
    assert again.is_open
    assert SyncLink.objects.count() == 2


def test_a_rejected_commitment_can_be_adopted(adopt, record, commitment):
    Commitment.objects.update(erp_status=Commitment.ErpStatus.REJECTED)
    assert adopt(record, commitment).is_open


def test_nothing_in_the_erp_is_touched(adopt, record, commitment, sage_company):
    before = sage_company.path.read_bytes()
    adopt(record, commitment)
    assert sage_company.path.read_bytes() == before


# ---- What refuses it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("person", "refusal"), [("manager", LacksPrivilege), ("viewer", NotAllowed)])
def test_only_an_accounting_approver_may(adopt, record, commitment, request, person, refusal):
    with pytest.raises(refusal):
        adopt(record, commitment, by=request.getfixturevalue(person))
    assert_nothing_linked(commitment)


def test_a_record_that_was_deleted_is_refused(adopt, record, commitment, sage_company):
    sage_company.delete(record.erp_id)
    with pytest.raises(RecordNotThere) as refused:
        adopt(record, commitment)
    assert refused.value.message == "SC-9 was deleted in Sage: there is nothing to link any more."
    assert refused.value.remedy == "The next sync takes it off the list."
    assert_nothing_linked(commitment)


def test_a_record_that_was_voided_is_refused(adopt, listed, project, sage_company):
    record = listed("PO-1", kind="purchase_order")
    order = CommitmentFactory(project=project, number="PO-1", kind="purchase_order")
    sage_company.void(record.erp_id)
    with pytest.raises(RecordNotThere) as refused:
        adopt(record, order)
    assert refused.value.message == "PO-1 was voided in Sage: a void record is not linked."
    assert_nothing_linked(order)


def test_a_record_that_is_linked_is_refused_with_to_what(adopt, record, commitment, project):
    adopt(record, commitment)
    other = CommitmentFactory(project=project, number="SC-10")
    with pytest.raises(LinkNotPossible) as refused:
        adopt(record, other)
    assert refused.value.message == "SC-9 in Sage is linked already, to Subcontract SC-9."
    assert refused.value.remedy == "Unlink that one first if it is wrong, or choose another record."


def test_a_commitment_that_is_linked_is_refused(adopt, listed, commitment):
    adopt(listed("SC-9"), commitment)
    with pytest.raises(LinkNotPossible) as refused:
        adopt(listed("SC-9B"), commitment)
    assert refused.value.message == "Subcontract SC-9 is linked already."
    assert refused.value.remedy == "Unlink it first, or choose another commitment."


def test_a_second_record_is_refused_while_the_one_it_was_linked_to_before_is_back(
    adopt, listed, commitment, approver, access_of, now, sage_company
):
    link = adopt(listed("SC-9"), commitment)
    sage_company.delete(link.erp_id)
    SyncLink.objects.update(presence=Presence.DELETED)
    unlink_commitment(link=link, access=access_of(approver), now=now)
    back = listed("SC-9", erp_id=link.erp_id)
    with pytest.raises(LinkNotPossible) as refused:
        adopt(listed("SC-9B"), commitment)
    assert refused.value.message == "SC-9, which Subcontract SC-9 was linked to before, is in Sage again."
    assert refused.value.remedy == (
        "In Sage, open 6-7-1 Subcontracts and choose Edit ▸ Delete Subcontract. Then link the other one. Or link it to "
        "SC-9 again."
    )
    assert adopt(back, commitment).is_open


@pytest.mark.parametrize("chosen", [0, 1])
def test_one_of_two_it_was_linked_to_before_is_refused_while_the_other_is_back_too(
    adopt, listed, commitment, approver, access_of, now, sage_company, chosen
):
    numbers = ["SC-9", "SC-9B"]
    links = []
    for number in numbers:
        links.append(adopt(listed(number), commitment))
        sage_company.delete(links[-1].erp_id)
        SyncLink.objects.update(presence=Presence.DELETED)
        unlink_commitment(link=links[-1], access=access_of(approver), now=now)
    back = [listed(number, erp_id=link.erp_id) for number, link in zip(numbers, links, strict=True)]
    with pytest.raises(LinkNotPossible, match=f"^{numbers[1 - chosen]}, which Subcontract SC-9 was linked to before"):
        adopt(back[chosen], commitment)


@pytest.mark.parametrize("status", ["draft", "out_for_bid", "out_for_signature", "terminated", "void"])
def test_a_commitment_that_is_not_agreed_is_refused(adopt, record, commitment, status):
    Commitment.objects.update(status=status)
    with pytest.raises(LinkNotPossible) as refused:
        adopt(record, commitment)
    label = Commitment.Status(status).label
    assert refused.value.message == f"Subcontract SC-9 is “{label}”, and once it is linked, that could not be changed."
    assert refused.value.remedy == "Set it to Approved, if it is agreed with the vendor. Then link it."
    assert_nothing_linked(commitment)


def test_a_purchase_order_that_is_not_agreed_is_refused(adopt, listed, project):
    order = CommitmentFactory(project=project, number="PO-1", kind="purchase_order", status="processing")
    with pytest.raises(LinkNotPossible, match="Purchase Order PO-1 is “Processing”, and once it is linked"):
        adopt(listed("PO-1", kind="purchase_order"), order)


@pytest.mark.parametrize("status", ["ready_to_export", "exporting", "failed_to_export"])
def test_a_commitment_that_was_sent_is_refused(adopt, record, commitment, status):
    Commitment.objects.update(erp_status=status)
    with pytest.raises(LinkNotPossible) as refused:
        adopt(record, commitment)
    label = Commitment.ErpStatus(status).label
    assert refused.value.message == f"Subcontract SC-9 is on its way into the ERP: its ERP status is “{label}”."
    assert refused.value.remedy == "Retrieve it from the ERP, or have accounting reject it. Then link it."
    assert_nothing_linked(commitment, status)


def test_a_record_of_the_other_kind_is_refused(adopt, listed, commitment):
    with pytest.raises(LinkNotPossible) as refused:
        adopt(listed("SC-9", kind="purchase_order"), commitment)
    assert refused.value.message == (
        "Subcontract SC-9 cannot be linked to SC-9 in Sage: one is a subcontract, the other a purchase order."
    )
    assert_nothing_linked(commitment)


def test_an_erp_that_does_not_answer_is_refused(adopt, record, commitment, sage_company, tmp_path):
    shutil.move(sage_company.path, tmp_path / "away.sqlite3")
    with pytest.raises(ErpNotReachable):
        adopt(record, commitment)
    assert_nothing_linked(commitment)


def test_another_database_is_refused(adopt, record, commitment, connection):
    connection.server = "elsewhere"
    connection.save()
    with pytest.raises(ErpNotReachable, match="Another server answered"):
        adopt(record, commitment)
    assert_nothing_linked(commitment)


def test_another_companys_commitment_is_not_found(adopt, record):
    with pytest.raises(Commitment.DoesNotExist):
        adopt(record, CommitmentFactory())


@pytest.mark.parametrize("changes", ["commitment", "record"])
def test_what_was_changed_since_it_was_compared_is_refused(
    adopt, record, commitment, accountant, access_of, sage_company, changes
):
    found = read_for_adoption(record=record, commitment=commitment, access=access_of(accountant))
    compared = comparison_token(commitment, found.detail)
    if changes == "commitment":
        Commitment.objects.update(revision=7)
    else:
        sage_company.change_line(record.erp_id, 2, amount=501)
    with pytest.raises(ChangedMeanwhile) as refused:
        adopt(record, commitment, compared=compared)
    assert refused.value.message == (
        "Subcontract SC-9, or SC-9 in Sage, was changed since you compared them: nothing was linked."
    )
    assert refused.value.remedy == "Compare them once more, then link them."
    assert_nothing_linked(commitment)


# ---- Side by side ----------------------------------------------------------------------------------------------------


def test_both_sides_are_laid_out_and_differences_counted(
    record, commitment, connection, accountant, access_of, sage_company
):
    detail = read_for_adoption(record=record, commitment=commitment, access=access_of(accountant)).detail
    sides = compare_with_record(commitment, connection, detail)
    pairs = {pair.label: pair for pair in sides.header}
    assert (pairs["Amount"].ours, pairs["Amount"].theirs, pairs["Amount"].counts) == ("1,500.00", "1,500.00", False)
    assert not pairs["Number"].counts
    assert pairs["Vendor"].ours == f"{commitment.vendor.name} (not linked)"
    assert [(line.is_ours, line.is_theirs) for line in sides.lines] == [(True, True), (False, True)]
    assert sides.lines[0].differing == "Cost code and cost type and amount differ by −500.00"


# ---- Suggestions -----------------------------------------------------------------------------------------------------


def test_the_same_number_is_suggested_whatever_its_case(listed, project, connection):
    record = listed("sc-9", lines=(Line(1),))
    commitment = CommitmentFactory(project=project, number="SC-9")
    (found,) = suggestions(connection)
    assert (found.record, found.commitment, found.words) == (record, commitment, "Same number")


def test_the_same_vendor_and_amount_are_suggested_after_the_same_number(listed, project, connection):
    vendor = CommitmentFactory(project=project, number="SC-1", amount=1500).vendor
    VendorLink.objects.create(company=connection.company, connection=connection, vendor=vendor, erp_id="5")
    by_number = listed("SC-2", lines=(Line(3),))
    CommitmentFactory(project=project, number="SC-2")
    by_vendor = listed("X-77", vendor=5)
    listed("X-78", vendor=5, lines=(Line(1),))
    assert [(found.record, found.words) for found in suggestions(connection)] == [
        (by_number, "Same number"),
        (by_vendor, "Same vendor and amount"),
    ]


def test_linked_and_sent_commitments_and_the_other_kind_are_not_suggested(listed, project, connection):
    record = listed("SC-9")
    CommitmentFactory(project=project, number="SC-9", kind="purchase_order")
    CommitmentFactory(project=project, number="SC-9", erp_status=Commitment.ErpStatus.READY_TO_EXPORT)
    assert suggestions(connection) == []
    assert suggestions_for(record, connection) == []


def test_for_one_record_a_search_finds_any_commitment_of_its_kind(listed, project, connection):
    record = listed("X-1")
    wanted = CommitmentFactory(project=project, number="SC-3", title="Élévateur")
    CommitmentFactory(project=project, number="PO-3", title="Élévateur", kind="purchase_order")
    assert [found.commitment for found in suggestions_for(record, connection, "élévateur")] == [wanted]


def test_the_number_of_queries_does_not_grow(listed, project, connection, django_assert_num_queries):
    for n in range(15):
        listed(f"SC-{n}")
        CommitmentFactory(project=project, number=f"SC-{n}")
    with django_assert_num_queries(3):
        assert len(suggestions(connection)) == 15


def test_the_list_is_searched_by_number_and_description(listed, company):
    record = listed("SC-9")
    listed("SC-8")
    UnlinkedRecord.objects.filter(pk=record.pk).update(description="Rebar and mesh")
    assert list(unlinked_records(company, "mesh sc")) == [record]


# ---- At once ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_of_two_who_adopt_the_same_record_one_is_refused(
        self, record, commitment, project, accountant, approver, access_of, at_once
    ):
        other = CommitmentFactory(project=project, number="SC-10")
        first, second = access_of(accountant), access_of(approver)
        results = at_once(
            lambda: adopt_record(record=record, commitment=commitment, access=first, now=timezone.now()),
            lambda: adopt_record(record=record, commitment=other, access=second, now=timezone.now()),
        )
        assert sorted(type(result).__name__ for result in results) == ["LinkNotPossible", "SyncLink"]
        assert SyncLink.objects.filter(closed_at=None).count() == 1
        assert Activity.objects.filter(verb="adopted").count() == 1

    def test_of_two_who_adopt_for_the_same_commitment_one_is_refused(
        self, listed, commitment, accountant, approver, access_of, at_once
    ):
        one, other = listed("SC-9"), listed("SC-9B")
        first, second = access_of(accountant), access_of(approver)
        results = at_once(
            lambda: adopt_record(record=one, commitment=commitment, access=first, now=timezone.now()),
            lambda: adopt_record(record=other, commitment=commitment, access=second, now=timezone.now()),
        )
        assert sorted(type(result).__name__ for result in results) == ["LinkNotPossible", "SyncLink"]

    def test_a_commitment_that_is_sent_meanwhile_is_not_linked_too(self, record, commitment, accountant, access_of):
        """As read, it was not sent; then somebody sent it."""
        stale = Commitment.objects.select_related("project", "vendor").get(pk=commitment.pk)
        detail = read_for_adoption(record=record, commitment=commitment, access=access_of(accountant)).detail
        Commitment.objects.update(erp_status=Commitment.ErpStatus.READY_TO_EXPORT)
        with pytest.raises(LinkNotPossible, match="was changed, sent or linked meanwhile"):
            link_commitments(
                connection=record.connection, pairs=[(stale, detail.record)], by=accountant, now=timezone.now()
            )
        assert_nothing_linked(commitment, Commitment.ErpStatus.READY_TO_EXPORT)
