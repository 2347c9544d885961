"""The environment variables, read and checked in one place. Only `settings` and gunicorn's configuration import this.

Every wrong or missing variable is reported at once, never with its value: any of them may hold a secret.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import dj_email_url
from cryptography.fernet import Fernet
from environs import EnvNotSetError, EnvValidationError, FileAwareEnv, ValidationError

LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"]
LOG_FORMATS = ["plain", "json"]
SECRET_KEY_LENGTH = 50
HOST_NAME = re.compile(r"\.?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\]")

MAKE_SECRET_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"  # noqa: S105
MAKE_ENCRYPTION_KEY = "python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"


@dataclass(frozen=True)
class Environment:
    """What the variables say. Secrets are kept out of its `repr` by `__repr__`."""

    debug: bool
    sandbox: bool
    https: bool
    secret_key: str
    encryption_keys: list[str]
    allowed_hosts: list[str]
    csrf_trusted_origins: list[str]
    data_directory: Path
    sqlite_folders: list[Path]
    database: dict[str, Any]
    task_workers: int
    trusted_proxies: int
    time_zone: str
    email: dict[str, Any]
    email_from: str
    log_level: str
    log_format: str

    def __repr__(self) -> str:
        return f"Environment(debug={self.debug}, sandbox={self.sandbox}, https={self.https}, …)"


class EnvironmentProblems(Exception):
    """The environment cannot be used. `lines` holds one sentence for each wrong or missing variable."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def read_environment(base_dir: Path) -> Environment:
    """This function will read the environment, or name all that is wrong on stderr and exit with status 1."""
    try:
        return parse_environment(base_dir)
    except EnvironmentProblems as problems:
        count = len(problems.lines)
        what = "one setting is" if count == 1 else f"{count} settings are"
        lines = [f"ERP Integrations cannot start: {what} wrong or missing in the environment.", *problems.lines]
        sys.stderr.write("\n  ".join(lines) + "\ndocs/operating.md explains every setting.\n")
        raise SystemExit(1) from None


def parse_environment(base_dir: Path) -> Environment:
    """This function will read and check every variable.

    Raises EnvironmentProblems, with all that is wrong.
    """
    reader = _Reader()
    env = reader.env
    debug = bool(reader.read(env.bool, "DEBUG", False))
    sandbox = bool(reader.read(env.bool, "SANDBOX", False))
    development = debug or sandbox
    data_directory = _resolved(base_dir, reader.read(env.str, "DATA_DIRECTORY", "var") or "var")

    sqlite_folders = reader.read(env.list, "SQLITE_FOLDERS", [str(data_directory)])
    https = bool(reader.read(env.bool, "HTTPS", not development))
    allowed_hosts = reader.read(env.list, "ALLOWED_HOSTS", LOOPBACK_HOSTS if development else ..., _hosts)
    origins = reader.read(env.list, "CSRF_TRUSTED_ORIGINS", [], _origins)
    trusted_proxies = reader.read(env.int, "TRUSTED_PROXIES", 0, _between(0, 10))
    task_workers = reader.read(env.int, "TASK_WORKERS", 4, _between(1, 64))
    time_zone = reader.read(env.str, "TIME_ZONE", "UTC", _time_zone)
    email = reader.read(env.dj_email_url, "EMAIL_URL", dj_email_url.parse("console://"), _email)
    email_from = reader.read(env.str, "EMAIL_FROM", "ERP Integrations <erp-integrations@localhost>", _mailbox)
    log_level = reader.read(env.str, "LOG_LEVEL", "INFO", _one_of(LOG_LEVELS))
    log_format = reader.read(env.str, "LOG_FORMAT", "plain" if development else "json", _one_of(LOG_FORMATS))
    database = _database(reader, base_dir, data_directory)
    secret_key = reader.read(env.str, "SECRET_KEY", None if development else ..., _secret_key)
    encryption_keys = reader.read(env.list, "ENCRYPTION_KEYS", None if development else ..., _encryption_keys)

    uses_data_directory = development or (database and database["ENGINE"].endswith("sqlite3"))
    if uses_data_directory and "DATA_DIRECTORY" not in reader.problems:
        _prepare(reader, data_directory)
    if reader.problems:
        raise EnvironmentProblems([f"{name} {problem}" for name, problem in reader.problems.items()])

    return Environment(
        debug=debug,
        sandbox=sandbox,
        https=https,
        secret_key=secret_key or _kept(data_directory / "secret-key", lambda: secrets.token_urlsafe(50)),
        encryption_keys=encryption_keys
        or [_kept(data_directory / "encryption-key", lambda: Fernet.generate_key().decode())],
        allowed_hosts=allowed_hosts,
        csrf_trusted_origins=origins,
        data_directory=data_directory,
        sqlite_folders=[_resolved(base_dir, folder.strip()) for folder in sqlite_folders if folder.strip()],
        database=database,
        task_workers=task_workers,
        trusted_proxies=trusted_proxies,
        time_zone=time_zone,
        email=email,
        email_from=email_from,
        log_level=log_level.upper(),
        log_format=log_format.lower(),
    )


