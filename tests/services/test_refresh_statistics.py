"""SQLite looks at how its values are spread when the links have doubled; PostgreSQL does so by itself."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection as database
from django.utils import timezone

from erpintegrations.models import SyncLink
from erpintegrations.services import refresh_statistics as module
from erpintegrations.services.keep_house import keep_house
from erpintegrations.services.refresh_statistics import refresh_statistics
from tests.factories import CommitmentFactory, SyncLinkFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(database.vendor != "sqlite", reason="PostgreSQL looks by itself"),
]


@pytest.fixture
def add(monkeypatch):
    """Adds so many links; eight are many here."""
    monkeypatch.setattr(module, "FEWEST", 8)
    first = SyncLinkFactory()

    def make(count):
        commitments = [CommitmentFactory(project=first.project, lines=False) for _ in range(count)]
        for commitment in commitments:
            first.pk, first.commitment, first.erp_id = None, commitment, str(uuid.uuid4())
            SyncLink.objects.bulk_create([first])

    return make


def counted():
    with database.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE idx = %s", [module.INDEX])
        return cursor.fetchone()[0].split()[0]


def test_looks_when_they_are_many_and_again_when_they_have_doubled(add):
    assert not refresh_statistics()
    add(7)
    assert refresh_statistics()
    assert counted() == "8"
    assert not refresh_statistics()
    add(7)
    assert not refresh_statistics()
    add(1)
    assert refresh_statistics()
    assert counted() == "16"


def test_the_housekeeping_does_it(add):
    add(9)
    keep_house(now=timezone.now())
    assert counted() == "10"
