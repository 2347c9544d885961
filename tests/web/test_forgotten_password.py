"""A forgotten password: a link by mail, the same answer for everybody, and no flood of mails."""

from __future__ import annotations

import datetime
import re
import smtplib

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ

from directory.models import SignInLinkRequest, User
from directory.sign_in_links import MOST_FOR_ADDRESS, MOST_FOR_NETWORK, network_of, send_requested
from erpintegrations import tasks
from erpintegrations.enqueue import SIGN_IN_LINK_TASK
from erpintegrations.services.keep_house import keep_house

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 11, 23, 14, 5, tzinfo=datetime.UTC)
ASK = "/password/reset/"


class BrokenServer(EmailBackend):
    """A mail server that refuses the mail."""

    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann@example.com", "right-password", name="Ann Approver")


def ask(client: Client, email: str = "ann@example.com", *, address: str = "203.0.113.7", **more):
    return client.post(reverse("reset_password"), {"email": email}, REMOTE_ADDR=address, follow=True, **more)


def do_the_tasks() -> None:
    """As a task process does: whatever waits in the queue."""
    for queued in OrmQ.objects.order_by("id"):
        assert queued.task["func"] == SIGN_IN_LINK_TASK
        tasks.send_sign_in_link(*queued.task["args"])
        queued.delete()


def recipients() -> list[str]:
    return [message.to[0] for message in mail.outbox]


def test_is_replaced_through_a_link_by_mail(client, ann):
    assert "Look into your mailbox" in ask(client, "ANN@example.com").content.decode()
    do_the_tasks()
    [message] = mail.outbox
    link = re.search(r"http://testserver(/\S+)", message.body)[1]
    form = client.get(link, follow=True)
    assert form.context["validlink"]
    new = "a-new-and-long-one-71"
    url = form.redirect_chain[-1][0]
    done = client.post(url, {"new_password1": new, "new_password2": new}, follow=True)
    assert "Sign in with the new one." in done.content.decode()
    assert "This link no longer works" in client.get(link, follow=True).content.decode()


def test_the_answer_and_the_work_are_the_same_whether_somebody_has_the_address(client, ann):
    answers, statements = [], []
    for email in ("ann@example.com", "nobody@example.com"):
        with CaptureQueriesContext(database) as queries:
            answers.append(ask(client, email).content)
        statements.append([re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries])
    assert answers[0] == answers[1]
    assert statements[0] == statements[1]
    assert not any("directory_user" in statement for statement in statements[0])
    assert mail.outbox == []
    do_the_tasks()
    assert recipients() == ["ann@example.com"]


def test_the_task_carries_an_id_only(client, ann):
    ask(client)
    [queued] = OrmQ.objects.all()
    assert queued.task["args"] == (SignInLinkRequest.objects.get().pk,)
    assert "ann" not in repr(queued.task)


def test_the_link_leads_to_a_host_that_is_allowed(client, ann, settings):
    settings.ALLOWED_HOSTS = ["erp.example.com"]
    assert ask(client, headers={"host": "evil.example"}).status_code == 400
    assert not SignInLinkRequest.objects.exists()
    ask(client, headers={"host": "erp.example.com", "X-Forwarded-Host": "evil.example"})
    do_the_tasks()
    assert "http://erp.example.com/password/reset/" in mail.outbox[0].body
    assert "evil" not in mail.outbox[0].body


def test_an_address_gets_a_few_links_an_hour_and_the_answer_stays_the_same(client, ann):
    with time_machine.travel(NOW, tick=False):
        answers = {ask(client, address=f"203.0.113.{n}").content for n in range(MOST_FOR_ADDRESS + 3)}
        do_the_tasks()
    assert len(answers) == 1
    assert len(mail.outbox) == MOST_FOR_ADDRESS
    with time_machine.travel(NOW + datetime.timedelta(minutes=61), tick=False):
        ask(client)
        do_the_tasks()
    assert len(mail.outbox) == MOST_FOR_ADDRESS + 1


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8:1:2::{n:x}"])
def test_so_does_whoever_asks_for_many_people_from_one_network(client, address):
    answers = {
        ask(client, f"person{n}@example.com", address=address.format(n=n)).content for n in range(MOST_FOR_NETWORK + 5)
    }
    assert len(answers) == 1
    assert SignInLinkRequest.objects.count() == MOST_FOR_NETWORK
    ask(client, address="198.51.100.1")
    assert SignInLinkRequest.objects.count() == MOST_FOR_NETWORK + 1


