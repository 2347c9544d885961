"""The ERP connection in the administration: the database URL goes in and never comes out."""

import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from directory.models import Activity, Verb
from erpintegrations.models import ErpConnection
from tests.directory.conftest import browser
from tests.factories import CommitmentFactory, CompanyFactory, ErpConnectionFactory, UserFactory

pytestmark = pytest.mark.django_db

ADD = reverse("admin:erpintegrations_erpconnection_add")
URL = "mssql+pymssql://reader:s3cret-pa55@erp.example.com/Northwind"


def page_of(connection: ErpConnection) -> str:
    return reverse("admin:erpintegrations_erpconnection_change", args=[connection.pk])


@pytest.fixture
def connection(company):
    return ErpConnectionFactory(
        company=company, database_url=URL, server="erp", database="Northwind", erp_company="Northwind Inc."
    )


def test_a_connection_is_added_and_recorded_without_its_url(as_superuser, superuser, company):
    data = {"company": company.pk, "connector_key": "sage100", "new_database_url": URL, "is_enabled": "on"}

    response = as_superuser.post(ADD, data, follow=True)

    connection = ErpConnection.objects.get()
    assert connection.database_url == URL
    entry = Activity.objects.get(verb=Verb.CONNECTION_CHANGED)
    assert (entry.actor, entry.company) == (superuser, company)
    assert (entry.before, entry.after["hourly_sync"], entry.after["database_url"]) == ({}, True, "set")
    assert "s3cret" not in str(entry.after)
    assert "s3cret" not in response.content.decode()


def test_the_url_is_never_shown_not_even_after_an_error(as_superuser, connection):
    shown = as_superuser.get(page_of(connection)).content.decode()
    refused = as_superuser.post(page_of(connection), {"new_database_url": "nonsense s3cret-pa55"}).content.decode()

    assert "s3cret" not in shown
    assert "s3cret" not in refused
    assert 'type="password"' in shown


def test_blank_keeps_the_url_and_who_must_answer(as_superuser, connection):
    as_superuser.post(page_of(connection), {"new_database_url": ""})

    saved = ErpConnection.objects.get()
    assert (saved.database_url, saved.server, saved.is_enabled) == (URL, "erp", False)
    entry = Activity.objects.get()
    assert (entry.before, entry.after) == ({"hourly_sync": True}, {"hourly_sync": False})


def test_saving_without_a_change_is_no_history(as_superuser, connection):
    as_superuser.post(page_of(connection), {"new_database_url": "", "is_enabled": "on"})

    assert not Activity.objects.exists()


def test_another_url_forgets_who_must_answer(as_superuser, connection):
    other = URL.replace("Northwind", "Southwind")

    as_superuser.post(page_of(connection), {"new_database_url": other, "is_enabled": "on"})

    saved = ErpConnection.objects.get()
    assert saved.database_url == other
    assert saved.identity is None
    entry = Activity.objects.get()
    assert (entry.before, entry.after) == ({}, {"database_url": "changed"})


@pytest.mark.parametrize("url", ["nonsense", "http://example.com", "sqlite://", "mssql+pymssql://"])
def test_a_url_that_cannot_be_understood_is_refused_in_words(as_superuser, connection, url):
    response = as_superuser.post(page_of(connection), {"new_database_url": url, "is_enabled": "on"})

    assert response.context["errors"]
    assert ErpConnection.objects.get().database_url == URL


def test_a_new_connection_needs_a_url(as_superuser, company):
    response = as_superuser.post(ADD, {"company": company.pk, "connector_key": "sage100", "new_database_url": ""})

    assert "Enter where" in str(response.context["errors"])


def test_a_company_has_one_connection(as_superuser, connection):
    data = {"company": connection.company_id, "connector_key": "sage100", "new_database_url": URL}

    response = as_superuser.post(ADD, data)

    assert "already exists" in str(response.context["errors"])


def test_who_must_answer_cannot_be_typed_in(as_superuser, connection):
    data = {"server": "other", "database": "other", "erp_company": "other", "is_enabled": "on"}

    as_superuser.post(page_of(connection), data)

    assert ErpConnection.objects.get().server == "erp"


def test_a_connection_stays_with_its_company_and_is_never_deleted(as_superuser, connection):
    as_superuser.post(page_of(connection), {"company": CompanyFactory().pk, "is_enabled": "on"})
    answer = as_superuser.post(reverse("admin:erpintegrations_erpconnection_delete", args=[connection.pk]))

    assert ErpConnection.objects.get().company == connection.company
    assert answer.status_code == 403


def test_a_url_that_no_key_reads_breaks_no_page_and_can_be_replaced(as_superuser, connection):
    with database.cursor() as cursor:
        cursor.execute("UPDATE erpintegrations_erpconnection SET database_url = 'not what a key made'")

    assert as_superuser.get(page_of(connection)).status_code == 200
    as_superuser.post(page_of(connection), {"new_database_url": URL, "is_enabled": "on"})

    assert ErpConnection.objects.get().database_url == URL


def test_who_may_only_look_gets_no_field_for_the_url(connection):
    from django.contrib.auth.models import Permission

    person = UserFactory(is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_erpconnection"))

    page = browser(person).get(page_of(connection)).content.decode()

    assert "new_database_url" not in page
    assert "Northwind Inc." in page


def test_who_has_no_permission_sees_nothing(connection):
    assert browser(UserFactory(is_staff=True)).get(page_of(connection)).status_code == 403
    assert Client().get(page_of(connection)).status_code == 302


def test_commitments_are_shown_with_their_lines_and_never_written(as_superuser):
    commitment = CommitmentFactory(title="Site concrete")
    name = "admin:commitments_commitment"

    page = as_superuser.get(reverse(f"{name}_change", args=[commitment.pk])).content.decode()

    assert "Footings and slab" in page
    for verb, arguments in (("add", []), ("change", [commitment.pk]), ("delete", [commitment.pk])):
        assert as_superuser.post(reverse(f"{name}_{verb}", args=arguments), {"title": "x"}).status_code == 403
    commitment.refresh_from_db()
    assert commitment.title == "Site concrete"
