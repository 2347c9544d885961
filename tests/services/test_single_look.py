"""Whether one record's absence is believed without a whole reading: Check now does not walk round the sync's doubts."""

import shutil

import pytest
from django.utils import timezone

from erpintegrations.models import ErpConnection, Presence, SyncLink, SyncRun
from erpintegrations.refusals import ErpNotReachable
from erpintegrations.services.check_link import check_link
from erpintegrations.services.decide_sync import discard_sync
from erpintegrations.services.run_sync import open_run, perform_sync
from erpintegrations.services.unlink_commitment import unlink_commitment

pytestmark = pytest.mark.django_db


@pytest.fixture
def links(linked):
    """Twenty linked subcontracts, all seen by a sync."""
    return [linked(f"SC-{n}") for n in range(20)]


@pytest.fixture
def sync(connection):
    def run() -> SyncRun:
        fresh = ErpConnection.objects.get(pk=connection.pk)
        run, _ = open_run(connection=fresh, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=timezone.now())
        return perform_sync(run_id=run.pk, retry_waits=())

    return run


@pytest.fixture
def check(access_of, approver):
    return lambda link: check_link(link=link, access=access_of(approver), now=timezone.now())


def presence(link: SyncLink) -> str:
    return SyncLink.objects.values_list("presence", flat=True).get(pk=link.pk)


def test_one_deletion_in_an_erp_that_is_otherwise_as_it_was_is_believed(links, sync, check, sage_company):
    sync()
    sage_company.delete(links[3].erp_id)
    assert check(links[3]).presence == Presence.DELETED


def test_one_of_many_that_are_suddenly_missing_is_not_believed(links, sync, check, sage_company):
    sync()
    for link in links[:12]:
        sage_company.delete(link.erp_id)
    with pytest.raises(ErpNotReachable, match="suddenly holds 12 commitments fewer than at the last sync"):
        check(links[3])
    assert presence(links[3]) == Presence.PRESENT


def test_while_a_sync_waits_for_a_person_no_single_absence_is_believed(
    links, sync, check, sage_company, admin, access_of
):
    sync()
    for link in links[:12]:
        sage_company.delete(link.erp_id)
    waiting = sync()
    assert waiting.state == SyncRun.State.NEEDS_CONFIRMATION
    with pytest.raises(ErpNotReachable, match="a person must confirm it first") as refused:
        check(links[3])
    assert f"sync run {waiting.pk}" in refused.value.remedy
    assert presence(links[3]) == Presence.PRESENT
    assert check(links[15]).presence == Presence.PRESENT
    discard_sync(run=waiting, access=access_of(admin), reason="The share was mounted wrongly.", now=timezone.now())
    with pytest.raises(ErpNotReachable, match="suddenly holds"):
        check(links[3])


def test_an_older_copy_is_noticed_by_records_that_went_back_in_time(linked, links, sync, check, sage_company, tmp_path):
    sync()
    older = tmp_path / "older.sqlite3"
    sage_company.run("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(sage_company.path, older)
    new = linked("SC-NEW")
    sage_company.run("UPDATE subcon SET upddte = '2026-04-01 10:00:00' WHERE ctcnum = 'SC-5'")
    sync()
    assert presence(new) == Presence.PRESENT
    sage_company.run("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(older, sage_company.path)
    with pytest.raises(ErpNotReachable, match="in an older state than was read before"):
        check(new)
    assert presence(new) == Presence.PRESENT


def test_a_recorded_deletion_is_unlinked_though_the_erp_is_out_of_reach(
    links, sync, check, sage_company, access_of, approver
):
    sync()
    sage_company.delete(links[3].erp_id)
    check(links[3])
    sage_company.path.rename(sage_company.path.with_suffix(".away"))
    closed = unlink_commitment(link=links[3], access=access_of(approver), now=timezone.now())
    assert not closed.is_open
