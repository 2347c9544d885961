"""Asking for 'Can Push to Accounting'."""

import datetime

import pytest

from directory.models import Activity, PrivilegeRequest, Verb
from directory.privilege import (
    PrivilegeAlreadyHeld,
    ReasonMissing,
    RequestAlreadyPending,
    decline_request,
    request_privilege,
)

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


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b"])
def test_a_reason_that_cannot_be_kept_is_refused(access, reason, now):
    with pytest.raises(ReasonMissing):
        request_privilege(access=access, reason=reason, now=now)

    assert not PrivilegeRequest.objects.exists()
