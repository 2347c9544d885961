"""A sync run: one comparison of a connection's links with the whole ERP side, and the changes that it found."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils import timezone


class SyncRun(models.Model):
    """One run, from being asked for to its result. The history of the hourly sync.

        queued ──▶ running ──▶ completed
                      │ ├────▶ failed                         (problem and remedy in plain words)
                      │ └────▶ needs confirmation ──▶ confirmed | discarded | superseded
                      └ lease ran out ──▶ taken over: running with another `lease_token`

    One open (queued or running) run per connection, by a constraint. Whoever writes to a running run filters on its
    `lease_token`: a run that was taken for dead cannot overwrite its successor. `read_at` is the moment as of which the
    ERP was read. A confirmed run's disappearances are applied by the run that `confirms` it, after a fresh reading. One
    that was triggered as GONE also marks all jobs, vendors and codes that are missing, however many they are.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"
        NEEDS_CONFIRMATION = "needs_confirmation", "Needs confirmation"
        CONFIRMED = "confirmed", "Confirmed"
        DISCARDED = "discarded", "Discarded"
        SUPERSEDED = "superseded", "Superseded by a later run"

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "Hourly sync"
        PERSON = "person", "Sync now"
        COMMAND = "command", "Command line"
        CONFIRMATION = "confirmation", "Confirmation"
        GONE = "gone", "Confirmation of what is gone"

    class Phase(models.TextChoices):
        CONNECTING = "connecting", "Connecting"
        READING = "reading", "Reading the ERP"
        COMPARING = "comparing", "Comparing"
        ASKING_AGAIN = "asking_again", "Asking again for what is missing"
        APPLYING = "applying", "Recording what was found"

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("erpintegrations.ErpConnection", on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=20, choices=State.choices, default=State.QUEUED)
    trigger = models.CharField(max_length=20, choices=Trigger.choices)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirms = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="confirmed_by_runs")

    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    phase = models.CharField(max_length=20, choices=Phase.choices, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)

    records_read = models.PositiveIntegerField(default=0)
    links_compared = models.PositiveIntegerField(default=0)
    present_count = models.PositiveIntegerField(default=0)
    deleted_count = models.PositiveIntegerField(default=0)
    voided_count = models.PositiveIntegerField(default=0)
    purged_count = models.PositiveIntegerField(default=0)
    returned_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)

    problem = models.TextField(blank=True)
    remedy = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decision_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=models.Q(state__in=["queued", "running"]),
                name="run_one_open_per_connection",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running")
                | models.Q(started_at__isnull=False, lease_token__isnull=False, lease_expires_at__isnull=False),
                name="run_running_has_a_lease",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running"], finished_at=None)
                | ~models.Q(state__in=["queued", "running"]) & models.Q(finished_at__isnull=False),
                name="run_finished_has_a_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-id"], name="run_by_company"),
            models.Index(fields=["connection", "state", "-id"], name="run_by_state"),
            models.Index(fields=["connection", "trigger", "-id"], name="run_by_trigger"),
        ]

    def __str__(self) -> str:
        return f"Sync run {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def has_recorded(self) -> bool:
        """Whether its figures are facts: only what a completed run found was written to the links."""
        return self.state == SyncRun.State.COMPLETED

    @property
    def has_proposed(self) -> bool:
        """Whether it read everything and found something, but recorded nothing of it."""
        return self.state in PROPOSED_STATES

    @property
    def gone_count(self) -> int:
        return self.deleted_count + self.voided_count + self.purged_count


OPEN_STATES = (SyncRun.State.QUEUED, SyncRun.State.RUNNING)
PROPOSED_STATES = (
    SyncRun.State.NEEDS_CONFIRMATION,
    SyncRun.State.CONFIRMED,
    SyncRun.State.DISCARDED,
    SyncRun.State.SUPERSEDED,
)


class SyncChange(models.Model):
    """One difference that a run found between a link and the ERP. Applied if its run completed, else only proposed."""

    class What(models.TextChoices):
        DELETED = "deleted", "Deleted in the ERP"
        VOIDED = "voided", "Voided in the ERP"
        PURGED = "purged", "Purged with its job"
        RETURNED = "returned", "Back in the ERP"
        CHANGED = "changed", "Changed in the ERP"

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="changes")
    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey("erpintegrations.SyncLink", on_delete=models.PROTECT, related_name="sync_changes")
    what = models.CharField(max_length=10, choices=What.choices)
    label = models.CharField(max_length=250)
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["run", "link"], name="change_once_per_link_and_run")]
        indexes = [models.Index(fields=["run", "what", "id"], name="change_by_what")]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.label}"
