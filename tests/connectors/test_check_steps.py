"""How a list of checks is gone through: in order, within its time, and not where what is needed is not there."""

import threading

import pytest

from erpintegrations.connectors.base import NeedsAttention, Retryable
from erpintegrations.connectors.checks import (
    Outcome,
    Step,
    carry_out,
    failed,
    noted,
    passed,
    result_of,
    skipped,
    warned,
)


def done(*steps, close=lambda: None):
    return {check.key: check for check in carry_out(steps, close=close)}


def well():
    return passed("It is there.")


def broken():
    raise NeedsAttention("It is broken.", remedy="Mend it.")


def cut_off():
    raise Retryable("It was cut off.", remedy="Try again.")


def test_a_look_that_raises_fails_with_its_problem_and_remedy():
    check = done(Step("door", "Door", broken))["door"]
    assert (check.title, check.outcome) == ("Door", Outcome.FAILED)
    assert (check.sentence, check.remedy) == ("It is broken.", "Mend it.")


def test_what_needs_it_is_skipped_and_names_what_went_wrong_first():
    checks = done(
        Step("door", "Door", broken),
        Step("room", "Room", well, needs=("door",)),
        Step("chair", "Chair", well, needs=("room",)),
        Step("roof", "Roof", well),
    )
    assert [check.outcome for check in checks.values()] == ["failed", "skipped", "skipped", "passed"]
    assert checks["room"].sentence == checks["chair"].sentence == "Not looked at: first “Door” has to go well."


@pytest.mark.parametrize("look", [skipped, warned, noted])
def test_what_is_not_failed_holds_nobody_up(look):
    checks = done(Step("door", "Door", lambda: look("So so.")), Step("room", "Room", well, needs=("door",)))
    assert checks["room"].outcome is Outcome.PASSED


def test_nothing_is_asked_after_no_answer_came():
    checks = done(Step("door", "Door", cut_off), Step("roof", "Roof", well))
    assert checks["roof"].sentence == "Not looked at: first “Door” has to go well."


def test_what_was_opened_is_closed_at_the_end_also_when_nobody_listens_any_more():
    closed = []
    done(Step("door", "Door", broken), close=lambda: closed.append("to the end"))
    listening = carry_out([Step("door", "Door", well), Step("room", "Room", well)], close=lambda: closed.append("half"))
    next(listening)
    listening.close()
    assert closed == ["to the end", "half"]


def test_a_look_without_end_is_given_up_and_keeps_what_it_works_with():
    let_go, closed = threading.Event(), []

    def forever():
        let_go.wait(60)
        return passed("Too late.")

    checks = done(
        Step("door", "Door", forever, seconds=0.05), Step("roof", "Roof", well), close=lambda: closed.append("closed")
    )
    let_go.set()
    assert checks["door"].sentence == "The ERP database did not answer within 0.05 seconds."
    assert checks["roof"].outcome is Outcome.SKIPPED
    assert closed == []


@pytest.mark.parametrize(
    ("findings", "result"),
    [
        ([passed(""), noted(""), skipped("")], Outcome.PASSED),
        ([passed(""), warned("")], Outcome.WARNED),
        ([failed(""), warned(""), passed("")], Outcome.FAILED),
    ],
)
def test_the_worst_is_the_result(findings, result):
    assert result_of(findings) is result
