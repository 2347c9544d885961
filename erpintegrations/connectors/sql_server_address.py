"""Where a company's database on Microsoft SQL Server is, who signs in, and how the way there is protected.

Pure, but for a look at whether the CA file can be read. Only connectors and the settings form import this.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, unquote

from sqlalchemy import URL, make_url

from erpintegrations.connectors.base import NeedsAttention
from erpintegrations.connectors.errors import CORRECT_URL

DRIVER = "mssql+pymssql"
# Where distributions keep the authorities that the machine trusts, if OpenSSL does not say.
NO_AUTHORITIES = "This machine has no list of trusted authorities."
TRUST_STORES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")

_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?")
_IPV6 = re.compile(r"[0-9A-Fa-f:]{2,39}(%[A-Za-z0-9._-]{1,32})?|::(ffff:)?[0-9.]{7,15}", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
# The driver's configuration is read by lines of 256 bytes, up to a comment, with blanks run together.
_LONGEST_PATH = 200
_NO_PATH = re.compile(r"[;#]|\s\s|^\s|\s$")


class Encryption(StrEnum):
    """How the conversation with the server is protected, in the words that the URL uses."""

    OFF = "off"
    REQUIRED = "required"
    VERIFIED = "verified"


@dataclass(frozen=True)
class SqlServerAddress:
    """A database on a server, and the way in. Its repr shows neither login nor password.

    `instance` and `port` exclude each other; with neither, it is the port of a default instance. `ca_file` is the PEM
    file of the authorities that may vouch for the server; without one, those that this machine trusts.
    """

    host: str
    database: str
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    instance: str = ""
    port: int | None = None
    encryption: Encryption = Encryption.VERIFIED
    ca_file: str = ""

    @classmethod
    def from_url(cls, database_url: str) -> SqlServerAddress:
        """Raises NeedsAttention, which never repeats the URL, if it cannot be understood or holds another option."""
        url = _parsed(database_url)
        options = _options(url.query)
        host, _, instance = (url.host or "").partition("\\")
        return cls(
            host=host,
            instance=unquote(instance),
            port=url.port,
            database=url.database or "",
            login=url.username or "",
            password=url.password or "",
            encryption=_encryption(options.get("encryption", Encryption.VERIFIED)),
            ca_file=options.get("ca_file", ""),
        )

    def to_url(self) -> str:
        """A database URL (secret) that `from_url` reads as this very address."""
        options = {"encryption": self.encryption.value} | ({"ca_file": self.ca_file} if self.ca_file else {})
        url = URL.create(
            DRIVER,
            username=self.login or None,
            password=self.password or None,
            host=f"{self.host}\\{quote(self.instance, safe='')}" if self.instance else self.host,
            port=self.port,
            database=self.database,
            query=options,
        )
        return url.render_as_string(hide_password=False)

    def faults(self) -> dict[str, str]:
        """What is wrong with which part, as the sentence that belongs below it. Holds nothing of login or password."""
        found = {
            "host": self._fault_of_host(),
            "instance": self._fault_of_instance(),
            "port": "A port is a number from 1 to 65535."
            if not 1 <= (self.port or 1433) <= 65535 or self.port == 0
            else "",
            "database": _fault_of_text(self.database, "Enter the name of the company's database.", 128),
            "login": _fault_of_text(self.login, "Enter the login that reads the database.", 128),
            "password": _fault_of_text(self.password, "", 128),
            "ca_file": self._fault_of_ca_file(),
        }
        return {part: sentence for part, sentence in found.items() if sentence}

    def authorities(self) -> str:
        """The PEM file against which a certificate is verified; '' where this machine has none."""
        if self.ca_file:
            return self.ca_file
        known = (ssl.get_default_verify_paths().cafile or "", *TRUST_STORES)
        return next((path for path in known if path and Path(path).is_file()), "")

    def _fault_of_host(self) -> str:
        if not self.host:
            return "Enter the name or address of the server."
        if not (_NAME.fullmatch(self.host) or _IPV6.fullmatch(self.host)):
            return "A server's name has letters, digits, dots and hyphens only; instance and port stand apart from it."
        return ""

    def _fault_of_instance(self) -> str:
        if self.instance and self.port is not None:
            return "Give the instance or the port, not both: the port alone is enough."
        if len(self.instance) > 128 or not self.instance.isprintable() or re.search(r"[\s\\;]", self.instance):
            return "An instance's name has no blanks, backslashes or semicolons in it."
        return ""

    def _fault_of_ca_file(self) -> str:
        if self.encryption is not Encryption.VERIFIED:
            return "A CA file has a meaning only with verified encryption." if self.ca_file else ""
        if not self.ca_file:
            return "" if self.authorities() else f"{NO_AUTHORITIES} Name the CA file of the server's certificate."
        if not self.ca_file.startswith("/") or _UNPRINTABLE.search(self.ca_file) or _NO_PATH.search(self.ca_file):
            return "Give the CA file's full path, without ; or # and without line breaks or double blanks."
        if len(self.ca_file.encode()) > _LONGEST_PATH:
            return f"The CA file's path may be {_LONGEST_PATH} bytes long at most: put the file elsewhere."
        return _fault_of_pem(self.ca_file)


def _fault_of_text(text: str, missing: str, longest: int) -> str:
    if not text:
        return missing
    if _UNPRINTABLE.search(text):
        return "This holds a line break or another character that cannot be typed."
    return f"This may be {longest} characters long at most." if len(text) > longest else ""


def _fault_of_pem(path: str) -> str:
    try:
        if Path(path).is_file():
            ssl.create_default_context(cafile=path)
            return ""
    except OSError:  # an SSLError, too: which it is would tell what files the machine has
        pass
    return "Give the path of a file that this program can read, with a certificate in PEM form (BEGIN CERTIFICATE)."


def _parsed(database_url: str) -> URL:
    cause = "not a URL of this driver"
    try:
        url = make_url(database_url)
        if url.drivername == DRIVER:
            return url
    except Exception as error:  # whatever the parser trips over, its text may repeat the URL
        cause = type(error).__name__
    raise NeedsAttention(
        f"The database URL of the connection cannot be understood: one for Microsoft SQL Server begins with {DRIVER}://.",
        remedy=CORRECT_URL,
        cause=cause,
    )


def _options(query: Mapping[str, str | tuple[str, ...]]) -> dict[str, str]:
    options = {name: value for name, value in query.items() if isinstance(value, str)}
    if len(options) != len(query) or not options.keys() <= {"encryption", "ca_file"}:
        raise NeedsAttention(
            "The database URL holds an option that is not known, or one twice.",
            remedy=f"The options are encryption (off, required or verified) and ca_file. {CORRECT_URL}",
            cause="unknown option in the URL",
        )
    return options


def _encryption(word: str) -> Encryption:
    if word in list(Encryption):
        return Encryption(word)
    raise NeedsAttention(
        "The database URL names a kind of encryption that is not known.",
        remedy=f"Choose off, required or verified. {CORRECT_URL}",
        cause="unknown encryption in the URL",
    )
