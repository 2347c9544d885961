"""The Commitment pages of ERP Integrations: the Views, and the rows and the header of Synced."""

from __future__ import annotations

import datetime
import html
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule

from directory.models import CompanyMember, Level
from erpintegrations import moments
from erpintegrations.models import Presence, SyncRun
from erpintegrations.selectors import counting
from tests.factories import (
    CommitmentFactory,
    CompanyMemberFactory,
    ExportFactory,
    ProjectFactory,
    SyncLinkFactory,
    SyncRunFactory,
)
from tests.web.synced_stage import ADDRESS, erp_fixture, link_fixture, numbers, page_fixture, row_of, words  # noqa: F401  the fixtures erp, link and page

pytestmark = pytest.mark.django_db


class TestViews:
    def test_commitment_leads_to_synced(self, client, approver, erp):
        client.force_login(approver)
        answer = client.get("/companies/harbor-point/erp-integrations/commitment/")
        assert answer.headers["Location"] == ADDRESS

    def test_are_offered_with_counts(self, page, link, project, erp):
        link("SC-1")
        for state in ("ready", "ready", "failed", "rejected"):
            ExportFactory(connection=erp, commitment=CommitmentFactory(project=project), state=state)
        views = page().context["views"]
        assert [(view.label, view.count) for view in views] == [
            ("Ready to Export", "2"),
            ("Failed to Export", "1"),
            ("Synced", "1"),
        ]
        assert [view.label for view in views if view.is_current] == ["Synced"]

    def test_counting_stops_somewhere(self, page, link, monkeypatch):
        monkeypatch.setattr(counting, "COUNT_LIMIT", 2)
        for number in ("SC-1", "SC-2", "SC-3", "SC-4"):
            link(number)
        assert page().context["views"][2].count == "2+"

    def test_the_tool_is_named_after_the_erp(self, client, approver, erp):
        client.force_login(approver)
        answer = client.get("/companies/harbor-point/erp-integrations/")
        assert "<h1>Sage 100 Contractor® Integration</h1>" in answer.content.decode()
        assert ">Commitment</a>" in answer.content.decode()

    def test_a_company_without_a_connection_learns_who_sets_it_up(self, client, approver, admin):
        client.force_login(approver)
        for route in ("erp_home", "erp_synced", "erp_ready", "erp_failed"):
            answer = client.get(reverse(route, args=["harbor-point"]))
            assert answer.status_code == 200
            assert "No accounting system is connected yet" in words(answer)
            assert "Alma Admin" in words(answer)


