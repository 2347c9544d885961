"""Closing links: all or nothing, only what is as it was read, and what is handed back is what was written."""

import datetime

import pytest
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from commitments.models import Commitment
from directory.models import Activity
from erpintegrations.models import Presence, SyncLink
from erpintegrations.services.check_link import check_link
from erpintegrations.services.close_links import Closing, close_links
from erpintegrations.services.unlink_commitment import unlink_commitment, unlink_selected

pytestmark = pytest.mark.django_db


@pytest.fixture
def close(approver, now):
    def act(*links, known_at=None):
        return close_links(links, Closing(approver, "wrong vendor", now, known_at))

    return act


def columns(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def read(link):
    return SyncLink.objects.select_related("commitment").get(pk=link.pk)


def assert_as_it_is_kept(link):
    kept = read(link)
    assert columns(link) == {**columns(kept), "closed_lines": link.closed_lines}
    assert [list(line) for line in link.closed_lines or []] == (kept.closed_lines or [])
    assert columns(link.linked_commitment) == columns(kept.linked_commitment)


def test_what_is_handed_back_is_what_is_kept(deleted_link, approver, access_of, now):
    link = unlink_commitment(link=deleted_link, access=access_of(approver), reason="wrong vendor", now=now)
    assert not link.is_open
    assert link.closed_by == approver
    assert_as_it_is_kept(link)


def test_so_is_what_was_found_again(linked, approver, access_of, now):
    back = linked("SC-1", presence=Presence.DELETED)
    (outcome,) = unlink_selected(links=[back], access=access_of(approver), now=now)
    assert outcome.link.presence == Presence.PRESENT
    assert_as_it_is_kept(outcome.link)


def test_so_is_what_was_checked_whether_there_is_news_or_not(link, sage_company, approver, access_of, now):
    assert_as_it_is_kept(check_link(link=link, access=access_of(approver), now=now))
    sage_company.bill(link.erp_id, 250)
    checked = check_link(link=link, access=access_of(approver), now=now)
    assert checked.invoiced_amount == 250
    assert_as_it_is_kept(checked)


def asked(act):
    """How many questions and writes are sent to our own database, apart from what begins and ends transactions."""
    with CaptureQueriesContext(database) as queries:
        act()
    return sum(not query["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE")) for query in queries)


def test_unlink_and_check_ask_nothing_twice(deleted_link, linked, approver, access_of, now):
    access, there = access_of(approver), linked("SC-1")
    # The link, the connection, the rights. Then, in the transaction, the link and its commitment as they are, the lines
    # with their codes and types; and the writes: commitment, link, requests, history.
    assert asked(lambda: unlink_commitment(link=deleted_link, access=access, now=now)) == 11
    # The link, the connection. Then the link as it is, and its writing.
    assert asked(lambda: check_link(link=there, access=access, now=now)) == 4


def test_the_callers_own_copy_is_left_alone(deleted_link, approver, access_of, now):
    unlink_commitment(link=deleted_link, access=access_of(approver), now=now)
    assert deleted_link.is_open


@pytest.mark.parametrize(
    "happening",
    [
        pytest.param(lambda: SyncLink.objects.update(version=F("version") + 1), id="link written"),
        pytest.param(lambda: SyncLink.objects.update(presence=Presence.PRESENT), id="record back"),
        pytest.param(lambda: Commitment.objects.update(revision=F("revision") + 1), id="commitment edited"),
        pytest.param(lambda: Commitment.objects.update(erp_status="not_sent"), id="commitment not synced"),
    ],
)
def test_what_is_no_longer_as_it_was_read_is_left_as_it_is(close, deleted_link, happening):
    read_before = read(deleted_link)
    happening()
    before = read(deleted_link)
    told = Activity.objects.count()
    assert close(read_before) == frozenset()
    assert columns(read(deleted_link)) == columns(before)
    assert columns(read(deleted_link).linked_commitment) == columns(before.linked_commitment)
    assert Activity.objects.count() == told
    assert read_before.is_open


def test_of_several_those_that_are_as_they_were_are_closed(close, linked):
    links = [read(linked(f"SC-{n}", presence=Presence.DELETED)) for n in range(3)]
    Commitment.objects.filter(pk=links[1].commitment_id).update(revision=F("revision") + 1)
    assert close(*links) == {links[0].pk, links[2].pk}
    assert [link.is_open for link in map(read, links)] == [False, True, False]
    assert Activity.objects.filter(verb="unlinked").count() == 2


@pytest.mark.parametrize(
    ("checked", "reopened", "known", "kept"),
    [
        (None, None, None, None),
        (None, None, 0, 0),
        (-5, None, 0, 0),
        (1, None, 0, 1),
        (-5, None, None, -5),
        (-5, 1, 0, -5),
        (-5, -1, 0, 0),
    ],
)
def test_the_later_of_what_is_known_is_kept_if_it_was_read_since_the_link_is_open(
    close, deleted_link, now, checked, reopened, known, kept
):
    def moment(minutes):
        return None if minutes is None else now + datetime.timedelta(minutes=minutes)

    SyncLink.objects.update(
        checked_at=moment(checked), reopened_at=moment(reopened), linked_at=now - datetime.timedelta(days=1)
    )
    close(read(deleted_link), known_at=moment(known))
    assert read(deleted_link).checked_at == moment(kept)


def test_a_sync_from_before_the_link_says_nothing_of_it(close, deleted_link, now):
    SyncLink.objects.update(linked_at=now, checked_at=None)
    close(read(deleted_link), known_at=now - datetime.timedelta(minutes=1))
    assert read(deleted_link).checked_at is None
