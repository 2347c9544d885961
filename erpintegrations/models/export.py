"""An export: one commitment on its way into the ERP, from Send to ERP until it is linked, rejected or taken back."""

from __future__ import annotations

import datetime
import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone

from commitments.models import Commitment


class Export(models.Model):
    """One way of one commitment into the ERP.

        ready ──Retrieve──▶ retrieved
          │ └───Reject────▶ rejected ◀──Reject──┐
        Accept                                  │
          ▼                                     │
        accepted ──claim──▶ writing ──▶ awaiting read-back ──▶ linked
          ▲                    │              │    ▲
          └──Retry── failed ◀──┘              ▼    │ decided: link it
                                       needs decision ──▶ rejected

    At most one open export per commitment, and one open accepted number per kind in a connection (without regard to
    case, as the ERP compares numbers). `document` is the commitment as it was sent, in the ERP's field names and as
    the ERP would store it. `key` makes writing idempotent: the bridge is asked for it before anything is written.
    Nothing is linked but by reading the ERP back.

    `written_at` is when the bridge was given the document: from then on it may be in the ERP, until the bridge says
    that it is not. What can be tried again goes back to accepted; `lease_expires_at` then is not before when.
    """

    class State(models.TextChoices):
        READY = "ready", "Ready to export"
        RETRIEVED = "retrieved", "Retrieved"
        REJECTED = "rejected", "Rejected"
        ACCEPTED = "accepted", "Accepted"
        WRITING = "writing", "Being written"
        AWAITING = "awaiting", "Awaiting read-back"
        NEEDS_DECISION = "needs_decision", "Needs a decision"
        FAILED = "failed", "Failed to export"
        LINKED = "linked", "Linked"

    class Method(models.TextChoices):
        ENTRY_SHEET = "entry_sheet", "Entry sheet"
        BRIDGE = "bridge", "Bridge"

    OPEN = ("ready", "accepted", "writing", "awaiting", "needs_decision", "failed")
    NUMBERED = ("accepted", "writing", "awaiting", "needs_decision", "failed")

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("erpintegrations.ErpConnection", on_delete=models.PROTECT, related_name="exports")
    commitment = models.ForeignKey(Commitment, on_delete=models.SET_NULL, null=True, related_name="exports")
    project = models.ForeignKey("directory.Project", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("type", max_length=20, choices=Commitment.Kind.choices)
    number = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    project_name = models.CharField(max_length=200)
    vendor_name = models.CharField(max_length=150)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    document = models.JSONField()
    commitment_revision = models.PositiveIntegerField()

    state = models.CharField(max_length=20, choices=State.choices, default=State.READY)
    method = models.CharField(max_length=20, choices=Method.choices, blank=True)
    erp_number = models.CharField(max_length=50, blank=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    sent_at = models.DateTimeField(default=timezone.now)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reject_reason = models.TextField(blank=True)

    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    remedy = models.TextField(blank=True)
    candidate = models.JSONField(default=dict, blank=True)
    link = models.ForeignKey("erpintegrations.SyncLink", on_delete=models.PROTECT, null=True, related_name="exports")
    finished_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["commitment"],
                condition=models.Q(state__in=["ready", "accepted", "writing", "awaiting", "needs_decision", "failed"]),
                name="export_one_open_per_commitment",
            ),
            models.UniqueConstraint(
                models.F("connection"),
                models.F("kind"),
                Upper("erp_number"),
                condition=models.Q(state__in=["accepted", "writing", "awaiting", "needs_decision", "failed"]),
                name="export_one_open_per_erp_number",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["accepted", "writing", "awaiting", "needs_decision", "failed", "linked"])
                | models.Q(answered_by__isnull=False, answered_at__isnull=False) & ~models.Q(erp_number=""),
                name="export_accepted_by_somebody_under_a_number",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="rejected") | ~models.Q(reject_reason=""),
                name="export_rejected_with_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(state="linked", link__isnull=False) | ~models.Q(state="linked"),
                name="export_linked_has_its_link",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="writing")
                | models.Q(lease_token__isnull=False, lease_expires_at__isnull=False),
                name="export_writing_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "state", "-id"], name="export_by_state"),
            models.Index(fields=["commitment", "-id"], name="export_by_commitment"),
            *(
                models.Index(fields=["company", "state", column, "id"], name=f"export_by_{name}")
                for column, name in (
                    ("number", "number"),
                    ("project_name", "project"),
                    ("vendor_name", "vendor"),
                    ("amount", "amount"),
                )
            ),
        ]

    def __str__(self) -> str:
        return f"Export of {self.number}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def next_attempt_at(self) -> datetime.datetime | None:
        """When an accepted export is tried again that could not be brought on its way; None for any other."""
        return self.lease_expires_at if self.state == self.State.ACCEPTED else None
