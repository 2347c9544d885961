"""The comparison is pure: every link ends up in exactly one place, and only what is proven is said."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erpintegrations.connectors.base import CommitmentKind, ErpRecord
from erpintegrations.models import GONE, Presence, SyncChange, SyncLink
from erpintegrations.sync import compare as module
from erpintegrations.sync.compare import (
    VALUE_FIELDS,
    Comparison,
    LinkState,
    What,
    judge,
    values_of,
)
from tests.sync.comparing import compare, in_memory

MARCH = datetime.datetime(2026, 3, 2, 8, 30)  # noqa: DTZ001  an ERP's clock has no zone
JOB, OTHER_JOB = "1", "2"


def record(erp_id: str = "a", **fields) -> ErpRecord:
    plain = {
        "kind": CommitmentKind.PURCHASE_ORDER,
        "number": f"PO-{erp_id}",
        "job_id": JOB,
        "vendor_id": "7",
        "description": "Concrete",
        "status": "1-Open",
        "is_void": False,
        "contract_date": None,
        "amount": Decimal("100.00"),
        "changed_amount": Decimal("0.00"),
        "invoiced_amount": Decimal("0.00"),
        "updated_at": MARCH,
    }
    made = ErpRecord(erp_id=erp_id, **{**plain, **fields})
    fingerprint = f"{erp_id} {made.is_void} {values_of(made)[: module.FINGERPRINT]}"
    return dataclasses.replace(made, fingerprint=fields.get("fingerprint", fingerprint))


def link(erp_id: str = "a", presence: str = Presence.PRESENT, *, id: int = 1, **fields) -> LinkState:
    recorded = record(erp_id, **{"is_void": presence == Presence.VOIDED, **fields})
    return LinkState(id, erp_id, 1, presence, values_of(recorded))


def test_its_words_are_those_of_the_models():
    assert {module.UNKNOWN, module.PRESENT, module.DELETED, module.VOIDED, module.PURGED} == set(Presence.values)
    assert set(GONE) == module.GONE
    assert {what.value for what in What} - {"first_seen", "touched"} == set(SyncChange.What.values)
    assert VALUE_FIELDS[module.JOB] == "erp_job_id"
    assert VALUE_FIELDS[module.UPDATED_AT] == "erp_updated_at"
    assert VALUE_FIELDS[module.FINGERPRINT] == "erp_fingerprint"
    widths = [SyncLink._meta.get_field(name).max_length for name in VALUE_FIELDS[: len(module.WIDTHS)]]
    assert list(module.WIDTHS) == widths


@pytest.mark.parametrize(
    ("before", "found", "job_exists", "what", "after"),
    [
        ("unknown", record(), True, What.FIRST_SEEN, "present"),
        ("unknown", record(amount=Decimal(5)), True, What.CHANGED, "present"),
        ("unknown", record(is_void=True), True, What.VOIDED, "voided"),
        ("unknown", None, True, What.DELETED, "deleted"),
        ("unknown", None, False, What.PURGED, "purged"),
        ("present", record(), True, None, "present"),
        ("present", record(amount=Decimal(5)), True, What.CHANGED, "present"),
        ("present", record(updated_at=None), True, What.TOUCHED, "present"),
        ("present", record(is_void=True), True, What.VOIDED, "voided"),
        ("present", None, True, What.DELETED, "deleted"),
        ("present", None, False, What.PURGED, "purged"),
        ("deleted", record(), True, What.RETURNED, "present"),
        ("deleted", record(is_void=True), True, What.VOIDED, "voided"),
        ("deleted", None, False, None, "deleted"),
        ("voided", record(is_void=True), True, None, "voided"),
        ("voided", record(), True, What.RETURNED, "present"),
        ("voided", None, True, None, "voided"),
        ("purged", record(), True, What.RETURNED, "present"),
        ("purged", None, True, None, "purged"),
    ],
)
def test_what_a_link_becomes(before, found, job_exists, what, after):
    change = judge(link(presence=before), found, job_exists=job_exists)
    assert (change.what if change else None, change.presence if change else before) == (what, after)


def test_moments_with_and_without_a_zone_are_the_same_moment():
    aware = MARCH.replace(tzinfo=datetime.UTC)
    elsewhere = aware.astimezone(datetime.timezone(datetime.timedelta(hours=-8)))
    assert compare([link()], [record(updated_at=aware)], {JOB}).changes == []
    assert compare([link()], [record(updated_at=elsewhere)], {JOB}).changes == []


def test_a_missing_record_that_is_found_when_asked_for_again_is_present():
    comparison = Comparison(in_memory([link("a", id=1), link("b", id=2)]))
    assert comparison.settle([record("a").fingerprint]) == []
    assert [state.erp_id for state in comparison.missing()] == ["b"]
    comparison.feed([record("b")])
    plan = comparison.finish({JOB})
    assert plan.changes == []
    assert (plan.present, plan.records_read) == (2, 1)


def test_a_record_is_as_it_was_when_its_fingerprint_is_and_another_fingerprint_alone_is_no_news():
    comparison = Comparison(in_memory([link("a", id=1), link("b", id=2)]))
    assert comparison.settle([record("a").fingerprint, "another"]) == [1]
    comparison.feed([record("b", fingerprint="another")])
    [change] = comparison.finish({JOB}).changes
    assert (change.what, change.values[module.FINGERPRINT]) == (What.TOUCHED, "another")


def test_only_so_many_records_without_news_are_recorded_at_once(monkeypatch):
    monkeypatch.setattr(module, "MOST_TOUCHED", 2)
    links = [link(str(n), id=n, fingerprint="") for n in range(5)]
    records = [record(str(n), amount=Decimal(n or 100)) for n in range(5)]
    plan = compare([*links[:1], *links[3:], *links[1:3]], records, {JOB})
    assert plan.counts() == {What.TOUCHED: 1, What.CHANGED: 4}
    assert compare(links, [record(str(n)) for n in range(5)], {JOB}).counts() == {What.TOUCHED: 2}


def test_what_is_known_to_be_gone_is_not_asked_for_again():
    assert Comparison(in_memory([link(presence=Presence.DELETED)])).missing() == []


def test_records_from_the_past_are_counted():
    earlier = MARCH - datetime.timedelta(days=1)
    later = MARCH + datetime.timedelta(days=1)
    links = [link(str(n), id=n) for n in range(4)]
    records = [record("0", updated_at=earlier), record("1", updated_at=later), record("2", updated_at=None)]
    assert compare(links, records, {JOB}).older == 1


# ---- For any ERP and any links ---------------------------------------------------------------------------------------

ids = st.sampled_from([f"id-{n}" for n in range(12)])
moments = st.none() | st.datetimes(min_value=datetime.datetime(2026, 1, 1), max_value=datetime.datetime(2026, 12, 31))  # noqa: DTZ001
amounts = st.sampled_from([Decimal("100.00"), Decimal("250.00")])
# Of what is recorded, the presence says whether it was void.
kept = {"job_id": st.sampled_from(["", JOB, OTHER_JOB]), "amount": amounts, "updated_at": moments}
read = {**kept, "is_void": st.booleans()}
erp = st.dictionaries(ids, st.fixed_dictionaries(read), max_size=12).map(
    lambda rows: [record(id, **row) for id, row in rows.items()]
)
recorded = st.dictionaries(
    ids, st.tuples(st.sampled_from(Presence.values), st.fixed_dictionaries(kept)), max_size=12
).map(lambda rows: [link(id, presence, id=n, **row) for n, (id, (presence, row)) in enumerate(rows.items())])
job_ids = st.frozensets(st.sampled_from([JOB, OTHER_JOB]))


@given(recorded, erp, job_ids)
def test_every_link_is_in_exactly_one_place(links, records, jobs):
    plan = compare(links, records, jobs)
    assert plan.present + plan.void + plan.missing == plan.links_compared == len(links)
    assert plan.records_read == len(records)
    changed = [change.link.id for change in plan.changes]
    assert len(changed) == len(set(changed))


@given(recorded, erp, job_ids)
def test_nothing_that_is_there_vanishes(links, records, jobs):
    there = {found.erp_id for found in records}
    for change in compare(links, records, jobs).vanished():
        assert change.link.erp_id not in there
        assert change.link.presence not in GONE


@given(recorded, erp, job_ids)
def test_only_a_record_that_is_gone_with_its_job_is_purged(links, records, jobs):
    for change in compare(links, records, jobs).vanished():
        has_job = change.link.job_id in jobs or not change.link.job_id
        assert change.what == (What.DELETED if has_job else What.PURGED)


@given(recorded, erp, job_ids)
def test_a_second_look_at_the_same_finds_nothing(links, records, jobs):
    plan = compare(links, records, jobs)
    after = {change.link.id: change for change in plan.changes}
    again = [
        LinkState(state.id, state.erp_id, 2, after[state.id].presence, after[state.id].values)
        if state.id in after
        else state
        for state in links
    ]
    assert compare(again, records, jobs).changes == []


@given(recorded, erp, job_ids, st.randoms())
def test_the_order_of_records_and_links_does_not_matter(links, records, jobs, random):
    def sorted_changes(plan):
        return sorted((change.link.id, change.what) for change in plan.changes)

    straight = sorted_changes(compare(links, records, jobs))
    random.shuffle(links)
    random.shuffle(records)
    assert sorted_changes(compare(links, records, jobs)) == straight


@given(recorded, erp, job_ids)
def test_one_link_alone_is_judged_like_among_many(links, records, jobs):
    found = {row.erp_id: row for row in records}
    one_by_one = {state.id: judge(state, found.get(state.erp_id), job_exists=state.job_id in jobs) for state in links}
    together = {change.link.id: change for change in compare(links, records, jobs).changes}
    assert together == {id: change for id, change in one_by_one.items() if change is not None}
