"""A piece of long work of the set-up: bringing in what the ERP has."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

# Who is named where no person did it.
SET_UP = "Set-up"


class BringIn(models.Model):
    """Bringing in one kind of what the ERP has, from being asked for to its end.

        waiting ◀──▶ working ──▶ done
           │            ├──────▶ failed    (problem and remedy in plain words)
           └────────────┴──────▶ stopped   (by a person)

    It goes through a list once, in the order of its ids, a batch at a time: `position` is the id of the last row that
    was looked at, `done_count` how many were brought in, `left_count` how many were left, with a reason of their own.
    Each batch and its progress are written in one transaction, so that a process that dies loses and doubles nothing.
    What a failed or stopped one left is brought in by the next one.

    One open (waiting or working) one per connection, by a constraint. Whoever works on it filters on its `lease_token`.
    `attempts` counts how often it was taken up since a batch was last done. `job_id`, the number of a job in the ERP,
    narrows commitments to those of that job. Without `requested_by` the product began it by itself, by a
    `StandingDecision`: never for commitments.
    """

    class Step(models.TextChoices):
        JOB = "job", "Jobs"
        VENDOR = "vendor", "Vendors"
        COST_CODE = "cost_code", "Cost codes"
        COST_TYPE = "cost_type", "Cost types"
        COMMITMENT = "commitment", "Commitments"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        WORKING = "working", "Working"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        STOPPED = "stopped", "Stopped"

    OPEN = ("waiting", "working")

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("erpintegrations.ErpConnection", on_delete=models.PROTECT, related_name="bring_ins")
    step = models.CharField(max_length=20, choices=Step.choices)
    job_id = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.WAITING)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    lease_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    total = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    left_count = models.PositiveIntegerField(default=0)
    position = models.BigIntegerField(default=0)
    problem = models.TextField(blank=True)
    remedy = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "bringing in"
        verbose_name_plural = "bringing in"
        constraints = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=models.Q(state__in=["waiting", "working"]),
                name="bring_in_one_open_per_connection",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="working")
                | models.Q(started_at__isnull=False, lease_token__isnull=False, lease_expires_at__isnull=False),
                name="bring_in_working_has_a_lease",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "working"], finished_at=None)
                | ~models.Q(state__in=["waiting", "working"]) & models.Q(finished_at__isnull=False),
                name="bring_in_finished_has_a_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(requested_by__isnull=False) | ~models.Q(step="commitment"),
                name="bring_in_of_commitments_by_a_person",
            ),
        ]
        indexes = [models.Index(fields=["connection", "step", "-id"], name="bring_in_by_step")]

    def __str__(self) -> str:
        return f"Bringing in {self.get_step_display().lower()}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def begun_by(self) -> str:
        """The person; or what did it by itself."""
        return self.requested_by.name if self.requested_by else SET_UP

    @property
    def looked_at(self) -> int:
        """How far it is, of `total`. Rows that came meanwhile may take it beyond; a progress bar does not go there."""
        return min(self.done_count + self.left_count, self.total)
