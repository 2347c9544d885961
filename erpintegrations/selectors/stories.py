"""History entries as pages tell them: a sentence, an icon, and what changed from what to what."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from directory.models import Activity, Company, SubjectType, Verb

ICONS = {
    Verb.LINKED: "link",
    Verb.UNLINKED: "unlink",
    Verb.UNLINK_UNDONE: "undo",
    Verb.PRESENCE_CHANGED: "changed",
    Verb.AMOUNT_CHANGED: "changed",
    Verb.SYNC_STARTED: "sync",
    Verb.SYNC_COMPLETED: "sync",
    Verb.SYNC_FAILED: "error",
    Verb.SYNC_NEEDS_CONFIRMATION: "warning",
    Verb.SYNC_CONFIRMED: "check",
    Verb.SYNC_DISCARDED: "close",
    Verb.CONNECTION_CHANGED: "settings",
}
LABELS = {
    "erp_status": "ERP status",
    "erp_number": "ERP number",
    "erp_id": "ERP id",
    "erp_amount": "Amount in the ERP",
    "can_push_to_accounting": "Can Push to Accounting",
    "erp_integrations_level": "ERP Integrations",
}


@dataclass(frozen=True, slots=True)
class Story:
    """One entry of a history, ready to be shown by `partials/timeline.html`."""

    icon: str
    summary: str
    at: datetime.datetime
    actor: str
    url: str
    reason: str
    changes: list[tuple[str, str, str]]


def stories(entries: Iterable[Activity], company: Company, *, with_subject: bool) -> list[Story]:
    """Tell entries of one company. `with_subject` names and links what each is about, for a history of many things.

    The entries' project must be loaded with them: nothing is queried here.
    """
    return [
        Story(
            icon=ICONS.get(Verb(entry.verb), "key") if entry.verb in Verb.values else "info",
            summary=f"{entry.get_verb_label()}: {entry.subject_label}" if with_subject else entry.get_verb_label(),
            at=entry.at,
            actor=entry.actor_label,
            url=_url_of(entry, company, with_subject=with_subject),
            reason=entry.reason,
            changes=changes_of(entry),
        )
        for entry in entries
    ]


def changes_of(entry: Activity) -> list[tuple[str, str, str]]:
    """(label, before, after) of each field that the entry says changed."""
    fields = dict.fromkeys([*entry.before, *entry.after])
    return [
        (
            LABELS.get(name, name.replace("_", " ").capitalize()),
            _words(entry.before.get(name)),
            _words(entry.after.get(name)),
        )
        for name in fields
    ]


def _words(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)


def _url_of(entry: Activity, company: Company, *, with_subject: bool) -> str:
    if entry.subject_type == SubjectType.SYNC_RUN and with_subject:
        return reverse("run_detail", args=[company.slug, entry.subject_id])
    if entry.subject_type == SubjectType.COMMITMENT and with_subject and entry.project_id:
        return reverse("commitment_detail", args=[company.slug, entry.project_id, entry.subject_id])
    if entry.sync_run_id and not with_subject:
        return reverse("run_detail", args=[company.slug, entry.sync_run_id])
    return ""
