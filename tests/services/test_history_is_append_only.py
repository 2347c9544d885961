"""The history refuses to be changed or deleted, also by SQL that goes past every rule of the product."""

import importlib

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from directory.activity import Entry, record
from directory.models import Activity, SubjectType, Verb

MIGRATION = importlib.import_module("directory.migrations.0002_history_append_only")

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(company, approver):
    if connection.vendor == "sqlite":  # lifted by tests/conftest.py, so that tests can be cleaned up after
        with connection.cursor() as cursor:
            cursor.execute(next(statement for statement in MIGRATION.SQLITE if "BEFORE DELETE" in statement))
    record(
        Entry(
            company_id=company.pk,
            verb=Verb.UNLINKED,
            subject_type=SubjectType.COMMITMENT,
            subject_id=1,
            subject_label="Subcontract SC-1042 Concrete",
            at=timezone.now(),
            actor=approver,
        )
    )
    return Activity.objects.get()


def test_an_entry_cannot_be_changed(entry):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Activity.objects.filter(pk=entry.pk).update(reason="Somebody else did it.")
    entry.refresh_from_db()
    assert entry.reason == ""


def test_an_entry_cannot_be_deleted(entry):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Activity.objects.filter(pk=entry.pk).delete()
    assert Activity.objects.filter(pk=entry.pk).exists()
