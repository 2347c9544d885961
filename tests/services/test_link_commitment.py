"""Link: pairs of a commitment and its record in the ERP, all of them or none."""

import pytest
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from commitments.models import Commitment
from directory.models import Activity
from erpintegrations.models import Presence, SyncLink
from erpintegrations.refusals import LinkNotPossible
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.factories import CommitmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def commitment(project):
    return CommitmentFactory(project=project, number="SC-1042", title="Concrete")


@pytest.fixture
def record_of(connection, sage_company, job):
    def add(number="SC-1042", kind="subcontract"):
        add = sage_company.add_subcontract if kind == "subcontract" else sage_company.add_purchase_order
        erp_id = add(number, job)
        return connection.connector().look_up([erp_id]).records[erp_id]

    return add


@pytest.fixture
def link(connection, approver, now):
    def act(*pairs):
        return link_commitments(connection=connection, pairs=pairs, by=approver, now=now)

    return act


def test_a_commitment_is_linked_synced_and_not_looked_at(link, commitment, record_of, approver, now):
    record = record_of()
    (made,) = link((commitment, record))
    made.refresh_from_db()
    assert (made.presence, made.linked_at, made.linked_by) == (Presence.UNKNOWN, now, approver)
    assert (made.erp_id, made.erp_number, made.erp_amount) == (record.erp_id, "SC-1042", 1000)
    assert (made.number, made.title, made.project_name) == ("SC-1042", "Concrete", "2401 Riverside Clinic")
    assert (made.vendor_name, made.amount) == (commitment.vendor.name, commitment.amount)
    assert (commitment.erp_status, commitment.revision) == (Commitment.ErpStatus.SYNCED, 2)
    commitment.refresh_from_db()
    assert (commitment.erp_status, commitment.revision) == (Commitment.ErpStatus.SYNCED, 2)


def test_the_history_tells_it(link, commitment, record_of, approver):
    link((commitment, record_of()))
    entry = Activity.objects.get()
    assert (entry.verb, entry.actor, entry.subject_label) == ("linked", approver, "Subcontract SC-1042 Concrete")
    assert entry.before == {"erp_status": "Not sent"}
    assert entry.after == {"erp_number": "SC-1042", "presence": "Not looked at yet", "erp_status": "Synced"}


def assert_refused(link, pairs, message):
    links = SyncLink.objects.count()
    with pytest.raises(LinkNotPossible) as refused:
        link(*pairs)
    assert refused.value.message == message
    assert refused.value.remedy
    assert SyncLink.objects.count() == links


def test_a_commitment_is_linked_once(link, commitment, record_of):
    link((commitment, record_of()))
    assert_refused(link, [(commitment, record_of("SC-2"))], "Subcontract SC-1042 is linked already.")


def test_a_record_is_linked_once(link, commitment, record_of, project):
    record = record_of()
    link((commitment, record))
    other = CommitmentFactory(project=project)
    assert_refused(link, [(other, record)], "SC-1042 in Sage is linked already, to another commitment.")
    other.refresh_from_db()
    assert other.erp_status == Commitment.ErpStatus.NOT_SENT


def test_all_are_linked_or_none(link, commitment, record_of, project):
    record = record_of()
    other = CommitmentFactory(project=project)
    pairs = [(other, record_of("SC-2")), (commitment, record), (CommitmentFactory(project=project), record)]
    assert_refused(link, pairs, "SC-1042 in Sage is linked already, to another commitment.")


def test_a_subcontract_is_not_linked_to_a_purchase_order(link, commitment, record_of):
    assert_refused(
        link,
        [(commitment, record_of("PO-7", "purchase_order"))],
        "Subcontract SC-1042 cannot be linked to PO-7 in Sage: one is a subcontract, the other a purchase order.",
    )


def test_another_companys_commitment_is_not_linked(link, record_of):
    foreign = CommitmentFactory(number="SC-9")
    assert_refused(link, [(foreign, record_of())], "Subcontract SC-9 belongs to another company than this connection.")


def test_a_commitment_that_was_edited_since_it_was_read_is_refused(link, project, record_of):
    commitment = CommitmentFactory(project=project)
    Commitment.objects.update(amount=99, revision=F("revision") + 1)
    assert_refused(link, [(commitment, record_of())], "One of these commitments was changed, sent or linked meanwhile.")


def test_a_commitment_that_was_moved_on_since_it_was_read_is_refused(link, commitment, record_of):
    Commitment.objects.update(erp_status=Commitment.ErpStatus.SYNCED)
    assert_refused(link, [(commitment, record_of())], "One of these commitments was changed, sent or linked meanwhile.")


def test_an_unlinked_commitment_can_be_linked_again(link, commitment, record_of, approver, access_of, now):
    (first,) = link((commitment, record_of()))
    SyncLink.objects.update(presence=Presence.DELETED, erp_id="0f1fd6c4-8b6f-4f50-9a4c-1f4d0f0f0f0f")
    unlink_commitment(link=first, access=access_of(approver), now=now)
    commitment.refresh_from_db()
    (second,) = link((commitment, record_of("SC-3")))
    assert second.pk != first.pk


def test_many_are_linked_in_few_statements(link, connection, sage_company, job, project):
    ids = sage_company.add_many(300, job)
    records = connection.connector().look_up(ids).records
    vendor = CommitmentFactory(project=project).vendor
    commitments = Commitment.objects.bulk_create(
        Commitment(
            company=project.company, project=project, vendor=vendor, number=f"M-{n}", title="T", kind="subcontract"
        )
        for n in range(300)
    )
    with CaptureQueriesContext(
        database,
    ) as queries:
        links = link(*zip(commitments, records.values(), strict=True))
    assert len(links) == 300
    assert len(queries) < 30
