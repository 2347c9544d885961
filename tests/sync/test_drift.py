"""Drift: where the ERP's amount, vendor or lines are no longer what was agreed, as the sync records it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from directory.models import Activity
from erpintegrations.models import Presence, SyncChange, SyncLink
from erpintegrations.selectors.drift import drift_of, in_words
from erpintegrations.services.link_commitment import link_commitments
from tests.connectors.builder import Line
from tests.factories import CommitmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(linked, clock) -> SyncLink:
    """SC-1, of two lines over 1,500.00 on both sides, linked by the product itself and synced once."""
    lines = [Line(1000, cost_code=3, cost_type=4), Line(500, cost_code=4, cost_type=4)]
    erp_id = linked.sage.add_subcontract("SC-1", linked.job, linked.vendor, lines=lines)
    record = linked.connection.connector().look_up([erp_id]).records[erp_id]
    commitment = CommitmentFactory(project=linked.project, number="SC-1", amount=1500)
    (made,) = link_commitments(connection=linked.connection, pairs=[(commitment, record)], by=None, now=clock())
    linked.sync()
    return SyncLink.objects.get(pk=made.pk)


def drift(link: SyncLink) -> tuple[str, ...]:
    """As recorded now; the database's own column says the same."""
    link = SyncLink.objects.get(pk=link.pk)
    drifted = drift_of(link)
    assert link.has_drifted is bool(drifted)
    return drifted


def test_what_is_as_it_was_linked_has_not_drifted(link):
    assert link.presence == Presence.PRESENT
    assert link.expected_lines_digest == link.erp_lines_digest != ""
    assert drift(link) == ()


def test_another_amount(link, linked):
    linked.sage.change_line(link.erp_id, 1, amount=1200)
    linked.sync()
    assert drift(link) == ("amount", "lines")


def test_other_lines_of_the_same_total_are_drift_too(link, linked):
    linked.sage.change_line(link.erp_id, 1, amount=900)
    linked.sage.change_line(link.erp_id, 2, amount=600)
    linked.sync()
    assert drift(link) == ("lines",)


def test_another_cost_code_of_a_line(link, linked):
    linked.sage.change_line(link.erp_id, 2, cstcde=Decimal(9))
    linked.sync()
    assert drift(link) == ("lines",)


def test_another_vendor(link, linked):
    other = linked.sage.add_vendor("Somebody else")
    linked.sage.run(f"UPDATE subcon SET vndnum = {other}")
    linked.sync()
    assert drift(link) == ("vendor",)


def test_drift_goes_when_it_is_put_right(link, linked):
    linked.sage.change_line(link.erp_id, 1, amount=1200)
    linked.sync()
    linked.sage.change_line(link.erp_id, 1, amount=1000)
    linked.sync()
    assert drift(link) == ()


def test_the_run_and_the_history_tell_of_other_lines_without_their_digest(link, linked):
    linked.sage.change_line(link.erp_id, 2, cstcde=Decimal(9))
    run = linked.sync()
    assert run.changed_count == 1
    change = SyncChange.objects.get(run=run)
    assert (change.before, change.after) == ({}, {"erp_lines_digest": "Changed"})
    entry = Activity.objects.get(subject_type="commitment", verb="record_changed")
    assert (entry.before, entry.after) == ({}, {"erp_lines_digest": "Changed"})


def test_the_history_tells_of_another_vendor(link, linked):
    linked.sage.run("UPDATE subcon SET vndnum = 99")
    linked.sync()
    entry = Activity.objects.get(verb="record_changed")
    assert (entry.before, entry.after) == ({"erp_vendor_id": str(linked.vendor)}, {"erp_vendor_id": "99"})


def test_a_changed_amount_is_told_once_though_its_line_changed_too(link, linked):
    linked.sage.change_line(link.erp_id, 1, amount=1200)
    linked.sync()
    entry = Activity.objects.get(verb="amount_changed")
    assert (entry.before, entry.after) == ({"erp_amount": "1500.00"}, {"erp_amount": "1700.00"})


def test_a_link_from_before_has_nothing_to_compare_its_vendor_and_lines_with(link, linked):
    SyncLink.objects.update(expected_vendor_id="", expected_lines_digest="")
    linked.sage.run("UPDATE subcon SET vndnum = 99", "UPDATE sbcnln SET cstcde = 9")
    linked.sync()
    assert drift(link) == ()


def test_lines_that_become_known_for_the_first_time_are_no_news(link, linked):
    SyncLink.objects.update(erp_lines_digest="", erp_fingerprint="")
    run = linked.sync()
    assert run.changed_count == 0
    assert not SyncChange.objects.filter(run=run).exists()
    assert SyncLink.objects.get().erp_lines_digest == link.erp_lines_digest
    assert drift(link) == ()


@pytest.mark.parametrize("presence", [Presence.UNKNOWN, Presence.DELETED, Presence.VOIDED, Presence.PURGED])
def test_only_what_is_in_the_erp_drifts(link, presence):
    SyncLink.objects.update(presence=presence, erp_amount=1)
    assert drift(link) == ()


def test_in_words():
    assert [in_words(()), in_words(("amount",)), in_words(("amount", "vendor", "lines"))] == [
        "",
        "amount",
        "amount, vendor and lines",
    ]
