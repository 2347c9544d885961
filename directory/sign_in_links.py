"""Links by mail with which a person chooses a password: asked for by themselves, or sent by an administrator.

`erpintegrations.services.sign_in_links` has them sent by the task processes; the administration of people imports this.
"""

from __future__ import annotations

import datetime
import ipaddress

import structlog
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from directory.models import SignInLinkRequest, User

logger = structlog.get_logger(__name__)

WINDOW = datetime.timedelta(hours=1)
MOST_FOR_ADDRESS = 3
# Generous: a whole office may share one address.
MOST_FOR_NETWORK = 20
# How long a mail that the mail server did not take is tried again.
GIVE_UP_AFTER = datetime.timedelta(minutes=30)
KEPT = datetime.timedelta(days=1)
SENDS_NOTHING = ("console.EmailBackend", "dummy.EmailBackend")


def mail_goes_out() -> bool:
    """Whether links may be mailed: without a mail server they would stand in the log, for whoever reads it.

    The sandbox and development do write them there.
    """
    return settings.SANDBOX or settings.DEBUG or not settings.EMAIL_BACKEND.endswith(SENDS_NOTHING)


def note_request(*, email: str, address: str, origin: str, now: datetime.datetime) -> SignInLinkRequest | None:
    """This function will note that somebody asks for a link; None when this address or network asked too often.

    Takes as long for an address that nobody has: who is meant is looked up when the mail is sent, not here.
    """
    email, network = email.strip().lower(), network_of(address)
    lately = SignInLinkRequest.objects.filter(asked_at__gt=now - WINDOW)
    for_address, for_network = lately.filter(email=email).count(), lately.filter(network=network).count()
    if for_address >= MOST_FOR_ADDRESS or for_network >= MOST_FOR_NETWORK:
        logger.warning("Too many sign-in links were asked for", network=network)
        return None
    return SignInLinkRequest.objects.create(email=email, network=network, origin=origin.rstrip("/"), asked_at=now)


def send_requested(*, request_id: int, now: datetime.datetime) -> bool:
    """This function will send the link of one request, if an active person has its address; whether it did.

    Of several at once only one sends. Raises nothing when the mail server fails: it is tried again.
    """
    if not SignInLinkRequest.objects.filter(pk=request_id, claimed_at=None).update(claimed_at=now):
        return False
    request = SignInLinkRequest.objects.get(pk=request_id)
    person = User.objects.filter(email__iexact=request.email, is_active=True).first()
    if person is None or not _may_choose_password(person) or not mail_goes_out():
        return False
    try:
        _message(person, request.origin, "reset_password").send()
    except OSError as error:  # what smtplib raises, a refused connection and a time-out among them
        logger.warning("A sign-in link was not delivered", cause=type(error).__name__)
        SignInLinkRequest.objects.filter(pk=request_id).update(claimed_at=None)
        return False
    return True


def send_invitation(*, person: User, origin: str) -> None:
    """This function will mail a person a link at an administrator's wish. Raises OSError when the mail server fails."""
    _message(person, origin.rstrip("/"), "sign_in_link").send()


def left_lying(*, now: datetime.datetime, patience: datetime.timedelta) -> QuerySet[SignInLinkRequest]:
    """Requests whose task was lost, or whose mail was not delivered."""
    return SignInLinkRequest.objects.filter(
        claimed_at=None, asked_at__lt=now - patience, asked_at__gt=now - GIVE_UP_AFTER
    )


def forget_old_requests(*, now: datetime.datetime) -> None:
    """This function will delete the requests that count no longer."""
    SignInLinkRequest.objects.filter(asked_at__lt=now - KEPT).delete()


def network_of(address: str) -> str:
    """The address itself, or the network of an IPv6 address: one caller has billions of those."""
    try:
        is_long = ipaddress.ip_address(address).version == 6
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if is_long else address


def _may_choose_password(person: User) -> bool:
    """Who was never given a password may choose their first; from whom it was taken may not."""
    return person.has_usable_password() or person.last_login is None


def _message(person: User, origin: str, name: str) -> EmailMessage:
    uid, token = urlsafe_base64_encode(force_bytes(person.pk)), default_token_generator.make_token(person)
    link = origin + reverse("reset_password_confirm", args=[uid, token])
    context = {"person": person, "site": origin, "link": link}
    subject = render_to_string(f"registration/{name}_subject.txt", context)
    return EmailMessage(
        " ".join(subject.split()), render_to_string(f"registration/{name}_email.txt", context), to=[person.email]
    )
