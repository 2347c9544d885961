"""Test connection: the button, progress, the list, what is said when the settings changed since, and on Settings."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.models import Activity
from erpintegrations.models import ConnectionCheck, ErpConnection
from erpintegrations.services.check_connection import perform_check
from tests.factories import ConnectionCheckFactory


@pytest.fixture
def as_admin(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def start(as_admin, company):
    return lambda: as_admin.post(reverse("connection_check_start", args=[company.slug]))


@pytest.fixture
def settings_page(as_admin, company):
    return lambda: words(as_admin.get(reverse("erp_settings", args=[company.slug])))


def url(check, route="connection_check") -> str:
    return reverse(route, args=[check.company.slug, check.pk])


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_the_button_begins_a_test_and_leads_to_its_page(start, as_admin, connection):
    answer = start()
    check = ConnectionCheck.objects.get()
    assert answer["Location"] == url(check)
    page = as_admin.get(url(check)).content.decode()
    assert "The test waits for its turn" in page
    assert f'hx-get="{url(check, "connection_check_progress")}"' in page
    assert "Reload this page to see how far it is." in page


def test_the_second_click_leads_to_the_same_one_and_says_so(start, as_admin, connection):
    first, second = start(), start()
    assert first["Location"] == second["Location"]
    assert "A test is under way already." in words(as_admin.get(second["Location"]))


def test_without_a_connection_it_is_refused_in_words(as_admin, company):
    answer = as_admin.post(reverse("connection_check_start", args=[company.slug]), follow=True)
    assert "There is no connection to test yet. Set it up first." in words(answer)


def test_the_page_shows_how_far_it_is_and_then_asks_to_be_loaded_anew(start, as_admin, connection):
    start()
    check = ConnectionCheck.objects.get()
    ConnectionCheck.objects.update(results=[{"title": "Address"}, {"title": "Reachable"}])
    progress = url(check, "connection_check_progress")
    answer = as_admin.get(progress, headers={"HX-Request": "true"})
    assert "2 checks done, the last: Reachable." in words(answer)
    assert "HX-Refresh" not in answer
    perform_check(check_id=check.pk)
    assert as_admin.get(progress, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert as_admin.get(progress)["Location"] == url(check)


def test_the_list_names_company_person_and_every_result(start, as_admin, connection, sage_company, admin):
    sage_company.run("ALTER TABLE subcon RENAME COLUMN ctcnum TO other")
    start()
    check = ConnectionCheck.objects.get()
    perform_check(check_id=check.pk)
    page = words(as_admin.get(url(check)))
    for each in (
        "Company Harbor Point Builders",
        f"Asked for by {admin.name}",
        "Table subcon (subcontracts) Failed Missing in the table subcon: ctcnum. See that the settings name",
        "Encrypted and verified, Signed in, Logon trigger Not looked at Not needed: the company is in a file",
        "Table pchord (purchase orders) Passed Every column is there.",
    ):
        assert each in page


def test_statements_for_the_database_are_shown_as_they_are(as_admin, connection):
    row = {
        "key": "may_write",
        "title": "May only read",
        "outcome": "warned",
        "sentence": "<b>It could.</b>",
        "statements": "USE [x];\nDENY",
    }
    check = ConnectionCheckFactory(connection=connection, outcome="warned", results=[row])
    page = as_admin.get(url(check)).content.decode()
    assert "<code>USE [x];\nDENY</code>" in page
    assert "&lt;b&gt;It could.&lt;/b&gt;" in page
    assert '<a href="#check-may_write">May only read</a>' in page


def test_what_was_not_looked_at_for_one_reason_is_one_line(as_admin, connection):
    after = "Not looked at: first “Signed in” has to go well."
    results = [
        {"key": "signed_in", "title": "Signed in", "outcome": "failed", "sentence": "It refused."},
        {"key": "logon_trigger", "title": "Logon trigger", "outcome": "skipped", "sentence": after},
        {"key": "identity", "title": "Server and database", "outcome": "skipped", "sentence": after},
        {
            "key": "counts",
            "title": "Rows",
            "outcome": "skipped",
            "sentence": "Not looked at: first “X” has to go well.",
        },
    ]
    page = words(as_admin.get(url(ConnectionCheckFactory(connection=connection, outcome="failed", results=results))))
    assert f"Logon trigger, Server and database Not looked at {after} Rows Not looked at" in page
    assert page.count(after) == 1


def test_when_the_settings_were_saved_since_both_pages_say_so(as_admin, connection, settings_page):
    check = ConnectionCheckFactory(connection=connection)
    assert "saved again since" not in words(as_admin.get(url(check))) + settings_page()
    ErpConnection.objects.update(version=connection.version + 1)
    assert "The settings were saved again since: this tells of those before. Test again." in words(
        as_admin.get(url(check))
    )
    assert "The settings were saved again since: test again." in settings_page()


@pytest.mark.parametrize(
    ("of", "is_read", "leads_on"),
    [
        ({"outcome": "passed"}, False, True),
        ({"outcome": "warned"}, False, True),
        ({"outcome": "failed"}, False, False),
        ({"queued": True}, False, False),
        ({"settings_version": 7}, False, False),
        ({"outcome": "passed"}, True, False),
    ],
)
def test_a_good_one_of_a_connection_that_was_never_read_leads_on(
    as_admin, connection, settings_page, of, is_read, leads_on
):
    check = ConnectionCheckFactory(connection=connection, **of)
    ErpConnection.objects.update(masters_read_at=timezone.now() if is_read else None)
    for page in (words(as_admin.get(url(check))), settings_page()):
        assert ("What is next: Sync now reads Sage for the first time" in page) == leads_on


def test_sync_now_leads_from_there_to_the_set_up(as_admin, connection, company):
    page = as_admin.get(url(ConnectionCheckFactory(connection=connection))).content.decode()
    sync_now = reverse("sync_now", args=[company.slug])
    (then,) = re.findall(rf'action="{sync_now}".*?name="next"\s+value="([^"]+)"', page, re.DOTALL)
    answer = as_admin.post(sync_now, {"next": then}, follow=True)
    assert answer.redirect_chain == [(reverse("set_up", args=[company.slug]), 302)]
    assert "The sync was started. This page shows how far it is." in words(answer)


def test_configure_settings_shows_how_the_latest_went(connection, settings_page):
    assert "Not tested yet." in settings_page()
    ConnectionCheckFactory(connection=connection, outcome="failed")
    ConnectionCheckFactory(connection=connection, outcome="warned")
    assert "Passed with warnings The last test" in settings_page()
    ConnectionCheckFactory(connection=connection, queued=True)
    assert "Under way How far it is" in settings_page()


def test_before_the_first_connection_there_is_nothing_to_test(settings_page, company):
    assert "Test connection" not in settings_page()


def test_the_history_tells_of_it(start, as_admin, connection, company):
    start()
    perform_check(check_id=ConnectionCheck.objects.get().pk)
    assert Activity.objects.get().subject_label == str(connection)
    page = words(as_admin.get(reverse("history", args=[company.slug])))
    assert "ERP connection tested" in page
    assert "Passed" in page


def test_the_number_of_queries_does_not_grow(as_admin, connection, query_count):
    short = ConnectionCheckFactory(connection=connection)
    row = {"key": "address", "title": "Address", "outcome": "passed", "sentence": "It is there."}
    long = ConnectionCheckFactory(connection=connection, results=[row] * 30)
    assert query_count(url(short)) == query_count(url(long))
