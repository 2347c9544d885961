"""Requests for the privilege 'Can Push to Accounting'."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class PrivilegeRequest(models.Model):
    """A person asks for 'Can Push to Accounting' in one company; staff answer in the admin.

    pending ──▶ granted | declined. At most one is pending for a directory entry.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        GRANTED = "granted", "Granted"
        DECLINED = "declined", "Declined"

    member = models.ForeignKey("directory.CompanyMember", on_delete=models.CASCADE, related_name="privilege_requests")
    reason = models.TextField(max_length=500)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    answer = models.TextField(max_length=500, blank=True)

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=models.Q(state="pending"), name="privilege_request_one_pending"
            ),
            models.CheckConstraint(
                condition=models.Q(state="pending", answered_at=None, answered_by=None)
                | models.Q(state__in=["granted", "declined"], answered_at__isnull=False, answered_by__isnull=False),
                name="privilege_request_answered_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"Request of {self.member}"
