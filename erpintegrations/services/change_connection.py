"""Changing where a company's ERP is read from. Django admin and the set-up of the sample company call this."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction

from directory.activity import Entry, record
from directory.models import SubjectType, User, Verb
from erpintegrations.models import ErpConnection


@transaction.atomic
def save_connection(
    *, connection: ErpConnection, database_url: str, is_enabled: bool, by: User, now: datetime.datetime
) -> ErpConnection:
    """This function will create a connection, or change the URL (blank: keep it) and whether the hourly sync runs.

    With another URL, which server, database and company must answer is learned anew by the next reading. The history
    says that the URL was changed, never what it is. Raises IntegrityError when the company has a connection already.
    """
    before = {} if connection.pk is None else _facts(connection.pk)
    changed: dict[str, Any] = {"is_enabled": is_enabled}
    if database_url:
        changed |= {"database_url": database_url, "server": "", "database": "", "erp_company": ""}
    for name, value in changed.items():
        setattr(connection, name, value)
    connection.save(update_fields=None if connection.pk is None else list(changed))
    after: dict[str, Any] = {"hourly_sync": is_enabled}
    if database_url:
        after["database_url"] = "changed" if before else "set"
    if before | after != before:
        _record(connection, before, after, by, now)
    return connection


def _facts(connection_id: int) -> dict[str, Any]:
    """As stored now, without reading the secret."""
    stored = ErpConnection.objects.select_for_update().filter(pk=connection_id)
    return {"hourly_sync": stored.values_list("is_enabled", flat=True).get()}


def _record(
    connection: ErpConnection, before: dict[str, Any], after: dict[str, Any], by: User, now: datetime.datetime
) -> None:
    record(
        Entry(
            company_id=connection.company_id,
            verb=Verb.CONNECTION_CHANGED,
            subject_type=SubjectType.CONNECTION,
            subject_id=connection.pk,
            subject_label=str(connection),
            at=now,
            actor=by,
            before={name: value for name, value in before.items() if after.get(name) != value},
            after={name: value for name, value in after.items() if before.get(name) != value},
        )
    )
