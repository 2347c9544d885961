"""Send to ERP, Re-send to ERP (the same again) and Retrieve from ERP: a project's administrator and one commitment."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F

from commitments.models import Commitment, ScheduleOfValuesLine
from directory.access import CompanyAccess
from directory.activity import record
from directory.models import Level, Verb
from erpintegrations import moments
from erpintegrations.connectors.base import CommitmentKind, ErpError, Masters
from erpintegrations.connectors.errors import ask_within
from erpintegrations.models import ErpConnection, Export
from erpintegrations.refusals import CannotSend, ChangedMeanwhile, ErpNotReachable, ErpStatusForbids
from erpintegrations.selectors.numbers import living, taken_by_exports, used_by_record
from erpintegrations.selectors.references import References, references_of
from erpintegrations.selectors.send_faults import Fault, faults_before_sending
from erpintegrations.services import live_erp
from erpintegrations.services.documents import document_of
from erpintegrations.services.exports import already_answered, export_entry, move_commitment
from erpintegrations.services.widths import widths_in_force

logger = structlog.get_logger(__name__)

ErpStatus = Commitment.ErpStatus
SENDABLE = (ErpStatus.NOT_SENT, ErpStatus.REJECTED)
NOTHING_SENT = "Nothing was sent. Try again in a minute; if it keeps failing, ask an administrator of ERP Integrations."


def send_to_erp(*, commitment: Commitment, access: CompanyAccess, now: datetime.datetime) -> Export:
    """This function will send a commitment to accounting, which accepts or rejects it; it is locked from then on.

    Looks into the ERP first, for a few seconds at most. Raises NotAllowed; ErpStatusForbids for one that is sent or
    synced already; CannotSend with all faults at once; ErpNotReachable when it cannot be known whether its number is
    free; ChangedMeanwhile.
    """
    current = _current(commitment, access)
    access.require_commitments(current.project, Level.ADMIN)
    _require_sendable(current, access, now)
    connection = _connection(access)
    lines = list(current.lines.select_related("cost_code", "cost_type").order_by("position", "id"))
    references = _require_no_faults(current, lines, connection, now)
    return _send(current, lines, references, connection, access, now)


def retrieve_from_erp(*, commitment: Commitment, access: CompanyAccess, now: datetime.datetime) -> Export:
    """This function will take back a commitment that accounting has not answered yet; it can be edited again.

    Raises NotAllowed; AlreadyAnswered, which says by whom; ErpStatusForbids for one that was never sent;
    ChangedMeanwhile.
    """
    current = _current(commitment, access)
    access.require_commitments(current.project, Level.ADMIN)
    export = _latest_export(current)
    if export is None:
        raise ErpStatusForbids(
            f"{current.short_label()} was not sent to the ERP, so there is nothing to retrieve.",
            remedy="It can be edited as it is.",
        )
    with transaction.atomic():
        taken_back = Export.objects.filter(pk=export.pk, state=Export.State.READY).update(
            state=Export.State.RETRIEVED,
            answered_by=access.user,
            answered_at=now,
            finished_at=now,
            version=F("version") + 1,
        )
        if taken_back:
            move = ErpStatus.READY_TO_EXPORT, ErpStatus.NOT_SENT
            if not move_commitment(export, move, now=now):
                raise _changed_meanwhile(current)
            record(export_entry(export, Verb.RETRIEVED, move, at=now, actor=access.user))
    latest = _latest_export(current)
    if latest is None or not taken_back:
        raise already_answered(latest or export, access, now)
    return latest


def _current(commitment: Commitment, access: CompanyAccess) -> Commitment:
    """As it is now. Raises Commitment.DoesNotExist for another company's, and for one that was deleted."""
    return Commitment.objects.select_related("project", "vendor").get(pk=commitment.pk, company=access.company)


def _connection(access: CompanyAccess) -> ErpConnection:
    connection = ErpConnection.objects.filter(company=access.company).first()
    if connection is None:
        raise ErpStatusForbids(
            f"{access.company.name} is not connected to an ERP, so nothing can be sent.",
            remedy="Ask an administrator of ERP Integrations to set up the connection.",
        )
    return connection


def _latest_export(commitment: Commitment) -> Export | None:
    exports = Export.objects.filter(commitment=commitment).select_related("sent_by", "answered_by", "connection")
    return exports.order_by("-id").first()