class TestRow:
    def test_shows_the_commitment_and_its_state_as_of_when(self, page, link, erp):
        SyncRunFactory(connection=erp, read_at=timezone.now() - datetime.timedelta(minutes=5))
        link("SC-1042", title="Cast-in-place concrete", amount="12345.6", erp_number="S-9", presence=Presence.DELETED)
        answer = page()
        said = words(answer)
        for text in (
            "Commitments - Synced with Sage 100 Contractor®",
            "SC-1042",
            "Cast-in-place concrete",
            "Subcontract",
            "2401 Riverside Clinic",
            "Bayshore Concrete",
            "12,345.60",
            "Sage number",
            "S-9",
            "State in Sage",
            "Deleted",
            "as of 5 minutes ago",
        ):
            assert text in said
        assert re.search(r"\w{3} \d+, \d{4}, \d+:\d\d [AP]M", said)

    def test_names_its_buttons_after_the_commitment(self, page, link):
        link("SC-1042")
        html = page().content.decode()
        assert 'aria-label="Unlink SC-1042"' in html
        assert 'aria-label="Check now SC-1042"' in html
        assert 'aria-label="Select SC-1042"' in html

    @pytest.mark.parametrize(
        ("fields", "outlook", "hint"),
        [
            ({"presence": "deleted"}, "Will go through", "Deleted in Sage."),
            ({"presence": "voided"}, "Will go through", "Voided in Sage."),
            ({"presence": "purged"}, "Asks for a reason", "“Remove Refused/Closed Jobs”"),
            ({"presence": "present"}, "Will be refused", "In Sage, open 6-7-1 Subcontracts"),
            ({"presence": "present", "invoiced_amount": 5}, "Will be refused", "because 5.00 is invoiced"),
            ({"presence": "unknown"}, "Will be refused", "Check now asks at once"),
        ],
    )
    def test_says_before_the_click_what_unlink_will_do(self, page, link, fields, outlook, hint):
        link("SC-1", **fields)
        answer = page()
        row = row_of(answer, "SC-1")
        assert row.outlook.label == outlook
        assert hint in row.hint
        assert html.escape(row.hint) in words(answer)

    @pytest.mark.parametrize("presence", Presence.values)
    def test_says_it_in_the_words_of_the_commitments_own_page(self, page, client, link, presence):
        linked = link("SC-1", presence=presence)
        hint = row_of(page(), "SC-1").hint
        commitment = linked.linked_commitment
        address = reverse("commitment_detail", args=["harbor-point", commitment.project_id, commitment.pk])
        assert html.escape(hint) in words(client.get(address))

    def test_can_be_clicked_even_where_unlink_will_be_refused(self, page, link):
        refused = link("SC-1")
        html = page().content.decode()
        assert f'<form method="post" action="{ADDRESS}{refused.pk}/unlink/">' in html

    def test_of_a_purged_record_leads_to_the_page_that_asks_for_a_reason(self, page, link):
        purged = link("SC-1", presence=Presence.PURGED)
        assert f'<form method="get" action="{ADDRESS}{purged.pk}/unlink/">' in page().content.decode()

    def test_tells_who_lacks_the_privilege_where_to_request_it(self, client, manager, link):
        link("SC-1", presence=Presence.DELETED)
        client.force_login(manager)
        answer = client.get(ADDRESS)
        assert "This needs the privilege" in words(answer)
        assert 'href="/companies/harbor-point/privilege-request/"' in answer.content.decode()
        assert 'aria-label="Unlink SC-1"' not in answer.content.decode()
        assert 'aria-label="Check now SC-1"' in answer.content.decode()

    @pytest.mark.parametrize("person", ["accountant", "viewer"])
    def test_tells_who_lacks_a_level_which_one(self, client, request, person, link):
        link("SC-1", presence=Presence.DELETED)
        client.force_login(request.getfixturevalue(person))
        answer = client.get(ADDRESS)
        assert "This needs Admin on the Commitments tool of project 2401 Riverside Clinic" in words(answer)
        assert "/unlink/" not in answer.content.decode()

    def test_escapes_what_people_typed(self, page, link):
        link("SC-<b>1", title="<script>alert(1)</script>")
        html = page().content.decode()
        assert "<script>alert" not in html
        assert "SC-&lt;b&gt;1" in html

    def test_links_to_the_commitment_only_for_who_may_open_it(self, page, link, company):
        elsewhere = ProjectFactory(company=company, number="2402")
        link("SC-1")
        link("SC-2", on=elsewhere)
        answer = page()
        assert row_of(answer, "SC-1").shows_commitment
        assert not row_of(answer, "SC-2").shows_commitment


class TestWhoSeesIt:
    def test_nobody_without_read_only(self, client, viewer, link):
        link("SC-1")
        CompanyMember.objects.update(erp_integrations_level=Level.NONE)
        client.force_login(viewer)
        answer = client.get(ADDRESS)
        assert answer.status_code == 403
        assert "SC-1" not in words(answer)

    def test_nobody_of_another_company(self, client, link):
        link("SC-1")
        stranger = CompanyMemberFactory(erp_integrations_level=Level.ADMIN).user
        client.force_login(stranger)
        assert client.get(ADDRESS).status_code == 404

    def test_shows_no_other_company_and_nothing_unlinked(self, page, link, erp):
        SyncLinkFactory(commitment__number="FOREIGN-1")
        SyncLinkFactory(connection=erp, commitment__number="GONE-1", unlinked=True)
        link("SC-1")
        assert numbers(page()) == ["SC-1"]

    def test_posts_are_answered_in_words(self, client, approver, erp):
        client.force_login(approver)
        answer = client.post(ADDRESS)
        assert answer.status_code == 405
        assert "Go back to the page where you were" in words(answer)


