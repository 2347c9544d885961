"""A whole run through the real connector: what was done in Sage is recorded on the links, in one go."""

from decimal import Decimal

import pytest

from directory.models import Activity, Verb
from erpintegrations.models import Presence, SyncChange, SyncRun
from tests.sync.conftest import presence

pytestmark = pytest.mark.django_db

State = SyncRun.State


def changes_of(run) -> list[tuple[str, int]]:
    return [(change.what, change.link_id) for change in run.changes.order_by("id")]


def history_of(link) -> list[Activity]:
    return list(Activity.objects.filter(subject_type="commitment", subject_id=link.commitment_id).order_by("id"))


def test_a_first_sync_finds_what_is_there_and_remembers_who_answered(linked):
    link = linked.subcontract()
    run = linked.sync()
    assert (run.state, run.problem) == (State.COMPLETED, "")
    assert presence(link) == Presence.PRESENT
    assert (run.records_read, run.links_compared, run.present_count) == (1, 1, 1)
    linked.connection.refresh_from_db()
    assert linked.connection.database == "company.sqlite3"
    assert linked.connection.identity is not None


def test_a_deleted_subcontract_is_deleted(linked):
    link, other = linked.subcontract("SC-1"), linked.subcontract("SC-2")
    linked.sync()
    linked.sage.delete(link.erp_id)
    run = linked.sync()
    assert presence(link) == Presence.DELETED
    assert presence(other) == Presence.PRESENT
    assert changes_of(run) == [("deleted", link.pk)]
    assert (run.deleted_count, run.present_count) == (1, 1)
    entry = history_of(link)[-1]
    assert entry.verb == Verb.PRESENCE_CHANGED
    assert (entry.before, entry.after) == ({"presence": "In the ERP"}, {"presence": "Deleted"})
    assert (entry.actor, entry.actor_label, entry.sync_run_id) == (None, "Hourly sync", run.pk)


def test_a_voided_purchase_order_is_voided(linked):
    link = linked.purchase_order()
    linked.sync()
    linked.sage.void(link.erp_id)
    run = linked.sync()
    assert presence(link) == Presence.VOIDED
    assert run.voided_count == 1
    assert run.changes.get().after == {"presence": "Voided", "erp_status": "5-Void"}


def test_a_record_removed_together_with_its_job_is_purged(linked):
    closed = linked.sage.add_job("Old school", status=6)
    purged, deleted = linked.subcontract("SC-1", job=closed), linked.subcontract("SC-2")
    linked.subcontract("SC-3")
    linked.sync()
    linked.sage.purge_job(closed)
    linked.sage.delete(deleted.erp_id)
    run = linked.sync()
    assert presence(purged) == Presence.PURGED
    assert presence(deleted) == Presence.DELETED
    assert (run.purged_count, run.deleted_count) == (1, 1)


def test_a_record_without_a_job_that_is_gone_is_deleted_and_not_purged(linked):
    link = linked.subcontract(erp_job_id="")
    linked.subcontract("SC-2")
    linked.sage.delete(link.erp_id)
    linked.sync()
    assert presence(link) == Presence.DELETED


def test_a_deleted_record_stays_deleted_when_its_job_is_removed_later(linked):
    job = linked.sage.add_job("Old school", status=6)
    link = linked.subcontract(job=job)
    linked.subcontract("SC-2")
    linked.sync()
    linked.sage.delete(link.erp_id)
    linked.sync()
    linked.sage.purge_job(job)
    run = linked.sync()
    assert presence(link) == Presence.DELETED
    assert changes_of(run) == []


def test_a_record_that_comes_back_is_present_again(linked):
    link = linked.subcontract("SC-1")
    linked.subcontract("SC-2")
    linked.sync()
    linked.sage.delete(link.erp_id)
    linked.sync()
    linked.sage.add_subcontract("SC-1", linked.job, linked.vendor, erp_id=link.erp_id)
    run = linked.sync()
    assert presence(link) == Presence.PRESENT
    assert (run.returned_count, run.present_count) == (1, 2)
    assert [entry.after["presence"] for entry in history_of(link)] == ["In the ERP", "Deleted", "In the ERP"]


