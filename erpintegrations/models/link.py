"""The sync link: a commitment here and its counterpart in the ERP."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils import timezone

from commitments.models import Commitment


class Presence(models.TextChoices):
    """What is recorded of the counterpart in the ERP, by a completed sync or a Check now."""

    UNKNOWN = "unknown", "Not looked at yet"
    PRESENT = "present", "In the ERP"
    DELETED = "deleted", "Deleted"
    VOIDED = "voided", "Voided"
    PURGED = "purged", "Purged with its job"


GONE = (Presence.DELETED, Presence.VOIDED, Presence.PURGED)

# A record that is there, but is not what was agreed: another amount than ours, or another vendor or other lines than
# when it was linked. What was linked before its vendor and lines were kept has nothing to be compared with.
AMOUNT_DRIFTED = ~models.Q(erp_amount=models.F("amount"))
VENDOR_DRIFTED = ~models.Q(expected_vendor_id="") & ~models.Q(erp_vendor_id=models.F("expected_vendor_id"))
LINES_DRIFTED = (
    ~models.Q(expected_lines_digest="")
    & ~models.Q(erp_lines_digest="")
    & ~models.Q(erp_lines_digest=models.F("expected_lines_digest"))
)
DRIFTED = models.Q(presence="present") & (AMOUNT_DRIFTED | VENDOR_DRIFTED | LINES_DRIFTED)


class SyncLink(models.Model):
    """A commitment and its counterpart in the ERP, identified there by `erp_id` (lower case).

        open ──Unlink──▶ closed ──Undo──▶ open         (`closed_at` is empty while open)

    One open link per commitment and per ERP record. A link is closed by a person only, and is kept for good: the last
    one a person closed is the memory that keeps a sync from linking again.

    What is recorded of the ERP side (`presence`, `erp_*`, amounts) is as of the later of the connection's last
    completed run and `checked_at`; a sync that finds nothing new does not write here. No sync looks at a closed link:
    Unlink keeps in `checked_at` as of when the record was known, and an undone one is known by runs since `reopened_at`
    only. Whoever writes here filters on what they read (`version`, `presence`, `closed_at`), and counts the rows.

    `erp_fingerprint` is of the whole record from which `erp_*` and the amounts were taken: while the ERP's is the same,
    so are they. Whoever writes the one writes the other.

    `left_in_erp` marks one that two persons closed although its record stays in the ERP. `expected_*` is what the ERP
    should hold, as it was when linked: where `erp_*` differs from it, or from `amount`, the two sides have drifted. The
    database itself keeps `has_drifted`, so that the few that have are found among all.

    `closed_lines` is the schedule of values when it was closed, each line as (id, position, words): what is corrected
    since is told from it. None for one that was closed before that was kept.

    A closed link outlives its commitment, which may be deleted then; an open one keeps it from being deleted.
    `number`, `title`, `project_name`, `vendor_name` and `amount` are copies of ours that lists order and search by;
    the commitment's own are locked while it is linked, and renamed projects and vendors are copied by the housekeeping.
    """

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("erpintegrations.ErpConnection", on_delete=models.PROTECT, related_name="links")
    commitment = models.ForeignKey(Commitment, on_delete=models.SET_NULL, null=True, related_name="links")
    project = models.ForeignKey("directory.Project", on_delete=models.PROTECT, related_name="+")
    vendor = models.ForeignKey("commitments.Vendor", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField("type", max_length=20, choices=Commitment.Kind.choices)
    number = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    project_name = models.CharField(max_length=200)
    vendor_name = models.CharField(max_length=150)
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    erp_id = models.CharField(max_length=64)
    erp_number = models.CharField(max_length=50)
    erp_job_id = models.CharField(max_length=30)
    erp_vendor_id = models.CharField(max_length=30, blank=True)
    erp_status = models.CharField(max_length=30, blank=True)
    erp_description = models.CharField(max_length=200, blank=True)
    erp_amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    changed_amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    invoiced_amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    erp_updated_at = models.DateTimeField(null=True)
    erp_lines_digest = models.CharField(max_length=64, blank=True)
    erp_fingerprint = models.CharField(max_length=64, blank=True)
    expected_vendor_id = models.CharField(max_length=30, blank=True)
    expected_lines_digest = models.CharField(max_length=64, blank=True)

    presence = models.CharField(max_length=10, choices=Presence.choices, default=Presence.UNKNOWN)
    presence_changed_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    linked_at = models.DateTimeField(default=timezone.now)
    linked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    close_reason = models.TextField(blank=True)
    close_token = models.UUIDField(null=True)
    closed_commitment_revision = models.PositiveIntegerField(null=True)
    closed_lines = models.JSONField(null=True)
    reopened_at = models.DateTimeField(null=True)
    left_in_erp = models.BooleanField(default=False)
    has_drifted = models.GeneratedField(
        expression=models.ExpressionWrapper(DRIFTED, output_field=models.BooleanField()),
        output_field=models.BooleanField("drifted"),
        db_persist=True,
    )

    class Meta:
        ordering = ["number", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["commitment"], condition=models.Q(closed_at=None), name="link_one_open_per_commitment"
            ),
            models.UniqueConstraint(
                fields=["connection", "erp_id"], condition=models.Q(closed_at=None), name="link_one_open_per_erp_record"
            ),
            models.CheckConstraint(condition=~models.Q(erp_id=""), name="link_erp_id_not_blank"),
            models.CheckConstraint(condition=models.Q(presence__in=Presence.values), name="link_presence_known"),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=False) | models.Q(commitment__isnull=False),
                name="link_open_one_has_a_commitment",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None, closed_by=None, close_token=None, closed_commitment_revision=None)
                | models.Q(
                    closed_at__isnull=False,
                    closed_by__isnull=False,
                    close_token__isnull=False,
                    closed_commitment_revision__isnull=False,
                )
                & (models.Q(presence__in=GONE) | models.Q(left_in_erp=True)),
                name="link_closed_by_a_person_when_gone_or_by_two",
            ),
        ]
        indexes = [
            *(
                models.Index(
                    fields=["company", column, "id"], condition=models.Q(closed_at=None), name=f"link_by_{name}"
                )
                for column, name in (
                    ("number", "number"),
                    ("title", "title"),
                    ("kind", "kind"),
                    ("project_name", "project"),
                    ("vendor_name", "vendor"),
                    ("amount", "amount"),
                    ("erp_number", "erp_number"),
                    ("presence", "presence"),
                )
            ),
            models.Index(
                fields=["company", "number", "id"],
                condition=models.Q(closed_at=None, has_drifted=True),
                name="link_drifted",
            ),
            models.Index(
                fields=["company", "number", "id"],
                condition=models.Q(closed_at=None, presence=Presence.PRESENT)
                & ~models.Q(changed_amount=0, invoiced_amount=0),
                name="link_not_deletable",
            ),
            # Nearly all are present: without an index of the few others, SQLite takes any state for a common one.
            models.Index(
                fields=["company", "presence", "number", "id"],
                condition=models.Q(closed_at=None) & ~models.Q(presence=Presence.PRESENT),
                name="link_not_present",
            ),
            models.Index(fields=["commitment", "-id"], condition=models.Q(left_in_erp=True), name="link_left_in_erp"),
            models.Index(fields=["commitment", "-id"], name="link_by_commitment"),
            models.Index(fields=["connection", "erp_id"], name="link_by_erp_id"),
            models.Index(
                fields=["connection", "-erp_updated_at", "-id"],
                condition=models.Q(closed_at=None, presence=Presence.PRESENT),
                name="link_changed_last",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} ↔ {self.erp_number}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def linked_commitment(self) -> Commitment:
        """The commitment of an open link. Raises ValueError for a closed one whose commitment was deleted since."""
        if self.commitment is None:
            raise ValueError("The commitment of this closed link was deleted.")
        return self.commitment

    @property
    def is_gone(self) -> bool:
        return self.presence in GONE

    @property
    def erp_forbids_deletion(self) -> bool:
        return self.presence == Presence.PRESENT and bool(self.invoiced_amount or self.changed_amount)
