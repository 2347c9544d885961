"""Delete asks first, and the history outlives it."""

from django.urls import reverse

from commitments.models import Commitment
from directory.models import Level
from tests.factories import (
    CommitmentFactory,
    ErpConnectionFactory,
    ProjectFactory,
    ProjectMemberFactory,
    SyncLinkFactory,
)
from tests.web.editing.forms import delete_address, page_address, text_of


def test_deleting_asks_first_and_says_what_will_be_gone(client, manager, draft):
    client.force_login(manager)
    assert 'aria-label="Delete SC-1042"' in client.get(page_address(draft)).content.decode()

    text = text_of(client.get(delete_address(draft)))

    assert "Delete Subcontract SC-1042?" in text
    assert "its schedule of values (2 lines) for good. It cannot be undone. Its history is kept" in text
    assert Commitment.objects.exists()


def test_a_deleted_commitment_leaves_its_history_at_its_address(client, manager, viewer, draft):
    client.force_login(manager)

    answer = client.post(delete_address(draft), {"revision": "1"}, follow=True)

    assert "Subcontract SC-1042 was deleted. Its history stays." in text_of(answer)
    assert not Commitment.objects.exists()
    client.force_login(viewer)
    page = client.get(page_address(draft))
    assert page.status_code == 410
    assert "deleted this commitment just now" in text_of(page)
    assert "03-300 Concrete · Material · Slab · 1 × 200.00 = 200.00" in text_of(page)


def test_another_projects_deleted_commitment_is_not_found(client, manager, project):
    other = ProjectFactory(company=project.company)
    ProjectMemberFactory(project=other, user=manager, commitments_level=Level.ADMIN)
    commitment = CommitmentFactory(project=other, status="draft")
    client.force_login(manager)
    client.post(delete_address(commitment), {"revision": "1"})

    address = reverse("commitment_detail", args=[project.company.slug, project.pk, commitment.pk])

    assert client.get(page_address(commitment)).status_code == 410
    assert client.get(address).status_code == 404


def test_what_cannot_be_deleted_says_what_to_do_first(client, manager, project, draft):
    SyncLinkFactory(connection=ErpConnectionFactory(company=project.company), commitment=draft)
    client.force_login(manager)
    sentence = "Subcontract SC-1042 is synced with the ERP, so it cannot be deleted. Unlink it, set its status to Draft"

    page = client.get(page_address(draft))
    assert sentence in text_of(page)
    assert "Delete SC-1042" not in page.content.decode()
    assert sentence in text_of(client.get(delete_address(draft)))
    refused = client.post(delete_address(draft), {"revision": "1", "next": page_address(draft)}, follow=True)
    assert sentence in text_of(refused)
    assert Commitment.objects.exists()


def test_deleting_an_older_revision_is_refused(client, manager, draft):
    Commitment.objects.update(revision=2)
    client.force_login(manager)
    answer = client.post(delete_address(draft), {"revision": "1", "next": page_address(draft)}, follow=True)
    assert "Somebody else changed Subcontract SC-1042 since you opened it." in text_of(answer)
    assert Commitment.objects.exists()
