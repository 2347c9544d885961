"""Sage's desk over a file of its own, and the sample company with its people."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from django.db import transaction
from django.test import Client, override_settings

from directory.models import Company, User
from sandbox import sage_desk, sample_company
from sandbox.sage_desk import NewLine
from sandbox.sage_file import backup_path
from sandbox.sage_tables import actpay, actrec, company_engine, create_company, cstcde, csttyp
from sandbox.sample_names import COMPANY_SLUG

NOW = datetime.datetime(2026, 6, 15, 14, 30, tzinfo=datetime.UTC)
TODAY = NOW.date()
JOB, OTHER_JOB, VENDOR = 10, 11, 400


@pytest.fixture
def sage_path(tmp_path) -> Path:
    """A small company in Sage: two jobs, a vendor, a cost code, a cost type, no commitments."""
    path = tmp_path / "company.sqlite3"
    create_company(path)
    with company_engine(path).begin() as connection:
        connection.execute(
            sa.insert(actrec),
            [{"recnum": JOB, "jobnme": "Town Hall"}, {"recnum": OTHER_JOB, "jobnme": "Old Library"}],
        )
        connection.execute(sa.insert(actpay), [{"recnum": VENDOR, "vndnme": "Acme Concrete"}])
        connection.execute(sa.insert(cstcde), [{"recnum": Decimal("3300.000"), "cdenme": "Concrete"}])
        connection.execute(sa.insert(csttyp), [{"recnum": 4, "typnme": "Subcontract"}])
    return path


def line(amount: str, quantity: str = "1") -> NewLine:
    return NewLine(
        description="Footings",
        amount=Decimal(amount),
        quantity=Decimal(quantity),
        cost_code=Decimal("3300.000"),
        cost_type=4,
    )


def key_in_subcontract(path: Path, number: str = "SC-1", *amounts: str, job: int = JOB) -> int:
    return sage_desk.create_subcontract(
        path,
        number=number,
        vendor=VENDOR,
        job=job,
        description="Concrete",
        contract_date=TODAY,
        lines=[line(amount) for amount in amounts or ("1000.00", "500.00")],
        now=NOW,
    )


def key_in_purchase_order(path: Path, number: str = "PO-1", job: int = JOB) -> int:
    return sage_desk.create_purchase_order(
        path,
        number=number,
        vendor=VENDOR,
        job=job,
        description="Ready-mix",
        order_date=TODAY,
        lines=[line("1000.00", "10"), line("99.99", "3")],
        now=NOW,
    )


@pytest.fixture(scope="module")
def stage(tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[Path]:
    """The sample company, set up once for a module's tests, inside a transaction that is rolled back at the end."""
    path = tmp_path_factory.mktemp("stage") / "sample-company.sqlite3"
    with django_db_blocker.unblock(), override_settings(SANDBOX_ERP_PATH=path), transaction.atomic():
        assert sample_company.load(now=NOW)
        with django_db_blocker.block():
            yield path
        transaction.set_rollback(True)


@pytest.fixture
def sample(stage, db, tmp_path, settings) -> Company:
    """The sample company, as `script/server` sets it up; the desk works on a copy of its file."""
    settings.SANDBOX_ERP_PATH = tmp_path / stage.name
    shutil.copy(stage, settings.SANDBOX_ERP_PATH)
    shutil.copy(backup_path(stage), backup_path(settings.SANDBOX_ERP_PATH))
    return Company.objects.get(slug=COMPANY_SLUG)


@pytest.fixture
def viewer_client(sample) -> Client:
    """Anybody who is signed in may sit down at the desk, whatever they may do in the product."""
    client = Client()
    client.force_login(User.objects.get(email="viewer@example.com"))
    return client
