"""Who sent a rejected commitment is told by mail: once, with the reason, at once or in the day's digest."""

import datetime
import smtplib

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from django_q.models import OrmQ

from directory.models import CompanyMember, User
from erpintegrations.models import ErpConnection, RejectionMail
from erpintegrations.services.answer_export import reject_exports
from erpintegrations.services.keep_house import keep_house
from erpintegrations.services.rejection_mail import hand_on_rejection_mails, next_digest_at, send_rejection_mail
from tests.exporting import Books

pytestmark = pytest.mark.django_db

EIGHT = datetime.datetime(2026, 3, 2, 8, 0, tzinfo=datetime.UTC)
SUBJECT = "Harbor Point Builders: ERP Commitment Rejection Notification"


class BrokenServer(EmailBackend):
    """A mail server that refuses the mail."""

    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


@pytest.fixture
def reject(connection, sage_company, project, manager, accountant, access_of):
    """Rejects a new export of the manager's: its mail."""
    books = Books(connection, sage_company)

    def act(number, *, at=EIGHT, by=manager, reason="The vendor is wrong."):
        export = books.export(number, project, by)
        (outcome,) = reject_exports(
            exports=[export], access=access_of(accountant), reason=reason, now=at, origin="https://erp.example.com/"
        )
        assert outcome.done
        return RejectionMail.objects.get(export=export)

    return act


@pytest.fixture
def daily(connection):
    ErpConnection.objects.update(rejection_mail="daily")


def state_of(mail):
    return RejectionMail.objects.get(pk=mail.pk).state


def waiting_tasks():
    return [queued.task["args"][0] for queued in OrmQ.objects.order_by("id") if "rejection" in queued.task["func"]]


def test_the_mail_says_what_by_whom_why_and_where(reject, manager, mailoutbox):
    mail = reject("SC-7")
    assert send_rejection_mail(mail_id=mail.pk, now=EIGHT) == 1
    (message,) = mailoutbox
    assert message.subject == SUBJECT
    assert message.to == ["manager@example.com"]
    export = mail.export
    for line in (
        "Hello Max Manager,",
        "Subcontract SC-7 Concrete",
        "Project: 2401 Riverside Clinic",
        "Vendor: Acme Concrete",
        "Amount: 10,000.00",
        "Rejected by: Anna Accountant",
        "Reason: The vendor is wrong.",
        f"https://erp.example.com/companies/harbor-point/projects/{export.project_id}/commitments/{export.commitment_id}/",
        "It can be edited again. Correct it, then use Re-send to ERP on its page.",
    ):
        assert line in message.body.splitlines()


def test_the_task_sends_it(reject, mailoutbox):
    from erpintegrations.tasks import send_rejection_mail as task

    mail = reject("SC-7", at=timezone.now())
    assert waiting_tasks() == [mail.pk]
    task(mail.pk)
    assert [message.subject for message in mailoutbox] == [SUBJECT]
    assert state_of(mail) == "sent"


def test_a_task_that_comes_twice_sends_once(reject, mailoutbox):
    mail = reject("SC-7")
    assert [send_rejection_mail(mail_id=mail.pk, now=EIGHT) for _ in range(3)] == [1, 0, 0]
    assert len(mailoutbox) == 1


@pytest.mark.django_db(transaction=True)
def test_two_tasks_at_once_send_once(reject, at_once, mailoutbox):
    mail = reject("SC-7")
    results = at_once(*[lambda: send_rejection_mail(mail_id=mail.pk, now=EIGHT)] * 3)
    assert sorted(results) == [0, 0, 1]
    assert len(mailoutbox) == 1


def test_a_worker_that_was_killed_while_sending_leaves_no_second_mail(reject, mailoutbox):
    mail = reject("SC-7")
    RejectionMail.objects.update(state="sending", token="2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d")
    OrmQ.objects.all().delete()
    assert hand_on_rejection_mails(now=EIGHT + datetime.timedelta(days=9)) == []
    assert send_rejection_mail(mail_id=mail.pk, now=EIGHT) == 0
    assert mailoutbox == []


def test_a_mail_server_that_fails_is_tried_again_later(reject, mailoutbox, settings):
    mail = reject("SC-7")
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.BrokenServer"
    assert send_rejection_mail(mail_id=mail.pk, now=EIGHT) == 0
    settings.EMAIL_BACKEND = backend
    OrmQ.objects.all().delete()
    assert state_of(mail) == "waiting"
    assert hand_on_rejection_mails(now=EIGHT + datetime.timedelta(minutes=5)) == []
    assert hand_on_rejection_mails(now=EIGHT + datetime.timedelta(minutes=9)) == [mail.pk]
    assert send_rejection_mail(mail_id=mail.pk, now=EIGHT + datetime.timedelta(minutes=9)) == 1
    assert len(mailoutbox) == 1


