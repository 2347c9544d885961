"""Which of the ERP's jobs, vendors, cost codes and cost types are which of ours."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from erpintegrations.connectors.base import Master


class MasterLink(models.Model):
    """One of ours and its counterpart in the ERP, each at most once per connection.

    `erp_id` is the record's number in the ERP, as text; `erp_name` how it was called there when last read. `gone_at` is
    set when a completed reading no longer found it, or found another name under its number after the connection was
    pointed at another of the ERP's companies. It comes back under its old name alone. It is never deleted here for
    that, but gives way to what a person links in its place.
    """

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey("erpintegrations.ErpConnection", on_delete=models.PROTECT, related_name="%(class)ss")
    erp_id = models.CharField(max_length=30)
    erp_name = models.CharField(max_length=150, blank=True)
    linked_at = models.DateTimeField(default=timezone.now)
    linked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    gone_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering = ["erp_id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "erp_id"], name="%(class)s_once_per_erp_record"),
            models.CheckConstraint(condition=~models.Q(erp_id=""), name="%(class)s_erp_id_not_blank"),
        ]

    def __str__(self) -> str:
        return f"{self.erp_id} {self.erp_name}"

    def is_of(self, master: Master) -> bool:
        """Whether what the ERP has under its number now is called as it was."""
        return self.erp_name == erp_name_of(master)


def erp_name_of(master: Master) -> str:
    """What a link keeps of the ERP's name."""
    return (master.name or master.short_name)[:150]


class JobLink(MasterLink):
    project = models.OneToOneField("directory.Project", on_delete=models.CASCADE, related_name="job_link")


class VendorLink(MasterLink):
    vendor = models.OneToOneField("commitments.Vendor", on_delete=models.CASCADE, related_name="erp_link")


class CostCodeLink(MasterLink):
    cost_code = models.OneToOneField("commitments.CostCode", on_delete=models.CASCADE, related_name="erp_link")


class CostTypeLink(MasterLink):
    cost_type = models.OneToOneField("commitments.CostType", on_delete=models.CASCADE, related_name="erp_link")
