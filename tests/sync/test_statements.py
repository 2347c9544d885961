"""How many statements a sync of our own database takes: it grows with neither the links nor the records."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from commitments.models import Commitment
from erpintegrations.models import Presence, SyncLink, SyncRun
from erpintegrations.services.observations import columns_of_record
from tests.factories import CommitmentFactory, SyncLinkFactory

pytestmark = pytest.mark.django_db


def add_links(linked, count: int) -> None:
    """As many subcontracts in Sage, each with its commitment, recorded as they are."""
    ids = linked.sage.add_many(count, linked.job)
    records = linked.connection.connector().look_up(ids).records
    vendor = CommitmentFactory(project=linked.project, lines=False).vendor
    built = [
        CommitmentFactory.build(project=linked.project, vendor=vendor, erp_status=Commitment.ErpStatus.SYNCED)
        for _ in ids
    ]
    commitments = Commitment.objects.bulk_create(built)
    common = {"connection": linked.connection, "presence": Presence.PRESENT, "linked_at": linked.clock()}
    SyncLink.objects.bulk_create(
        SyncLinkFactory.build(commitment=commitment, erp_id=erp_id, **columns_of_record(records[erp_id]), **common)
        for commitment, erp_id in zip(commitments, ids, strict=True)
    )


def statements_of_an_unchanged_sync(linked) -> list[str]:
    linked.sync()
    run = linked.run()
    with CaptureQueriesContext(database) as queries:
        ended = linked.perform(run)
    assert (ended.state, ended.changes.count()) == (SyncRun.State.COMPLETED, 0)
    assert ended.present_count == SyncLink.objects.count()
    return [query["sql"] for query in queries]


def test_an_unchanged_sync_of_many_links_takes_no_more_statements_than_one_of_few(linked):
    add_links(linked, 20)
    few = statements_of_an_unchanged_sync(linked)
    add_links(linked, 2480)
    many = statements_of_an_unchanged_sync(linked)

    assert SyncLink.objects.count() == 2500
    assert len(many) == len(few)
