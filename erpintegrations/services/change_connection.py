"""Setting up and changing a company's connection to its ERP: the one way for pages, administration and sandbox."""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from directory.access import CompanyAccess
from directory.activity import Entry, record
from directory.models import Activity, Level, SubjectType, User, Verb
from erpintegrations import moments
from erpintegrations.connectors import CONNECTORS, connector_for, whereabouts
from erpintegrations.connectors.base import ErpError
from erpintegrations.connectors.bridge import HttpBridge
from erpintegrations.models import ErpConnection
from erpintegrations.models.connection import LONGEST_INTERVAL, SHORTEST_INTERVAL
from erpintegrations.refusals import ChangedMeanwhile, SettingsNotPossible
from erpintegrations.selectors.connection_settings import place_of
from erpintegrations.services.bring_in import end_bring_in
from erpintegrations.services.decide_new_masters import end_standing_decisions

SHORTEST_SECRET = 32  # characters, as docs/bridge.md asks for
NOTHING_SAVED = "Nothing was saved. Look at what is set now, then save again."
LEARNED_ANEW = ("server", "database", "erp_company", "text_widths", "text_widths_read_at", "masters_read_at")
TOLD_AS = {"is_enabled": "hourly_sync"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """What can be set, but for the secrets: those are only ever handed in."""

    label: str = ""
    is_enabled: bool = True
    interval_minutes: int = 60
    export_method: str = "entry_sheet"
    bridge_url: str = ""
    use_commitment_number: bool = True
    rejection_mail: str = "each"

    @classmethod
    def of(cls, connection: ErpConnection) -> ConnectionSettings:
        return cls(**{field.name: getattr(connection, field.name) for field in fields(cls)})


def change_settings(
    *,
    connection: ErpConnection | None,
    access: CompanyAccess,
    settings: ConnectionSettings,
    connector_key: str = "sage100",
    database_url: str = "",
    bridge_secret: str = "",
    seen_version: int,
    now: datetime.datetime,
) -> ErpConnection:
    """This function will save what an administrator of ERP Integrations set, or connect a company for the first time.

    `seen_version` is the version that they saw. Raises NotAllowed, SettingsNotPossible, and ChangedMeanwhile when
    somebody else changed the settings, or connected the company, since.
    """
    access.require_erp_integrations(Level.ADMIN)
    new = connection is None
    try:
        return save_connection(
            connection=connection or ErpConnection(company=access.company, connector_key=connector_key),
            settings=settings,
            database_url=database_url,
            bridge_secret=bridge_secret,
            seen_version=None if new else seen_version,
            by=access.user,
            now=now,
        )
    except IntegrityError:
        if not new:
            raise
        theirs = ErpConnection.objects.get(company=access.company)
        raise _changed_meanwhile(theirs, "connected the company", access.user, now) from None


@transaction.atomic
def save_connection(
    *,
    connection: ErpConnection,
    settings: ConnectionSettings,
    database_url: str = "",
    bridge_secret: str = "",
    seen_version: int | None = None,
    by: User,
    now: datetime.datetime,
) -> ErpConnection:
    """This function will create a connection, or change what differs from the settings; blank secrets are kept.

    With another URL, which server, database and company must answer is learned anew by the next completed reading, and
    so are the widths; what another database has is all new, so that nothing is created by itself from there.
    Our counterparts are of the company that answered before, until a reading has compared them. The history says that a
    secret was changed, never what it is. Whoever calls this has seen to the rights. Raises SettingsNotPossible;
    ChangedMeanwhile when `seen_version` is not the stored one; IntegrityError when the company has a connection
    already.
    """
    stored = _lock(connection)
    faults = faults_of(
        connector_key=connection.connector_key,
        settings=settings,
        database_url=database_url,
        bridge_secret=bridge_secret,
        stored=stored,
    )
    if faults:
        raise SettingsNotPossible(" ".join(faults.values()), remedy="Nothing was saved.")
    if stored is not None and seen_version not in (None, stored.version):
        raise _changed_meanwhile(stored, "changed these settings", by, now)
    before = {} if stored is None else asdict(ConnectionSettings.of(stored))
    changed = {name: value for name, value in asdict(settings).items() if stored is None or before[name] != value}
    secrets = {name: value for name, value in _named(database_url, bridge_secret).items() if value}
    if not changed and not secrets:
        return connection
    blank = ErpConnection()
    forgotten = {name: getattr(blank, name) for name in LEARNED_ANEW} if database_url else {}
    if stored is not None and database_url:
        end_bring_in(connection=stored, by=by, now=now)
        forgotten["counterparts_of"] = stored.counterparts_of or stored.erp_company
    if stored is not None and database_url and whereabouts(database_url) != place_of(stored):
        end_standing_decisions(connection=stored, by=by, now=now)
    _write(connection, stored, changed | secrets | forgotten)
    told = dict.fromkeys(secrets, "set" if stored is None else "changed")
    _record(connection, before, changed | told, by, now)
    return connection


def faults_of(
    *,
    connector_key: str,
    settings: ConnectionSettings,
    database_url: str,
    bridge_secret: str,
    stored: ErpConnection | None,
) -> dict[str, str]:
    """What is wrong with settings that somebody wants to save, by the name of the setting. Connects to nothing."""
    faults = {}
    if connector_key not in CONNECTORS:
        faults["connector_key"] = "Choose an accounting system of the list."
    elif database_url:
        faults |= _understood("database_url", lambda: connector_for(connector_key, database_url))
    elif stored is None:
        faults["database_url"] = "Enter where the company's database is reached."
    if not SHORTEST_INTERVAL <= settings.interval_minutes <= LONGEST_INTERVAL:
        faults["interval_minutes"] = (
            f"Enter a whole number of minutes, from {SHORTEST_INTERVAL} to {LONGEST_INTERVAL:,} (once a day)."
        )
    for name in ("export_method", "rejection_mail"):
        if getattr(settings, name) not in choices_of(name):
            faults[name] = "Choose one of the list."
    return faults | _bridge_faults(settings, bridge_secret, stored)


def choices_of(name: str) -> dict[str, str]:
    """What can be chosen for a setting, and how it is called; nothing for one that is not chosen from a list."""
    return dict(getattr(ErpConnection._meta.get_field(name), "flatchoices", []))


def _bridge_faults(settings: ConnectionSettings, secret: str, stored: ErpConnection | None) -> dict[str, str]:
    is_used = settings.export_method == "bridge"
    faults = {}
    if settings.bridge_url:
        faults = _understood("bridge_url", lambda: HttpBridge(settings.bridge_url, "any"))
    elif is_used:
        faults["bridge_url"] = "Enter the address of the bridge, or choose the entry sheet."
    # Whether there is one, without opening it.
    has_secret = bool(secret) or (stored is not None and bool(stored.__dict__.get("bridge_secret")))
    if secret and len(secret) < SHORTEST_SECRET:
        faults["bridge_secret"] = (
            f"The secret has {len(secret)} characters, and needs at least {SHORTEST_SECRET}. Enter a longer random "
            "one, and set the bridge up with the same."
        )
    elif is_used and not has_secret:
        faults["bridge_secret"] = "Enter the secret that the bridge was set up with, or choose the entry sheet."  # noqa: S105
    return faults


def _understood(name: str, build: Any) -> dict[str, str]:
    try:
        build()
    except ErpError as error:
        return {name: f"{error.problem} {error.remedy}"}
    return {}


def _lock(connection: ErpConnection) -> ErpConnection | None:
    """As stored now; None for a new one."""
    return ErpConnection.objects.select_for_update(no_key=True).filter(pk=connection.pk).first()


def _write(connection: ErpConnection, stored: ErpConnection | None, changed: dict[str, Any]) -> None:
    for name, value in changed.items():
        setattr(connection, name, value)
    if stored is None:
        connection.save()
        return
    written = ErpConnection.objects.filter(pk=stored.pk, version=stored.version)
    if not written.update(**changed, version=F("version") + 1):
        raise ChangedMeanwhile("Somebody else changed these settings at the same moment.", remedy=NOTHING_SAVED)
    connection.version = stored.version + 1


def _named(database_url: str, bridge_secret: str) -> dict[str, str]:
    return {"database_url": database_url, "bridge_secret": bridge_secret}


def _changed_meanwhile(stored: ErpConnection, what: str, by: User, now: datetime.datetime) -> ChangedMeanwhile:
    entries = Activity.objects.filter(
        company_id=stored.company_id, subject_type=SubjectType.CONNECTION, subject_id=stored.pk
    )
    last = entries.filter(verb=Verb.CONNECTION_CHANGED).order_by("-id").first()
    if last is None:
        return ChangedMeanwhile(f"Somebody else {what} meanwhile.", remedy=NOTHING_SAVED)
    who = "You" if last.actor_id == by.pk else last.actor_label
    elsewhere = ", in another window" if who == "You" else ""
    return ChangedMeanwhile(f"{who} {what} {moments.both(last.at, now)}{elsewhere}.", remedy=NOTHING_SAVED)


def _record(
    connection: ErpConnection, before: dict[str, Any], after: dict[str, Any], by: User, now: datetime.datetime
) -> None:
    told = {name: value for name, value in after.items() if before or value != ""}
    record(
        Entry(
            company_id=connection.company_id,
            verb=Verb.CONNECTION_CHANGED,
            subject_type=SubjectType.CONNECTION,
            subject_id=connection.pk,
            subject_label=str(connection),
            at=now,
            actor=by,
            before={TOLD_AS.get(name, name): _words(name, before[name]) for name in told if name in before},
            after={TOLD_AS.get(name, name): _words(name, value) for name, value in told.items()},
        )
    )


def _words(name: str, value: Any) -> Any:
    """What was chosen, as the page calls it."""
    return choices_of(name).get(value, value)
