"""Sync runs: the list, a run's page and progress, Sync now, and the decision about a run that needs confirmation."""

import pytest
from django.urls import reverse

from erpintegrations.models import SyncChange, SyncRun
from tests.factories import ErpConnectionFactory, SyncLinkFactory, SyncRunFactory

State = SyncRun.State


@pytest.fixture
def connection(company):
    return ErpConnectionFactory(company=company)


def url(route: str, run=None, *, company=None) -> str:
    return reverse(route, args=[run.company.slug, run.pk] if run else [company.slug])


def waiting_for_confirmation(connection) -> SyncRun:
    run = SyncRunFactory(
        connection=connection,
        state=State.NEEDS_CONFIRMATION,
        problem="12 of 20 linked commitments vanished at once.",
        remedy="Look whether they are really gone.",
    )
    link = SyncLinkFactory(connection=connection)
    SyncChange.objects.create(
        run=run, company=run.company, link=link, what="deleted", label="Subcontract SC-1042", amount=link.amount
    )
    return run


def test_the_list_shows_each_run_with_its_result(client, viewer, connection):
    SyncRunFactory(connection=connection, deleted_count=3)
    SyncRunFactory(connection=connection, failed=True)
    client.force_login(viewer)
    page = client.get(url("run_list", company=connection.company)).content.decode()
    assert "Completed" in page
    assert "Failed" in page


def test_the_list_without_a_connection_says_who_sets_it_up(client, viewer, company):
    client.force_login(viewer)
    assert "No ERP connection yet" in client.get(url("run_list", company=company)).content.decode()


def test_a_failed_runs_page_says_what_failed_and_what_to_do(client, viewer, connection):
    run = SyncRunFactory(connection=connection, failed=True)
    client.force_login(viewer)
    page = client.get(url("run_detail", run)).content.decode()
    assert "The ERP database did not answer. Try again in a minute." in page
    assert "Nothing was changed." in page


def test_a_runs_page_lists_every_change(client, viewer, connection):
    run = waiting_for_confirmation(connection)
    client.force_login(viewer)
    page = client.get(url("run_detail", run)).content.decode()
    assert "Subcontract SC-1042" in page
    assert "Changes found, not recorded" in page


def test_only_an_admin_of_the_tool_is_offered_the_decision(client, viewer, admin, connection):
    run = waiting_for_confirmation(connection)
    client.force_login(viewer)
    assert "Discard" not in client.get(url("run_detail", run)).content.decode()
    client.force_login(admin)
    assert "Discard" in client.get(url("run_detail", run)).content.decode()


def test_discarding_changes_nothing_and_is_remembered(client, admin, connection):
    run = waiting_for_confirmation(connection)
    client.force_login(admin)
    client.post(url("run_discard", run), {"reason": "The share was not mounted."})
    run.refresh_from_db()
    assert run.state == State.DISCARDED
    assert run.decided_by == admin
    assert run.decision_reason == "The share was not mounted."


def test_confirming_starts_a_new_run(client, admin, connection):
    run = waiting_for_confirmation(connection)
    client.force_login(admin)
    answer = client.post(url("run_confirm", run), {"reason": "The job was closed."}, follow=True)
    run.refresh_from_db()
    assert run.state == State.CONFIRMED
    assert run.confirmed_by_runs.get().trigger == SyncRun.Trigger.CONFIRMATION
    assert "A new sync reads everything once more" in answer.content.decode()


def test_sync_now_asks_for_a_run_and_shows_how_far_it_is(client, admin, connection):
    client.force_login(admin)
    answer = client.post(url("sync_now", company=connection.company), follow=True)
    run = SyncRun.objects.get()
    assert run.state == State.QUEUED
    assert run.started_by == admin
    assert "The sync was started." in answer.content.decode()
    assert "The sync waits for its turn" in answer.content.decode()


def test_sync_now_twice_is_one_run(client, admin, connection):
    client.force_login(admin)
    for _ in range(2):
        answer = client.post(url("sync_now", company=connection.company), follow=True)
    assert SyncRun.objects.count() == 1
    assert "under way already" in answer.content.decode()


def test_sync_now_without_a_connection_is_refused_in_words(client, admin, company):
    client.force_login(admin)
    answer = client.post(url("sync_now", company=company), follow=True)
    assert "There is nothing to sync with yet." in answer.content.decode()


def test_progress_asks_again_until_the_run_has_ended(client, viewer, connection):
    run = SyncRunFactory(connection=connection, queued=True)
    client.force_login(viewer)
    asking = client.get(url("run_progress", run), headers={"HX-Request": "true"})
    assert 'hx-trigger="every 2s"' in asking.content.decode()
    SyncRun.objects.filter(pk=run.pk).update(state=State.FAILED, finished_at=run.queued_at)
    ended = client.get(url("run_progress", run), headers={"HX-Request": "true"})
    assert ended.headers["HX-Refresh"] == "true"
    assert "hx-get" not in ended.content.decode()
    assert client.get(url("run_progress", run)).headers["Location"] == url("run_detail", run)


def test_another_companys_run_is_not_found(client, viewer, company):
    run = SyncRunFactory()
    client.force_login(viewer)
    assert client.get(reverse("run_detail", args=[company.slug, run.pk])).status_code == 404


def test_the_number_of_queries_does_not_grow(client, viewer, connection, query_count):
    SyncRunFactory(connection=connection)
    client.force_login(viewer)
    address = url("run_list", company=connection.company)
    before = query_count(address)
    SyncRunFactory.create_batch(20, connection=connection)
    assert query_count(address) == before
