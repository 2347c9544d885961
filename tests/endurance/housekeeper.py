"""Does the product's housekeeping for each line that it is sent, so that nobody waits for the minute to be over."""

from __future__ import annotations

import sys

import django

django.setup()

from django.utils import timezone  # noqa: E402

from erpintegrations.services.keep_house import keep_house  # noqa: E402

for _ in sys.stdin:
    keep_house(now=timezone.now())
    print("done", flush=True)  # noqa: T201
