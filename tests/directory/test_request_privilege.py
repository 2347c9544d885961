"""Asking for 'Can Push to Accounting'."""

import datetime

import pytest

from directory.models import Activity, PrivilegeRequest, Verb
from directory.privilege import (
    PrivilegeAlreadyHeld,
    ReasonMissing,
    RequestAlreadyAnswered,
    RequestAlreadyPending,
    decline_request,
    request_privilege,
)
from tests.between import before_reading

pytestmark = pytest.mark.django_db


def test_a_request_waits_for_an_answer(access, now):
    request = request_privilege(access=access, reason=" I correct commitments. ", now=now)

    assert (request.state, request.reason, request.requested_at) == ("pending", "I correct commitments.", now)


def test_a_request_is_recorded_with_who_and_why(access, member, now):
    request_privilege(access=access, reason="I correct commitments.", now=now)

    entry = Activity.objects.get(verb=Verb.PRIVILEGE_REQUESTED)
    assert (entry.actor, entry.subject_id, entry.reason) == (member.user, member.pk, "I correct commitments.")
    assert (entry.company, entry.at, entry.after) == (member.company, now, {"request": "pending"})


def test_asking_again_says_since_when_it_is_pending(access, now):
    first = now.replace(year=2026, month=3, day=9, hour=14, minute=5)
    request_privilege(access=access, reason="Once.", now=first)

    with pytest.raises(RequestAlreadyPending, match=r"pending since Mar 9, 2026, 2:05 PM") as refusal:
        request_privilege(access=access, reason="Twice.", now=now)

    assert refusal.value.remedy
    assert PrivilegeRequest.objects.count() == 1
    assert Activity.objects.count() == 1


def test_who_has_it_need_not_ask(access, now):
    access.member.can_push_to_accounting = True
    access.member.save()

    with pytest.raises(PrivilegeAlreadyHeld, match="You already have"):
        request_privilege(access=access, reason="Once more.", now=now)

    assert not PrivilegeRequest.objects.exists()


def test_after_a_refusal_one_may_ask_again(access, granter, now):
    request = request_privilege(access=access, reason="Once.", now=now)
    decline_request(request=request, by=granter, reason="Not yet.", now=now)

    again = request_privilege(access=access, reason="Now?", now=now + datetime.timedelta(days=1))

    assert again.state == "pending"


def test_what_was_answered_a_moment_ago_is_to_be_looked_at_first(access, granter, now):
    request = request_privilege(access=access, reason="Once.", now=now)

    def is_declined():
        decline_request(request=request, by=granter, reason="Not yet.", now=now)

    with pytest.raises(RequestAlreadyAnswered) as refused, before_reading(PrivilegeRequest, is_declined):
        request_privilege(access=access, reason="Twice.", now=now)

    assert refused.value.message == "An earlier request of yours was answered a moment ago."
    assert refused.value.remedy == "Look at the answer before asking again."
    assert PrivilegeRequest.objects.get().state == "declined"


@pytest.mark.parametrize(
    ("reason", "message", "remedy"),
    [
        *((reason, "A reason is needed.", "Say why in a few words; the history keeps it.") for reason in ("", "   ")),
        *(
            (reason, "The reason cannot be stored like this.", "Write it in at most 500 characters of plain text.")
            for reason in ("x" * 501, "a\x00b")
        ),
    ],
)
def test_a_reason_that_cannot_be_kept_is_refused(access, reason, message, remedy, now):
    with pytest.raises(ReasonMissing) as refused:
        request_privilege(access=access, reason=reason, now=now)

    assert (refused.value.message, refused.value.remedy) == (message, remedy)
    assert not PrivilegeRequest.objects.exists()
