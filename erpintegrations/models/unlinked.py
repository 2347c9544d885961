"""Records of the ERP that no commitment here is linked to, as the last completed sync read them."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from commitments.models import Commitment


class UnlinkedRecord(models.Model):
    """A commitment in the ERP that has no open link. Kept up to date by each completed sync, by differences only.

    Nothing hangs on it: what it is linked to, and whether it is there, is asked anew when somebody adopts it.
    `fingerprint` is of the whole record from which the rest was taken, as `SyncLink.erp_fingerprint` is.
    `left` says why it was left when it was last to be brought in, `left_detail` what the person reads of that.
    """

    class Left(models.TextChoices):
        NO_JOB = "no_job", "Its job is not brought in"
        NO_VENDOR = "no_vendor", "Its vendor is not brought in"
        NO_CODE = "no_code", "A cost code or cost type of its lines is not brought in"
        NO_NUMBER = "no_number", "It has no number"
        NOT_AGREED = "not_agreed", "Its status says that it is not agreed"
        NO_LINES = "no_lines", "It has no lines"
        NUMBER_TAKEN = "number_taken", "Its number is taken here"
        EXPORTED = "exported", "It may be an export of ours that is not read back yet"
        UNLINKED = "unlinked", "A person unlinked it before"
        AMOUNTS = "amounts", "Its figures do not agree"
        FIGURE = "figure", "One of its figures cannot be kept here"
        CHANGED = "changed", "It was changed, deleted or voided since it was last read"

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey(
        "erpintegrations.ErpConnection", on_delete=models.CASCADE, related_name="unlinked_records"
    )
    erp_id = models.CharField(max_length=64)
    kind = models.CharField("type", max_length=20, choices=Commitment.Kind.choices)
    number = models.CharField(max_length=50)
    description = models.CharField(max_length=200, blank=True)
    job_id = models.CharField(max_length=30, blank=True)
    vendor_id = models.CharField(max_length=30, blank=True)
    status = models.CharField(max_length=30, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    fingerprint = models.CharField(max_length=64, blank=True)
    first_seen_at = models.DateTimeField()
    left = models.CharField(max_length=20, choices=Left.choices, blank=True)
    left_detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["number", "id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "erp_id"], name="unlinked_record_once"),
        ]
        indexes = [
            models.Index(fields=["company", "number", "id"], name="unlinked_by_number"),
            models.Index(fields=["company", "amount", "id"], name="unlinked_by_amount"),
            models.Index(fields=["company", "vendor_id", "id"], name="unlinked_by_vendor"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.description}"
