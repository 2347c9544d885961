"""The way in: one company goes straight to its page, none or several are listed; health answers without signing in."""

from django.urls import reverse
from django.utils import timezone

from erpintegrations.models import TaskHeartbeat
from erpintegrations.schedules import ensure_schedules
from tests.factories import CompanyMemberFactory, ErpConnectionFactory, SyncLinkFactory, SyncRunFactory


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


def test_the_company_home_lists_the_projects_of_the_person_alone(client, viewer, project):
    ErpConnectionFactory(company=project.company)
    hidden = SyncLinkFactory(connection=project.company.erp_connection).project
    client.force_login(viewer)
    page = client.get(reverse("company_home", args=[project.company.slug])).content.decode()
    assert project.name in page
    assert hidden.name not in page


def test_the_company_home_says_where_the_link_to_the_erp_stands(client, viewer, company):
    connection = ErpConnectionFactory(company=company)
    SyncRunFactory(connection=connection)
    SyncRunFactory(connection=connection, failed=True)
    client.force_login(viewer)
    page = client.get(reverse("company_home", args=[company.slug])).content.decode()
    assert "Sage 100 Contractor® Integration" in page
    assert "Failed" in page


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
