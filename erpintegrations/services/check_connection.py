"""Test connection: ask for a test of what is saved, carry it out, and hand on what was left lying.

`manage.py check_erp` looks at the same without keeping it: `checks_of`.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import asdict

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from directory.access import CompanyAccess
from directory.activity import Entry, record
from directory.models import Level, SubjectType, Verb
from erpintegrations.connectors import check_database
from erpintegrations.connectors.checks import Check, Outcome, result_of
from erpintegrations.encryption import SecretUnreadable
from erpintegrations.enqueue import checks_in_queue, enqueue_check
from erpintegrations.models import ConnectionCheck, ErpConnection
from erpintegrations.sync.lease import Clock

logger = structlog.get_logger(__name__)

State = ConnectionCheck.State
OPEN = (State.QUEUED, State.RUNNING)

# Longer than the longest of the looks, the full reading.
LEASE = datetime.timedelta(minutes=3)
MOST_ATTEMPTS = 2
PATIENCE = datetime.timedelta(minutes=3)
TELL = "Tell whoever runs this site: the log explains it."


# ---- Asking for it ---------------------------------------------------------------------------------------------------


def request_check(
    *, connection: ErpConnection, access: CompanyAccess, now: datetime.datetime
) -> tuple[ConnectionCheck, bool]:
    """This function will hand a test to the task processes and give it and True; or the open one, and False.

    The constraint decides, so that of two at once only one is made. Raises NotAllowed.
    """
    access.require_erp_integrations(Level.ADMIN)
    while True:
        try:
            with transaction.atomic():
                check = ConnectionCheck.objects.create(
                    company_id=connection.company_id,
                    connection=connection,
                    requested_by=access.user,
                    requested_at=now,
                )
                enqueue_check(check.pk)
            return check, True
        except IntegrityError:
            existing = ConnectionCheck.objects.filter(connection=connection, state__in=OPEN).first()
            if existing is not None:
                return existing, False


# ---- Carrying it out -------------------------------------------------------------------------------------------------


def perform_check(*, check_id: int, clock: Clock = timezone.now) -> ConnectionCheck:
    """This function will claim a test and carry it out, writing down each result as it comes; give it as it then is.

    One that has ended, or that somebody else works on, is left alone. What goes wrong is a failed check of the list.
    """
    token = uuid.uuid4()
    if _claim(check_id, token, now=clock()):
        check = ConnectionCheck.objects.select_related("connection", "requested_by").get(pk=check_id)
        ours = ConnectionCheck.objects.filter(pk=check_id, state=State.RUNNING, lease_token=token)
        with structlog.contextvars.bound_contextvars(connection_check_id=check_id):
            _perform(check, ours, clock)
    return ConnectionCheck.objects.get(pk=check_id)


def checks_of(connection: ErpConnection) -> Iterator[Check]:
    """This function will look at everything that reading this connection needs. What goes wrong is a failed check."""
    try:
        yield from check_database(connection.connector_key, connection.database_url, expected=connection.identity)
    except SecretUnreadable as error:
        logger.error("The stored database URL of a connection cannot be read", problem=str(error))
        yield _failed(
            "The stored database URL of the connection cannot be read.",
            "Ask whoever runs this site to put back the encryption key that it was stored with, or enter where the "
            "database is again.",
        )
    except Exception:
        logger.exception("A test of a connection failed unexpectedly")
        yield _failed("Something unexpected went wrong in this product.", TELL)


def hand_on_checks(*, now: datetime.datetime) -> list[int]:
    """This function will enqueue again the tests whose worker was killed, or whose task was lost; twice does no harm.

    One that was broken off often enough is ended as failed.
    """
    abandoned = Q(state=State.RUNNING, lease_expires_at__lt=now)
    for worn_out in ConnectionCheck.objects.filter(abandoned, attempts__gte=MOST_ATTEMPTS).select_related("connection"):
        left = ConnectionCheck.objects.filter(pk=worn_out.pk, state=State.RUNNING, lease_token=worn_out.lease_token)
        broken_off = _failed("The test was broken off more than once before its end.", f"Test again. {TELL}")
        _close(worn_out, left, [*(Check(**each) for each in worn_out.results), broken_off], now)
    lost = Q(state=State.QUEUED, requested_at__lt=now - PATIENCE)
    found = ConnectionCheck.objects.filter(abandoned | lost).order_by("pk").values_list("pk", flat=True)
    queued = checks_in_queue(now) if found else frozenset()
    handed_on = [check_id for check_id in found if check_id not in queued]
    for check_id in handed_on:
        logger.warning("A test of a connection was abandoned, and is handed to a task process again", check_id=check_id)
        enqueue_check(check_id)
    return handed_on


def _claim(check_id: int, token: uuid.UUID, *, now: datetime.datetime) -> bool:
    abandoned = Q(state=State.RUNNING, lease_expires_at__lt=now, attempts__lt=MOST_ATTEMPTS)
    check = ConnectionCheck.objects.filter(Q(state=State.QUEUED) | abandoned, pk=check_id)
    return bool(
        check.update(
            state=State.RUNNING,
            started_at=now,
            lease_token=token,
            lease_expires_at=now + LEASE,
            attempts=F("attempts") + 1,
            results=[],
        )
    )


def _perform(check: ConnectionCheck, ours: QuerySet[ConnectionCheck], clock: Clock) -> None:
    check.settings_version = check.connection.version
    found: list[Check] = []
    for each in checks_of(check.connection):
        found.append(each)
        results = [asdict(one) for one in found]
        if not ours.update(results=results, settings_version=check.settings_version, lease_expires_at=clock() + LEASE):
            logger.warning("A test of a connection was taken over; what this process found is dropped")
            return
    _close(check, ours, found, clock())


def _close(
    check: ConnectionCheck,
    ours: QuerySet[ConnectionCheck],
    found: list[Check],
    now: datetime.datetime,
) -> None:
    """Write how it ended, once, while it is still ours."""
    outcome = ConnectionCheck.Outcome(result_of(found).value)
    results = [asdict(one) for one in found]
    failed = [one.title for one in found if one.outcome is Outcome.FAILED]
    with transaction.atomic():
        if not ours.update(state=State.FINISHED, outcome=outcome, results=results, finished_at=now):
            return
        record(
            Entry(
                company_id=check.company_id,
                verb=Verb.CONNECTION_TESTED,
                subject_type=SubjectType.CONNECTION,
                subject_id=check.connection_id,
                subject_label=str(check.connection),
                at=now,
                actor=check.requested_by,
                after={"result": str(outcome.label)} | ({"failed": ", ".join(failed)} if failed else {}),
            )
        )


def _failed(sentence: str, remedy: str) -> Check:
    return Check(Outcome.FAILED, sentence, remedy, key="unexpected", title="This product")
