"""The sample company's exports: some wait for accounting, others were answered, each by the product's own services."""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from directory.access import CompanyAccess, access_for
from directory.models import Company, User
from directory.refusals import Refusal
from erpintegrations.models import Export
from erpintegrations.models.rejection_mail import RejectionMail
from erpintegrations.services import export_commitment
from erpintegrations.services.answer_export import Outcome, accept_exports, reject_exports
from erpintegrations.services.export_commitment import perform_export
from erpintegrations.services.send_to_erp import send_to_erp
from sandbox.sample_books import aside_path
from sandbox.sample_plan import WAYS, Way

SENDER, ACCOUNTANT = "manager@example.com", "accountant@example.com"
SENT = datetime.timedelta(minutes=50)
ANSWERED = datetime.timedelta(minutes=40)
EXPORTED = datetime.timedelta(minutes=35)
WHY_REJECTED = (
    "Line 1 belongs under another cost code: mobilization is ours to pay. Please correct it and send it again."
)


def send_and_answer(company: Company, path: Path, now: datetime.datetime) -> None:
    """This function will send a few commitments and have accounting answer them; one fails for want of Sage's file.

    Raises Refusal when one of them does not go through.
    """
    exports = _send(company, now)
    access = _access(company, ACCOUNTANT)
    accepted = [*exports[Way.FAILED], *exports[Way.AWAITING]]
    numbers = {export.pk: export.number for export in accepted}
    _require(accept_exports(exports=accepted, access=access, numbers=numbers, now=now - ANSWERED))
    rejected = exports[Way.REJECTED]
    _require(reject_exports(exports=rejected, access=access, reason=WHY_REJECTED, now=now - ANSWERED))
    # It was sent long ago in this story: nobody is to be mailed for setting up the sample.
    RejectionMail.objects.filter(company=company).update(
        state=RejectionMail.State.SENT, token=uuid.uuid4(), sent_at=now - ANSWERED
    )
    with _out_of_reach(path):
        _export(exports[Way.FAILED], now)
    _export(exports[Way.AWAITING], now)


def _send(company: Company, now: datetime.datetime) -> dict[Way, list[Export]]:
    access = _access(company, SENDER)
    commitments = {commitment.number: commitment for commitment in company.commitments.filter(number__in=WAYS)}
    sent: dict[Way, list[Export]] = {way: [] for way in Way}
    for turn, (number, way) in enumerate(WAYS.items()):
        moment = now - SENT + datetime.timedelta(minutes=turn)
        sent[way].append(send_to_erp(commitment=commitments[number], access=access, now=moment))
    return sent


def _export(exports: list[Export], now: datetime.datetime) -> None:
    for export in exports:
        perform_export(export_id=export.pk, clock=lambda: now - EXPORTED)


def _require(outcomes: list[Outcome]) -> None:
    refusals: list[Refusal] = [outcome.refusal for outcome in outcomes if outcome.refusal]
    if refusals:
        raise refusals[0]


def _access(company: Company, email: str) -> CompanyAccess:
    access = access_for(User.objects.get(email=email), company)
    assert access is not None
    return access


@contextmanager
def _out_of_reach(path: Path) -> Iterator[None]:
    """As if the share that Sage's file lies on were not mounted. Staged: whoever sets up is not to be warned of it."""
    log, aside = logging.getLogger(export_commitment.__name__), aside_path(path)
    level = log.level
    path.rename(aside)
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
        aside.rename(path)
