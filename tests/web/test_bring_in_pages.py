"""Bringing commitments in: the preview, what is left, live progress, and stopping it."""

import re

import pytest
from django.urls import reverse

from commitments.models import Commitment
from directory.models import CompanyMember
from erpintegrations.models import BringIn, FoundMaster, SyncLink, UnlinkedRecord
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.factories import BringInFactory, ErpConnectionFactory
from tests.services.bringing_in import BringingIn


@pytest.fixture
def stage(connection, sage_company, project, admin, client):
    client.force_login(admin)
    return BringingIn(connection, sage_company, project, admin)


def url(route, stage, *more) -> str:
    return reverse(route, args=[stage.company.slug, *more])


def words(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


# ---- The preview -----------------------------------------------------------------------------------------------------


def test_the_preview_says_what_will_be_done_and_what_is_left(client, stage):
    stage.subcontracts(2)
    stage.subcontract("SC-9", lines=[stage.line("0.50")], vendor=stage.sage.add_vendor("Nobody"))
    stage.read()
    FoundMaster.objects.update_or_create(
        connection=stage.connection, kind="job", erp_id=str(stage.job), defaults={"name": "Riverside Clinic"}
    )
    page = words(client.get(url("set_up_commitments", stage)))
    assert "To be brought in 2, in all 2,000.00" in page
    assert "Left 2, in all 1,000.50" in page
    assert "Nothing is written to Sage" in page
    remedy = "Bring the vendor in, then bring these in. What has no vendor needs one in Sage."
    assert f"Its vendor is not brought in {remedy} 1 0.50" in page
    assert f"{stage.job} Riverside Clinic 2 2,000.00 1 0.50" in page
    assert "Bring in all 2" in page


def test_it_takes_the_same_queries_whatever_the_size(client, stage, django_assert_num_queries):
    stage.subcontract()
    stage.read()
    client.get(url("set_up_commitments", stage))
    with django_assert_num_queries(14):
        client.get(url("set_up_commitments", stage))
    stage.many(300)
    for place in range(60):
        stage.subcontract(f"J-{place}", job=stage.sage.add_job(f"Job {place}"))
    stage.read()
    with django_assert_num_queries(14):
        first = client.get(url("set_up_commitments", stage))
    assert "1–50 of 62" in words(first)
    assert "51–62 of 62" in words(client.get(url("set_up_commitments", stage), {"at": "50"}))


def test_a_job_is_found_by_its_name(client, stage):
    stage.subcontract()
    stage.read()
    found = words(client.get(url("set_up_commitments", stage), {"q": "another"}))
    assert "Another job" in found
    assert "1–1 of 1" in found
    assert "Nothing matches" in words(client.get(url("set_up_commitments", stage), {"q": "nothing-is-called-so"}))


@pytest.mark.parametrize("place", ["62", "-1", "x", "9" * 30, "²"])
def test_a_page_that_is_none_is_the_first_one(client, stage, place):
    stage.subcontract()
    stage.read()
    page = words(client.get(url("set_up_commitments", stage), {"at": place}))
    assert "is not one of this list: this is its first page" in page
    assert "1–2 of 2" in page


def test_without_the_privilege_it_says_so_and_has_no_button(client, stage):
    CompanyMember.objects.filter(user=stage.admin).update(can_push_to_accounting=False)
    stage.subcontract()
    stage.read()
    answer = client.get(url("set_up_commitments", stage))
    assert (
        "Bringing commitments in is not for you. This needs the privilege 'Can Push to Accounting', which your account "
        "does not have. Request the privilege"
    ) in words(answer).replace("&#x27;", "'")
    assert url("set_up_commitments_start", stage) not in answer.content.decode()


def test_what_is_not_agreed_is_listed_with_its_status(client, stage):
    stage.subcontract("SC-1", status=2)
    stage.read()
    page = words(client.get(url("set_up_commitments_left", stage, "not_agreed")))
    assert "2-Refused" in page
    assert "once it is agreed there, the next sync says so" in page


def test_before_the_first_sync_it_says_what_to_wait_for(client, stage):
    assert "Nothing has been read yet" in words(client.get(url("set_up_commitments", stage)))


def test_when_all_is_brought_in_it_says_so(client, stage):
    stage.subcontract()
    stage.read()
    stage.bring_in()
    UnlinkedRecord.objects.all().delete()
    page = words(client.get(url("set_up_commitments", stage)))
    assert "Nothing is left to bring in" in page
    assert "1 brought in, 0 left. Done" in page


def test_without_a_connection_it_says_who_sets_it_up(client, admin, company):
    client.force_login(admin)
    for route in ("set_up_commitments", "set_up_commitments_start"):
        send = client.post if route.endswith("start") else client.get
        assert "No accounting system is connected yet" in send(reverse(route, args=[company.slug])).content.decode()


def test_what_is_only_in_the_erp_leads_administrators_here(client, stage, accountant):
    stage.subcontract()
    stage.read()
    assert "Bring them in as new commitments" in words(client.get(url("adoption_list", stage)))
    client.force_login(accountant)
    assert "Bring them in" not in words(client.get(url("adoption_list", stage)))


# ---- What is left ----------------------------------------------------------------------------------------------------


def test_what_is_left_is_listed_with_its_reason(client, stage):
    stage.subcontract("SC-1", lines=[stage.line(cost_code="9.9")])
    stage.read()
    stage.bring_in()
    page = words(client.get(url("set_up_commitments_left", stage, "no_code")))
    assert "Bring the cost code or cost type in, then bring these in." in page
    assert "Cost code 9.9 of line 1 is not brought in." in page
    assert "Find its commitment" in page
    assert "SC-1" not in words(client.get(url("set_up_commitments_left", stage, "no_job")))
    assert client.get(url("set_up_commitments_left", stage, "nonsense")).status_code == 404
    assert "Try the 1 again that was left" in words(client.get(url("set_up_commitments", stage)))


def test_what_names_no_job_or_no_vendor_is_told_so(client, stage):
    stage.subcontract("SC-1", job=0)
    stage.subcontract("SC-2", vendor=0)
    stage.read()
    no_job = words(client.get(url("set_up_commitments_left", stage, "no_job")))
    assert "It names no job" in no_job
    assert "its commitments stay in Sage alone" in no_job
    assert "It names no vendor" in words(client.get(url("set_up_commitments_left", stage, "no_vendor")))


def test_what_has_ended_leads_back_to_the_steps(client, stage):
    stage.subcontract()
    stage.read()
    asked = stage.request()
    address = reverse("bring_in_detail", args=[stage.company.slug, asked.pk])
    assert "what comes next" not in words(client.get(address))
    stage.perform(asked)
    assert "Set-up: what comes next" in words(client.get(address))


# ---- Starting, watching, stopping ------------------------------------------------------------------------------------


def test_bringing_in_is_started_watched_and_ends(client, stage):
    stage.subcontracts(2)
    stage.read()
    answer = client.post(url("set_up_commitments_start", stage), follow=True)
    bring_in = BringIn.objects.get()
    assert answer.redirect_chain == [(url("bring_in_detail", stage, bring_in.pk), 302)]
    page = words(answer)
    assert "Bringing in was started" in page
    assert "It waits for its turn" in page
    assert "Bring in all" not in words(client.get(url("set_up_commitments", stage)))
    progress = url("bring_in_progress", stage, bring_in.pk)
    assert "HX-Refresh" not in client.get(progress, headers={"HX-Request": "true"})

    stage.perform(bring_in)
    assert client.get(progress, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert client.get(progress).url == url("bring_in_detail", stage, bring_in.pk)
    page = words(client.get(url("bring_in_detail", stage, bring_in.pk)))
    assert "Result Done" in page
    assert "Brought in 2 Left 0" in page


def test_one_job_is_brought_in_alone(client, stage):
    other = stage.sage.add_job("Depot")
    stage.link_job(other, name="Depot")
    stage.subcontract("SC-1")
    stage.subcontract("SC-2", job=other)
    stage.read()
    client.post(url("set_up_commitments_start", stage), {"job": str(other)})
    bring_in = BringIn.objects.get()
    assert bring_in.total == 1
    assert f"Of job {other}" in words(client.get(url("bring_in_detail", stage, bring_in.pk)))


def test_a_second_click_is_told_who_started_it(client, stage):
    stage.subcontract()
    stage.read()
    start = url("set_up_commitments_start", stage)
    client.post(start)
    page = words(client.post(start, follow=True))
    assert "Bringing in commitments is under way already; Alma Admin started it." in page
    assert BringIn.objects.count() == 1


def test_under_way_it_shows_how_far_it_is_and_can_be_stopped(client, stage):
    bring_in = BringInFactory(connection=stage.connection, state="waiting", total=1200, done_count=900, left_count=100)
    page = client.get(url("bring_in_detail", stage, bring_in.pk)).content.decode()
    assert re.search(r'<progress [^>]*value="1000" max="1200"', page)
    assert "900 brought in, 100 left." in page
    answer = client.post(url("bring_in_stop", stage, bring_in.pk), follow=True)
    assert "What was brought in stays; starting it again goes on with the rest." in words(answer)
    assert "Stopped by Alma Admin" in words(answer)
    again = words(client.post(url("bring_in_stop", stage, bring_in.pk), follow=True))
    assert "Bringing in commitments had ended already: stopped." in again


def test_one_that_failed_says_what_to_do(client, stage):
    bring_in = BringInFactory(
        connection=stage.connection, state="failed", problem="Sage did not answer.", remedy="Start it again."
    )
    page = words(client.get(url("bring_in_detail", stage, bring_in.pk)))
    assert "Sage did not answer. Start it again." in page
    assert "Result Failed" in page


def test_another_companys_is_not_there(client, stage):
    other = BringInFactory(connection=ErpConnectionFactory())
    for route in ("bring_in_detail", "bring_in_progress"):
        assert client.get(url(route, stage, other.pk)).status_code == 404
    assert client.post(url("bring_in_stop", stage, other.pk)).status_code == 404


def test_the_history_leads_to_what_was_brought_in(client, stage):
    stage.subcontract()
    stage.read()
    bring_in = stage.bring_in()
    page = client.get(url("history", stage)).content.decode()
    assert url("bring_in_detail", stage, bring_in.pk) in page
    assert "Brought in from the ERP" in page


def test_its_story_begins_with_bringing_in_and_the_next_export_is_another_one(client, stage, access_of, admin):
    erp_id = stage.subcontract()
    stage.read()
    stage.bring_in()
    commitment = Commitment.objects.get()
    stage.sage.delete(erp_id)
    stage.read()
    unlink_commitment(link=SyncLink.objects.get(), access=access_of(admin), now=stage.clock())
    commitment.refresh_from_db()
    again = stage.subcontract("SC-1B")
    record = stage.connection.connector().look_up([again]).records[again]
    link_commitments(connection=stage.connection, pairs=[(commitment, record)], by=None, now=stage.clock())
    page = client.get(url("correction", stage, commitment.project_id, commitment.pk))
    assert [chapter.summary for chapter in page.context["correction"].chapters] == [
        "Brought in from Sage, where it was SC-1",
        "Deleted in Sage",
        "Unlinked from SC-1",
        "Exported again as SC-1B",
    ]
