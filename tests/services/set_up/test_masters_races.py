"""A person and a reading of the ERP at the same moment: what the person did stays."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import transaction

from commitments.models import Vendor

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_name_that_somebody_types_while_the_erp_is_read_stays(set_up, sage_company, at_once):
    sage_company.add_vendor("Acme")
    set_up.read()
    set_up.decide_all()
    set_up.bring_in()
    sage_company.run("UPDATE actpay SET vndnme = 'Acme Concrete'")
    is_typed = threading.Event()

    def type_a_name() -> None:
        with transaction.atomic():
            Vendor.objects.update(name="Typed by a person")
            is_typed.set()
            time.sleep(2)  # the reading comes to its names meanwhile

    def read() -> None:
        is_typed.wait(10)
        set_up.read()

    assert at_once(type_a_name, read) == [None, None]
    assert Vendor.objects.get().name == "Typed by a person"
