"""Moments in words, relative and exact, for sentences and pages alike. Pure but for the current time zone."""

from __future__ import annotations

import datetime

from django.utils import timezone
from django.utils.formats import date_format

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def exact(moment: datetime.datetime) -> str:
    """Such as "Nov 23, 2026, 2:05 PM UTC", in the current time zone."""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'M j, Y, g:i A')} {local.tzname()}"


def relative(moment: datetime.datetime, now: datetime.datetime) -> str:
    """Such as "5 minutes ago", "just now" or "in 12 minutes"."""
    seconds = (now - moment).total_seconds()
    words = _span(abs(seconds))
    if not words:
        return "just now" if seconds >= 0 else "in less than a minute"
    return f"{words} ago" if seconds > 0 else f"in {words}"


def both(moment: datetime.datetime, now: datetime.datetime) -> str:
    """Such as "5 minutes ago (Nov 23, 2026, 2:05 PM UTC)"."""
    return f"{relative(moment, now)} ({exact(moment)})"


def _span(seconds: float) -> str:
    for size, word in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        count = int(seconds // size)
        if count:
            return f"{count} {word}" if count == 1 else f"{count} {word}s"
    return ""
