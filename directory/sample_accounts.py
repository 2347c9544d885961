"""The sandbox's well-known sign-ins, and what keeps them shut everywhere else: a sign-in backend and a system check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password
from django.core.checks import CheckMessage, Error
from django.db import connections

SAMPLE_PASSWORD = "demo"  # noqa: S105  Well known on purpose: it opens the sandbox's sample company only.
# What each may do, as the sandbox's sign-in page says it.
SAMPLE_ACCOUNTS = {
    "approver@example.com": "Accounting approver: may unlink everywhere.",
    "manager@example.com": "Admin on Commitments, but without the privilege 'Can Push to Accounting'.",
    "accountant@example.com": "Has the privilege and Standard, but only Read Only on Commitments.",
    "viewer@example.com": "Read Only: sees everything, changes nothing.",
    "staff@example.com": "Administration only: grants the privilege.",
    "admin@example.com": "Everything.",
}
SAMPLE_EMAILS = tuple(SAMPLE_ACCOUNTS)


class PeopleBackend(ModelBackend):
    """Signs people in by e-mail address and password; outside the sandbox, never by the sample password."""

    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        if password == SAMPLE_PASSWORD and not settings.SANDBOX:
            return None
        return super().authenticate(request, username=username, password=password, **kwargs)


def check_sample_accounts(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """System check `directory.E001`: a server that is no sandbox does not keep accounts with the sample password."""
    if settings.SANDBOX or not databases:
        return []
    from directory.models import User  # the check is registered before the models are loaded

    found: list[str] = []
    for alias in databases:
        if User._meta.db_table in connections[alias].introspection.table_names():
            people = User.objects.using(alias).filter(email__in=SAMPLE_EMAILS, is_active=True)
            found += [email for email, password in people.values_list("email", "password") if _is_sample(password)]
    if not found:
        return []
    return [
        Error(
            f"This database holds sample accounts whose password is well known: {', '.join(sorted(found))}.",
            hint="Sample data belongs to the sandbox. Use a database without it; or deactivate these people, or give "
            "them other passwords (manage.py changepassword ADDRESS). Until then nobody can sign in with them here.",
            id="directory.E001",
        )
    ]


def _is_sample(password: str) -> bool:
    return check_password(SAMPLE_PASSWORD, password)
