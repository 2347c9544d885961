"""The part of Configure Settings that says where the database is: boxes for Microsoft SQL Server, or a URL.

What is stored is one URL, encrypted. Login, password and URL go in and never come out; server, database and the way
there are shown again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from django import forms

from erpintegrations.connectors import NOT_SHOWN, Encryption, SqlServerAddress, whereabouts
from erpintegrations.connectors.base import NeedsAttention
from erpintegrations.encryption import SecretUnreadable
from erpintegrations.models import ErpConnection

ADDRESS = ("host", "database", "encryption", "ca_file")
WAY = ("host", "encryption", "ca_file")  # all that decides who would be handed login and password
FIELD_OF = {"instance": "host", "port": "host", "login": "new_login", "password": "new_password"}
NOT_BOTH = "Fill in either the boxes above or this, not both."
AGAIN = (
    "Enter it again: the stored one is only ever sent to the server for which it was entered, with the same encryption "
    "and CA file."
)
AGAIN_FOR_ANOTHER = (
    "Enter it again: somebody else changed the server, the encryption or the CA file since you typed it."
)
_SERVER = re.compile(r"(\[[^\]]*\]|[^:,\\]*)(?:\\([^:,\\]*))?(?:[:,]([0-9]{1,9}))?")


def secret_input() -> forms.PasswordInput:
    # "new-password", because browsers take "off" for an invitation to fill in the person's own password.
    return forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"})


class LoginInput(forms.PasswordInput):
    """Legible while it is typed, and as little shown again as a password."""

    input_type = "text"


def plain_input() -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"})


class DatabaseFields(forms.Form):
    """Where the database is. `ADDRESS` are the boxes that show what is stored."""

    connection: ErpConnection | None

    host = forms.CharField(
        label="Server",
        required=False,
        max_length=400,
        widget=plain_input(),
        help_text=r"Its name, with its instance or port if it has one: erp.example.com, erp.example.com\SAGE100CON or "
        "erp.example.com:1433.",
    )
    database = forms.CharField(
        label="Database", required=False, max_length=128, widget=plain_input(), help_text="The company's own."
    )
    new_login = forms.CharField(
        label="Login",
        required=False,
        max_length=128,
        widget=LoginInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    new_password = forms.CharField(label="Password", required=False, max_length=128, widget=secret_input(), strip=False)
    encryption = forms.ChoiceField(
        label="Encryption",
        required=False,
        widget=forms.RadioSelect,
        choices=[
            (Encryption.VERIFIED.value, "Verified: encrypted, and the server proves by its certificate who it is"),
            (Encryption.REQUIRED.value, "Required: encrypted, but any server would be believed"),
            (Encryption.OFF.value, "Off: whoever listens on the network can read along, the password too"),
        ],
    )
    ca_file = forms.CharField(
        label="CA file",
        required=False,
        max_length=400,
        widget=plain_input(),
        help_text="For verified encryption: the full path, on the machine that runs this site, of the PEM file with "
        "the authority that issued the server's certificate. Blank for the authorities that the machine trusts.",
    )
    new_database_url = forms.CharField(
        label="Database URL", required=False, max_length=2000, widget=secret_input(), strip=True
    )

    def chosen_url(self, cleaned: dict[str, Any], seen: dict[str, Any]) -> tuple[str, dict[str, str]]:
        """The URL that is to be saved, "" to keep the stored one; and what is wrong, by the field.

        `seen` is what the boxes showed first: what nobody touched is not typed, whoever has changed it since.
        """
        typed = {name: cleaned[name] for name in ADDRESS}
        login, password, url = (cleaned[name] for name in ("new_login", "new_password", "new_database_url"))
        is_shown = typed in ({name: seen.get(name) for name in ADDRESS}, address_fields(self.connection))
        if not any([login, password, typed["host"], typed["database"]]):
            return url, {}  # the boxes are empty: they say nothing
        if url:
            return (url, {}) if is_shown and not login and not password else ("", {"new_database_url": NOT_BOTH})
        if is_shown and not login and not password:
            return "", {}
        return self._composed(typed, login, password)

    def _composed(self, typed: dict[str, str], login: str, password: str) -> tuple[str, dict[str, str]]:
        address, stored = _address(typed), stored_address(self.connection)
        if stored is not None and _way_to(address) == _way_to(stored) and login in ("", stored.login):
            address = replace(address, login=stored.login, password=password or stored.password)
        else:
            address = replace(address, login=login, password=password)
        faults = {FIELD_OF.get(part, part): sentence for part, sentence in address.faults().items()}
        if not address.password:
            faults["new_password"] = AGAIN if stored else "Enter the password of that login."
        if not address.login and stored:
            faults["new_login"] = AGAIN
        return ("", faults) if faults else (address.to_url(), {})


def stored_address(connection: ErpConnection | None) -> SqlServerAddress | None:
    """The address that is stored; None where it is none of a SQL Server, no key opens it, or it may not be shown."""
    if connection is None:
        return None
    try:
        database_url = connection.database_url
        return SqlServerAddress.from_url(database_url) if whereabouts(database_url) != NOT_SHOWN else None
    except (SecretUnreadable, NeedsAttention):
        return None


def address_fields(connection: ErpConnection | None) -> dict[str, str]:
    """What the boxes show of the stored address: nothing secret."""
    stored = stored_address(connection)
    if stored is None:
        return dict.fromkeys(ADDRESS, "") | {"encryption": Encryption.VERIFIED.value}
    host = f"[{stored.host}]" if ":" in stored.host else stored.host
    instance = f"\\{stored.instance}" if stored.instance else ""
    port = f":{stored.port}" if stored.port else ""
    return {
        "host": f"{host}{instance}{port}",
        "database": stored.database,
        "encryption": stored.encryption.value,
        "ca_file": stored.ca_file,
    }


def _address(typed: dict[str, str]) -> SqlServerAddress:
    """What the boxes say. What is no server's name stays in the host, where it is found to be none."""
    match = _SERVER.fullmatch(typed["host"])
    host, instance, port = match.groups() if match else (typed["host"], None, None)
    return SqlServerAddress(
        host=host.strip("[]"),
        instance=instance or "",
        port=int(port) if port else None,
        database=typed["database"],
        encryption=Encryption(typed["encryption"] or Encryption.VERIFIED),
        ca_file=typed["ca_file"],
    )


def _way_to(address: SqlServerAddress) -> SqlServerAddress:
    """All that decides who would be handed the password."""
    return replace(address, host=address.host.lower(), database="", login="", password="")