class _Reader:
    """Reads one variable after the other and remembers what was wrong, so that all of it is told at once."""

    def __init__(self) -> None:
        self.env = FileAwareEnv(strip_whitespace=True)
        self.problems: dict[str, str] = {}

    def read(
        self, parse: Callable[..., Any], name: str, default: Any, check: Callable[[Any], Any] | None = None
    ) -> Any:
        """Give the checked value; the default when the variable is missing or empty; None when it is wrong."""
        try:
            value = self._value(parse, name, default)
            return check(value) if check and value is not None else value
        except EnvNotSetError:
            self.problems[name] = f"is missing. {HOW_TO_SET[name]}"
        except ValidationError as error:
            self.problems[name] = str(error.messages[0])
        except EnvValidationError as error:
            said = error.error_messages
            first = said[0] if isinstance(said, list) and said else ""
            self.problems[name] = _PLAIN_WORDS.get(first, "cannot be understood.")
        except ValueError:
            self.problems[name] = f"cannot be read: {name}_FILE must name a readable text file."
        return None

    def _value(self, parse: Callable[..., Any], name: str, default: Any) -> Any:
        is_empty = not os.environ.get(name, "").strip() and not os.environ.get(f"{name}_FILE")
        if is_empty and default is ...:
            raise EnvNotSetError(name)
        return default if is_empty else parse(name)


HOW_TO_SET = {
    "SECRET_KEY": f"Make one with: {MAKE_SECRET_KEY}",
    "ENCRYPTION_KEYS": f"Make one with: {MAKE_ENCRYPTION_KEY}",
    "ALLOWED_HOSTS": "Give the host names that people type, separated by commas: erp.example.com",
}
_PLAIN_WORDS = {
    "Not a valid boolean.": "must be 1 or 0.",
    "Not a valid integer.": "must be a whole number.",
    "Not a valid database URL.": "is not a database URL. Examples: postgres://user:password@host:5432/name, "
    "sqlite:////srv/erp/erp.sqlite3. Write special characters in a password as %40 and the like.",
    "Not a valid email URL.": "is not an e-mail URL. Example: submission://user:password@smtp.example.com:587",
}


def _resolved(base_dir: Path, path: str) -> Path:
    return (base_dir / Path(path).expanduser()).resolve()


def _between(lowest: int, highest: int) -> Callable[[int], int]:
    def check(number: int) -> int:
        if not lowest <= number <= highest:
            raise ValidationError(f"must be a whole number from {lowest} to {highest}.")
        return number

    return check


