"""The list of the ERP's records without a link: kept by each completed sync, by differences only."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from erpintegrations.models import Presence, SyncLink, SyncRun, UnlinkedRecord
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.sync import unlinked as module
from tests.connectors.builder import Line
from tests.factories import CommitmentFactory

pytestmark = pytest.mark.django_db


def listed() -> list[str]:
    return list(UnlinkedRecord.objects.order_by("number").values_list("number", flat=True))


@pytest.fixture
def add(linked):
    return lambda number, **columns: linked.sage.add_subcontract(number, linked.job, linked.vendor, **columns)


def test_records_without_a_link_are_listed_as_they_are(linked, add, clock):
    linked.subcontract("SC-1")
    erp_id = add("SC-2", lines=[Line(1000), Line(500)])
    run = linked.sync()
    (record,) = UnlinkedRecord.objects.all()
    assert (record.erp_id, record.kind, record.number, record.amount) == (erp_id, "subcontract", "SC-2", 1500)
    assert (record.job_id, record.vendor_id) == (str(linked.job), str(linked.vendor))
    assert (record.company, record.connection, record.first_seen_at) == (
        linked.company,
        linked.connection,
        run.finished_at,
    )


def test_a_sync_that_finds_nothing_new_writes_no_row(linked, add):
    linked.subcontract("SC-1")
    add("SC-2")
    linked.sync()
    before = list(UnlinkedRecord.objects.values())
    with CaptureQueriesContext(database) as queries:
        linked.sync()
    writes = [
        query["sql"]
        for query in queries
        if "unlinkedrecord" in query["sql"] and not query["sql"].startswith(("SELECT", "DECLARE", "FETCH"))
    ]
    assert writes == []
    assert list(UnlinkedRecord.objects.values()) == before


def test_a_change_is_recorded_and_the_moment_of_the_first_sight_kept(linked, add):
    linked.subcontract("SC-1")
    erp_id = add("SC-2")
    linked.sync()
    first_seen_at = UnlinkedRecord.objects.get().first_seen_at
    linked.sage.change_line(erp_id, 1, amount=777)
    linked.sync()
    record = UnlinkedRecord.objects.get()
    assert (record.amount, record.first_seen_at) == (777, first_seen_at)


def test_what_is_deleted_in_the_erp_leaves_the_list(linked, add):
    linked.subcontract("SC-1")
    erp_id = add("SC-2")
    add("SC-3")
    linked.sync()
    linked.sage.delete(erp_id)
    linked.sync()
    assert listed() == ["SC-3"]


def test_a_void_one_is_not_listed_and_a_closed_one_is(linked):
    linked.subcontract("SC-1")
    order = linked.sage.add_purchase_order("PO-1", linked.job)
    linked.sage.add_purchase_order("PO-2", linked.job, status=4)
    linked.sync()
    assert listed() == ["PO-1", "PO-2"]
    linked.sage.void(order)
    linked.sync()
    assert listed() == ["PO-2"]


def test_what_is_linked_leaves_the_list_at_once(linked, add, clock):
    linked.subcontract("SC-1")
    erp_id = add("SC-2")
    linked.sync()
    record = linked.connection.connector().look_up([erp_id]).records[erp_id]
    commitment = CommitmentFactory(project=linked.project, number="SC-2")
    link_commitments(connection=linked.connection, pairs=[(commitment, record)], by=None, now=clock())
    assert listed() == []
    linked.sync()
    assert listed() == []


def test_what_was_unlinked_and_left_in_the_erp_is_listed_again(linked, approver, clock):
    link = linked.subcontract("SC-1")
    linked.subcontract("SC-2")
    linked.sync()
    SyncLink.objects.filter(pk=link.pk).update(
        closed_at=clock(),
        closed_by=approver,
        close_token="0f1fd6c4-8b6f-4f50-9a4c-1f4d0f0f0f0f",
        closed_commitment_revision=1,
        left_in_erp=True,
    )
    linked.sync()
    assert listed() == ["SC-1"]
    assert SyncLink.objects.filter(closed_at=None).count() == 1, "no sync links it by itself"


def test_a_sync_that_fails_changes_nothing(linked, add):
    linked.subcontract("SC-1")
    add("SC-2")
    linked.sync()
    add("SC-3")
    linked.sage.run("DROP TABLE sbcnln")
    assert linked.sync().state == SyncRun.State.FAILED
    assert listed() == ["SC-2"]


def test_a_sync_that_needs_confirmation_changes_nothing(linked, add):
    links = linked.subcontracts(30)
    linked.sync()
    add("NEW-1")
    for link in links[:20]:
        linked.sage.delete(link.erp_id)
    assert linked.sync().state == SyncRun.State.NEEDS_CONFIRMATION
    assert listed() == []


def test_what_is_linked_while_the_sync_reads_is_not_listed(linked, add, clock):
    linked.subcontract("SC-1")
    erp_id = add("SC-2")
    record = linked.connection.connector().look_up([erp_id]).records[erp_id]
    commitment = CommitmentFactory(project=linked.project, number="SC-2")

    def link_it(phase, done=0, total=0):
        if phase == SyncRun.Phase.COMPARING:
            link_commitments(connection=linked.connection, pairs=[(commitment, record)], by=None, now=clock())

    linked.sync(on_progress=link_it)
    assert listed() == []


def test_only_so_many_new_ones_are_taken_in_at_once_and_the_others_by_the_next(linked, monkeypatch):
    monkeypatch.setattr(module, "MOST_NEW", 3)
    linked.subcontract("SC-1")
    linked.sage.add_many(5, linked.job)
    linked.sync()
    assert len(listed()) == 3
    linked.sync()
    assert len(listed()) == 5


def test_the_number_of_statements_does_not_grow_with_the_records(linked, add):
    linked.subcontract("SC-1")
    linked.sync()

    def statements(count: int) -> int:
        linked.sage.add_many(count, linked.job)
        with CaptureQueriesContext(database) as queries:
            linked.sync()
        return len(queries)

    statements(1)
    assert statements(5) == statements(25)


def test_the_lists_columns_are_wide_enough():
    fields = [UnlinkedRecord._meta.get_field(name) for name in module.LISTED_FIELDS[: len(module.WIDTHS)]]
    assert [field.max_length for field in fields] == list(module.WIDTHS)


def test_the_links_are_left_alone(linked, add):
    linked.subcontract("SC-1", presence=Presence.PRESENT)
    add("SC-2")
    before = linked.recorded()
    linked.sync()
    assert linked.recorded() == before
    assert listed() == ["SC-2"]
