"""Decide beforehand about the ERP's jobs, vendors or codes to come: created here by themselves, or listed."""

from __future__ import annotations

import datetime

from django.db import transaction

from directory.access import CompanyAccess
from directory.activity import Entry, record
from directory.models import Level, SubjectType, User, Verb
from erpintegrations.models import ErpConnection, FoundMaster, StandingDecision

CREATED, LISTED = "Created here by themselves", "Listed as undecided"


@transaction.atomic
def decide_new_masters(
    *, connection: ErpConnection, kind: str, creates: bool, access: CompanyAccess, now: datetime.datetime
) -> None:
    """This function will have new ones of this kind created here by themselves from now on, or no more. Twice does
    no harm.

    Raises NotAllowed.
    """
    access.require_erp_integrations(Level.ADMIN)
    if creates:
        chosen = {"company": access.company, "chosen_by": access.user, "chosen_at": now}
        _, is_changed = StandingDecision.objects.get_or_create(connection=connection, kind=kind, defaults=chosen)
    else:
        is_changed = bool(StandingDecision.objects.filter(connection=connection, kind=kind).delete()[0])
    if is_changed:
        _record(connection, kind, creates, access.user, now)


def end_standing_decisions(*, connection: ErpConnection, by: User, now: datetime.datetime) -> None:
    """This function will have new ones of every kind listed from now on, in the caller's transaction."""
    for decision in StandingDecision.objects.filter(connection=connection):
        decision.delete()
        _record(connection, decision.kind, False, by, now)


def _record(connection: ErpConnection, kind: str, creates: bool, by: User, now: datetime.datetime) -> None:
    before, after = (LISTED, CREATED) if creates else (CREATED, LISTED)
    record(
        Entry(
            company_id=connection.company_id,
            verb=Verb.SET_UP_DECIDED,
            subject_type=SubjectType.CONNECTION,
            subject_id=connection.pk,
            subject_label=f"New {FoundMaster.Kind(kind).label.lower()}",
            at=now,
            actor=by,
            before={"new_ones": before},
            after={"new_ones": after},
        )
    )