class TestHeader:
    def test_says_when_the_last_sync_completed_and_what_it_found(self, page, link, erp):
        run = SyncRunFactory(connection=erp, links_compared=150, deleted_count=2, returned_count=1)
        answer = page()
        assert "2 gone, 1 back in 150 compared" in words(answer)
        assert f'href="/companies/harbor-point/erp-integrations/sync-runs/{run.pk}/"' in answer.content.decode()

    def test_says_when_the_next_is_due(self, page, erp):
        due = timezone.now() + datetime.timedelta(minutes=12, seconds=-5)
        Schedule.objects.update_or_create(name="Hourly sync", defaults={"func": "x", "next_run": due})
        assert re.search(r"in 1[12] minutes", words(page()))

    def test_without_any_sync_says_so(self, page, erp):
        Schedule.objects.all().delete()
        assert "None yet" in words(page())
        assert "Not scheduled" in words(page())

    def test_each_row_says_since_when_it_was_not_looked_at_after_a_failed_sync(self, page, link, erp):
        known = timezone.now() - datetime.timedelta(hours=3)
        SyncRunFactory(connection=erp, read_at=known, finished_at=known)
        SyncRunFactory(connection=erp, failed=True)
        link("SC-1", presence=Presence.PRESENT)
        link("SC-2", presence=Presence.PRESENT, checked_at=timezone.now() + datetime.timedelta(minutes=1))
        link("SC-3", presence=Presence.DELETED)
        link("SC-4", presence=Presence.UNKNOWN, linked_at=timezone.now())
        answer = page()
        since = f"The last sync did not complete, so it has not been looked at since {moments.exact(known)}."
        assert row_of(answer, "SC-1").hint.endswith(since)
        assert since in words(answer)
        assert "not been looked at" not in row_of(answer, "SC-2").hint
        assert row_of(answer, "SC-3").hint == "Deleted in Sage."
        assert row_of(answer, "SC-4").hint == (
            "The last sync did not complete, so it has not been looked at. Check now asks at once."
        )

    def test_shows_a_failed_sync_and_what_to_do(self, page, erp):
        SyncRunFactory(connection=erp)
        failed = SyncRunFactory(connection=erp, failed=True)
        answer = page()
        assert "The last sync failed just now" in words(answer)
        assert "The ERP database did not answer. Try again in a minute." in words(answer)
        assert f"/sync-runs/{failed.pk}/" in answer.content.decode()

    def test_asks_an_admin_to_decide_and_tells_others_who_can(self, client, approver, admin, erp):
        SyncRunFactory(connection=erp, state=SyncRun.State.NEEDS_CONFIRMATION)
        client.force_login(admin)
        assert "Review the sync run" in words(client.get(ADDRESS))
        client.force_login(approver)
        assert "Alma Admin can confirm or discard it" in words(client.get(ADDRESS))

    def test_offers_sync_now_to_an_admin_only(self, client, approver, admin, erp):
        client.force_login(admin)
        assert (
            'action="/companies/harbor-point/erp-integrations/sync-runs/now/"' in client.get(ADDRESS).content.decode()
        )
        client.force_login(approver)
        answer = client.get(ADDRESS)
        assert "/sync-runs/now/" not in answer.content.decode()
        assert "Alma Admin can sync now" in words(answer)

    def test_shows_how_far_a_sync_is_live_and_by_hand(self, page, erp):
        run = SyncRunFactory(connection=erp, queued=True)
        html = page().content.decode()
        assert f'hx-get="/companies/harbor-point/erp-integrations/sync-runs/{run.pk}/progress/"' in html
        assert "Refresh this page" in html
