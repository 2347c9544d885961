"""Unlink anyway: severing a link whose record stays in the ERP, by two persons."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class UnlinkOverride(models.Model):
    """Somebody asks to unlink a commitment whose record the ERP refuses to delete; somebody else must consent.

        waiting ──▶ consented | declined | withdrawn

    One waits per link. The asker never consents to their own.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for consent"
        CONSENTED = "consented", "Consented"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey("erpintegrations.SyncLink", on_delete=models.PROTECT, related_name="overrides")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.TextField()
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["link"], condition=models.Q(state="waiting"), name="override_one_waiting_per_link"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="override_has_a_reason"),
            models.CheckConstraint(
                condition=~models.Q(state="consented")
                | models.Q(answered_by__isnull=False) & ~models.Q(answered_by=models.F("asked_by")),
                name="override_consented_by_somebody_else",
            ),
        ]
        indexes = [models.Index(fields=["company", "state", "-id"], name="override_by_state")]

    def __str__(self) -> str:
        return f"Unlink anyway of {self.link}"
