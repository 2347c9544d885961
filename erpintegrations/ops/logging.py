"""Log lines, plain for people and JSON for machines, each with its request's id and never a secret.

Only `settings` and gunicorn's configuration import this.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_NAMES = re.compile(r"password|passwd|secret|token|encryption_key|authorization|cookie|csrf|database_url", re.I)
LOGIN_IN_URL = re.compile(r"(?<=://)[^/\s@'\"]+@")
SECRET_IN_QUERY = re.compile(r"((?:password|secret|token|key)=)[^&\s]+", re.I)
TOKEN_OF_SIGN_IN_LINK = re.compile(r"(/password/reset/[^/\s]+/)[^/\s]+")
HIDDEN = "[hidden]"


def configure_logging(*, level: str, json: bool) -> dict[str, Any]:
    """This function will set structlog up and give the matching value of Django's LOGGING setting."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    endings: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if json:
        endings += [structlog.processors.format_exc_info, hide_secrets, structlog.processors.JSONRenderer(default=str)]
    else:
        formatter = structlog.dev.plain_traceback
        endings += [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=formatter)]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": endings,
                "foreign_pre_chain": shared,
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django logs these on handlers of its own; here everything takes the same way out.
            "django": {"handlers": [], "level": "NOTSET", "propagate": True},
            "django.server": {"handlers": [], "level": "NOTSET", "propagate": True},
            # Each request is logged once, by django-structlog, with its id.
            "django.request": {"level": "ERROR"},
            "django-q": {"handlers": [], "level": level, "propagate": True},
        },
    }


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """This function will blank values whose name speaks of a secret, and logins and tokens inside texts."""
    for name, value in event.items():
        if SECRET_NAMES.search(name):
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = _without_secrets(value)
        elif isinstance(value, dict):
            event[name] = hide_secrets(None, "", dict(value))
    return event


def _without_secrets(text: str) -> str:
    text = SECRET_IN_QUERY.sub(rf"\1{HIDDEN}", LOGIN_IN_URL.sub(f"{HIDDEN}@", text))
    return TOKEN_OF_SIGN_IN_LINK.sub(rf"\1{HIDDEN}", text)