def test_a_changed_amount_is_recorded_and_told(linked):
    link = linked.subcontract()
    linked.sync()
    linked.sage.bill(link.erp_id, "250.50")
    run = linked.sync()
    link.refresh_from_db()
    assert link.invoiced_amount == Decimal("250.50")
    assert changes_of(run) == [("changed", link.pk)]
    entry = history_of(link)[-1]
    assert (entry.verb, entry.before, entry.after) == (
        Verb.AMOUNT_CHANGED,
        {"invoiced_amount": "0.00"},
        {"invoiced_amount": "250.50"},
    )


def test_another_detail_that_changed_stays_with_the_run(linked):
    link = linked.subcontract()
    linked.sync()
    entries = len(history_of(link))
    linked.sage.run("UPDATE subcon SET status = 5")
    run = linked.sync()
    assert run.changes.get().after == {"erp_status": "5-Complete"}
    assert len(history_of(link)) == entries


def test_a_record_that_was_only_touched_is_no_news(linked):
    link = linked.subcontract()
    linked.sync()
    linked.sage.run("UPDATE subcon SET upddte = '2026-03-05 09:00:00'")
    run = linked.sync()
    link.refresh_from_db()
    assert link.erp_updated_at.isoformat() == "2026-03-05T09:00:00+00:00"
    assert changes_of(run) == []


def test_an_hourly_sync_that_finds_nothing_writes_the_run_alone(linked):
    linked.subcontract()
    linked.sync()
    before, entries = linked.recorded(), Activity.objects.count()
    run = linked.sync()
    assert run.state == State.COMPLETED
    assert linked.recorded() == before
    assert Activity.objects.count() == entries
    assert not SyncChange.objects.exists()


def test_a_persons_sync_that_finds_nothing_is_told(linked, admin):
    linked.subcontract()
    linked.sync()
    run = linked.sync(SyncRun.Trigger.PERSON, admin)
    entries = Activity.objects.filter(subject_type="sync_run", subject_id=run.pk).order_by("id")
    assert [(entry.verb, entry.actor) for entry in entries] == [
        (Verb.SYNC_STARTED, admin),
        (Verb.SYNC_COMPLETED, admin),
    ]


def test_records_that_nobody_linked_do_not_matter(linked):
    link = linked.subcontract()
    linked.sage.add_many(50, linked.job)
    run = linked.sync()
    assert (run.records_read, run.links_compared) == (51, 1)
    assert presence(link) == Presence.PRESENT


def test_a_text_wider_than_its_column_is_no_change_each_hour(linked):
    link = linked.subcontract()
    linked.sage.run(f"UPDATE subcon SET dscrpt = '{'wide ' * 60}'")
    assert linked.sync().changes.count() == 1
    assert linked.sync().changes.count() == 0
    link.refresh_from_db()
    assert len(link.erp_description) == 200


def test_an_unlinked_commitment_is_not_looked_for(linked):
    link = linked.subcontract(unlinked=True, presence=Presence.DELETED)
    linked.subcontract("SC-2")
    run = linked.sync()
    assert run.links_compared == 1
    assert presence(link) == Presence.DELETED


def test_progress_is_told_in_its_phases(linked):
    linked.subcontracts(3)
    told = []
    linked.sync(on_progress=lambda phase, done=0, total=0: told.append((phase, done, total)))
    assert told == [
        ("connecting", 0, 0),
        ("reading", 0, 3),
        ("reading", 3, 3),
        ("comparing", 0, 0),
        ("applying", 0, 0),
    ]


@pytest.mark.parametrize("prepare", ["delete", "bill"])
def test_the_number_of_statements_does_not_grow_with_the_changes(linked, django_assert_max_num_queries, prepare):
    links = linked.subcontracts(120)
    linked.sync()

    def statements(chosen) -> int:
        for link in chosen:
            linked.sage.delete(link.erp_id) if prepare == "delete" else linked.sage.bill(link.erp_id, 5)
        run = linked.run()
        with django_assert_max_num_queries(60) as queries:
            assert linked.perform(run).state == State.COMPLETED
        return len(queries)

    assert statements(links[:2]) == statements(links[2:8])
