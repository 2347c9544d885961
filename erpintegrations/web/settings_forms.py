"""The form of Configure Settings: secrets go in and never come out, and nothing typed is lost on the way."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from django import forms

from directory.models import Company, User
from erpintegrations.connectors import CONNECTORS, wording_for
from erpintegrations.models import ErpConnection
from erpintegrations.models.connection import LONGEST_INTERVAL, SHORTEST_INTERVAL
from erpintegrations.services.change_connection import SHORTEST_SECRET, ConnectionSettings, choices_of, faults_of
from erpintegrations.web.database_fields import (
    ADDRESS,
    AGAIN_FOR_ANOTHER,
    WAY,
    DatabaseFields,
    address_fields,
    secret_input,
    stored_address,
)
from erpintegrations.web.sealed import MINUTES, seal, unseal

SETTINGS = tuple(field.name for field in fields(ConnectionSettings))
SHOWN = (*SETTINGS, *ADDRESS)
SECRETS = ("new_database_url", "new_login", "new_password", "new_bridge_secret")
ENCRYPTED = "Stored encrypted and never shown again."
BLANK = " Leave it blank to keep the one that is stored."
BLANK_WAY = " Leave it blank to keep the one that is stored, while server, encryption and CA file stay the same."
KEPT = f"It was entered a moment ago and is kept for {MINUTES} minutes: leave this blank to use it."


@dataclass(frozen=True, slots=True)
class Difference:
    """What somebody else changed meanwhile. `keeps_typed`: this person changed it too, and theirs is in the form."""

    label: str
    was: str
    now: str
    keeps_typed: bool


class SettingsForm(DatabaseFields):
    """All that can be set. The names of the settings are those of `ConnectionSettings`.

    `database_url` is what is to be saved, once the form was checked; "" keeps the stored one.
    """

    connector_key = forms.ChoiceField(label="Accounting system")
    label = forms.CharField(
        required=False, max_length=100, help_text="Your own name for this connection, such as “Main company”."
    )
    is_enabled = forms.BooleanField(label="Hourly sync", required=False)
    interval_minutes = forms.IntegerField(
        label="Minutes between two syncs",
        widget=forms.NumberInput(attrs={"min": SHORTEST_INTERVAL, "max": LONGEST_INTERVAL, "inputmode": "numeric"}),
        help_text=f"From {SHORTEST_INTERVAL} minutes to {LONGEST_INTERVAL:,} (once a day). 60 is usual.",
    )
    use_commitment_number = forms.BooleanField(label="Use commitment number", required=False)
    export_method = forms.ChoiceField(label="How accepted commitments are exported", widget=forms.RadioSelect)
    bridge_url = forms.CharField(label="Address of the bridge", required=False, max_length=400)
    new_bridge_secret = forms.CharField(
        label="Secret of the bridge", required=False, max_length=400, widget=secret_input()
    )
    rejection_mail = forms.ChoiceField(label="Mail to the sender of what was rejected", widget=forms.RadioSelect)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, max_length=8000, widget=forms.HiddenInput)
    sealed = forms.CharField(required=False, max_length=8000, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, connection: ErpConnection | None, user: User, company: Company) -> None:
        self.connection, self.user, self.company = connection, user, company
        self.database_url = ""
        shown = _shown(connection)
        seen = {"version": connection.version if connection else 0, "seen": json.dumps(shown)}
        super().__init__(data, initial=shown | seen)
        self.secrets = unseal(self.data.get("sealed", ""), user=user, company=company)
        self._offer(connection)

    def _offer(self, connection: ErpConnection | None) -> None:
        """Choices and explanations, in the words of the accounting system."""
        erp = wording_for(connection.connector_key if connection else next(iter(CONNECTORS))).short_label
        offered: Any = self.fields
        offered["connector_key"].choices = [(key, wording_for(key).label) for key in CONNECTORS]
        if connection is not None:
            del self.fields["connector_key"]
        for name in ("export_method", "rejection_mail"):
            offered[name].choices = list(choices_of(name).items())
        self.fields["is_enabled"].help_text = f"Reads {erp} by itself. Without it, only Sync now does."
        self.fields["use_commitment_number"].help_text = (
            f"Whoever accepts a commitment finds its own number filled in as the number in {erp}, and can change it. "
            "Without this, they start with an empty field."
        )
        has_secret = connection is not None and bool(connection.__dict__.get("bridge_secret"))
        way = f"{ENCRYPTED}{BLANK_WAY if stored_address(connection) else ''}"
        said = {
            "new_database_url": "Instead of the boxes above, such as mssql+pymssql://… or sqlite:///….",
            "new_login": way,
            "new_password": way,
            "new_bridge_secret": f"{ENCRYPTED}{BLANK if has_secret else ''}",
        }
        for name in SECRETS:
            self.fields[name].help_text = KEPT if self.secrets.get(name) else said[name]
        needed = f" Needed for the bridge alone: at least {SHORTEST_SECRET} random characters."
        self.fields["new_bridge_secret"].help_text += needed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in SECRETS:
            cleaned[name] = cleaned.get(name) or self.secrets.get(name, "")
        if self.errors:
            return cleaned
        self.database_url, faults = self.chosen_url(cleaned, self._seen())
        faults = faults or self._faults(cleaned)
        for name, text in faults.items():
            self.add_error(name, text)
        return cleaned

    def _faults(self, cleaned: dict[str, Any]) -> dict[str, str]:
        """What is wrong with all of it together, by the field."""
        faults = faults_of(
            connector_key=self.chosen_connector,
            settings=self.settings,
            database_url=self.database_url,
            bridge_secret=cleaned["new_bridge_secret"],
            stored=self.connection,
        )
        of_database = "new_database_url" if cleaned["new_database_url"] else "host"
        fields_of = {"database_url": of_database, "bridge_secret": "new_bridge_secret"}
        return {fields_of.get(name, name): text for name, text in faults.items()}

    @property
    def chosen_connector(self) -> str:
        return self.connection.connector_key if self.connection else self.cleaned_data["connector_key"]

    @property
    def settings(self) -> ConnectionSettings:
        return ConnectionSettings(**{name: self.cleaned_data[name] for name in SETTINGS})

    @property
    def names_another_database(self) -> bool:
        """Whether this would point a connection elsewhere: that takes a second look."""
        return self.connection is not None and bool(self.database_url)

    def keep_secrets(self) -> None:
        """This function will carry the secrets that were typed to the next step, where they need not be typed again."""
        faulty = set(self.errors)
        kept = {
            name: text
            for name in SECRETS
            if name not in faulty and (text := self.cleaned_data.get(name) or self.secrets.get(name, ""))
        }
        self.secrets = kept
        self._set("sealed", seal(kept, user=self.user, company=self.company))
        for name in kept:
            self[name].help_text = KEPT  # on the bound field: it took a copy when the form was checked

    def bring_together(self, current: ErpConnection) -> list[Difference]:
        """This function will put both people's changes in the form, on top of what is stored now, and tell them."""
        now, was = _shown(current), self._seen()
        differences = []
        for name in SHOWN:
            before, typed = was.get(name, now[name]), self.cleaned_data[name]
            if before == now[name]:
                continue
            keeps_typed = typed not in (before, now[name])
            if not keeps_typed:
                self._set(name, now[name])
                if name in WAY:
                    self._forget_sign_in()
            label = str(self.fields[name].label or name.replace("_", " ").capitalize())
            differences.append(Difference(label, self._words(name, before), self._words(name, now[name]), keeps_typed))
        self._set("version", current.version)
        self._set("seen", json.dumps(now))
        return differences

    def _forget_sign_in(self) -> None:
        """What was typed for one server is not handed to another: with a fault, it is carried no further."""
        for name in ("new_login", "new_password"):
            if self.cleaned_data.get(name):
                self.add_error(name, AGAIN_FOR_ANOTHER)
                self[name].help_text = ENCRYPTED

    def _seen(self) -> dict[str, Any]:
        """What the person was shown first; nothing when that cannot be read."""
        try:
            seen = json.loads(self.cleaned_data["seen"])
        except ValueError:
            return {}
        return seen if isinstance(seen, dict) else {}

    def _set(self, name: str, value: Any) -> None:
        data: Any = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict, once something was sent
        data.pop(name, None)
        if value is not False:
            data[name] = "on" if value is True else str(value)
        self.data = data

    def _words(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return "On" if value else "Off"
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices.get(value, value)) or "\N{EM DASH}"


def _shown(connection: ErpConnection | None) -> dict[str, Any]:
    """What the form shows of what is stored."""
    settings = ConnectionSettings.of(connection) if connection else ConnectionSettings()
    return asdict(settings) | address_fields(connection)
