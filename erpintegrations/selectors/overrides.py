"""Requests to unlink a commitment that stays in the ERP: who may ask and answer, and which wait for whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from directory.access import CompanyAccess
from directory.models import Level
from directory.refusals import LacksPrivilege, NotAllowed
from erpintegrations.models import SyncLink, UnlinkOverride

# A company has a handful of these at a time; a page never loads more.
MOST = 50


@dataclass(frozen=True, slots=True)
class WaitingOverrides:
    """What waits for an answer: from this person, and what they asked for themselves. One query, else three."""

    to_answer: list[UnlinkOverride]
    own: list[UnlinkOverride]

    @property
    def to_answer_words(self) -> str:
        count = len(self.to_answer)
        return f"{count} wait{'s' if count == 1 else ''} for your consent"


def why_not_ask(link: SyncLink, access: CompanyAccess) -> NotAllowed | None:
    """Who may unlink it, and has Admin on ERP Integrations: without that, requesting the privilege would not help."""
    not_allowed = access.why_not_unlink(link.project_id, link.project_name)
    if not_allowed is None or isinstance(not_allowed, LacksPrivilege):
        try:
            access.require_erp_integrations(Level.ADMIN)
        except NotAllowed as refusal:
            return refusal
    return not_allowed


def can_be_asked(link: SyncLink, waiting: UnlinkOverride | None, access: CompanyAccess) -> bool:
    """Whether this person can ask for it now."""
    return waiting is None and link.is_open and link.erp_forbids_deletion and why_not_ask(link, access) is None


def why_not_answer(override: UnlinkOverride, access: CompanyAccess) -> NotAllowed | None:
    """Whoever may unlink it, except the asker."""
    not_allowed = access.why_not_unlink(override.link.project_id, override.link.project_name)
    if not_allowed is None and override.asked_by_id == access.user.pk:
        return NotAllowed(
            "You asked for this yourself: another person must answer.",
            remedy="Ask somebody else who may unlink commitments of this project, or withdraw it.",
        )
    return not_allowed


def waiting_overrides(access: CompanyAccess) -> WaitingOverrides:
    waiting = UnlinkOverride.objects.filter(company=access.company, state=UnlinkOverride.State.WAITING)
    if not waiting.exists():
        return WaitingOverrides(to_answer=[], own=[])
    rows = list(_waiting().filter(company=access.company)[:MOST])
    access.commitments_levels.load(row.link.project_id for row in rows)
    return WaitingOverrides(
        to_answer=[row for row in rows if why_not_answer(row, access) is None],
        own=[row for row in rows if row.asked_by_id == access.user.pk],
    )


def waiting_by_link(links: Iterable[SyncLink]) -> dict[int, UnlinkOverride]:
    """What waits for each of these links; no query when the ERP lets all of them be deleted."""
    pks = [link.pk for link in links if link.is_open and link.erp_forbids_deletion]
    return {row.link_id: row for row in _waiting().filter(link_id__in=pks)} if pks else {}


def _waiting() -> QuerySet[UnlinkOverride]:
    rows = UnlinkOverride.objects.filter(state=UnlinkOverride.State.WAITING, link__closed_at=None)
    return rows.select_related("link", "link__connection", "asked_by").order_by("-id")