def test_a_network_is_an_address_or_what_an_office_has_of_the_long_ones():
    assert network_of("203.0.113.7") == "203.0.113.7"
    assert network_of("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert network_of("") == network_of("no address") == "unknown"


def test_people_who_are_deactivated_get_none(client, ann):
    User.objects.update(is_active=False)
    ask(client)
    do_the_tasks()
    assert mail.outbox == []


def test_who_was_invited_and_lost_the_mail_gets_another(client):
    User.objects.create_user("new@example.com", None, name="Nora New")
    ask(client, "new@example.com")
    do_the_tasks()
    assert recipients() == ["new@example.com"]


def test_from_whom_the_password_was_taken_gets_none(client, ann):
    ann.set_unusable_password()
    ann.last_login = NOW
    ann.save()
    ask(client)
    do_the_tasks()
    assert mail.outbox == []


def test_a_task_that_comes_twice_sends_once(client, ann):
    ask(client)
    request = SignInLinkRequest.objects.get()
    assert [send_requested(request_id=request.pk, now=NOW) for _ in range(2)] == [True, False]
    assert recipients() == ["ann@example.com"]


def test_a_mail_that_was_not_delivered_is_tried_again_and_old_requests_are_forgotten(client, ann, settings):
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.BrokenServer"
    with time_machine.travel(NOW, tick=False):
        ask(client)
        do_the_tasks()
    assert OrmQ.objects.count() == 0
    settings.EMAIL_BACKEND = working
    keep_house(now=NOW + datetime.timedelta(minutes=2))
    assert OrmQ.objects.count() == 0
    keep_house(now=NOW + datetime.timedelta(minutes=4))
    do_the_tasks()
    assert recipients() == ["ann@example.com"]
    keep_house(now=NOW + datetime.timedelta(hours=25))
    assert not SignInLinkRequest.objects.exists()


class TestWithoutAMailServer:
    @pytest.fixture(autouse=True)
    def no_mail_server(self, settings):
        settings.SANDBOX, settings.EMAIL_BACKEND = False, "django.core.mail.backends.console.EmailBackend"

    def test_the_page_says_whom_to_ask_and_sends_nothing(self, client, ann, capsys):
        for answer in (client.get(ASK), ask(client)):
            page = answer.content.decode()
            assert "Ask an administrator of this site for a new password" in page
            assert 'name="email"' not in page
        assert not SignInLinkRequest.objects.exists()
        assert not OrmQ.objects.exists()
        assert capsys.readouterr().out == ""

    def test_a_request_from_before_is_not_written_to_the_log_either(self, ann, capsys):
        request = SignInLinkRequest.objects.create(
            email=ann.email, network="203.0.113.7", origin="http://testserver", asked_at=NOW
        )
        tasks.send_sign_in_link(request.pk)
        assert capsys.readouterr().out == ""

    def test_the_sandbox_writes_it_there_for_who_tries_the_product(self, client, ann, settings, capsys):
        settings.SANDBOX = True
        ask(client)
        do_the_tasks()
        assert "http://testserver/password/reset/" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["console", "dummy"])
def test_development_may_go_without_a_mail_server(client, settings, kind):
    settings.SANDBOX, settings.EMAIL_BACKEND = False, f"django.core.mail.backends.{kind}.EmailBackend"
    assert 'name="email"' not in client.get(ASK).content.decode()
    settings.DEBUG = True
    assert 'name="email"' in client.get(ASK).content.decode()
