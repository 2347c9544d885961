"""Where the administration's pages are, and what they say."""

import smtplib

from django.contrib.admin.models import LogEntry
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse

from directory.models import User


def address(model: str, page: str, *arguments) -> str:
    return reverse(f"admin:directory_{model}_{page}", args=arguments)


def password_page(person: User) -> str:
    return reverse("admin:auth_user_password_change", args=[person.pk])


def log_of(person: User) -> list[tuple[User, str]]:
    """The administration's own log about a person, oldest first."""
    entries = LogEntry.objects.filter(object_id=str(person.pk), content_type__model="user").order_by("pk")
    return [(entry.user, entry.get_change_message()) for entry in entries]


class BrokenServer(EmailBackend):
    """A mail server that refuses the mail."""

    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


def errors_of(response) -> str:
    return " ".join(str(error) for group in response.context["errors"] for error in group)


def shown_inline(prefix: str) -> dict[str, str]:
    """What the browser sends along for a table that only shows."""
    return {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
