"""The administration's pages that grant, revoke and answer requests: one at a time, in bulk, and for whom not."""

import pytest
from django.urls import reverse

from directory.models import Activity, CompanyMember, PrivilegeRequest, Verb
from directory.privilege import decline_request
from tests.directory.conftest import browser
from tests.factories import CompanyMemberFactory, PrivilegeRequestFactory, UserFactory

pytestmark = pytest.mark.django_db

MEMBERS = reverse("admin:directory_companymember_changelist")
REQUESTS = reverse("admin:directory_privilegerequest_changelist")


def page_of(member: CompanyMember) -> str:
    return reverse("admin:directory_companymember_change", args=[member.pk])


def decide(client, model: str, decision: str, row, **posted):
    address = reverse(f"admin:directory_{model}_{decision}", args=[row.pk])
    return client.post(address, {"decide": "yes", **posted}, follow=True)


def in_bulk(client, address: str, decision: str, rows, **posted):
    data = {"action": decision, "_selected_action": [row.pk for row in rows], **posted}
    return client.post(address, data, follow=True)


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def has_it(member: CompanyMember) -> bool:
    return CompanyMember.objects.get(pk=member.pk).can_push_to_accounting


class TestTheDirectoryEntry:
    def test_shows_the_privilege_and_offers_what_can_be_done(self, as_granter, member):
        page = as_granter.get(page_of(member)).content.decode()

        assert "Grant Can Push to Accounting" in page
        assert reverse("admin:directory_companymember_grant", args=[member.pk]) in page
        assert reverse("admin:directory_companymember_revoke", args=[member.pk]) not in page

    def test_has_no_field_for_the_privilege(self, as_superuser, member):
        as_superuser.post(page_of(member), {"erp_integrations_level": 2, "can_push_to_accounting": "on"})

        assert not has_it(member)

    def test_asks_for_the_reason_first(self, as_granter, member):
        page = as_granter.get(reverse("admin:directory_companymember_grant", args=[member.pk]))

        assert page.status_code == 200
        assert "Mia Manager at Northwind Builders" in page.content.decode()
        assert 'name="reason"' in page.content.decode()
        assert not has_it(member)

    def test_grants_with_a_reason(self, as_granter, granter, member):
        response = decide(as_granter, "companymember", "grant", member, reason="She approves.")

        assert has_it(member)
        assert said(response) == ["Mia Manager at Northwind Builders now has 'Can Push to Accounting'."]
        entry = Activity.objects.get(verb=Verb.PRIVILEGE_GRANTED)
        assert (entry.actor, entry.reason) == (granter, "She approves.")

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b"])
    def test_without_a_good_reason_asks_again(self, as_granter, member, reason):
        response = decide(as_granter, "companymember", "grant", member, reason=reason)

        assert response.status_code == 200
        assert response.context["form"].errors
        assert not has_it(member)

    def test_revokes_with_a_reason(self, as_granter, company):
        member = CompanyMemberFactory(company=company, can_push_to_accounting=True)

        decide(as_granter, "companymember", "revoke", member, reason="Left accounting.")

        assert not has_it(member)

    def test_opened_before_somebody_else_granted_says_so(self, as_granter, member):
        CompanyMember.objects.update(can_push_to_accounting=True)

        response = decide(as_granter, "companymember", "grant", member, reason="She approves.")

        assert "already has the privilege" in said(response)[0]

    def test_of_somebody_removed_in_the_meantime_says_so(self, as_granter, member):
        address = reverse("admin:directory_companymember_grant", args=[member.pk])
        member.delete()

        response = as_granter.post(address, {"decide": "yes", "reason": "She approves."}, follow=True)

        assert said(response) == ["This directory entry does not exist any more."]


