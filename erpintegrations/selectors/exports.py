"""What the lists of exports and an export's own page show: what was sent, how it stands, and whose step is next."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from directory.access import CompanyAccess
from directory.models import Activity, Company, CompanyMember, Level, SubjectType, Verb
from directory.refusals import LacksPrivilege, NotAllowed
from erpintegrations.connectors import Wording
from erpintegrations.models import ErpConnection, Export, SyncLink
from erpintegrations.selectors.drift import drift_of, in_words
from erpintegrations.selectors.sent_documents import SentLine, sent_lines

NAMED = 5
State = Export.State
ON_THEIR_WAY = (State.ACCEPTED, State.WRITING, State.AWAITING, State.NEEDS_DECISION)
BADGES = {
    State.READY: ("clock", "info"),
    State.RETRIEVED: ("undo", "quiet"),
    State.REJECTED: ("close", "warn"),
    State.ACCEPTED: ("send", "info"),
    State.WRITING: ("sync", "info"),
    State.AWAITING: ("clock", "info"),
    State.NEEDS_DECISION: ("warning", "warn"),
    State.FAILED: ("error", "bad"),
    State.LINKED: ("link", "good"),
}
UNLINKED_SINCE = ("Unlinked since", "unlink", "quiet")


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One export as its row shows it. `not_allowed` says why this person may not answer it, None when they may.

    `left_in_erp` are the numbers of records that two persons left in the ERP for the same commitment; `failed_at` is
    when it failed, the latest first.
    """

    export: Export
    lines: list[SentLine]
    number: str
    not_allowed: NotAllowed | None
    shows_commitment: bool
    left_in_erp: list[str]
    was_rejected: bool
    failed_at: list[datetime.datetime]

    @property
    def may_answer(self) -> bool:
        return self.not_allowed is None

    @property
    def lacks_only_privilege(self) -> bool:
        return isinstance(self.not_allowed, LacksPrivilege)


def exports_in(company: Company, *states: str) -> QuerySet[Export]:
    return Export.objects.filter(company=company, state__in=states).select_related("sent_by")


def exports_of(company: Company) -> QuerySet[Export]:
    """All, with what an export's own page shows."""
    return Export.objects.filter(company=company).select_related(
        "sent_by", "answered_by", "connection", "project", "commitment", "link"
    )


def export_rows(
    exports: Iterable[Export],
    *,
    access: CompanyAccess,
    connection: ErpConnection,
    typed: Mapping[int, str] | None = None,
) -> list[ExportRow]:
    """`typed` are numbers that stand in the rows already, by the export's id. Three queries at most."""
    exports = list(exports)
    commitments = {export.commitment_id for export in exports if export.commitment_id}
    left = SyncLink.objects.filter(commitment__in=commitments, left_in_erp=True, closed_at__isnull=False)
    numbers_left = _grouped(left.order_by("id").values_list("commitment_id", "erp_number"))
    rejected = Export.objects.filter(commitment__in=commitments, state=State.REJECTED)
    rejections = _grouped(rejected.values_list("commitment_id", "id"))
    failures = _failures(exports)
    not_allowed = access.why_not_accounting()
    return [
        ExportRow(
            export=export,
            lines=sent_lines(export),
            number=(typed or {}).get(export.pk, prefilled_number(export, connection)),
            not_allowed=not_allowed,
            shows_commitment=access.commitments_level(export.project_id) >= Level.READ_ONLY,
            left_in_erp=numbers_left[export.commitment_id],
            was_rejected=any(pk < export.pk for pk in rejections[export.commitment_id]),
            failed_at=[at for at in failures[export.commitment_id] if at >= export.sent_at],
        )
        for export in exports
    ]


