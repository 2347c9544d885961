"""Two people at once: exactly one decision, one history entry, and the second told so."""

import pytest

from directory.models import Activity, CompanyMember, PrivilegeRequest, User, Verb
from directory.privilege import (
    decline_request,
    grant_privilege,
    grant_request,
    request_privilege,
    revoke_privilege,
)
from directory.refusals import Refusal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_once(at_once):
    """Of those who act at the same moment, each one's refusal, or None."""

    def act(*acts):
        outcomes = at_once(*acts)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, Refusal):
                raise outcome
        return [outcome if isinstance(outcome, Refusal) else None for outcome in outcomes]

    return act


def test_four_requests_at_once_are_one(at_once, access, now):
    ask = lambda: request_privilege(access=access, reason="Please.", now=now)  # noqa: E731

    refusals = at_once(ask, ask, ask, ask)

    assert sorted(refusal is None for refusal in refusals) == [False, False, False, True]
    assert PrivilegeRequest.objects.count() == Activity.objects.count() == 1


def test_two_grants_at_once_are_one(at_once, member, granter, superuser, now):
    refusals = at_once(
        lambda: grant_privilege(member=member, by=granter, reason="One.", now=now),
        lambda: grant_privilege(member=member, by=superuser, reason="Two.", now=now),
    )

    assert sum(refusal is None for refusal in refusals) == 1
    assert Activity.objects.filter(verb=Verb.PRIVILEGE_GRANTED).count() == 1


def test_two_revocations_at_once_are_one(at_once, member, granter, superuser, now):
    CompanyMember.objects.update(can_push_to_accounting=True)

    refusals = at_once(
        lambda: revoke_privilege(member=member, by=granter, reason="One.", now=now),
        lambda: revoke_privilege(member=member, by=superuser, reason="Two.", now=now),
    )

    assert sum(refusal is None for refusal in refusals) == 1
    assert Activity.objects.filter(verb=Verb.PRIVILEGE_REVOKED).count() == 1


@pytest.mark.parametrize("attempt", range(5))
def test_grant_and_decline_at_once_never_both_happen(at_once, access, member, granter, superuser, attempt, now):
    request = request_privilege(access=access, reason="Please.", now=now)
    first, second = PrivilegeRequest.objects.get(pk=request.pk), PrivilegeRequest.objects.get(pk=request.pk)

    refusals = at_once(
        lambda: grant_request(request=first, by=granter, reason="Yes.", now=now),
        lambda: decline_request(request=second, by=superuser, reason="No.", now=now),
    )

    assert sum(refusal is None for refusal in refusals) == 1
    request.refresh_from_db()
    member.refresh_from_db()
    assert member.can_push_to_accounting == (request.state == "granted")
    answers = Activity.objects.filter(verb__in=[Verb.PRIVILEGE_GRANTED, Verb.PRIVILEGE_DECLINED])
    assert answers.count() == 1


@pytest.mark.parametrize("attempt", range(5))
def test_a_request_and_a_grant_at_once_leave_nothing_pending_for_who_has_it(
    at_once, access, member, granter, attempt, now
):
    at_once(
        lambda: request_privilege(access=access, reason="Please.", now=now),
        lambda: grant_privilege(member=member, by=User.objects.get(pk=granter.pk), reason="Yes.", now=now),
    )

    member.refresh_from_db()
    assert member.can_push_to_accounting
    assert not PrivilegeRequest.objects.filter(state="pending").exists()
