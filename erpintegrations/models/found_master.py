"""What the ERP has of jobs, vendors, cost codes and cost types, and what is to become of each here."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from erpintegrations.models.bring_in import BringIn


class FoundMaster(models.Model):
    """A job, vendor, cost code or cost type of the ERP, as last read, and what a person decided about it.

        undecided ◀──▶ create | link | leave
                          └──────┴──▶ brought in    (or, with a `problem`, leave)

    By a `StandingDecision`, what is undecided and new and like nothing here is brought in by itself.

    What is brought in has its link (`JobLink` and the like), which is the fact: the state follows it, at the latest
    when the ERP is read again. `chosen_id` is which of ours it is to be linked to; `suggested_id`, and `likeness`,
    which of ours looks like it, as of the last reading. Either may have been deleted since.

    `erp_id` is its number in the ERP, as text; `order_key` sorts by it as by a number. `gone_at` is set when a
    completed reading no longer found it; the row stays. Written by differences only.
    """

    class Kind(models.TextChoices):
        JOB = BringIn.Step.JOB.value, "Jobs"
        VENDOR = BringIn.Step.VENDOR.value, "Vendors"
        COST_CODE = BringIn.Step.COST_CODE.value, "Cost codes"
        COST_TYPE = BringIn.Step.COST_TYPE.value, "Cost types"

    class State(models.TextChoices):
        UNDECIDED = "undecided", "Undecided"
        CREATE = "create", "To be created"
        LINK = "link", "To be linked"
        LEAVE = "leave", "Left"
        BROUGHT_IN = "brought_in", "Brought in"

    class Likeness(models.TextChoices):
        SAME = "same", "Same number and name"
        NAME = "name", "Same name"
        ALIKE = "alike", "A name much alike, not the same"
        NUMBER = "number", "Same number, another name"
        SEVERAL = "several", "Several are alike"
        TAKEN = "taken", "Number is taken"
        NONE = "none", "Nothing is alike"

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey(
        "erpintegrations.ErpConnection", on_delete=models.CASCADE, related_name="found_masters"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    erp_id = models.CharField(max_length=30)
    order_key = models.CharField(max_length=40)
    name = models.CharField(max_length=150, blank=True)
    short_name = models.CharField(max_length=150, blank=True)
    status = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.UNDECIDED)
    chosen_id = models.BigIntegerField(null=True)
    likeness = models.CharField(max_length=20, choices=Likeness.choices, default=Likeness.NONE)
    suggested_id = models.BigIntegerField(null=True)
    problem = models.TextField(blank=True)
    first_seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["order_key", "id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "erp_id"], name="found_master_once"),
            models.UniqueConstraint(
                fields=["connection", "kind", "chosen_id"],
                condition=models.Q(state="link"),
                name="found_master_chosen_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="link") | models.Q(chosen_id__isnull=False),
                name="found_master_to_be_linked_to_one",
            ),
            models.CheckConstraint(
                condition=models.Q(problem="") | models.Q(state="leave"), name="found_master_left_for_a_problem"
            ),
            models.CheckConstraint(condition=~models.Q(erp_id=""), name="found_master_erp_id_not_blank"),
        ]
        indexes = [
            models.Index(fields=["connection", "kind", "order_key", "id"], name="found_master_by_number"),
            models.Index(fields=["connection", "kind", "name", "id"], name="found_master_by_name"),
            models.Index(fields=["connection", "kind", "state", "id"], name="found_master_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.erp_id} {self.label}".strip()

    @property
    def label(self) -> str:
        """Its name; where it has none, its short name or its number."""
        return self.name or self.short_name or self.erp_id


def order_key_of(erp_id: str) -> str:
    """A text that sorts as the number does: 9 before 10, 3.3 before 3.25, a text that is no number behind them."""
    return f"{Decimal(erp_id):027.6f}" if erp_id.replace(".", "", 1).isdecimal() else erp_id.upper()