def _failures(exports: Iterable[Export]) -> dict[Any, list[Any]]:
    """When commitments failed to be exported, by the commitment's id, the latest first: of those that have now."""
    failed = [export for export in exports if export.state == State.FAILED]
    if not failed:
        return defaultdict(list)
    entries = Activity.objects.filter(
        subject_type=SubjectType.COMMITMENT,
        subject_id__in=[export.commitment_id for export in failed],
        verb=Verb.EXPORT_FAILED,
    )
    return _grouped(entries.order_by("-id").values_list("subject_id", "at"))


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups


def prefilled_number(export: Export, connection: ErpConnection) -> str:
    """What the field for the number in the ERP begins with."""
    return export.number if connection.use_commitment_number else ""


def export_history(export: Export) -> QuerySet[Activity]:
    """What the history tells of this export: its commitment's entries from when it was sent until it ended."""
    entries = Activity.objects.filter(
        company_id=export.company_id,
        subject_type=SubjectType.COMMITMENT,
        subject_id=export.commitment_id or 0,
        at__gte=export.sent_at,
    )
    return entries.filter(at__lte=export.finished_at) if export.finished_at else entries


def approvers_of(company: Company) -> list[str]:
    """A few who may accept and reject, by name."""
    return list(
        CompanyMember.objects.filter(
            company=company,
            erp_integrations_level__gte=Level.STANDARD,
            can_push_to_accounting=True,
            user__is_active=True,
        )
        .order_by("user__name", "id")
        .values_list("user__name", flat=True)[:NAMED]
    )


def state_badge(export: Export) -> tuple[str, str, str]:
    """(label, icon, tone). Its link must be loaded with it."""
    if _was_unlinked(export):
        return UNLINKED_SINCE
    return (export.get_state_display(), *BADGES[State(export.state)])


def is_worked_on(export: Export, now: datetime.datetime) -> bool:
    """A task brings it on its way, or will within seconds; one that waits for its next attempt it leaves alone."""
    is_due = export.next_attempt_at is None or export.next_attempt_at <= now
    return export.state == State.WRITING or (export.state == State.ACCEPTED and is_due)


def next_step(export: Export, wording: Wording) -> str:
    """What has to happen next, in a sentence or two."""
    erp = wording.short_label
    if _was_unlinked(export):
        return "Nothing more here: it was linked, and unlinked since. The commitment's page leads on."
    if export.state == State.LINKED and export.link is not None and export.link.has_drifted:
        return f"It is in {erp}, and linked, but differs there: {in_words(drift_of(export.link))}."
    if export.state == State.ACCEPTED and export.problem:
        return "It is tried again by itself; Retry tries it at once."
    if export.state == State.AWAITING and export.problem:
        return f"Under its right number, the next sync finds it in {erp} and links it."
    if export.state == State.AWAITING and export.method == Export.Method.ENTRY_SHEET:
        return f"Key it into {erp} from its entry sheet. The next sync finds it there and links it."
    return {
        State.READY: "Accounting accepts it under a number, or rejects it with a reason.",
        State.RETRIEVED: "It was taken back by its sender. When it is corrected, it can be sent again.",
        State.REJECTED: "It can be edited again. When it is corrected, it can be sent again.",
        State.ACCEPTED: "It waits for a task process to bring it on its way, usually for some seconds.",
        State.WRITING: f"It is being brought into {erp}.",
        State.AWAITING: f"It was written. The next sync finds it in {erp} and links it.",
        State.NEEDS_DECISION: f"{erp} holds a record under its number that differs: somebody has to decide.",
        State.FAILED: "Retry it once the cause is gone, or reject it, so that its sender can correct it.",
        State.LINKED: f"Nothing more: it is in {erp}, and linked.",
    }[State(export.state)]


def _was_unlinked(export: Export) -> bool:
    return export.state == State.LINKED and export.link is not None and not export.link.is_open


def on_their_way_counts(company: Company) -> dict[str, int]:
    """How many are on their way, and how many of these wait for a decision. Two queries."""
    exports = Export.objects.filter(company=company)
    return {
        "all": exports.filter(state__in=ON_THEIR_WAY).count(),
        "to_decide": exports.filter(state=State.NEEDS_DECISION).count(),
    }
