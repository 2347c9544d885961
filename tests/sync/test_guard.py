"""What is too surprising to be believed without a person."""

import datetime

import pytest

from erpintegrations.sync.guard import doubt
from tests.sync.comparing import compare
from tests.sync.test_compare import JOB, MARCH, link, record


def plan(*, there: int, vanished: int, older: int = 0, voided: int = 0, jobs=(JOB,)):
    links = [link(str(number), id=number) for number in range(there + vanished + voided)]
    before = MARCH - datetime.timedelta(days=1)
    records = [record(str(n), updated_at=before if n < older else MARCH) for n in range(there)]
    records += [record(str(there + vanished + n), is_void=True) for n in range(voided)]
    return compare(links, records, set(jobs))


@pytest.mark.parametrize(
    ("there", "vanished", "doubted"),
    [
        (100, 0, False),
        (5, 10, False),  # few, though most
        (4, 11, True),  # more than ten, and more than 5 %
        (209, 11, False),  # exactly 5 %
        (208, 11, True),
        (10_000, 500, False),
    ],
)
def test_more_than_ten_and_more_than_five_percent_need_a_person(there, vanished, doubted):
    assert (doubt(plan(there=there, vanished=vanished), erp="Sage") is not None) == doubted


def test_the_sentence_says_how_many_of_how_many():
    why = doubt(plan(there=30, vanished=20), erp="Sage 100 Contractor®")
    assert why.problem == "20 of 50 linked commitments are missing from Sage 100 Contractor® all at once."
    assert "confirm this run" in why.remedy


def test_purged_records_count_like_deleted_ones():
    assert doubt(plan(there=30, vanished=20, jobs=()), erp="Sage") is not None


def test_voided_records_are_there_to_be_looked_at_and_do_not_count():
    assert doubt(plan(there=10, vanished=0, voided=90), erp="Sage") is None


def test_an_erp_without_any_commitment_needs_a_person_however_few_are_linked():
    why = doubt(plan(there=0, vanished=1), erp="Sage")
    assert why.problem == "Sage answered without a single commitment, though 1 linked commitment should be in it."
    assert doubt(plan(there=0, vanished=0), erp="Sage") is None


def test_time_that_went_backwards_needs_a_person_when_something_is_missing():
    why = doubt(plan(there=100, vanished=1, older=3), erp="Sage")
    assert (
        "1 linked commitment is missing from Sage, and 3 linked commitments are there in an older state" in why.problem
    )
    assert doubt(plan(there=100, vanished=0, older=3), erp="Sage") is None


def test_what_a_person_confirmed_does_not_count_again():
    found = plan(there=30, vanished=20)
    vanished = [change.link.id for change in found.vanished()]
    assert doubt(found, erp="Sage", confirmed=vanished) is None
    assert doubt(found, erp="Sage", confirmed=vanished[:10]) is None
    assert doubt(found, erp="Sage", confirmed=vanished[:9]) is not None


def test_a_connection_that_was_set_up_anew_may_name_another_companys_database():
    assert doubt(plan(there=100, vanished=1), erp="Sage") is None
    why = doubt(plan(there=100, vanished=1), erp="Sage", is_first_answer=True)
    assert "1 linked commitment is not in the database that it names now" in why.problem
    assert doubt(plan(there=100, vanished=0), erp="Sage", is_first_answer=True) is None


def test_the_first_sync_of_all_may_find_that_some_are_gone_but_not_all():
    links = [link(str(number), "unknown", id=number) for number in range(3)]
    assert doubt(compare(links, [record("0")], {JOB}), erp="Sage", is_first_answer=True) is None
    assert doubt(compare(links, [record("9")], {JOB}), erp="Sage", is_first_answer=True) is not None
