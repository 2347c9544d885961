"""Whoever tries many accounts from one address is stopped too, and an office that shares one is not."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from axes.models import AccessFailureLog
from django.test import Client
from django.urls import reverse

from directory.models import User
from erpintegrations.ops.sign_in_lock import MOST_FAILURES, address_locked_until
from erpintegrations.services.keep_house import keep_house

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 11, 23, 14, 0, tzinfo=datetime.UTC)
OFFICE = "203.0.113.7"


def minutes(number: float) -> datetime.timedelta:
    return datetime.timedelta(minutes=number)


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann@example.com", "right-password", name="Ann Approver")


def sign_in(email: str = "ann@example.com", password: str = "right-password", *, address: str = OFFICE):
    return Client().post(reverse("sign_in"), {"username": email, "password": password}, REMOTE_ADDR=address)


def fail(times: int, *, at: datetime.datetime, address: str = OFFICE) -> list[int]:
    """Tries four wrong passwords for each of many accounts, which no lock of a pair stops."""
    with time_machine.travel(at, tick=False):
        return [sign_in(f"person{n // 4}@example.com", "wrong", address=address).status_code for n in range(times)]


def test_a_hundred_failures_in_an_hour_lock_the_address_for_every_account(ann):
    assert set(fail(MOST_FAILURES, at=NOW)) == {200}
    with time_machine.travel(NOW + minutes(20), tick=False):
        locked, elsewhere = sign_in(), sign_in(address="198.51.100.1")
    assert locked.status_code == 429
    assert locked["Retry-After"] == "2400"
    page = locked.content.decode()
    assert "Too many wrong passwords came from your network" in page
    assert "in 40 minutes" in page
    assert elsewhere.status_code == 302
    with time_machine.travel(NOW + minutes(61), tick=False):
        assert sign_in().status_code == 302


def test_an_office_that_mistypes_now_and_then_is_not_shut_out(ann):
    fail(MOST_FAILURES - 1, at=NOW)
    with time_machine.travel(NOW + minutes(1), tick=False):
        assert sign_in().status_code == 302
    fail(MOST_FAILURES - 1, at=NOW + minutes(61))
    with time_machine.travel(NOW + minutes(62), tick=False):
        assert sign_in().status_code == 302


def test_somebody_who_signs_in_does_not_wipe_the_count(ann):
    fail(MOST_FAILURES - 1, at=NOW)
    with time_machine.travel(NOW + minutes(1), tick=False):
        assert sign_in().status_code == 302
        assert sign_in(password="wrong").status_code == 200
        assert sign_in().status_code == 429


def test_what_the_lock_refuses_does_not_lengthen_it(ann):
    fail(MOST_FAILURES, at=NOW)
    assert set(fail(5, at=NOW + minutes(30))) == {429}
    assert address_locked_until(OFFICE, now=NOW + minutes(31)) == NOW + minutes(60)


def test_an_address_that_nobody_knows_is_not_locked():
    assert address_locked_until(None, now=NOW) is None


def test_failures_that_count_no_longer_are_forgotten(ann):
    fail(3, at=NOW)
    keep_house(now=NOW + minutes(59))
    assert AccessFailureLog.objects.count() == 3
    keep_house(now=NOW + minutes(60))
    assert not AccessFailureLog.objects.exists()
