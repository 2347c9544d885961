"""The lock on wrong passwords: django-axes', and a second one for an address that tries many accounts.

Named by AXES_HANDLER; the sign-in page asks until when an address is locked.
"""

from __future__ import annotations

import datetime
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessFailureLog
from django.http import HttpRequest
from django.utils import timezone

# An office behind one address mistypes now and then; a hundred in an hour is somebody who tries accounts out.
MOST_FAILURES = 100
WINDOW = datetime.timedelta(hours=1)


class SignInLock(AxesDatabaseHandler):
    """Locks the pair of account and address, as the settings say, and beside it an address with too many failures."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        address = request.axes_ip_address  # type: ignore[attr-defined]
        return super().is_locked(request, credentials) or bool(address_locked_until(address, now=timezone.now()))


def address_locked_until(address: str | None, *, now: datetime.datetime) -> datetime.datetime | None:
    """When this address may try again, or None when it may now. What is refused by a lock does not count again."""
    if address is None:
        return None
    lately = AccessFailureLog.objects.filter(ip_address=address, attempt_time__gt=now - WINDOW)
    moments = lately.order_by("-attempt_time").values_list("attempt_time", flat=True)
    deciding = list(moments[MOST_FAILURES - 1 : MOST_FAILURES])
    return deciding[0] + WINDOW if deciding else None


def forget_old_failures(*, now: datetime.datetime) -> None:
    """This function will delete the failures that count no longer."""
    AccessFailureLog.objects.filter(attempt_time__lte=now - WINDOW).delete()
