"""Create: a commitment with its lines and its history, or everything that is wrong with it at once."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from commitments.editing import MOST_LINES, create_commitment
from commitments.models import Commitment, ScheduleOfValuesLine
from commitments.refusals import CommitmentInvalid
from directory.models import Activity, Project
from directory.refusals import NotAllowed
from tests.factories import CommitmentFactory, CompanyFactory, CostCodeFactory, CostTypeFactory, VendorFactory


@pytest.fixture
def create(project, access, now):
    def run(header, lines=(), kind="subcontract", **other):
        asked = {"project": project, "access": access, **other}
        return create_commitment(kind=kind, header=header, lines=lines, now=now, **asked)

    return run


@pytest.fixture
def faults(create):
    """What is wrong with it, as the person reads it; and nothing was written."""

    def find(header, lines=(), kind="subcontract"):
        with pytest.raises(CommitmentInvalid) as refusal:
            create(header, lines, kind)
        assert not Activity.objects.exists()
        assert refusal.value.remedy == "Correct this, then save again."
        return [str(fault) for fault in refusal.value.faults]

    return find


def test_a_commitment_is_created_with_its_lines(create, header, line, project, now):
    commitment = create(header(), [line(), line(description="Slab", quantity=Decimal("2.5"))])

    commitment.refresh_from_db()
    assert (commitment.company, commitment.project, commitment.kind) == (project.company, project, "subcontract")
    assert (commitment.number, commitment.title, commitment.status) == ("SC-77", "Retaining wall", "draft")
    assert (commitment.erp_status, commitment.revision, commitment.created_at) == ("not_sent", 1, now)
    assert commitment.amount == Decimal("62.50")
    assert [(row.position, row.description, row.amount) for row in commitment.lines.all()] == [
        (1, "Footings", Decimal("50.00")),
        (2, "Slab", Decimal("12.50")),
    ]


def test_a_draft_may_do_without_lines_and_dates(create, header):
    assert create(header(contract_date=None)).amount == 0


def test_the_history_tells_what_was_created(create, header, line, story, manager):
    create(header(), [line()])

    ((verb, before, after),) = story()
    assert (verb, before) == ("commitment_created", {})
    assert after == {
        "number": "SC-77",
        "title": "Retaining wall",
        "contract_company": "Bayside Concrete (104)",
        "status": "Draft",
        "accounting_method": "Unit-based",
        "default_retainage": "10.00 %",
        "contract_date": "2026-11-02",
        "amount": "50.00",
        "lines": "1",
    }
    entry = Activity.objects.get()
    assert (entry.actor, entry.subject_label) == (manager, "Subcontract SC-77 Retaining wall")


@pytest.mark.parametrize(
    ("quantity", "unit_cost", "amount"),
    [
        ("1", "0.005", "0.01"),
        ("3", "0.3350", "1.01"),
        ("3", "0.3349", "1.00"),
        ("1", "-0.005", "-0.01"),
        ("0", "9", "0"),
    ],
)
def test_unit_based_amounts_are_rounded_half_up_to_cents(create, header, line, quantity, unit_cost, amount):
    others = line(quantity=Decimal(1), unit_cost=Decimal(1000))
    commitment = create(header(), [line(quantity=Decimal(quantity), unit_cost=Decimal(unit_cost)), others])
    assert commitment.lines.first().amount == Decimal(amount)
    assert commitment.amount == Decimal(amount) + 1000


def test_amount_based_lines_hold_the_amount_alone(create, header, line):
    method = header(accounting_method="amount_based")
    commitment = create(method, [line(amount=Decimal("99.90"), quantity=Decimal(7), unit_cost=None)])
    row = commitment.lines.get()
    assert (row.quantity, row.unit_of_measure, row.unit_cost, row.amount) == (1, "", row.amount, Decimal("99.90"))


def test_a_credit_is_a_negative_line_while_the_total_stays_positive(create, header, line):
    assert create(header(), [line(), line(unit_cost=Decimal(-2))]).amount == 30


def test_space_around_texts_is_trimmed(create, header, line):
    commitment = create(
        header(number="  SC-78 ", title="Retaining\n  wall ", description=" Line one\r\nLine two \n"),
        [line(description="  Footings \t and slab")],
    )
    assert (commitment.number, commitment.title) == ("SC-78", "Retaining wall")
    assert commitment.description == "Line one\nLine two"
    assert commitment.lines.get().description == "Footings and slab"


def test_everything_that_is_wrong_is_said_at_once(faults, header, line):
    wrong = header(number=" ", title="x" * 201, vendor=None, status="received", default_retainage_percent=None)
    assert faults(
        wrong, [line(cost_code=None, quantity=None), line(), line(description="", unit_of_measure="u" * 21)]
    ) == [
        "Number can't be blank.",
        "Title is too long. Maximum 200 characters; this has 201.",
        "Contract company can't be blank.",
        "Status “Received” is none of a subcontract. Choose one of Draft, Out For Bid, Out For Signature, Approved, "
        "Complete, Terminated, Void.",
        "Default retainage can't be blank. Write 0 for none.",
        "Line 1: Cost code can't be blank.",
        "Line 1: Quantity can't be blank.",
        "Line 3: Description can't be blank.",
        "Line 3: Unit is too long. Maximum 20 characters; this has 21.",
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"number": "x" * 51}, "Number is too long. Maximum 50 characters; this has 51."),
        ({"title": ""}, "Title can't be blank."),
        ({"title": "a\x00b"}, "Title contains an invisible control character. Type it anew."),
        ({"number": "a\x00b"}, "Number contains an invisible control character. Type it anew."),
        ({"description": "x" * 5001}, "Description is too long. Maximum 5,000 characters; this has 5,001."),
        (
            {"vendor": 999_999},
            "Contract company is none of this company's vendors. Choose one of the list.",
        ),
        (
            {"status": ""},
            "Status can't be blank. Choose one of Draft, Out For Bid, Out For Signature, Approved, Complete, "
            "Terminated, Void.",
        ),
        ({"accounting_method": "by_guess"}, "Choose the accounting method: Amount-based or Unit-based."),
        ({"default_retainage_percent": Decimal("100.01")}, "Default retainage is a percentage from 0 to 100."),
        ({"default_retainage_percent": Decimal(-1)}, "Default retainage is a percentage from 0 to 100."),
        ({"default_retainage_percent": Decimal("1.005")}, "Default retainage has at most 2 decimals."),
        ({"contract_date": datetime.date(26, 1, 1)}, "Contract date lies outside the years 1990 to 2100."),
        ({"delivery_date": datetime.date(2026, 1, 1)}, "A subcontract has no delivery date. Leave it empty."),
        (
            {"start_date": datetime.date(2026, 5, 2), "estimated_completion_date": datetime.date(2026, 5, 1)},
            "Estimated completion date lies before the start date.",
        ),
    ],
)
def test_what_is_wrong_with_a_field(faults, header, fields, sentence):
    assert faults(header(**fields)) == [sentence]


@pytest.mark.parametrize("name", ["start_date", "estimated_completion_date"])
def test_a_purchase_order_has_no_dates_of_works(faults, header, name):
    wrong = header(**{name: datetime.date(2026, 1, 1)})
    words = name.replace("_", " ")
    assert faults(wrong, kind="purchase_order") == [f"A purchase order has no {words}. Leave it empty."]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"cost_type": None}, "Line 1: Cost type can't be blank."),
        ({"cost_code": 999_999}, "Line 1: Cost code is none of this company's. Choose one of the list."),
        ({"cost_type": 999_999}, "Line 1: Cost type is none of this company's. Choose one of the list."),
        ({"description": "x" * 201}, "Line 1: Description is too long. Maximum 200 characters; this has 201."),
        (
            {"quantity": Decimal(-1)},
            "Line 1: Quantity can't be negative. For a credit, make the unit cost negative.",
        ),
        ({"quantity": Decimal("0.00001")}, "Line 1: Quantity has at most 4 decimals."),
        ({"unit_cost": Decimal("0.00001")}, "Line 1: Unit cost has at most 4 decimals."),
        ({"unit_cost": None}, "Line 1: Unit cost can't be blank."),
        ({"unit_cost": Decimal(10) ** 10}, "Line 1: Unit cost is too large. It must stay below 10,000,000,000."),
        (
            {"quantity": Decimal(10) ** 6, "unit_cost": Decimal(10) ** 6},
            "Line 1: Amount is too large. It must stay below 10,000,000,000.",
        ),
    ],
)
def test_what_is_wrong_with_a_line(faults, header, line, fields, sentence):
    assert sentence in faults(header(), [line(**fields)])


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        (None, "Line 1: Amount can't be blank."),
        (Decimal("1.005"), "Line 1: Amount has at most 2 decimals."),
        (Decimal("9999999999.00000000000000000000000000001"), "Line 1: Amount has at most 2 decimals."),
        (Decimal(10) ** 30, "Line 1: Amount is too large. It must stay below 10,000,000,000."),
    ],
)
def test_what_is_wrong_with_an_amount(faults, header, line, amount, sentence):
    assert sentence in faults(header(accounting_method="amount_based"), [line(amount=amount)])


def test_the_total_is_never_negative(faults, header, line):
    sentence = "The total can't be negative: the credits come to more than the other lines."
    assert faults(header(), [line(unit_cost=Decimal(-5))]) == [sentence]


def test_the_most_lines_at_their_largest_do_not_overflow(faults, header, line):
    large = line(quantity=Decimal(1), unit_cost=Decimal(9_999_999_999))
    assert faults(header(), [large] * 101) == ["The total is too large. It must stay below 1,000,000,000,000."]


def test_there_is_a_most_of_lines(faults, header, line):
    sentence = "A schedule of values has at most 500 lines; this one has 501."
    assert faults(header(), [line()] * (MOST_LINES + 1)) == [sentence]


def test_a_number_is_taken_once_in_a_project_and_kind(create, faults, header, project):
    CommitmentFactory(project=project, number="sc-77", title="Concrete")
    assert faults(header()) == [
        "Number SC-77 is taken: Subcontract sc-77 “Concrete” of this project has it. Choose another one."
    ]
    assert create(header(), kind="purchase_order").number == "SC-77"


def test_not_even_two_at_once_take_it_in_other_capitals(project):
    """What another person enters, or a task brings in, between the look at the numbers and the writing."""
    CommitmentFactory(project=project, number="sc-77")
    with pytest.raises(IntegrityError), transaction.atomic():
        CommitmentFactory(project=project, number="SC-77")


def test_another_projects_number_is_free(create, header):
    CommitmentFactory(number="SC-77")
    assert create(header()).pk


def test_what_belongs_to_another_company_is_refused(faults, header, line):
    other = CompanyFactory()
    theirs = header(vendor=VendorFactory(company=other).pk)
    lines = [line(cost_code=CostCodeFactory(company=other).pk, cost_type=CostTypeFactory(company=other).pk)]
    assert faults(theirs, lines) == [
        "Contract company is none of this company's vendors. Choose one of the list.",
        "Line 1: Cost code is none of this company's. Choose one of the list.",
        "Line 1: Cost type is none of this company's. Choose one of the list.",
    ]


def test_ids_of_lines_mean_nothing_here(create, header, line):
    """A line of somebody else's commitment is not taken away from it."""
    theirs = CommitmentFactory().lines.get()
    commitment = create(header(), [line(id=theirs.pk)])
    assert commitment.lines.get().pk != theirs.pk
    assert ScheduleOfValuesLine.objects.get(pk=theirs.pk).commitment != commitment


def test_who_is_no_admin_of_the_projects_commitments_may_not(create, header, access_of, accountant):
    with pytest.raises(NotAllowed, match="This needs Admin on the Commitments tool of project 2401 Riverside Clinic"):
        create(header(), access=access_of(accountant))
    assert not Commitment.objects.exists()


def test_the_rights_of_one_company_are_none_in_another(create, header):
    with pytest.raises(Project.DoesNotExist):
        create(header(), project=CommitmentFactory().project)


def test_the_number_of_queries_does_not_grow_with_the_lines(create, header, line, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        create(header(), [line()] * 200)
