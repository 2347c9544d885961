"""Vendors and cost codes as people write them."""

import pytest

from commitments.pickers import LISTED, Costs, NotFound, cost_code_choices, find_vendor, vendor_choices
from tests.factories import CostCodeFactory, VendorFactory


@pytest.fixture
def vendors(company):
    named = {"104": "Bayside Concrete", "105": "Bayside Steel", "220": "Twin Brothers", "221": "Twin Brothers"}
    VendorFactory(number="104", name="Bayside Concrete of another company")
    return {number: VendorFactory(company=company, number=number, name=name) for number, name in named.items()}


@pytest.mark.parametrize("text", ["104", " bayside  concrete ", "Bayside Concrete (104)", "BAYSIDE CONCRETE"])
def test_a_vendor_is_found_by_number_or_name(company, vendors, text):
    assert find_vendor(company, text) == vendors["104"].pk


def test_nothing_typed_is_nobody(company):
    assert find_vendor(company, "  ") is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "Twin Brothers",
            "“Twin Brothers” fits several vendors: Twin Brothers (220), Twin Brothers (221). Write the number of one.",
        ),
        (
            "Bayside",
            "“Bayside” is none of this company's vendors. Did you mean Bayside Concrete (104) or Bayside Steel (105)?",
        ),
        ("Nobody", "“Nobody” is none of this company's vendors. Write a vendor's number or name."),
        (
            "Bayside Steel (104)",
            "“Bayside Steel (104)” is none of this company's vendors. Did you mean Bayside Concrete (104)?",
        ),
    ],
)
def test_an_ambiguous_or_unknown_vendor_is_refused_with_candidates(company, vendors, text, sentence):
    with pytest.raises(NotFound) as refusal:
        find_vendor(company, text)
    assert str(refusal.value) == sentence


def test_the_list_is_searched_by_part_of_name_or_number(company, vendors):
    assert vendor_choices(company, "steel").labels == ["Bayside Steel (105)"]
    assert vendor_choices(company, "22").labels == ["Twin Brothers (220)", "Twin Brothers (221)"]
    assert vendor_choices(company, "Bayside Steel (105)").labels == ["Bayside Steel (105)"]
    assert vendor_choices(company, "\x00").is_complete


def test_where_there_are_too_many_the_list_is_not_complete(company):
    VendorFactory.create_batch(LISTED + 1, company=company)
    choices = vendor_choices(company)
    assert (len(choices.labels), choices.is_complete) == (LISTED, False)


def test_cost_codes_are_found_by_code_name_or_both(company):
    code = CostCodeFactory(company=company, code="03-300", name="Concrete")
    CostCodeFactory(company=company, code="03-310", name="Forms")
    codes = Costs.codes(company)
    assert codes.find("03-300") == codes.find("concrete") == codes.find(" 03-300  Concrete") == code.pk
    assert codes.find("") is None
    with pytest.raises(NotFound) as refusal:
        codes.find("03-3")
    assert str(refusal.value) == (
        "“03-3” is none of this company's cost codes. Did you mean 03-300 Concrete or 03-310 Forms?"
    )
    with pytest.raises(NotFound, match="Write a cost code or its name"):
        codes.find("zzz")
    assert cost_code_choices(company, "03 forms").labels == ["03-310 Forms"]


def test_cost_codes_are_in_the_order_of_their_numbers(company):
    for code in ("10800.000", "1500.000", "1500.100", "03-1000", "03-300", "A1"):
        CostCodeFactory(company=company, code=code)
    assert [label.split()[0] for label in cost_code_choices(company).labels] == [
        "03-300",
        "03-1000",
        "1500.000",
        "1500.100",
        "10800.000",
        "A1",
    ]


def test_cost_codes_of_one_name_need_the_code(company):
    for code in ("03-300", "03-310"):
        CostCodeFactory(company=company, code=code, name="Concrete")
    with pytest.raises(NotFound) as refusal:
        Costs.codes(company).find("Concrete")
    assert str(refusal.value) == (
        "“Concrete” fits several cost codes: 03-300 Concrete, 03-310 Concrete. Write the code of one."
    )
