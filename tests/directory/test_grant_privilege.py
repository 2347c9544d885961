"""Granting and revoking 'Can Push to Accounting'."""

import pytest

from directory.models import Activity, CompanyMember, Verb
from directory.privilege import (
    EntryRemoved,
    PersonDeactivated,
    PrivilegeAlreadyHeld,
    PrivilegeNotHeld,
    ReasonMissing,
    grant_privilege,
    request_privilege,
    revoke_privilege,
)
from directory.refusals import NotAllowed
from tests.directory.conftest import permission
from tests.factories import CompanyMemberFactory, UserFactory

pytestmark = pytest.mark.django_db


def has_it(member: CompanyMember) -> bool:
    return CompanyMember.objects.get(pk=member.pk).can_push_to_accounting


def test_a_grant_gives_the_privilege_in_this_company_only(member, granter, now):
    elsewhere = CompanyMemberFactory(user=member.user)

    grant_privilege(member=member, by=granter, reason="She approves.", now=now)

    assert has_it(member)
    assert not has_it(elsewhere)


def test_a_grant_is_recorded_with_who_whom_when_and_why(member, granter, now):
    grant_privilege(member=member, by=granter, reason="She approves.", now=now)

    entry = Activity.objects.get(verb=Verb.PRIVILEGE_GRANTED)
    assert (entry.actor, entry.actor_label) == (granter, "Gus Granter (gus@example.com)")
    assert (entry.subject_id, entry.subject_label) == (member.pk, "Mia Manager at Northwind Builders")
    assert (entry.at, entry.reason) == (now, "She approves.")
    assert (entry.before, entry.after) == ({"can_push_to_accounting": False}, {"can_push_to_accounting": True})


def test_a_grant_answers_the_pending_request(member, access, granter, now):
    request = request_privilege(access=access, reason="Please.", now=now)

    grant_privilege(member=member, by=granter, reason="She approves.", now=now)

    request.refresh_from_db()
    assert (request.state, request.answered_by, request.answer) == ("granted", granter, "She approves.")


def test_granting_twice_is_refused_and_recorded_once(member, granter, now):
    grant_privilege(member=member, by=granter, reason="She approves.", now=now)

    with pytest.raises(PrivilegeAlreadyHeld) as refused:
        grant_privilege(member=member, by=granter, reason="She approves.", now=now)

    assert (
        refused.value.message == "Mia Manager at Northwind Builders already has the privilege 'Can Push to Accounting'."
    )
    assert refused.value.remedy == "Somebody may have granted it in the meantime; the history says who."
    assert Activity.objects.filter(verb=Verb.PRIVILEGE_GRANTED).count() == 1


def test_a_deactivated_person_is_not_granted_anything(member, granter, now):
    member.user.is_active = False
    member.user.save()

    with pytest.raises(PersonDeactivated) as refused:
        grant_privilege(member=member, by=granter, reason="She approves.", now=now)

    assert refused.value.message == "Mia Manager is deactivated."
    assert refused.value.remedy == "Activate the person first, then grant the privilege."
    assert not has_it(member)


def test_nobody_grants_it_to_themselves_not_even_superusers(granter, superuser, now):
    for person in (granter, superuser):
        own = CompanyMemberFactory(user=person)
        with pytest.raises(NotAllowed) as refused:
            grant_privilege(member=own, by=person, reason="I approve.", now=now)
        assert refused.value.message == "Nobody grants 'Can Push to Accounting' to themselves."
        assert refused.value.remedy == "Ask another administrator to grant it to you."
        assert not has_it(own)


def test_everybody_may_give_up_their_own(superuser, now):
    own = CompanyMemberFactory(user=superuser, can_push_to_accounting=True)

    revoke_privilege(member=own, by=superuser, reason="I left accounting.", now=now)

    assert not has_it(own)


def people_who_may_not():
    return [
        ("staff without the permission", {"is_staff": True}, False),
        ("the permission without being staff", {"is_staff": False}, True),
        ("a deactivated superuser", {"is_staff": True, "is_superuser": True, "is_active": False}, False),
    ]


@pytest.mark.parametrize(("who", "fields", "has_permission"), people_who_may_not())
@pytest.mark.parametrize("act", [grant_privilege, revoke_privilege])
def test_only_staff_with_the_permission_decide(member, act, who, fields, has_permission, now):
    person = UserFactory(**fields)
    if has_permission:
        person.user_permissions.add(permission("grant_can_push_to_accounting"))
    before = has_it(member)

    with pytest.raises(NotAllowed, match="Only staff with the permission"):
        act(member=member, by=person, reason="Because.", now=now)

    assert has_it(member) == before
    assert not Activity.objects.exists()


@pytest.mark.parametrize("act", [grant_privilege, revoke_privilege])
def test_a_decision_needs_a_reason(member, granter, act, now):
    with pytest.raises(ReasonMissing) as refused:
        act(member=member, by=granter, reason="  ", now=now)

    assert refused.value.message == "A reason is needed."
    assert refused.value.remedy == "Say why in a few words; the history keeps it."


@pytest.mark.parametrize("act", [grant_privilege, revoke_privilege])
def test_who_was_removed_from_the_directory_a_moment_ago_is_told_of(member, granter, act, now):
    CompanyMember.objects.filter(pk=member.pk).delete()

    with pytest.raises(EntryRemoved) as refused:
        act(member=member, by=granter, reason="Because.", now=now)

    assert refused.value.message == "This directory entry was removed a moment ago."
    assert refused.value.remedy == "Reload the list."


def test_a_revocation_takes_it_away_and_is_recorded(member, granter, now):
    grant_privilege(member=member, by=granter, reason="She approves.", now=now)

    revoke_privilege(member=member, by=granter, reason="She left accounting.", now=now)

    assert not has_it(member)
    entry = Activity.objects.get(verb=Verb.PRIVILEGE_REVOKED)
    assert (entry.actor, entry.subject_id, entry.reason) == (granter, member.pk, "She left accounting.")
    assert (entry.before, entry.after) == ({"can_push_to_accounting": True}, {"can_push_to_accounting": False})


def test_revoking_what_is_not_held_is_refused(member, granter, now):
    with pytest.raises(PrivilegeNotHeld):
        revoke_privilege(member=member, by=granter, reason="She left.", now=now)

    assert not Activity.objects.exists()


def test_long_names_fit_the_history(granter, now):
    person = UserFactory(name="N" * 150)
    member = CompanyMemberFactory(user=person, company__name="C" * 100)

    grant_privilege(member=member, by=granter, reason="She approves.", now=now)

    assert Activity.objects.get().subject_label.startswith("N" * 150 + " at CCC")
