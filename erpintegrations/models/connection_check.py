"""Test connection: one look at everything that reading an ERP needs, and what it found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class ConnectionCheck(models.Model):
    """One test of a connection as it is saved, from being asked for to its result.

        queued ──▶ running ──▶ finished      (`outcome` says how it went, `results` what was found)
                      └ lease ran out ──▶ taken over: running with another `lease_token`, or finished as failed

    One open (queued or running) check per connection, by a constraint. Whoever writes to a running check filters on its
    `lease_token`. `results` are the checks in their order, each as `connectors.checks.Check`; while it runs, those done
    so far. `settings_version` is the version of the connection's settings that was tested.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"

    class Outcome(models.TextChoices):
        PASSED = "passed", "Passed"
        WARNED = "warned", "Passed with warnings"
        FAILED = "failed", "Failed"

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("erpintegrations.ErpConnection", on_delete=models.PROTECT, related_name="checks")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    settings_version = models.PositiveIntegerField(default=0)
    results = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=models.Q(state__in=["queued", "running"]),
                name="check_one_open_per_connection",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running")
                | models.Q(started_at__isnull=False, lease_token__isnull=False, lease_expires_at__isnull=False),
                name="check_running_has_a_lease",
            ),
            models.CheckConstraint(
                condition=models.Q(state="finished", finished_at__isnull=False) & ~models.Q(outcome="")
                | models.Q(state__in=["queued", "running"], finished_at=None, outcome=""),
                name="check_finished_has_an_outcome",
            ),
        ]
        indexes = [models.Index(fields=["connection", "-id"], name="check_by_connection")]

    def __str__(self) -> str:
        return f"Connection test {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state != ConnectionCheck.State.FINISHED

    @property
    def is_outdated(self) -> bool:
        """Whether the settings were saved since: what it found is then no longer of what is saved."""
        return not self.is_open and self.settings_version != self.connection.version

    @property
    def leads_on(self) -> bool:
        """Whether it was good, and jobs, vendors and codes were never read: a sync and the set-up are next."""
        is_good = self.outcome in (self.Outcome.PASSED, self.Outcome.WARNED) and not self.is_outdated
        return is_good and self.connection.masters_read_at is None
