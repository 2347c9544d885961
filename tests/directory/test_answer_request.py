"""Granting and declining requests."""

import pytest

from directory.models import Activity, Verb
from directory.privilege import (
    ReasonMissing,
    RequestAlreadyAnswered,
    decline_request,
    grant_request,
    request_privilege,
)
from directory.refusals import NotAllowed
from tests.factories import CompanyMemberFactory, PrivilegeRequestFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_of_mia(access, now):
    return request_privilege(access=access, reason="I correct commitments.", now=now)


def test_granting_a_request_gives_the_privilege(request_of_mia, member, granter, now):
    answered = grant_request(request=request_of_mia, by=granter, reason="She approves.", now=now)

    member.refresh_from_db()
    assert member.can_push_to_accounting
    assert (answered.state, answered.answered_at, answered.answered_by) == ("granted", now, granter)
    entry = Activity.objects.get(verb=Verb.PRIVILEGE_GRANTED)
    assert entry.before == {"can_push_to_accounting": False, "request": "pending"}
    assert entry.after == {"can_push_to_accounting": True, "request": "granted"}


def test_declining_a_request_gives_nothing(request_of_mia, member, granter, now):
    answered = decline_request(request=request_of_mia, by=granter, reason="Not yet.", now=now)

    member.refresh_from_db()
    assert not member.can_push_to_accounting
    assert (answered.state, answered.answer) == ("declined", "Not yet.")
    entry = Activity.objects.get(verb=Verb.PRIVILEGE_DECLINED)
    assert (entry.actor, entry.subject_id, entry.reason) == (granter, member.pk, "Not yet.")


@pytest.mark.parametrize("second", [grant_request, decline_request])
@pytest.mark.parametrize("first", [grant_request, decline_request])
def test_who_answers_second_is_told_who_was_first(request_of_mia, granter, superuser, first, second, now):
    first(request=request_of_mia, by=granter, reason="First.", now=now)
    answer = "granted" if first is grant_request else "declined"

    with pytest.raises(RequestAlreadyAnswered, match=f"was {answer} already, by Gus Granter"):
        second(request=request_of_mia, by=superuser, reason="Second.", now=now)

    request_of_mia.refresh_from_db()
    assert (request_of_mia.state, request_of_mia.answer) == (answer, "First.")
    assert Activity.objects.count() == 2


@pytest.mark.parametrize("act", [grant_request, decline_request])
def test_only_staff_with_the_permission_answer(request_of_mia, clerk, act, now):
    with pytest.raises(NotAllowed):
        act(request=request_of_mia, by=clerk, reason="Because.", now=now)

    request_of_mia.refresh_from_db()
    assert request_of_mia.state == "pending"


@pytest.mark.parametrize("act", [grant_request, decline_request])
def test_an_answer_needs_a_reason(request_of_mia, granter, act, now):
    with pytest.raises(ReasonMissing):
        act(request=request_of_mia, by=granter, reason="", now=now)


def test_nobody_grants_their_own_request(superuser, now):
    own = PrivilegeRequestFactory(member=CompanyMemberFactory(user=superuser))

    with pytest.raises(NotAllowed, match="themselves"):
        grant_request(request=own, by=superuser, reason="I approve.", now=now)

    own.refresh_from_db()
    own.member.refresh_from_db()
    assert (own.state, own.member.can_push_to_accounting) == ("pending", False)