class TestTheList:
    def test_grants_many_and_says_what_became_of_each(self, as_granter, member, company):
        holder = CompanyMemberFactory(company=company, user__name="Hal", can_push_to_accounting=True)
        other = CompanyMemberFactory(company=company, user__name="Otto")

        asked = in_bulk(as_granter, MEMBERS, "grant", [member, holder, other])
        response = in_bulk(as_granter, MEMBERS, "grant", [member, holder, other], decide="yes", reason="The new team.")

        assert "Otto at Northwind Builders" in asked.content.decode()
        assert sorted(said(response)) == [
            "Hal at Northwind Builders: Hal at Northwind Builders already has the privilege 'Can Push to Accounting'. "
            "Somebody may have granted it in the meantime; the history says who.",
            "Mia Manager at Northwind Builders now has 'Can Push to Accounting'.",
            "Otto at Northwind Builders now has 'Can Push to Accounting'.",
        ]
        assert Activity.objects.filter(verb=Verb.PRIVILEGE_GRANTED, reason="The new team.").count() == 2

    def test_revokes_many(self, as_granter, company):
        holders = CompanyMemberFactory.create_batch(3, company=company, can_push_to_accounting=True)

        in_bulk(as_granter, MEMBERS, "revoke", holders, decide="yes", reason="Year's end.")

        assert not any(has_it(holder) for holder in holders)

    def test_refuses_more_at_once_than_anybody_looks_through(self, as_granter, company, monkeypatch):
        monkeypatch.setattr("directory.admin.patterns.MOST_AT_ONCE", 2)
        members = CompanyMemberFactory.create_batch(3, company=company)

        response = in_bulk(as_granter, MEMBERS, "grant", members, decide="yes", reason="All.")

        assert said(response) == ["Select at most 2 at once. Nothing was changed."]
        assert not any(has_it(member) for member in members)

    def test_offers_no_bulk_deletion(self, as_superuser, member):
        assert "delete_selected" not in as_superuser.get(MEMBERS).content.decode()


class TestRequests:
    def test_the_start_page_says_how_many_wait(self, as_granter, member):
        PrivilegeRequestFactory(member=member)

        page = as_granter.get(reverse("admin:index")).content.decode()

        assert "1 pending request for Can Push to Accounting" in page
        assert "Company Directory" in page
        assert "ERP Integrations administration" in page

    def test_who_may_not_see_requests_is_not_told_how_many_there_are(self, member):
        PrivilegeRequestFactory(member=member)

        page = browser(UserFactory(is_staff=True)).get(reverse("admin:index")).content.decode()

        assert "pending request" not in page

    def test_pending_ones_come_first_and_the_others_on_demand(self, as_granter, granter, member, now):
        answered = PrivilegeRequestFactory(member=member, reason="The old one.")
        decline_request(request=answered, by=granter, reason="Not yet.", now=now)
        PrivilegeRequestFactory(member=member, reason="The new one.")

        def reasons(query: str) -> list[str]:
            return [row.reason for row in as_granter.get(REQUESTS + query).context["cl"].result_list]

        assert reasons("") == ["The new one."]
        assert reasons("?state=declined") == ["The old one."]
        assert reasons("?state=granted") == []
        assert len(reasons("?state=all")) == 2

    def test_one_is_granted_from_its_page(self, as_granter, member):
        request = PrivilegeRequestFactory(member=member)
        page = as_granter.get(reverse("admin:directory_privilegerequest_change", args=[request.pk])).content.decode()

        response = decide(as_granter, "privilegerequest", "grant", request, reason="She approves.")

        assert "Grant the request" in page
        assert "Decline the request" in page
        assert has_it(member)
        assert said(response)[0].endswith("granted. They now have 'Can Push to Accounting'.")
        assert "Grant the request" not in response.content.decode()

    def test_one_is_declined_from_its_page(self, as_granter, member):
        request = PrivilegeRequestFactory(member=member)

        decide(as_granter, "privilegerequest", "decline", request, reason="Not yet.")

        request.refresh_from_db()
        assert (request.state, request.answer, has_it(member)) == ("declined", "Not yet.", False)

    def test_many_are_answered_at_once_each_with_its_outcome(self, as_granter, superuser, company, now):
        requests = [PrivilegeRequestFactory(member__company=company) for _ in range(3)]
        decline_request(request=requests[0], by=superuser, reason="No.", now=now)

        response = in_bulk(as_granter, REQUESTS + "?state=all", "grant", requests, decide="yes", reason="The new team.")

        assert sum("granted. They now have" in text for text in said(response)) == 2
        assert sum("was declined already, by Rita Root" in text for text in said(response)) == 1
        assert PrivilegeRequest.objects.filter(state="granted").count() == 2

    def test_many_are_declined_at_once(self, as_granter, company):
        requests = [PrivilegeRequestFactory(member__company=company) for _ in range(3)]

        in_bulk(as_granter, REQUESTS, "decline", requests, decide="yes", reason="Not this year.")

        assert PrivilegeRequest.objects.filter(state="declined", answer="Not this year.").count() == 3

    def test_nobody_adds_changes_or_deletes_one_by_hand(self, as_superuser, member):
        request = PrivilegeRequestFactory(member=member)

        for page in ("add", "change", "delete"):
            arguments = [] if page == "add" else [request.pk]
            address = reverse(f"admin:directory_privilegerequest_{page}", args=arguments)
            assert as_superuser.post(address, {"state": "granted"}).status_code == 403
        request.refresh_from_db()
        assert request.state == "pending"