def _one_of(choices: list[str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value.casefold() not in [choice.casefold() for choice in choices]:
            raise ValidationError(f"must be one of: {', '.join(choices)}.")
        return value

    return check


def _hosts(hosts: list[str]) -> list[str]:
    hosts = [host.strip() for host in hosts if host.strip()]
    if not hosts or not all(HOST_NAME.fullmatch(host) for host in hosts):
        raise ValidationError(
            "must be host names separated by commas, without https://, port or path, and never *: erp.example.com"
        )
    return hosts


def _origins(origins: list[str]) -> list[str]:
    origins = [origin.strip().rstrip("/") for origin in origins if origin.strip()]
    if not all(re.fullmatch(r"https?://[^/\s]+", origin) for origin in origins):
        raise ValidationError("must be origins separated by commas, each with its scheme: https://erp.example.com")
    return origins


def _time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValidationError("is not the name of a time zone. Example: America/Chicago")
    return name


def _email(config: dict[str, Any]) -> dict[str, Any]:
    if "EMAIL_BACKEND" not in config:
        raise ValidationError(_PLAIN_WORDS["Not a valid email URL."])
    # A mail server that does not answer must not hold up a request or a task for minutes.
    return config | {"EMAIL_TIMEOUT": config["EMAIL_TIMEOUT"] or 10}


def _mailbox(address: str) -> str:
    if not re.fullmatch(r"[^<>\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+", address):
        raise ValidationError("is not a sender. Example: ERP Integrations <erp@example.com>")
    return address


def _secret_key(key: str) -> str:
    if len(key) < SECRET_KEY_LENGTH or len(set(key)) < 5 or key.startswith("django-insecure-"):
        raise ValidationError(f"is too easy to guess. Make one with: {MAKE_SECRET_KEY}")
    return key


def _encryption_keys(keys: list[str]) -> list[str]:
    keys = [key.strip() for key in keys if key.strip()]
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ValidationError(
                f"holds no Fernet key at place {position} of {len(keys)}. Make one with: {MAKE_ENCRYPTION_KEY}"
            ) from None
    if not keys:
        raise ValidationError(f"is missing. {HOW_TO_SET['ENCRYPTION_KEYS']}")
    return keys


def _database(reader: _Reader, base_dir: Path, data_directory: Path) -> dict[str, Any]:
    def check(config: dict[str, Any]) -> dict[str, Any]:
        engine = config["ENGINE"].rpartition(".")[2]
        if engine == "sqlite3":
            return _sqlite(config, base_dir)
        if engine == "postgresql":
            return _postgresql(config)
        raise ValidationError("must begin with postgres:// or sqlite:///.")

    # The default is built from parts, so that no character of the directory's name is read as a part of an URL.
    config = reader.read(reader.env.dj_db_url, "DATABASE_URL", None, check)
    if config is None and "DATABASE_URL" not in reader.problems:
        name = str(data_directory / "erp-integrations.sqlite3")
        return _sqlite({"ENGINE": "django.db.backends.sqlite3", "NAME": name}, base_dir)
    return config or {}


def _sqlite(config: dict[str, Any], base_dir: Path) -> dict[str, Any]:
    if config["NAME"] == ":memory:":
        raise ValidationError(
            "must name a file: a database in memory cannot be shared by the web server and the tasks."
        )
    config["NAME"] = str(_resolved(base_dir, config["NAME"]))
    # Measured: with Django's defaults, a third of tasks that write at the same time end in "database is locked".
    config["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
    } | config.get("OPTIONS", {})
    return config


def _postgresql(config: dict[str, Any]) -> dict[str, Any]:
    if not config["NAME"]:
        raise ValidationError("lacks the name of the database: postgres://user:password@host:5432/name")
    if "pool" in config.get("OPTIONS", {}):
        raise ValidationError("must not ask for a pool: the task cluster forks, and a forked pool hangs.")
    config["OPTIONS"] = {"application_name": "erp-integrations"} | config.get("OPTIONS", {})
    return config | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def _prepare(reader: _Reader, directory: Path) -> None:
    with contextlib.suppress(OSError):
        directory.mkdir(mode=0o750, parents=True, exist_ok=True)
    if not directory.is_dir() or not os.access(directory, os.W_OK | os.X_OK):
        reader.problems["DATA_DIRECTORY"] = f"({directory}) must be a directory that this program may write to."


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Read a development key, and make it first if there is none: two processes that start at once get the same."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(make(), encoding="ascii")
        draft.chmod(0o600)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def loopback_only(hosts: list[str]) -> bool:
    """Whether these hosts are all names of this machine itself."""
    return all(host in LOOPBACK_HOSTS or urlsplit(f"//{host}").hostname == "localhost" for host in hosts)
