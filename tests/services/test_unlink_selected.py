"""Unlink selected: many at once by the same rules, each with its own outcome, in a fixed number of statements."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from commitments.models import Commitment
from directory.models import Activity, Level
from erpintegrations.models import Presence, SyncLink
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.services.unlink_commitment import unlink_commitment, unlink_selected
from tests.factories import CommitmentFactory, ProjectFactory, ProjectMemberFactory, SyncLinkFactory
from tests.services.conftest import RED

pytestmark = pytest.mark.django_db


@pytest.fixture
def unlink_all(approver, access_of, now):
    def act(links, reason=""):
        return unlink_selected(links=links, access=access_of(approver), reason=reason, now=now)

    return act


@pytest.fixture
def many(connection, project, sage_company, job, now):
    """So many links to records that were deleted in Sage, and recorded so."""

    def make(count):
        ids = sage_company.add_many(count, job)
        records = connection.connector().look_up(ids).records
        vendor = CommitmentFactory(project=project).vendor
        commitments = Commitment.objects.bulk_create(
            Commitment(
                company=project.company, project=project, vendor=vendor, number=f"M-{n}", title="T", kind="subcontract"
            )
            for n in range(count)
        )
        links = link_commitments(
            connection=connection, pairs=zip(commitments, records.values(), strict=True), by=None, now=now
        )
        sage_company.run("DELETE FROM subcon WHERE ctcnum LIKE 'M-%'")
        SyncLink.objects.update(presence=Presence.DELETED)
        return links

    return make


def test_each_row_has_its_own_outcome_in_the_order_given(
    unlink_all, linked, sage_company, job, connection, approver, access_of, now
):
    gone, there, purged, unknown, before, back = (
        linked(number, **fields)
        for number, fields in [
            ("SC-1", {"presence": Presence.DELETED}),
            ("SC-2", {}),
            ("SC-3", {"presence": Presence.PURGED}),
            ("SC-4", {"presence": Presence.UNKNOWN}),
            ("SC-5", {"presence": Presence.DELETED}),
            ("SC-6", {"presence": Presence.DELETED}),
        ]
    )
    foreign_project = ProjectFactory(company=connection.company, number="2402", name="Mill")
    not_mine = SyncLinkFactory(
        connection=connection, commitment=CommitmentFactory(project=foreign_project), presence=Presence.DELETED
    )
    for link in (gone, purged, before):
        sage_company.delete(link.erp_id)
    unlink_commitment(link=before, access=access_of(approver), now=now)

    outcomes = unlink_all([back, gone, there, purged, unknown, before, not_mine, gone])

    assert [outcome.link.pk for outcome in outcomes] == [
        link.pk for link in (back, gone, there, purged, unknown, before, not_mine)
    ]
    assert [outcome.unlinked for outcome in outcomes] == [False, True, False, False, False, False, False]
    messages = [outcome.message for outcome in outcomes]
    assert messages[0] == RED
    assert outcomes[0].remedy.startswith("It is back in Sage")
    assert messages[1] == ""
    assert messages[2] == RED
    assert "needs a reason" in messages[3]
    assert messages[4].startswith("No completed sync has looked for this commitment")
    assert messages[5].startswith("You already unlinked Subcontract SC-5")
    assert messages[6].startswith("This needs Admin on the Commitments tool of project 2402 Mill; you have None.")
    assert all(outcome.remedy for outcome in outcomes if not outcome.unlinked)
    assert set(SyncLink.objects.filter(closed_at__isnull=False).values_list("pk", flat=True)) == {gone.pk, before.pk}


def test_the_reason_is_kept_with_every_one(unlink_all, many):
    outcomes = unlink_all(many(3), reason="wrong job")
    assert all(outcome.unlinked for outcome in outcomes)
    assert set(SyncLink.objects.values_list("close_reason", flat=True)) == {"wrong job"}
    assert set(Activity.objects.filter(verb="unlinked").values_list("reason", flat=True)) == {"wrong job"}


def test_nothing_selected_is_nothing_done(unlink_all, company, project):
    assert unlink_all([]) == []


def test_several_projects_go_together(unlink_all, linked, sage_company, connection, approver):
    project = ProjectFactory(company=connection.company)
    ProjectMemberFactory(project=project, user=approver, commitments_level=Level.ADMIN)
    mine = linked("SC-1", presence=Presence.DELETED)
    sage_company.delete(mine.erp_id)
    other = SyncLinkFactory(
        connection=connection, commitment=CommitmentFactory(project=project), presence=Presence.DELETED
    )
    assert [outcome.unlinked for outcome in unlink_all([mine, other])] == [True, True]


def statements(act):
    with CaptureQueriesContext(database) as queries:
        act()
    return len(queries)


def test_the_number_of_statements_does_not_grow_with_that_of_the_links(unlink_all, many):
    links = many(400)
    few = statements(lambda: unlink_all(links[:10]))
    most = statements(lambda: unlink_all(links[10:]))
    assert SyncLink.objects.filter(closed_at=None).count() == 0
    assert Activity.objects.filter(verb="unlinked").count() == 400
    assert Commitment.objects.filter(erp_status=Commitment.ErpStatus.SYNCED).count() == 0
    # SQLite takes the entries of the history in several statements, and no query grows with the links.
    assert most - few <= 8


def test_a_thousand_go_at_once(unlink_all, many):
    outcomes = unlink_all(many(1000))
    assert all(outcome.unlinked for outcome in outcomes)
    assert Activity.objects.filter(verb="unlinked").count() == 1000


def test_a_thousand_that_are_back_are_all_refused(unlink_all, many, sage_company, job):
    links = many(1000)
    rows = ", ".join(f"('{link.erp_id}', {9000 + n}, 'B', {job})" for n, link in enumerate(links))
    sage_company.run(f"INSERT INTO subcon (_idnum, recnum, ctcnum, jobnum) VALUES {rows}")
    outcomes = unlink_all(links)
    assert not any(outcome.unlinked for outcome in outcomes)
    assert {outcome.message for outcome in outcomes} == {RED}
    assert set(SyncLink.objects.values_list("presence", flat=True)) == {Presence.PRESENT}
