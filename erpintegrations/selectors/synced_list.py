"""The Synced list's rows: each link with its state in the ERP, what Unlink will do with it, and who may."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from directory.access import CompanyAccess
from directory.models import Company, CompanyMember, Level
from directory.refusals import LacksPrivilege, NotAllowed
from erpintegrations.connectors import Wording
from erpintegrations.models import ErpConnection, SyncLink, UnlinkOverride
from erpintegrations.selectors.drift import drift_of, in_words
from erpintegrations.selectors.freshness import Freshness
from erpintegrations.selectors.overrides import can_be_asked, waiting_by_link, why_not_answer
from erpintegrations.selectors.verdicts import (
    Verdict,
    unlink_verdict,
)

NAMED_ADMINS = 5


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a click on Unlink will come to: words, icon and tone."""

    label: str
    icon: str
    tone: str


@dataclass(frozen=True, slots=True)
class SyncedRow:
    """One link as its row shows it. `not_allowed` says why this person may not unlink it, None when they may."""

    link: SyncLink
    as_of: datetime.datetime | None
    verdict: Verdict
    not_allowed: NotAllowed | None
    may_check: bool
    shows_commitment: bool
    outlook: Outlook
    hint: str
    drift: str
    waiting: UnlinkOverride | None
    may_ask_anyway: bool
    may_answer: bool

    @property
    def needs_correction(self) -> bool:
        """Gone or not deletable: the page that leads through the whole correction is worth a link."""
        return self.shows_commitment and (self.link.is_gone or self.link.erp_forbids_deletion)

    @property
    def may_unlink(self) -> bool:
        return self.not_allowed is None

    @property
    def will_unlink(self) -> bool:
        return self.may_unlink and self.verdict.will_unlink

    @property
    def lacks_only_privilege(self) -> bool:
        return isinstance(self.not_allowed, LacksPrivilege)


def find_connection(company: Company) -> ErpConnection | None:
    return ErpConnection.objects.filter(company=company).first()


def open_links(company: Company) -> QuerySet[SyncLink]:
    return SyncLink.objects.filter(company=company, closed_at=None)


def links_of(company: Company) -> QuerySet[SyncLink]:
    """Closed ones too: who acts on one is told that it was unlinked, and Undo needs it."""
    return SyncLink.objects.filter(company=company).select_related("commitment", "connection", "project")


def synced_rows(
    links: Iterable[SyncLink],
    *,
    access: CompanyAccess,
    freshness: Freshness,
    wording: Wording,
    now: datetime.datetime,
) -> list[SyncedRow]:
    """One query for the levels on their projects, and one where the ERP forbids some of them to be deleted."""
    links = list(links)
    access.commitments_levels.load(link.project_id for link in links)
    waiting = waiting_by_link(links)
    may_check = access.erp_integrations_level >= Level.STANDARD
    rows = []
    for link in links:
        verdict = unlink_verdict(link, freshness, wording, now)
        not_allowed = access.why_not_unlink(link.project_id, link.project_name)
        rows.append(
            SyncedRow(
                link=link,
                as_of=freshness.as_of(link),
                verdict=verdict,
                not_allowed=not_allowed,
                may_check=may_check,
                shows_commitment=access.commitments_level(link.project_id) >= Level.READ_ONLY,
                outlook=_outlook(verdict, not_allowed),
                hint=_why_not(not_allowed) if not_allowed else verdict.hint,
                drift=in_words(drift_of(link)),
                **_anyway(link, waiting.get(link.pk), access),
            )
        )
    return rows


def _anyway(link: SyncLink, waiting: UnlinkOverride | None, access: CompanyAccess) -> dict[str, Any]:
    """What can be done about a record that the ERP refuses to delete."""
    return {
        "waiting": waiting,
        "may_ask_anyway": can_be_asked(link, waiting, access),
        "may_answer": waiting is not None and why_not_answer(waiting, access) is None,
    }


def admins_of(company: Company) -> list[str]:
    """Whom to ask: a few who have Admin on the ERP Integrations tool, by name."""
    return list(
        CompanyMember.objects.filter(
            company=company, erp_integrations_level=Level.ADMIN, user__is_active=True
        ).values_list("user__name", flat=True)[:NAMED_ADMINS]
    )


def _outlook(verdict: Verdict, not_allowed: NotAllowed | None) -> Outlook:
    if not_allowed is not None:
        return Outlook("Not for you", "lock", "quiet")
    if verdict.needs_reason:
        return Outlook("Asks for a reason", "warning", "warn")
    if verdict.will_unlink:
        return Outlook("Will go through", "check", "good")
    return Outlook("Will be refused", "blocked", "quiet")


def _why_not(not_allowed: NotAllowed) -> str:
    """The row shows a link in place of the remedy where the privilege can be requested."""
    return not_allowed.message if isinstance(not_allowed, LacksPrivilege) else str(not_allowed)
