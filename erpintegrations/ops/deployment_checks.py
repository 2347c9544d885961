"""What `manage.py check --deploy` says about an installation beside Django's own checks. Only `apps` imports this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from erpintegrations.environment import loopback_only


@register(Tags.security, deploy=True)
def sandbox_is_not_for_everybody(**_kwargs: Any) -> list[CheckMessage]:
    if not settings.SANDBOX or loopback_only(settings.ALLOWED_HOSTS):
        return []
    return [
        Warning(
            "The sandbox is open to other machines: everybody knows its sign-ins, and anybody can delete its records.",
            hint="Unset SANDBOX, or make sure that this is a demonstration and holds no real data.",
            id="erpintegrations.W001",
        )
    ]


@register(Tags.security, deploy=True)
def somebody_ends_tls(**_kwargs: Any) -> list[CheckMessage]:
    if not settings.SECURE_SSL_REDIRECT or settings.TRUSTED_PROXIES:
        return []
    return [
        Warning(
            "HTTPS is on and no proxy is trusted: a request that a proxy passed on is redirected to itself for ever.",
            hint="Set TRUSTED_PROXIES to the number of proxies in front, unless gunicorn itself ends TLS.",
            id="erpintegrations.W002",
        )
    ]


@register(deploy=True)
def mail_goes_out(**_kwargs: Any) -> list[CheckMessage]:
    if not settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return []
    return [
        Warning(
            "Mail is written to the log instead of being sent.",
            hint="Set EMAIL_URL, for example submission://user:password@smtp.example.com:587",
            id="erpintegrations.W003",
        )
    ]


@register(Tags.database)
def links_are_found_by_an_index(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Asks the database itself, so only `check --database default` and `migrate` come here."""
    from erpintegrations.models import link_search  # models are there only once the applications are

    warnings: list[CheckMessage] = []
    for connection in map(connections.__getitem__, databases or ()):
        is_made = link_search.MIGRATION in MigrationRecorder(connection).applied_migrations()
        if is_made and not link_search.is_there(connection):
            warnings.append(
                Warning(link_search.WITHOUT_IT, hint=link_search.remedy(connection), id="erpintegrations.W004")
            )
    return warnings
