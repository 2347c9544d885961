"""The page on which a person asks for 'Can Push to Accounting'."""

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.models import Activity, CompanyMember, PrivilegeRequest, Verb
from directory.privilege import decline_request, grant_privilege

pytestmark = pytest.mark.django_db

PAGE = reverse("privilege_request", args=["harbor-point"])
REASON = "I correct the commitments of the clinic."


@pytest.fixture
def as_manager(client, manager):
    client.force_login(manager)
    return client


def ask(client, reason: str = REASON):
    return client.post(PAGE, {"reason": reason}, follow=True)


def member(person) -> CompanyMember:
    return CompanyMember.objects.get(user=person)


def test_says_that_it_is_missing_and_asks_why(as_manager):
    page = as_manager.get(PAGE)

    assert page.status_code == 200
    assert "You do not have this privilege" in page.content.decode()
    assert 'name="reason"' in page.content.decode()


def test_sends_the_request_and_then_shows_it_as_pending(as_manager, manager):
    page = ask(as_manager)

    assert page.redirect_chain == [(PAGE, 302)]
    assert [str(said) for said in page.context["messages"]] == ["Your request for 'Can Push to Accounting' was sent."]
    assert "Request pending" in page.content.decode()
    assert REASON in page.content.decode()
    assert 'name="reason"' not in page.content.decode()
    request = PrivilegeRequest.objects.get()
    assert (request.member.user, request.reason, request.state) == (manager, REASON, "pending")


def test_sent_twice_it_says_since_when_it_is_pending(as_manager):
    ask(as_manager)

    page = ask(as_manager)

    assert "has been pending since" in page.content.decode()
    assert PrivilegeRequest.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b"])
def test_without_a_good_reason_it_asks_again(as_manager, reason):
    page = ask(as_manager, reason)

    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.content.decode()
    assert not PrivilegeRequest.objects.exists()


def test_shows_the_answer_when_it_was_declined_and_offers_to_ask_again(as_manager, staff):
    ask(as_manager)
    decline_request(request=PrivilegeRequest.objects.get(), by=staff, reason="After the audit.", now=timezone.now())

    page = as_manager.get(PAGE).content.decode()

    assert "Your last request was declined" in page
    assert "After the audit." in page
    assert 'name="reason"' in page


def test_says_so_when_one_has_it(as_manager, manager, staff):
    grant_privilege(member=member(manager), by=staff, reason="Approves.", now=timezone.now())

    page = as_manager.get(PAGE).content.decode()

    assert "You have this privilege" in page
    assert 'name="reason"' not in page


def test_a_form_opened_before_it_was_granted_requests_nothing(as_manager, manager, staff):
    grant_privilege(member=member(manager), by=staff, reason="Approves.", now=timezone.now())

    page = ask(as_manager)

    assert "You already have the privilege" in page.content.decode()
    assert not PrivilegeRequest.objects.exists()


def test_the_request_is_in_the_companys_history(as_manager, manager):
    ask(as_manager)

    assert Activity.objects.get(verb=Verb.PRIVILEGE_REQUESTED).actor == manager


def test_what_somebody_writes_is_text_and_no_markup(as_manager):
    page = ask(as_manager, "<script>alert(1)</script>").content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_takes_few_queries(as_manager, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        as_manager.get(PAGE)
