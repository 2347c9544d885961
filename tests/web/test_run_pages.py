"""Sync runs: the list, a run's page and progress, Sync now, and the decision about a run that needs confirmation."""

import re

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


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def waiting_for_confirmation(connection) -> SyncRun:
    run = SyncRunFactory(
        connection=connection,
        state=State.NEEDS_CONFIRMATION,
        deleted_count=139,
        problem="12 of 20 linked commitments vanished at once.",
        remedy="If they were really deleted, confirm this run on its page.",
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


@pytest.mark.parametrize(
    "state", [State.NEEDS_CONFIRMATION, State.CONFIRMED, State.DISCARDED, State.SUPERSEDED], ids=str
)
def test_what_a_run_found_and_did_not_record_is_no_fact(client, viewer, connection, state):
    run = waiting_for_confirmation(connection)
    SyncRun.objects.filter(pk=run.pk).update(state=state)
    client.force_login(viewer)
    assert "139 found, not recorded" in words(client.get(url("run_list", company=connection.company)))
    page = words(client.get(url("run_detail", run)))
    assert "What it found; nothing was recorded" in page
    assert "Deleted 139 found, not recorded Voided None found" in page
    assert "What it did" not in page


def test_what_a_completed_run_recorded_is_a_fact(client, viewer, connection):
    run = SyncRunFactory(connection=connection, deleted_count=3)
    client.force_login(viewer)
    for address in (url("run_list", company=connection.company), url("run_detail", run)):
        assert "not recorded" not in words(client.get(address))
    assert "Deleted 3 Voided 0" in words(client.get(url("run_detail", run)))


def test_a_run_that_read_nothing_to_the_end_shows_no_figures(client, viewer, connection):
    run = SyncRunFactory(connection=connection, failed=True)
    client.force_login(viewer)
    assert "Failed Hourly sync" in words(client.get(url("run_list", company=connection.company)))
    assert "— — — —" in words(client.get(url("run_list", company=connection.company)))
    assert "Deleted" not in words(client.get(url("run_detail", run)))


@pytest.mark.parametrize(
    ("state", "became"),
    [
        (State.CONFIRMED, "Alma Admin confirmed it; the sync that follows reads everything once more"),
        (State.DISCARDED, "Alma Admin discarded it: nothing of it was recorded"),
        (State.SUPERSEDED, "A later sync has taken its place: nothing of this one was recorded"),
    ],
)
def test_a_run_that_is_decided_about_asks_for_no_decision(client, admin, connection, state, became):
    run = waiting_for_confirmation(connection)
    decided = {"decided_by": admin, "decided_at": run.queued_at} if state != State.SUPERSEDED else {}
    SyncRun.objects.filter(pk=run.pk).update(state=state, **decided)
    client.force_login(admin)
    page = words(client.get(url("run_detail", run)))
    assert "12 of 20 linked commitments vanished at once. " + became in page
    assert "confirm this run" not in page


def test_the_first_completed_run_has_none_before_it(client, viewer, connection):
    SyncRunFactory(connection=connection, failed=True)
    first, second = SyncRunFactory.create_batch(2, connection=connection, links_compared=20)
    client.force_login(viewer)
    page = words(client.get(url("run_detail", first)))
    assert "This was the first completed sync: everything that is linked was found in Sage" in page
    assert "the sync before" not in page
    assert "Nothing had changed since the sync before." in words(client.get(url("run_detail", second)))


def test_the_first_run_before_anything_is_linked_says_so(client, viewer, connection):
    run = SyncRunFactory(connection=connection, links_compared=0)
    client.force_login(viewer)
    assert "no commitment was linked yet" in words(client.get(url("run_detail", run)))


@pytest.mark.parametrize("decision", ["run_confirm", "run_discard"])
@pytest.mark.parametrize("reason", [None, "", "  \t "])
def test_a_decision_without_a_reason_is_refused_in_words(client, admin, connection, decision, reason):
    run = waiting_for_confirmation(connection)
    client.force_login(admin)
    fields = {"next": url("run_detail", run)} | ({} if reason is None else {"reason": reason})
    answer = client.post(url(decision, run), fields, follow=True)
    assert f"Nothing was decided about sync run {run.pk}: a decision needs a reason" in words(answer)
    assert answer.request["PATH_INFO"] == url("run_detail", run)
    run.refresh_from_db()
    assert (run.state, run.decided_by) == (State.NEEDS_CONFIRMATION, None)
    assert SyncRun.objects.count() == 1


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
