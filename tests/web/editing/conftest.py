"""A draft to be edited, and where a new one is written."""

import pytest
from django.urls import reverse

from tests.factories import (
    CommitmentFactory,
    CostCodeFactory,
    CostTypeFactory,
    LineFactory,
    VendorFactory,
)


@pytest.fixture
def vendor(company):
    return VendorFactory(company=company, number="104", name="Bayside Concrete")


@pytest.fixture
def codes(company):
    CostCodeFactory(company=company, code="03-300", name="Concrete")
    CostTypeFactory(company=company, code="1", name="Material")


@pytest.fixture
def draft(project, vendor, codes):
    """Subcontract SC-1042 with two lines: 100.00 and 200.00."""
    commitment = CommitmentFactory(
        project=project, number="SC-1042", title="Concrete", vendor=vendor, status="draft", amount=300, lines=False
    )
    code, kind = project.company.cost_codes.get(), project.company.cost_types.get()
    for description, amount in (("Footings", 100), ("Slab", 200)):
        LineFactory(commitment=commitment, description=description, amount=amount, cost_code=code, cost_type=kind)
    return commitment


@pytest.fixture
def new(project):
    return reverse("commitment_create", args=[project.company.slug, project.pk, "subcontract"])