def _require_sendable(commitment: Commitment, access: CompanyAccess, now: datetime.datetime) -> None:
    if commitment.erp_status in SENDABLE:
        return
    name = commitment.short_label()
    if commitment.erp_status == ErpStatus.SYNCED:
        raise ErpStatusForbids(f"{name} is synced with the ERP already.", remedy="To export it anew, unlink it first.")
    export = _latest_export(commitment)
    by_whom = ""
    if export is not None:
        who = "You" if export.sent_by == access.user else export.sent_by.name
        by_whom = f" {who} sent it {moments.both(export.sent_at, now)}."
    raise ErpStatusForbids(
        f"{name} was sent to the ERP already.{by_whom}",
        remedy=f"Its ERP status is “{commitment.get_erp_status_display()}”; nothing was sent a second time.",
    )


def _require_no_faults(
    commitment: Commitment, lines: Sequence[ScheduleOfValuesLine], connection: ErpConnection, now: datetime.datetime
) -> References:
    """Raises CannotSend with all that is wrong, whether the ERP answers or not; ErpNotReachable if that is all."""
    unreachable: ErpError | None = None
    taken: list[str] = []
    kind = CommitmentKind(commitment.kind)
    try:
        found = live_erp.find_numbers(connection, {kind: [commitment.number]})
        taken = [used_by_record(one, connection.wording) for one in living(detail.record for detail in found)]
    except ErpError as error:
        logger.warning("Whether a number is free in the ERP could not be asked", cause=error.cause)
        unreachable = error
    masters = None if unreachable else _masters(connection)
    references = references_of(commitment, lines, connection, masters)
    faults = faults_before_sending(
        commitment=commitment,
        lines=lines,
        references=references,
        wording=connection.wording,
        widths=widths_in_force(connection=connection, now=now),
        taken=[*taken, *taken_by_exports(commitment, connection)],
    )
    if unreachable and not faults:
        raise ErpNotReachable(
            f"Whether number {commitment.number} is free in {connection.wording.short_label} could not be checked: "
            f"{unreachable.problem}",
            remedy=NOTHING_SENT,
        )
    if unreachable:
        text = f"Whether it is free could not be checked. {unreachable.problem} It is checked when you send again."
        faults.append(Fault("Number", text))
    if faults:
        raise cannot_send(commitment, faults, connection)
    return references


def cannot_send(commitment: Commitment, faults: Sequence[Fault], connection: ErpConnection) -> CannotSend:
    things = "1 thing has" if len(faults) == 1 else f"{len(faults)} things have"
    return CannotSend(
        f"{commitment.short_label()} was not sent to {connection.wording.short_label}: {things} to be corrected first.",
        faults=faults,
    )


def _masters(connection: ErpConnection) -> Masters | None:
    """What the ERP holds now, if it answers in time; else what is recorded of the links decides."""
    try:
        _, connector = live_erp.open_erp(connection)
        return ask_within(live_erp.SECONDS, connector.masters)
    except ErpError as error:
        logger.warning("The ERP's jobs, vendors and codes could not be read", cause=error.cause)
        return None


def _send(
    commitment: Commitment,
    lines: Sequence[ScheduleOfValuesLine],
    references: References,
    connection: ErpConnection,
    access: CompanyAccess,
    now: datetime.datetime,
) -> Export:
    """One transaction: lock the commitment as it was checked, keep what was sent, tell the history."""
    try:
        with transaction.atomic():
            locked = Commitment.objects.filter(
                pk=commitment.pk, revision=commitment.revision, erp_status=commitment.erp_status
            ).update(erp_status=ErpStatus.READY_TO_EXPORT, revision=F("revision") + 1, updated_at=now)
            if not locked:
                raise _changed_meanwhile(commitment)
            export = Export.objects.create(
                company=access.company,
                connection=connection,
                commitment=commitment,
                project=commitment.project,
                kind=commitment.kind,
                number=commitment.number,
                title=commitment.title,
                project_name=str(commitment.project),
                vendor_name=commitment.vendor.name,
                amount=commitment.amount,
                document=document_of(commitment, lines, references),
                commitment_revision=commitment.revision + 1,
                sent_at=now,
                sent_by=access.user,
            )
            move = ErpStatus(commitment.erp_status), ErpStatus.READY_TO_EXPORT
            record(export_entry(export, Verb.SENT, move, at=now, actor=access.user))
    except (ChangedMeanwhile, IntegrityError):
        # Somebody sent, edited or deleted it since it was read: say what they did.
        _require_sendable(_current(commitment, access), access, now)
        raise _changed_meanwhile(commitment) from None
    return export


def _changed_meanwhile(commitment: Commitment) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"Somebody else changed {commitment.short_label()} at the same moment.",
        remedy="Nothing was sent or retrieved. Reload the page to see it as it is now, then try again.",
    )
