"""The way to the set-up and to its steps, and where each step's page is."""

from __future__ import annotations

from django.urls import reverse

from directory.models import Company
from erpintegrations.models import BringIn
from erpintegrations.web.synced import Trail, tool_trail

# The part of a step's address that names it.
SLUGS = {
    BringIn.Step.JOB.value: "jobs",
    BringIn.Step.VENDOR.value: "vendors",
    BringIn.Step.COST_CODE.value: "cost-codes",
    BringIn.Step.COST_TYPE.value: "cost-types",
}


def set_up_trail(company: Company) -> Trail:
    """The way to a page below the set-up."""
    return [*tool_trail(company), ("Set-up", reverse("set_up", args=[company.slug]))]


def step_url(company: Company, step: str) -> str:
    if step == BringIn.Step.COMMITMENT:
        return reverse("set_up_commitments", args=[company.slug])
    return reverse("set_up_masters", args=[company.slug, SLUGS[step]])
