"""Somebody asks for a link to choose a new password: noted at once, mailed by the task processes."""

from __future__ import annotations

import datetime

from django.db import transaction

from directory import sign_in_links
from erpintegrations.enqueue import enqueue_sign_in_link, sign_in_links_in_queue

# How long a request may wait in the queue before it counts as lost, and is handed on again.
PATIENCE = datetime.timedelta(minutes=3)


def ask_for_sign_in_link(*, email: str, address: str, origin: str, now: datetime.datetime) -> None:
    """This function will have a link sent to whoever has this e-mail address, unless too many were asked for.

    It answers nothing, and takes as long for an unknown address: neither tells who has an account. `address` is the
    caller's, `origin` this site's own, from a host that ALLOWED_HOSTS names.
    """
    with transaction.atomic():
        request = sign_in_links.note_request(email=email, address=address, origin=origin, now=now)
        if request is not None:
            enqueue_sign_in_link(request.pk)


def hand_on_sign_in_links(*, now: datetime.datetime) -> list[int]:
    """This function will enqueue requests again whose task was lost or whose mail was not delivered, and forget old
    ones. Twice does no harm.
    """
    waiting = list(sign_in_links.left_lying(now=now, patience=PATIENCE).values_list("pk", flat=True)[:100])
    queued = sign_in_links_in_queue(now) if waiting else frozenset()
    handed_on = [pk for pk in waiting if pk not in queued]
    for pk in handed_on:
        enqueue_sign_in_link(pk)
    sign_in_links.forget_old_requests(now=now)
    return handed_on