def test_a_mail_server_that_fails_for_ever_is_given_up(reject, settings):
    mail, now = reject("SC-7"), EIGHT
    settings.EMAIL_BACKEND = f"{__name__}.BrokenServer"
    for _ in range(6):
        send_rejection_mail(mail_id=mail.pk, now=now)
        now += datetime.timedelta(days=1)
    assert state_of(mail) == "given_up"


def test_a_lost_task_is_handed_on_again(reject):
    mail = reject("SC-7")
    OrmQ.objects.all().delete()
    keep_house(now=EIGHT + datetime.timedelta(minutes=2))
    assert waiting_tasks() == []
    keep_house(now=EIGHT + datetime.timedelta(minutes=4))
    assert waiting_tasks() == [mail.pk]


def test_a_task_that_waits_is_not_handed_on_twice(reject):
    mail = reject("SC-7", at=timezone.now())
    assert hand_on_rejection_mails(now=timezone.now() + datetime.timedelta(minutes=10)) == []
    assert waiting_tasks() == [mail.pk]


def test_who_was_deactivated_gets_no_mail(reject, manager, mailoutbox):
    mail = reject("SC-7")
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert send_rejection_mail(mail_id=mail.pk, now=EIGHT) == 0
    assert (state_of(mail), mailoutbox) == ("given_up", [])


@pytest.mark.parametrize("mode", ["each", "daily"])
def test_who_does_not_belong_to_the_company_any_more_gets_no_mail(reject, manager, mailoutbox, mode):
    ErpConnection.objects.update(rejection_mail=mode)
    mail = reject("SC-7")
    CompanyMember.objects.filter(user=manager).delete()
    assert send_rejection_mail(mail_id=mail.pk, now=mail.due_at) == 0
    assert (state_of(mail), mailoutbox) == ("given_up", [])


# ---- The digest ------------------------------------------------------------------------------------------------------


def test_the_digest_goes_out_the_next_morning(daily, reject):
    mail = reject("SC-7")
    assert mail.is_digest
    assert waiting_tasks() == []
    assert timezone.localtime(mail.due_at).hour == 7
    assert datetime.timedelta() < mail.due_at - EIGHT <= datetime.timedelta(days=1)


def test_what_is_rejected_before_seven_is_in_the_same_days_digest():
    assert next_digest_at(EIGHT - datetime.timedelta(hours=2)) == EIGHT - datetime.timedelta(hours=1)
    assert next_digest_at(EIGHT) == EIGHT + datetime.timedelta(hours=23)


def test_the_digest_is_one_mail_a_day_to_each_sender(daily, reject, manager, approver, mailoutbox):
    mails = [reject("SC-7"), reject("SC-8", reason="No budget."), reject("SC-9", by=approver)]
    assert hand_on_rejection_mails(now=EIGHT + datetime.timedelta(hours=22)) == []
    morning = EIGHT + datetime.timedelta(hours=23, minutes=1)
    handed_on = hand_on_rejection_mails(now=morning)
    assert handed_on == [mails[0].pk, mails[2].pk]
    for pk in [*handed_on, *(mail.pk for mail in mails)]:
        send_rejection_mail(mail_id=pk, now=morning)
    assert [message.to for message in mailoutbox] == [["manager@example.com"], ["approver@example.com"]]
    body = mailoutbox[0].body
    assert "accounting rejected 2 commitments that you sent to the ERP." in body
    assert "Reason: The vendor is wrong." in body
    assert "Reason: No budget." in body
    assert "SC-9" not in body
    assert {state_of(mail) for mail in mails} == {"sent"}
    assert hand_on_rejection_mails(now=morning + datetime.timedelta(hours=1)) == []


def test_what_is_rejected_during_the_day_waits_for_the_next_digest(daily, reject, mailoutbox):
    first = reject("SC-7")
    morning = EIGHT + datetime.timedelta(hours=23)
    second = reject("SC-8", at=morning + datetime.timedelta(seconds=1))
    assert send_rejection_mail(mail_id=first.pk, now=morning + datetime.timedelta(minutes=1)) == 1
    assert state_of(second) == "waiting"
    assert len(mailoutbox) == 1
