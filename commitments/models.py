"""Vendors, cost codes, cost types, commitments and their schedules of values. Amounts in the company's currency."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from directory.models import User


class Vendor(models.Model):
    """A company that is paid: the other side of a commitment."""

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="vendors")
    number = models.CharField(max_length=30)
    name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["company", "number"], name="vendor_number_unique_in_company")]
        # The first by name are offered in lists' filters, of tens of thousands.
        indexes = [models.Index(fields=["company", "name", "id"], name="vendor_by_name")]

    def __str__(self) -> str:
        return self.name


class CostCode(models.Model):
    """Which part of the work money is spent on, such as 03-300 Concrete."""

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="cost_codes")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["code", "id"]
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="cost_code_unique_in_company")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class CostType(models.Model):
    """What kind of thing money is spent on, such as Material or Subcontract."""

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="cost_types")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["code", "id"]
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="cost_type_unique_in_company")]

    def __str__(self) -> str:
        return self.name


class CommitmentQuerySet(models.QuerySet["Commitment"]):
    def visible_to(self, user: User | AnonymousUser) -> CommitmentQuerySet:
        """Commitments of projects where this person has at least Read Only on the Commitments tool."""
        if not user.is_active:
            return self.none()
        return self.filter(
            project__members__user_id=user.pk,
            project__members__commitments_level__gte=1,
            company__members__user_id=user.pk,
        )


class Commitment(models.Model):
    """A subcontract or purchase order that a project has with a vendor.

    Its life towards the ERP, which services of the ERP room alone move on:

        not sent → ready to export → exporting → synced ──Unlink──▶ not sent
                          ↓ rejected      ↓ failed to export

    With the unit-based accounting method a line's amount is its quantity × unit cost; with the amount-based one the
    amount alone is agreed, and its line holds it as one times the amount.

    `revision` grows by one with every change of the row: whoever acts on an older one is told so. `amount` is the
    sum of the lines, kept here because lists sort by it.
    """

    class Kind(models.TextChoices):
        SUBCONTRACT = "subcontract", "Subcontract"
        PURCHASE_ORDER = "purchase_order", "Purchase Order"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OUT_FOR_BID = "out_for_bid", "Out For Bid"
        OUT_FOR_SIGNATURE = "out_for_signature", "Out For Signature"
        APPROVED = "approved", "Approved"
        COMPLETE = "complete", "Complete"
        TERMINATED = "terminated", "Terminated"
        VOID = "void", "Void"
        PROCESSING = "processing", "Processing"
        SUBMITTED = "submitted", "Submitted"
        PARTIALLY_RECEIVED = "partially_received", "Partially Received"
        RECEIVED = "received", "Received"
        CLOSED = "closed", "Closed"

    class ErpStatus(models.TextChoices):
        NOT_SENT = "not_sent", "Not sent"
        READY_TO_EXPORT = "ready_to_export", "Ready to export"
        EXPORTING = "exporting", "Exporting"
        SYNCED = "synced", "Synced"
        FAILED_TO_EXPORT = "failed_to_export", "Failed to export"
        REJECTED = "rejected", "Rejected"

    class AccountingMethod(models.TextChoices):
        AMOUNT_BASED = "amount_based", "Amount-based"
        UNIT_BASED = "unit_based", "Unit-based"

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="commitments")
    project = models.ForeignKey("directory.Project", on_delete=models.PROTECT, related_name="commitments")
    kind = models.CharField("type", max_length=20, choices=Kind.choices)
    number = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="commitments")
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.DRAFT)
    accounting_method = models.CharField(
        max_length=20, choices=AccountingMethod.choices, default=AccountingMethod.UNIT_BASED
    )
    description = models.TextField(blank=True)
    inclusions = models.TextField(blank=True)
    exclusions = models.TextField(blank=True)
    contract_date = models.DateField(null=True, blank=True)
    start_date = models.DateField(null=True, blank=True)
    estimated_completion_date = models.DateField(null=True, blank=True)
    delivery_date = models.DateField(null=True, blank=True)
    default_retainage_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal("0.00"))
    amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal("0.00"))
    erp_status = models.CharField(
        "ERP status", max_length=20, choices=ErpStatus.choices, default=ErpStatus.NOT_SENT, editable=False
    )
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[CommitmentQuerySet] = CommitmentQuerySet.as_manager()  # type: ignore[assignment]

    SUBCONTRACT_STATUSES: ClassVar[tuple[str, ...]] = (
        Status.DRAFT,
        Status.OUT_FOR_BID,
        Status.OUT_FOR_SIGNATURE,
        Status.APPROVED,
        Status.COMPLETE,
        Status.TERMINATED,
        Status.VOID,
    )
    PURCHASE_ORDER_STATUSES: ClassVar[tuple[str, ...]] = (
        Status.DRAFT,
        Status.PROCESSING,
        Status.SUBMITTED,
        Status.PARTIALLY_RECEIVED,
        Status.RECEIVED,
        Status.APPROVED,
        Status.CLOSED,
    )

    class Meta:
        ordering = ["number", "id"]
        constraints = [
            models.UniqueConstraint("project", "kind", Upper("number"), name="commitment_number_unique_in_project"),
            models.CheckConstraint(
                condition=models.Q(kind="subcontract", status__in=["draft", "out_for_bid", "out_for_signature"])
                | models.Q(kind="subcontract", status__in=["approved", "complete", "terminated", "void"])
                | models.Q(kind="purchase_order", status__in=["draft", "processing", "submitted", "approved"])
                | models.Q(kind="purchase_order", status__in=["partially_received", "received", "closed"]),
                name="commitment_status_fits_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(accounting_method__in=["amount_based", "unit_based"]),
                name="commitment_accounting_method_known",
            ),
            models.CheckConstraint(
                condition=models.Q(default_retainage_percent__gte=0, default_retainage_percent__lte=100),
                name="commitment_retainage_is_a_percentage",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "number", "id"], name="commitment_by_number"),
            models.Index(fields=["project", "title", "id"], name="commitment_by_title"),
            models.Index(fields=["project", "amount", "id"], name="commitment_by_amount"),
            models.Index(fields=["company", "erp_status", "id"], name="commitment_by_erp_status"),
            models.Index("company", "kind", Upper("number"), name="commitment_by_company_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def short_label(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    @property
    def is_subcontract(self) -> bool:
        return self.kind == self.Kind.SUBCONTRACT


class ScheduleOfValuesLine(models.Model):
    """One line of a commitment's schedule of values. `amount` is what is agreed for it: `quantity` × `unit_cost`.

    A line keeps its id when it is edited or moved, so that two people's edits can be compared line by line.
    """

    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    cost_code = models.ForeignKey(CostCode, on_delete=models.PROTECT, related_name="+")
    cost_type = models.ForeignKey(CostType, on_delete=models.PROTECT, related_name="+")
    description = models.CharField(max_length=200)
    quantity = models.DecimalField(max_digits=14, decimal_places=4, default=Decimal(1))
    unit_of_measure = models.CharField(max_length=20, blank=True)
    unit_cost = models.DecimalField(max_digits=14, decimal_places=4)
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = "schedule of values line"
        constraints = [
            models.UniqueConstraint(fields=["commitment", "position"], name="line_position_unique_in_commitment")
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.description}"
