"""The way in: one company goes straight to its page, none or several are listed; health answers without signing in."""

import re

from django.urls import reverse
from django.utils import timezone

from directory.models import Level, ProjectMember
from erpintegrations.models import Presence, SyncLink, TaskHeartbeat
from erpintegrations.schedules import ensure_schedules
from erpintegrations.selectors import counting
from tests.factories import (
    CommitmentFactory,
    CompanyMemberFactory,
    ErpConnectionFactory,
    ExportFactory,
    ProjectFactory,
    SyncLinkFactory,
    SyncRunFactory,
)


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_person_of_one_company_goes_straight_to_it(client, viewer, company):
    client.force_login(viewer)
    assert client.get("/").headers["Location"] == reverse("company_home", args=[company.slug])


def test_a_person_of_several_companies_chooses(client, viewer, company):
    other = CompanyMemberFactory(user=viewer).company
    client.force_login(viewer)
    page = client.get("/").content.decode()
    assert company.name in page
    assert other.name in page


def test_a_person_of_no_company_is_told_what_to_do(client, staff):
    client.force_login(staff)
    assert "You do not belong to a company" in client.get("/").content.decode()


def test_without_a_project_an_administrator_is_led_to_the_set_up(client, admin, viewer, company):
    ProjectMember.objects.all().delete()
    for person, is_led in ((admin, True), (viewer, False)):
        client.force_login(person)
        page = client.get(reverse("company_home", args=[company.slug])).content.decode()
        assert "No projects to show" in page
        assert ("Go to the set-up" in page) == is_led


def test_the_company_home_lists_the_projects_of_the_person_alone(client, viewer, project):
    ErpConnectionFactory(company=project.company)
    hidden = SyncLinkFactory(connection=project.company.erp_connection).project
    client.force_login(viewer)
    page = client.get(reverse("company_home", args=[project.company.slug])).content.decode()
    assert project.name in page
    assert hidden.name not in page


def test_projects_come_page_by_page_with_their_counts_and_are_found_by_number_and_name(client, viewer, company):
    projects = [ProjectFactory(company=company, number=f"N-{n:03}", name=f"Site {n} East") for n in range(60)]
    ProjectMember.objects.bulk_create(
        ProjectMember(project=project, user=viewer, commitments_level=Level.READ_ONLY) for project in projects
    )
    CommitmentFactory.create_batch(3, project=projects[55])
    CommitmentFactory(project=projects[55], erp_status="synced")
    client.force_login(viewer)
    address = reverse("company_home", args=[company.slug])

    first = client.get(address)
    assert "50 shown" in words(first)
    assert "N-055" not in words(first)
    second = words(client.get(first.context["page"].next_url))
    assert "N-055 Site 55 East 4 1" in second
    assert "N-000" not in second
    assert "N-055 Site 55 East 4 1" in words(client.get(address, {"q": "n-055"}))
    assert "Site 7 East" not in words(client.get(address, {"q": "site 55"}))
    assert "No project matches" in words(client.get(address, {"q": "nothing-is-called-so"}))


def test_the_company_home_counts_no_further_than_its_limit(client, viewer, company, monkeypatch, project):
    monkeypatch.setattr(counting, "COUNT_LIMIT", 2)
    connection = ErpConnectionFactory(company=company)
    for commitment in CommitmentFactory.create_batch(4, project=project, erp_status="synced"):
        SyncLinkFactory(connection=connection, commitment=commitment, presence=Presence.DELETED)
    client.force_login(viewer)
    page = words(client.get(reverse("company_home", args=[company.slug])))
    assert "Synced 2+ Drifted 0 Gone from Sage 2+, ready to be unlinked" in page
    assert f"{project.name} 2+ 2+" in page


def test_the_company_home_says_where_the_link_to_the_erp_stands(client, viewer, company):
    connection = ErpConnectionFactory(company=company)
    SyncRunFactory(connection=connection)
    SyncRunFactory(connection=connection, failed=True)
    client.force_login(viewer)
    page = words(client.get(reverse("company_home", args=[company.slug])))
    assert "Sage 100 Contractor® Integration" in page
    assert "The sync after it Failed just now" in page


def test_the_company_home_tells_the_purged_from_those_that_are_ready(client, viewer, company):
    connection = ErpConnectionFactory(company=company)
    address = reverse("company_home", args=[company.slug])
    client.force_login(viewer)
    SyncLinkFactory.create_batch(2, connection=connection, presence=Presence.PURGED)
    assert "Gone from Sage 2, purged with their job: Unlink asks for a reason" in words(client.get(address))
    SyncLinkFactory(connection=connection, presence=Presence.VOIDED)
    SyncLinkFactory.create_batch(3, connection=connection, presence=Presence.DELETED)
    text = "Gone from Sage 6: 4 ready to be unlinked, 2 purged with their job (Unlink asks for a reason)"
    assert text in words(client.get(address))
    SyncLink.objects.filter(presence=Presence.PURGED).delete()
    assert "Gone from Sage 4, ready to be unlinked" in words(client.get(address))


def test_the_company_home_says_what_waits_for_accounting(client, viewer, project):
    connection = ErpConnectionFactory(company=project.company)
    for state in ("ready", "ready", "awaiting", "needs_decision", "failed", "rejected"):
        commitment = CommitmentFactory(project=project)
        ExportFactory(connection=connection, commitment=commitment, sent_by=viewer, state=state)
    SyncLinkFactory(connection=connection, erp_amount=1)
    client.force_login(viewer)
    page = words(client.get(reverse("company_home", args=[project.company.slug])))
    assert "Ready to Export 2 On the way 2 , 1 of them needs a decision Failed to Export 1 Synced 1 Drifted 1" in page


def test_the_company_home_of_a_first_sync_that_failed_says_so(client, viewer, company):
    SyncRunFactory(connection=ErpConnectionFactory(company=company), failed=True)
    client.force_login(viewer)
    page = words(client.get(reverse("company_home", args=[company.slug])))
    assert "Last completed sync None yet Latest sync Failed just now" in page


def test_the_number_of_queries_does_not_grow(client, viewer, company, query_count):
    connection = ErpConnectionFactory(company=company)
    client.force_login(viewer)
    address = reverse("company_home", args=[company.slug])
    before = query_count(address)
    SyncLinkFactory.create_batch(5, connection=connection)
    assert query_count(address) == before


def test_health_answers_to_anybody_in_json(client, db):
    answer = client.get("/healthz")
    assert answer.status_code in (200, 503)
    assert "healthy" in answer.json()


def test_the_health_of_tasks_is_for_a_monitor(client, db):
    assert client.get("/healthz/tasks").status_code == 503
    ensure_schedules(now=timezone.now())
    TaskHeartbeat.objects.create(name="housekeeping", beaten_at=timezone.now())
    answer = client.get("/healthz/tasks")
    assert (answer.status_code, answer.json()["healthy"]) == (200, True)