class TestStaffWithoutThePermission:
    def test_see_the_privilege_but_no_buttons(self, as_clerk, member):
        request = PrivilegeRequestFactory(member=member)
        request_page = reverse("admin:directory_privilegerequest_change", args=[request.pk])

        for address in (MEMBERS, REQUESTS):
            page = as_clerk.get(address)
            assert page.status_code == 200
            assert 'name="action"' not in page.content.decode()
        assert "/grant/" not in as_clerk.get(page_of(member)).content.decode()
        assert "Grant the request" not in as_clerk.get(request_page).content.decode()

    @pytest.mark.parametrize("decision", ["grant", "revoke"])
    def test_cannot_decide_about_entries(self, as_clerk, company, decision):
        member = CompanyMemberFactory(company=company, can_push_to_accounting=decision == "revoke")
        before = has_it(member)

        answers = [
            as_clerk.get(reverse(f"admin:directory_companymember_{decision}", args=[member.pk])),
            decide(as_clerk, "companymember", decision, member, reason="Because."),
            in_bulk(as_clerk, MEMBERS, decision, [member], decide="yes", reason="Because."),
            in_bulk(as_clerk, MEMBERS, decision, [member], decide="yes", reason="Because.", index="0"),
        ]

        assert [answer.status_code for answer in answers] == [403] * 4
        assert has_it(member) == before
        assert not Activity.objects.exists()

    @pytest.mark.parametrize("decision", ["grant", "decline"])
    def test_cannot_answer_requests(self, as_clerk, member, decision):
        request = PrivilegeRequestFactory(member=member)

        answers = [
            as_clerk.get(reverse(f"admin:directory_privilegerequest_{decision}", args=[request.pk])),
            decide(as_clerk, "privilegerequest", decision, request, reason="Because."),
            in_bulk(as_clerk, REQUESTS, decision, [request], decide="yes", reason="Because."),
        ]

        assert [answer.status_code for answer in answers] == [403] * 3
        request.refresh_from_db()
        assert request.state == "pending"

    def test_need_no_right_to_look_when_they_may_grant(self, member):
        person = UserFactory(is_staff=True)
        from tests.directory.conftest import permission

        person.user_permissions.add(permission("grant_can_push_to_accounting"))
        client = browser(person)

        assert client.get(MEMBERS).status_code == client.get(REQUESTS).status_code == 200
        decide(client, "companymember", "grant", member, reason="She approves.")
        assert has_it(member)
