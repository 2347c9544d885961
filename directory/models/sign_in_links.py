"""Who asked for a link to choose a password."""

from __future__ import annotations

from django.db import models


class SignInLinkRequest(models.Model):
    """One request for a link, whether its address belongs to anybody or not; kept for a day to count them.

        asked ──claim──▶ claimed (sent, or there was nobody to send to)
          ▲                │
          └─not delivered──┘

    Every web and task process counts these rows: they share no memory. `network` is the caller's address, an IPv6 one
    cut to the network that a household or office has. `origin` is this site's own address, for the link in the mail.
    """

    email = models.EmailField()
    network = models.CharField(max_length=45)
    origin = models.CharField(max_length=300)
    asked_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["email", "asked_at"], name="sign_in_link_of_address"),
            models.Index(fields=["network", "asked_at"], name="sign_in_link_of_network"),
            models.Index(fields=["asked_at"], name="sign_in_link_by_age"),
        ]

    def __str__(self) -> str:
        return f"Sign-in link {self.pk}"
