"""The stage of the use cases that write commitments: a vendor, a cost code and type, and a draft with two lines."""

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone

from commitments.editing import CommitmentInput, LineInput
from commitments.models import Commitment
from directory.models import Activity
from tests.factories import CommitmentFactory, CostCodeFactory, CostTypeFactory, LineFactory, VendorFactory


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def access(access_of, manager):
    """Admin on the project's Commitments, and nothing more than that is needed."""
    return access_of(manager)


@pytest.fixture
def vendor(company):
    return VendorFactory(company=company, number="104", name="Bayside Concrete")


@pytest.fixture
def cost_code(company):
    return CostCodeFactory(company=company, code="03-300", name="Concrete")


@pytest.fixture
def cost_type(company):
    return CostTypeFactory(company=company, code="1", name="Material")


@pytest.fixture
def header(vendor):
    """What somebody wants: `header(title="Slab")` with what differs."""

    def make(**fields) -> CommitmentInput:
        usual = CommitmentInput(
            number="SC-77",
            title="Retaining wall",
            vendor=vendor.pk,
            status="draft",
            accounting_method="unit_based",
            default_retainage_percent=Decimal(10),
            contract_date=datetime.date(2026, 11, 2),
        )
        return replace(usual, **fields)

    return make


@pytest.fixture
def line(cost_code, cost_type):
    """A line of 10 CY at 5.00: `line(quantity=Decimal(3))`."""

    def make(**fields) -> LineInput:
        usual = LineInput(
            cost_code=cost_code.pk,
            cost_type=cost_type.pk,
            description="Footings",
            quantity=Decimal(10),
            unit_of_measure="CY",
            unit_cost=Decimal(5),
        )
        return replace(usual, **fields)

    return make


@pytest.fixture
def draft(project, vendor, cost_code, cost_type):
    """Subcontract SC-1042, a draft that was never sent, with two lines: 100.00 and 200.00."""
    commitment = CommitmentFactory(
        project=project, number="SC-1042", title="Concrete", vendor=vendor, status="draft", amount=300, lines=False
    )
    for description, amount in (("Footings", Decimal(100)), ("Slab", Decimal(200))):
        LineFactory(
            commitment=commitment, description=description, amount=amount, cost_code=cost_code, cost_type=cost_type
        )
    commitment.refresh_from_db()
    return commitment


@pytest.fixture
def as_it_is():
    """A commitment's header and lines as they are, to be changed: `as_it_is(draft)`."""

    def read(commitment: Commitment) -> tuple[CommitmentInput, list[LineInput]]:
        commitment.refresh_from_db()
        return CommitmentInput.of(commitment), [LineInput.of(line) for line in commitment.lines.all()]

    return read


@pytest.fixture
def story():
    """The history since the beginning: (verb, before, after) of each entry."""

    def tell() -> list[tuple[str, dict, dict]]:
        return list(Activity.objects.order_by("id").values_list("verb", "before", "after"))

    return tell
