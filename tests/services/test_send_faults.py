"""What a commitment is not sent for, beside what `test_send_to_erp` shows: a vendor's name that does not fit."""

import pytest

from erpintegrations.models import Export
from erpintegrations.refusals import CannotSend
from erpintegrations.services.send_to_erp import send_to_erp
from tests.exporting import Books

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(connection, sage_company):
    return Books(connection, sage_company)


@pytest.fixture
def send(books, project, manager, access_of, now):
    """Sends a commitment to the vendor of this name, who is linked to one in Sage."""

    def act(vendor_name):
        books.vendor.name = vendor_name
        books.vendor.save(update_fields=["name"])
        commitment = books.commitment("SC-7", project)
        return send_to_erp(commitment=commitment, access=access_of(manager), now=now)

    return act


def test_a_vendors_name_that_sage_would_cut_off_is_a_fault(send):
    with pytest.raises(CannotSend) as refused:
        send("Northern Concrete and Masonry Contractors of the Whole Eastern Seaboard and Its Islands")

    assert [str(fault) for fault in refused.value.faults] == [
        "Vendor name: It has 87 characters, and Sage keeps 75: “Northern Concrete and Masonry Contractors of the Whole "
        "Eastern Seaboard and” is all that it would store. Shorten it."
    ]
    assert not Export.objects.exists()


def test_a_vendors_name_that_just_fits_is_sent(send):
    assert send("N" * 75).vendor_name == "N" * 75
