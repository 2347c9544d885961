"""What of ours is the counterpart of each kind of master: the one table of which services, selectors and pages know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from commitments.models import CostCode, CostType, Vendor
from directory.models import Project
from erpintegrations.models.found_master import FoundMaster
from erpintegrations.models.masters import CostCodeLink, CostTypeLink, JobLink, VendorLink

Kind = FoundMaster.Kind


@dataclass(frozen=True, slots=True)
class Counterpart:
    """Ours of one kind: its model, which of its columns holds the number, its link, and how both are called.

    `ours_field` is the link's column for ours. `theirs`, `ours` and `ours_many` are words in the middle of a sentence.
    """

    kind: str
    model: Any
    number_field: str
    link: Any
    ours_field: str
    theirs: str
    ours: str
    ours_many: str

    def width(self, column: str) -> int:
        return int(self.model._meta.get_field(column).max_length)

    def name_of(self, name: str) -> str:
        """How one of ours is called that has this name in the ERP."""
        return name[: self.width("name")]


COUNTERPARTS: dict[str, Counterpart] = {
    counterpart.kind: counterpart
    for counterpart in (
        Counterpart(Kind.JOB, Project, "number", JobLink, "project", "job", "project", "projects"),
        Counterpart(Kind.VENDOR, Vendor, "number", VendorLink, "vendor", "vendor", "vendor", "vendors"),
        Counterpart(
            Kind.COST_CODE, CostCode, "code", CostCodeLink, "cost_code", "cost code", "cost code", "cost codes"
        ),
        Counterpart(
            Kind.COST_TYPE, CostType, "code", CostTypeLink, "cost_type", "cost type", "cost type", "cost types"
        ),
    )
}
