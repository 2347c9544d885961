"""Telling senders by mail that accounting rejected their commitment: at once, or once a day all in one.

A rejection writes a row; the task processes send it. Whoever claims the row sends it, so that a task that comes twice
sends once; a mail server that fails leaves the row to be tried again.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence

import structlog
from django.core.mail import EmailMessage
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from directory.access import access_for
from erpintegrations.enqueue import enqueue_rejection_mail, rejection_mails_in_queue
from erpintegrations.models import Export, RejectionMail

logger = structlog.get_logger(__name__)

State = RejectionMail.State
# The day's digests go out at this hour, in the site's time zone.
DIGEST_HOUR = 7
# How long a mail may wait in the queue before it counts as lost, and is handed on again.
PATIENCE = datetime.timedelta(minutes=3)
# Waits after each failure, then it is given up.
WAITS = tuple(datetime.timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 720))


def announce_rejection(*, export: Export, origin: str, now: datetime.datetime) -> RejectionMail:
    """This function will see to it that the sender of a rejected export is told, in the caller's transaction."""
    is_digest = export.connection.rejection_mail == "daily"
    mail = RejectionMail.objects.create(
        company_id=export.company_id,
        export=export,
        recipient_id=export.sent_by_id,
        is_digest=is_digest,
        origin=origin.rstrip("/"),
        due_at=next_digest_at(now) if is_digest else now,
    )
    if not is_digest:
        enqueue_rejection_mail(mail.pk)
    return mail


def next_digest_at(now: datetime.datetime) -> datetime.datetime:
    """The next full hour of the digests after now, in the current time zone."""
    local = timezone.localtime(now)
    day = local.date() if local.hour < DIGEST_HOUR else local.date() + datetime.timedelta(days=1)
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(DIGEST_HOUR)))


def hand_on_rejection_mails(*, now: datetime.datetime) -> list[int]:
    """This function will enqueue the mails that are due: digests, those to be tried again, and lost ones. Twice does no
    harm.
    """
    due = RejectionMail.objects.filter(state=State.WAITING, due_at__lte=now).order_by("due_at", "id")
    waiting = list(due.filter(is_digest=False, due_at__lte=now - PATIENCE).values_list("pk", flat=True)[:100])
    first_of: dict[tuple[int, int], int] = {}
    for pk, company_id, recipient_id in due.filter(is_digest=True).values_list("pk", "company_id", "recipient_id"):
        first_of.setdefault((company_id, recipient_id), pk)
    queued = rejection_mails_in_queue(now) if waiting or first_of else frozenset()
    handed_on = [pk for pk in [*waiting, *first_of.values()] if pk not in queued]
    for pk in handed_on:
        enqueue_rejection_mail(pk)
    return handed_on


def send_rejection_mail(*, mail_id: int, now: datetime.datetime) -> int:
    """This function will send one mail, with all that is due for its recipient when it is a digest; how many it tells.

    0 when it was sent already, somebody else is at it, or the recipient does not belong to the company any more. Raises
    nothing when the mail server fails: it is tried again.
    """
    mail = RejectionMail.objects.filter(pk=mail_id).first()
    if mail is None:
        return 0
    token = uuid.uuid4()
    _due_with(mail, now).update(state=State.SENDING, token=token, attempts=F("attempts") + 1)
    claimed = list(
        RejectionMail.objects.filter(token=token, state=State.SENDING)
        .select_related("recipient", "company", "export__answered_by", "export__connection")
        .order_by("id")
    )
    if not claimed:
        return 0
    ours = RejectionMail.objects.filter(token=token, state=State.SENDING)
    if access_for(claimed[0].recipient, claimed[0].company) is None:
        ours.update(state=State.GIVEN_UP)
        return 0
    try:
        _message(claimed).send()
    except OSError as error:  # what smtplib raises, a refused connection and a time-out among them
        _try_again(claimed, ours, error, now)
        return 0
    return ours.update(state=State.SENT, sent_at=now)


def _due_with(mail: RejectionMail, now: datetime.datetime) -> QuerySet[RejectionMail]:
    waiting = RejectionMail.objects.filter(state=State.WAITING, due_at__lte=now)
    if not mail.is_digest:
        return waiting.filter(pk=mail.pk)
    return waiting.filter(company_id=mail.company_id, recipient_id=mail.recipient_id, is_digest=True)


def _try_again(
    claimed: Sequence[RejectionMail], ours: QuerySet[RejectionMail], error: OSError, now: datetime.datetime
) -> None:
    attempts = max(mail.attempts for mail in claimed)
    logger.warning("A rejection mail was not delivered", attempts=attempts, cause=type(error).__name__)
    if attempts > len(WAITS):
        logger.error("A rejection mail is given up", mail_id=claimed[0].pk)
        ours.update(state=State.GIVEN_UP)
    else:
        ours.update(state=State.WAITING, due_at=now + WAITS[attempts - 1])


def _message(mails: Sequence[RejectionMail]) -> EmailMessage:
    company, recipient = mails[0].company, mails[0].recipient
    body = render_to_string(
        "erpintegrations/mail/rejection.txt",
        {"company": company, "recipient": recipient, "rejections": [(mail.export, _url(mail)) for mail in mails]},
    )
    subject = f"{company.name}: ERP Commitment Rejection Notification"
    return EmailMessage(" ".join(subject.split()), body, to=[recipient.email])


def _url(mail: RejectionMail) -> str:
    export = mail.export
    if not mail.origin or export.commitment_id is None:
        return ""
    path = reverse("commitment_detail", args=[mail.company.slug, export.project_id, export.commitment_id])
    return mail.origin + path
