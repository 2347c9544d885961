"""A bridge into a test's Sage company without HTTP, which can be made to fail at the worst moments."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.utils import timezone

from erpintegrations.connectors.base import Retryable
from erpintegrations.connectors.bridge import BridgeReceipt, Refused
from sandbox import bridge
from sandbox.sage_file import SageRefuses
from tests.connectors.builder import SageCompany

CUT_OFF = "The conversation with the bridge was cut off."


class Killed(BaseException):
    """The process is gone: nothing in the product catches this."""


class DeskBridge:
    """Writes with the sandbox's bridge into `sage`. `fails` says when the next requests go wrong, and how.

    "before": the request never arrives. "after": it was done, and the answer is lost. "killed before" and "killed
    after": the worker dies there. "late": it is on its way still, until `arrive` lets it in. Each is used up by one
    request that writes; "killed promised" by one that gives the key up. "away" stays until it is taken back.
    """

    def __init__(self, sage: SageCompany) -> None:
        self.sage = sage
        self.fails = ""
        self.asked: list[str] = []
        self.late: list[tuple[dict[str, Any], str]] = []

    def __call__(self, connection: object) -> DeskBridge:
        return self

    def look_up(self, key: UUID) -> BridgeReceipt | None:
        self._answers("look_up")
        return _receipt(bridge.look_up(self.sage.path, str(key)))

    def submit(self, document: dict[str, Any], key: UUID) -> BridgeReceipt:
        self._answers("submit")
        if self.fails == "late":
            self.late.append((document, str(key)))
        self._fail("before", "late")
        try:
            written = bridge.submit(self.sage.path, document, str(key), now=timezone.now())
        except SageRefuses as refusal:
            raise Refused(f"The bridge refused it: {refusal.message}", remedy="Correct it.") from None
        self._fail("after")
        receipt = _receipt(written)
        assert receipt is not None
        return receipt

    def cancel(self, key: UUID) -> BridgeReceipt | None:
        self._answers("cancel")
        canceled = _receipt(bridge.cancel(self.sage.path, str(key)))
        self._fail("promised")
        return canceled

    def arrive(self) -> None:
        """What was on its way gets there after all, when nobody waits for an answer any more."""
        for document, key in self.late:
            with suppress(SageRefuses):
                bridge.submit(self.sage.path, document, key, now=timezone.now())
        self.late = []

    def _answers(self, request: str) -> None:
        self.asked.append(request)
        if self.fails == "away":
            raise Retryable("The bridge cannot be reached.", remedy="It is tried again.", cause="test")

    def _fail(self, *moments: str) -> None:
        if self.fails.removeprefix("killed ") not in moments:
            return
        how, self.fails = self.fails, ""
        if how.startswith("killed"):
            raise Killed
        raise Retryable(CUT_OFF, remedy="It is tried again.", cause="test")


def _receipt(written: bridge.Written | None) -> BridgeReceipt | None:
    return None if written is None else BridgeReceipt(written.number, written.recnum, written.exists)
