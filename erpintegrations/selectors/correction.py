"""A correction as one case: what happened so far, what differs from what was exported, and the steps still to do."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.models import Activity, Company, CompanyMember, Level, ProjectMember, Verb
from erpintegrations.connectors import Wording
from erpintegrations.connectors.base import CommitmentKind
from erpintegrations.models import ErpConnection, SyncLink
from erpintegrations.selectors.after_unlink import changed_since, left_in_erp
from erpintegrations.selectors.freshness import Freshness, freshness_of
from erpintegrations.selectors.history import commitment_history
from erpintegrations.selectors.overrides import can_be_asked
from erpintegrations.selectors.stories import FieldChange, Story, stories
from erpintegrations.selectors.unlinkers import unlinkers
from erpintegrations.selectors.verdicts import how_to_leave, next_sync

ErpStatus = Commitment.ErpStatus

# A story is read from its beginning; one that is longer begins later, and the page says so.
CHAPTERS = 100
NAMED = 5
BY_ITSELF = "Happens by itself"

DONE, NOW, LATER = "done", "now", "later"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: `state` is done, now or later; `who` says who can; `route` leads there, if there is a page."""

    title: str
    text: str
    who: str
    state: str
    route: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """The case of one commitment. Twelve queries at most, whatever happened."""

    link: SyncLink | None
    wording: Wording | None
    chapters: list[Story]
    is_shortened: bool
    differences: list[FieldChange]
    steps: list[Step]
    is_finished: bool
    left_in_erp: list[SyncLink]
    may_ask_anyway: bool

    @property
    def current(self) -> Step | None:
        return next((step for step in self.steps if step.state == NOW), None)


def correction_of(commitment: Commitment, access: CompanyAccess, now: datetime.datetime) -> Correction:
    links = _links(commitment)
    link = links[0] if links else None
    connection = link.connection if link else ErpConnection.objects.filter(company=commitment.company_id).first()
    entries = list(commitment_history(access.company, commitment.pk)[: CHAPTERS + 1])
    chapters = list(reversed(entries[:CHAPTERS]))
    is_finished = link is not None and link.is_open and not link.is_gone and len(links) > 1
    return Correction(
        link=link,
        wording=connection.wording if connection else None,
        chapters=_told(chapters, access.company, connection.wording if connection else None),
        is_shortened=len(entries) > CHAPTERS,
        differences=changed_since(commitment, link) if link else [],
        steps=_steps(commitment, link, connection, now) if connection else [],
        is_finished=is_finished,
        left_in_erp=list(left_in_erp(commitment)),
        may_ask_anyway=link is not None and can_be_asked(link, None, access),
    )


def _links(commitment: Commitment) -> list[SyncLink]:
    rows = SyncLink.objects.filter(commitment=commitment).select_related("connection", "closed_by", "commitment")
    return list(rows.order_by("-id")[:CHAPTERS])


# ---- The story -------------------------------------------------------------------------------------------------------


def _told(entries: list[Activity], company: Company, wording: Wording | None) -> list[Story]:
    """The history from its beginning, in the words of a correction."""
    erp = wording.short_label if wording else "the ERP"
    exported = 0
    unlinked = False
    summaries = []
    for entry in entries:
        if entry.verb in (Verb.LINKED, Verb.ADOPTED, Verb.BROUGHT_IN):
            exported += 1
        summaries.append(_summary(entry, erp, is_again=exported > 1, is_correction=unlinked))
        unlinked = (unlinked or entry.verb == Verb.UNLINKED) and entry.verb not in (Verb.LINKED, Verb.UNLINK_UNDONE)
    return [
        Story(
            icon=story.icon,
            summary=summary or story.summary,
            at=story.at,
            actor=story.actor,
            url=story.url,
            reason=story.reason,
            changes=story.changes,
        )
        for story, summary in zip(stories(entries, company, with_subject=False), summaries, strict=True)
    ]


def _summary(entry: Activity, erp: str, *, is_again: bool, is_correction: bool) -> str:
    """Empty where the history's own words do."""
    number = entry.after.get("erp_number") or entry.before.get("erp_number") or ""
    match entry.verb:
        case Verb.LINKED:
            return f"Exported again as {number}" if is_again else f"Exported as {number}"
        case Verb.ADOPTED:
            return f"Linked to {number}, which was in {erp} already"
        case Verb.BROUGHT_IN:
            return f"Brought in from {erp}, where it was {number}"
        case Verb.PRESENCE_CHANGED:
            return _presence(entry, erp)
        case Verb.UNLINKED:
            stays = f", left in {erp}" if entry.after.get("left_in_erp") else ""
            return f"Unlinked from {number}{stays}" if number else f"Unlinked{stays}"
        case Verb.COMMITMENT_EDITED if is_correction:
            return "Corrected"
        case Verb.SENT if is_correction:
            return "Sent to ERP again"
    return ""


def _presence(entry: Activity, erp: str) -> str:
    became = str(entry.after.get("presence", ""))
    if became == "In the ERP":
        was = str(entry.before.get("presence", ""))
        return f"Back in {erp}" if was in ("Deleted", "Voided", "Purged with its job") else f"Seen in {erp}"
    return f"{became} in {erp}" if became in ("Deleted", "Voided") else became


