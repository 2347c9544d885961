"""Before the click, each row says whether Unlink will work, and if not, why and what to do."""

import datetime

import pytest

from erpintegrations.models import Presence, SyncRun
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.selectors.verdicts import unlink_verdict
from tests.factories import SyncRunFactory
from tests.services.conftest import next_sync_is_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def verdict(connection, now):
    def read(link):
        return unlink_verdict(link, freshness_of(connection), connection.wording, now)

    return read


@pytest.fixture
def hint(verdict):
    """As a page of its own says it; a row says the first half."""

    def read(link):
        return f"{verdict(link).hint} {verdict(link).more}"

    return read


@pytest.fixture
def due_in(now):
    def schedule(minutes):
        next_sync_is_due(now + datetime.timedelta(minutes=minutes))

    return schedule


def test_what_is_gone_will_go(hint, linked):
    assert hint(linked("SC-1", presence=Presence.DELETED)) == "Deleted in Sage. Unlink will go through."
    assert hint(linked("SC-2", presence=Presence.VOIDED)) == "Voided in Sage. Unlink will go through."
    assert hint(linked("SC-3", presence=Presence.PURGED)) == (
        "Removed together with its job by “Remove Refused/Closed Jobs”: history, not a correction. "
        "Unlink asks for a reason."
    )


def test_a_purchase_order_is_voided_in_its_own_window(hint, linked):
    assert hint(linked("PO-1", kind="purchase_order")).startswith(
        "Still there. In Sage, a purchase order is voided rather than deleted: open 6-6-1 Purchase Orders and choose "
        "Edit ▸ Void."
    )


def test_a_hint_reads_alone_where_the_erp_refuses_deletion(hint, linked):
    text = hint(linked("SC-1", invoiced_amount=200))
    assert text.startswith(
        "Still there. Sage itself refuses to delete it, because 200.00 is invoiced: have accounting reverse"
    )


def test_a_sync_that_is_due_or_under_way_is_named(hint, link, connection, due_in):
    due_in(-1)
    assert "The next sync is due now." in hint(link)
    SyncRunFactory(connection=connection, queued=True)
    assert "A sync is under way." in hint(link)


def test_a_sync_that_waits_for_confirmation_is_named(hint, link, connection):
    SyncRunFactory(connection=connection, state=SyncRun.State.NEEDS_CONFIRMATION)
    assert "The last sync waits for an administrator's confirmation, so it has not been looked at." in hint(link)


def test_a_sync_that_was_discarded_is_named(hint, link, connection):
    SyncRunFactory(connection=connection, state=SyncRun.State.DISCARDED)
    assert "The last sync recorded nothing, so it has not been looked at." in hint(link)


def test_a_check_after_a_failed_sync_needs_no_excuse(hint, linked, connection, now):
    SyncRunFactory(connection=connection, failed=True, finished_at=now - datetime.timedelta(minutes=5))
    assert "did not complete" not in hint(linked("SC-1", checked_at=now))
    assert "did not complete" in hint(linked("SC-2", checked_at=now - datetime.timedelta(minutes=9)))


def test_a_sync_from_before_the_link_says_nothing_about_it(hint, link, connection, now):
    SyncRunFactory(connection=connection, read_at=link.linked_at - datetime.timedelta(minutes=1))
    assert "Last looked at" not in hint(link)
