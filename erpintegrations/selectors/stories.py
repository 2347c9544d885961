"""History entries as pages tell them: a sentence, an icon, and what changed from what to what."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.urls import reverse

from directory.models import Activity, Company, SubjectType, Verb
from erpintegrations.models import SyncChange

ICONS = {
    Verb.COMMITMENT_CREATED: "commitment",
    Verb.COMMITMENT_EDITED: "edit",
    Verb.COMMITMENT_DELETED: "deleted",
    Verb.SENT: "send",
    Verb.RETRIEVED: "undo",
    Verb.ACCEPTED: "check",
    Verb.REJECTED: "close",
    Verb.EXPORT_RETRIED: "sync",
    Verb.EXPORT_WRITTEN: "send",
    Verb.EXPORT_FAILED: "error",
    Verb.EXPORT_NEEDS_DECISION: "warning",
    Verb.LINKED: "link",
    Verb.UNLINKED: "unlink",
    Verb.UNLINK_UNDONE: "undo",
    Verb.UNLINK_ANYWAY_ASKED: "warning",
    Verb.UNLINK_ANYWAY_CONSENTED: "check",
    Verb.UNLINK_ANYWAY_DECLINED: "close",
    Verb.UNLINK_ANYWAY_WITHDRAWN: "undo",
    Verb.ADOPTED: "link",
    Verb.PRESENCE_CHANGED: "changed",
    Verb.AMOUNT_CHANGED: "changed",
    Verb.RECORD_CHANGED: "changed",
    Verb.SYNC_STARTED: "sync",
    Verb.SYNC_COMPLETED: "sync",
    Verb.SYNC_FAILED: "error",
    Verb.SYNC_NEEDS_CONFIRMATION: "warning",
    Verb.SYNC_CONFIRMED: "check",
    Verb.SYNC_DISCARDED: "close",
    Verb.CONNECTION_CHANGED: "settings",
    Verb.MASTERS_READ: "sync",
    Verb.MASTER_RENAMED: "edit",
    Verb.SET_UP_DECIDED: "edit",
    Verb.BRING_IN_STARTED: "sync",
    Verb.BRING_IN_ENDED: "sync",
    Verb.BROUGHT_IN: "link",
    Verb.CONNECTION_TESTED: "settings",
}
NOTHING = "\N{EM DASH}"
MISSING = object()
# What somebody changed in the ERP, nobody here knows by whom: the entry's actor only asked.
NOTICED = (Verb.PRESENCE_CHANGED, Verb.AMOUNT_CHANGED, Verb.RECORD_CHANGED)
IN_SENTENCES = {"Hourly sync": "the hourly sync", "Command line": "a sync by the command line"}
FOUND = ("deleted", "voided", "purged", "returned", "changed")
FieldChange = tuple[str, str | None, str | None]
LABELS = {
    "presence": "State in the ERP",
    "purged": "Purged with their job",
    "returned": "Back again",
    "erp_status": "ERP status",
    "erp_number": "ERP number",
    "erp_id": "ERP id",
    "erp_amount": "Amount in the ERP",
    "erp_vendor_id": "Vendor in the ERP",
    "erp_lines_digest": "Lines in the ERP",
    "left_in_erp": "Left in the ERP",
    "anothers_record": "Said to be another one's",
    "can_push_to_accounting": "Can Push to Accounting",
    "erp_integrations_level": "ERP Integrations",
    "interval_minutes": "Minutes between syncs",
    "database_url": "Database URL",
    "bridge_url": "Address of the bridge",
    "bridge_secret": "Secret of the bridge",
    "rejection_mail": "Mail about rejections",
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
    changes: list[FieldChange]


def stories(entries: Iterable[Activity], company: Company, *, with_subject: bool) -> list[Story]:
    """Tell entries of one company. `with_subject` names and links what each is about, for a history of many things.

    The entries' project must be loaded with them: nothing is queried here.
    """
    return [
        Story(
            icon=ICONS.get(Verb(entry.verb), "key") if entry.verb in Verb.values else "info",
            summary=f"{entry.get_verb_label()}: {entry.subject_label}" if with_subject else entry.get_verb_label(),
            at=entry.at,
            actor=who_of(entry),
            url=_url_of(entry, company, with_subject=with_subject),
            reason=entry.reason,
            changes=changes_of(entry),
        )
        for entry in entries
    ]


def who_of(entry: Activity) -> str:
    """Who did it; of a change that was made in the ERP, who noticed it."""
    if entry.verb not in NOTICED:
        return entry.actor_label
    label = entry.actor_label if entry.actor_id else IN_SENTENCES.get(entry.actor_label, entry.actor_label)
    return f"Noticed by {label}"


def changes_of(entry: Activity | SyncChange) -> list[FieldChange]:
    """(label, before, after) of each field that the entry tells of; None where it tells of one side only."""
    is_open = isinstance(entry, Activity) and entry.verb == Verb.SYNC_NEEDS_CONFIRMATION
    return field_changes(entry.before, entry.after, not_recorded=FOUND if is_open else ())


def field_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], *, not_recorded: Collection[str] = ()
) -> list[FieldChange]:
    """The same of two sides that no entry holds. What is the same on both is no change."""
    return [
        (
            f"{_label(name)} (found, not recorded)" if name in not_recorded else _label(name),
            _words(before, name),
            _words(after, name),
        )
        for name in dict.fromkeys([*before, *after])
        if before.get(name, MISSING) != after.get(name, MISSING)
    ]


def _label(name: str) -> str:
    return LABELS.get(name) or name.replace("_", " ").capitalize()


def _words(values: Mapping[str, Any], name: str) -> str | None:
    if name not in values:
        return None
    value = values[name]
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if name.endswith("amount") and (amount := _amount(value)) is not None:
        return f"{amount:,.2f}"
    return NOTHING if value in (None, "") else str(value)


def _amount(value: object) -> Decimal | None:
    """Amounts are kept as text, exactly; older or odd ones are shown as they are."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _url_of(entry: Activity, company: Company, *, with_subject: bool) -> str:
    if entry.subject_type == SubjectType.SYNC_RUN and with_subject:
        return reverse("run_detail", args=[company.slug, entry.subject_id])
    if entry.subject_type == SubjectType.BRING_IN:
        return reverse("bring_in_detail", args=[company.slug, entry.subject_id])
    if entry.subject_type == SubjectType.COMMITMENT and with_subject and entry.project_id:
        return reverse("commitment_detail", args=[company.slug, entry.project_id, entry.subject_id])
    if entry.sync_run_id and not with_subject:
        return reverse("run_detail", args=[company.slug, entry.sync_run_id])
    return ""