# ---- The steps -------------------------------------------------------------------------------------------------------


def _steps(
    commitment: Commitment, link: SyncLink | None, connection: ErpConnection, now: datetime.datetime
) -> list[Step]:
    wording, freshness = connection.wording, freshness_of(connection)
    people = _People.of(commitment)
    reached = _reached(commitment, link)
    # Unlinked by two, the record stays: nobody deletes it, and no sync has to notice anything.
    stays = link is not None and link.left_in_erp and not link.is_open
    plan = [
        (*_leave(link, commitment, wording, stays=bool(stays)), f"Who can: accounting, in {wording.short_label}", ""),
        (
            "The sync notices it",
            "Two persons agreed to unlink it: nothing has to be noticed."
            if stays
            else f"{next_sync(freshness, now)} Check now asks at once.",
            f"{BY_ITSELF}; Check now needs Standard on ERP Integrations",
            "",
        ),
        ("Unlink", "The commitment can then be edited again.", people.unlinkers, "erp_synced"),
        ("Correct it", _what_to_correct(commitment), people.editors, "commitment_edit"),
        (
            "Re-send to ERP",
            f"Under a number that is free in {wording.short_label}: what is wrong with it is said before it is sent.",
            people.editors,
            "commitment_detail",
        ),
        ("Accept", "Accounting looks at it, and accepts or rejects it.", people.approvers, "erp_ready"),
        _export_step(commitment, connection, people),
        (
            f"The sync finds it in {wording.short_label}",
            _read_back(freshness, now, wording),
            BY_ITSELF,
            "",
        ),
    ]
    return [
        Step(title, text, who, DONE if place < reached else NOW if place == reached else LATER, route)
        for place, (title, text, who, route) in enumerate(plan)
    ]


def _reached(commitment: Commitment, link: SyncLink | None) -> int:
    """The place of the step that comes now; those before it are done."""
    status = commitment.erp_status
    if status == ErpStatus.SYNCED:
        return 2 if link is not None and link.is_gone else 0
    if status == ErpStatus.NOT_SENT:
        is_changed = link is None or commitment.revision != link.closed_commitment_revision
        return 4 if is_changed else 3
    places = {
        ErpStatus.REJECTED: 3,
        ErpStatus.READY_TO_EXPORT: 5,
        ErpStatus.FAILED_TO_EXPORT: 6,
        ErpStatus.EXPORTING: 6,
    }
    return places[ErpStatus(status)]


def _leave(link: SyncLink | None, commitment: Commitment, wording: Wording, *, stays: bool) -> tuple[str, str]:
    erp, kind = wording.short_label, CommitmentKind(commitment.kind)
    if stays:
        return f"It stays in {erp}", f"{erp} refuses to delete it, so two persons agreed to unlink it anyway."
    if link is not None and link.is_open and link.erp_forbids_deletion:
        return f"Delete it in {erp}", f"{how_to_leave(link, wording)} Or two persons unlink it anyway."
    return f"Delete it in {erp}", wording.how_to_delete[kind]


def _what_to_correct(commitment: Commitment) -> str:
    if commitment.erp_status == ErpStatus.REJECTED:
        return "Accounting rejected it: the history says why."
    return "Its status must be Approved when it is sent."


def _export_step(commitment: Commitment, connection: ErpConnection, people: _People) -> tuple[str, str, str, str]:
    erp = connection.wording.short_label
    if commitment.erp_status == ErpStatus.FAILED_TO_EXPORT:
        return (
            "Export",
            "It failed: the list says why, and what to do. Then retry or reject it.",
            people.approvers,
            "erp_failed",
        )
    if connection.export_method == "bridge":
        return "Export", f"The bridge writes it to {erp}.", BY_ITSELF, ""
    text = f"Keyed in from its entry sheet, in the order of {erp}'s own screen."
    return "Export", text, f"Who can: accounting, in {erp}", ""


def _read_back(freshness: Freshness, now: datetime.datetime, wording: Wording) -> str:
    return f"It is linked once its record is found there and fits. {next_sync(freshness, now)}"


# ---- Who can ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _People:
    """Who can do the steps, a few of them by name."""

    editors: str
    unlinkers: str
    approvers: str

    @classmethod
    def of(cls, commitment: Commitment) -> _People:
        """Three queries."""
        of_company = CompanyMember.objects.filter(company=commitment.company_id, user__is_active=True)
        editors = ProjectMember.objects.filter(
            project=commitment.project_id,
            commitments_level=Level.ADMIN,
            user__is_active=True,
            user__company_memberships__company=commitment.company_id,
        )
        approvers = of_company.filter(erp_integrations_level__gte=Level.STANDARD, can_push_to_accounting=True)
        may_unlink = unlinkers(commitment.company_id, commitment.project_id)
        return cls(*(_names(rows) for rows in (editors, may_unlink, approvers)))


def _names(members: QuerySet[ProjectMember] | QuerySet[CompanyMember]) -> str:
    found: Iterable[str] = members.order_by("user__name", "id").values_list("user__name", flat=True)[: NAMED + 1]
    names = list(found)
    if not names:
        return "Nobody has the rights yet: ask an administrator"
    return f"Who can: {', '.join(names[:NAMED])}{' and others' if len(names) > NAMED else ''}"
