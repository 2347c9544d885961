"""A project's Commitments tool: the list, and a commitment's page with its lines, link and history."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.activity import Entry, record
from directory.models import SubjectType, Verb
from erpintegrations.models import Presence
from tests.factories import CommitmentFactory, ErpConnectionFactory, LineFactory, SyncLinkFactory, SyncRunFactory


@pytest.fixture
def address(project) -> str:
    return reverse("commitment_list", args=[project.company.slug, project.pk])


def page_of(client, commitment) -> str:
    answer = client.get(
        reverse("commitment_detail", args=[commitment.company.slug, commitment.project_id, commitment.pk])
    )
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def link(project):
    connection = ErpConnectionFactory(company=project.company)
    commitment = CommitmentFactory(project=project, number="SC-1042")
    return SyncLinkFactory(connection=connection, commitment=commitment, linked_at=timezone.now())


def test_the_list_shows_this_projects_commitments_alone(client, viewer, project, address):
    CommitmentFactory(project=project, number="SC-7", title="Concrete footings", amount=Decimal("1234.5"))
    CommitmentFactory(number="SC-8")
    client.force_login(viewer)
    page = client.get(address).content.decode()
    assert "SC-7" in page
    assert "Concrete footings" in page
    assert "1,234.50" in page
    assert "SC-8" not in page


def test_the_list_is_searched_and_filtered_by_the_address(client, viewer, project, address):
    CommitmentFactory(project=project, number="SC-7", title="Concrete")
    CommitmentFactory(project=project, number="PO-9", kind="purchase_order", title="Doors")
    client.force_login(viewer)
    assert "PO-9" not in client.get(address, {"q": "concr"}).content.decode()
    assert "SC-7" not in client.get(address, {"kind": "purchase_order"}).content.decode()
    assert "No commitment matches" in client.get(address, {"q": "nothing like it"}).content.decode()


def test_the_list_sorts_either_way_and_pages_through(client, viewer, project, address):
    for n in range(60):
        CommitmentFactory(project=project, number=f"SC-{n:03}", amount=Decimal(n))
    client.force_login(viewer)
    first = client.get(address, {"order": "-amount"})
    assert [row.number for row in first.context["page"].rows[:2]] == ["SC-059", "SC-058"]
    second = client.get(first.context["page"].next_url)
    assert [row.number for row in second.context["page"].rows] == [f"SC-{n:03}" for n in range(9, -1, -1)]
    again = client.get(second.context["page"].previous_url)
    assert again.context["page"].rows == first.context["page"].rows


@pytest.mark.parametrize("query", ["at=nonsense", "at=" + "A" * 5000, "order=password", "kind=x", "q=%00"])
def test_a_broken_address_shows_a_page_not_an_error(client, viewer, project, address, query):
    client.force_login(viewer)
    assert client.get(f"{address}?{query}").status_code == 200


def test_an_empty_project_says_so(client, viewer, address):
    client.force_login(viewer)
    assert "No commitments yet" in client.get(address).content.decode()


def test_the_number_of_queries_does_not_grow(client, viewer, project, address, query_count):
    CommitmentFactory(project=project)
    client.force_login(viewer)
    before = query_count(address)
    CommitmentFactory.create_batch(20, project=project)
    assert query_count(address) == before


def test_the_page_shows_every_line_with_the_total(client, viewer, project):
    commitment = CommitmentFactory(project=project, lines=False, amount=Decimal("300.00"))
    LineFactory(commitment=commitment, description="Footings", amount=Decimal("100.00"))
    LineFactory(commitment=commitment, description="Slab", amount=Decimal("200.00"))
    client.force_login(viewer)
    page = page_of(client, commitment)
    for text in ("Footings", "Slab", "100.00", "200.00", "300.00"):
        assert text in page


def test_the_page_tells_of_the_link_and_what_unlink_would_do(client, approver, link):
    SyncRunFactory(connection=link.connection)
    client.force_login(approver)
    page = page_of(client, link.commitment)
    assert "In Sage" in page
    assert "In Sage, open 6-7-1" in page
    assert 'aria-label="Unlink SC-1042"' in page


def test_who_may_not_unlink_reads_why(client, viewer, link):
    client.force_login(viewer)
    page = page_of(client, link.commitment)
    assert "This needs Admin on the Commitments tool" in page
    assert "Unlink SC-1042" not in page


def test_the_page_of_an_unlinked_commitment_offers_undo(client, approver, project):
    connection = ErpConnectionFactory(company=project.company)
    commitment = CommitmentFactory(project=project, number="SC-1042")
    SyncLinkFactory(connection=connection, commitment=commitment, unlinked=True, presence=Presence.DELETED)
    client.force_login(approver)
    assert "Undo unlink of SC-1042" in page_of(client, commitment)


def test_the_page_tells_the_commitments_history(client, viewer, project, approver):
    commitment = CommitmentFactory(project=project)
    record(
        Entry(
            company_id=project.company_id,
            project_id=project.pk,
            verb=Verb.UNLINKED,
            subject_type=SubjectType.COMMITMENT,
            subject_id=commitment.pk,
            subject_label="SC-1042",
            at=timezone.now(),
            actor=approver,
            reason="Wrong vendor",
            before={"erp_status": "Synced"},
            after={"erp_status": "Not sent"},
        )
    )
    client.force_login(viewer)
    page = page_of(client, commitment)
    for text in ("Unlinked", "Wrong vendor", "Ada Approver", "Not sent"):
        assert text in page
