"""What is decided beforehand about the ERP's jobs, vendors and codes that are yet to come."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from erpintegrations.models.found_master import FoundMaster


class StandingDecision(models.Model):
    """New ones of this kind, which nothing here is like, are created here by themselves. Without a row, a person
    decides about each.

    New is what the ERP had for the first time after `chosen_at`: what waited then still waits for a person.
    """

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey(
        "erpintegrations.ErpConnection", on_delete=models.CASCADE, related_name="standing_decisions"
    )
    kind = models.CharField(max_length=20, choices=FoundMaster.Kind.choices)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind"], name="standing_decision_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=FoundMaster.Kind.values), name="standing_decision_of_a_known_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"New {self.get_kind_display().lower()} are created here by themselves"
