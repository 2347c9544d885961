"""The mail that tells a sender that accounting rejected their commitment."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class RejectionMail(models.Model):
    """One rejection that its sender is to be told of, at once or in the day's digest.

        waiting ──claim──▶ sending ──▶ sent
           ▲                  │
           └──not delivered───┴──▶ given up

    A task may come twice: only the one that claims the row sends. A worker that is killed between claiming and sending
    leaves the row in `sending`, and it is never sent again: rather no mail than two, the page says it anyway.
    `origin` is the site's own address, as the person who rejected saw it, for the link in the mail.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        GIVEN_UP = "given_up", "Given up"

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    export = models.OneToOneField("erpintegrations.Export", on_delete=models.CASCADE, related_name="rejection_mail")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_digest = models.BooleanField(default=False)
    origin = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    token = models.UUIDField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state__in=["sending", "sent"]) | models.Q(token__isnull=False),
                name="rejection_mail_sent_by_who_claimed_it",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="rejection_mail_due"),
            models.Index(fields=["company", "recipient", "state"], name="rejection_mail_of_recipient"),
        ]

    def __str__(self) -> str:
        return f"Rejection of {self.export_id} for {self.recipient_id}"
