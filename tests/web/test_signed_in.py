"""What signed-in people see is kept in no cache, and signing somebody out works while their pages are open."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import CompanyMember, ProjectMember
from tests.factories import CommitmentFactory

pytestmark = pytest.mark.django_db

NO_STORE = "private, no-store"


@pytest.fixture
def signed_in(client: Client, approver) -> Client:
    client.force_login(approver)
    return client


class TestCaching:
    @pytest.mark.parametrize("route", ["company_home", "erp_home", "erp_synced", "history", "history_csv", "run_list"])
    def test_pages_and_the_csv_are_not_stored(self, signed_in, company, route):
        answer = signed_in.get(reverse(route, args=[company.slug]), follow=True)
        assert (answer.status_code, answer["Cache-Control"]) == (200, NO_STORE)

    def test_neither_are_partial_updates_error_pages_and_the_administration(self, signed_in, company, admin):
        history = reverse("history", args=[company.slug])
        partial = signed_in.get(history, headers={"HX-Request": "true"})
        assert (partial.status_code, partial["Cache-Control"]) == (200, NO_STORE)
        missing = signed_in.get("/companies/none/")
        assert (missing.status_code, missing["Cache-Control"]) == (404, NO_STORE)
        signed_in.force_login(admin)
        assert signed_in.get(reverse("admin:index"))["Cache-Control"] == NO_STORE

    def test_neither_is_the_answer_that_signs_somebody_in(self, client, approver):
        approver.set_password("right-password")
        approver.save()
        answer = client.post(reverse("sign_in"), {"username": approver.email, "password": "right-password"})
        assert (answer.status_code, answer["Cache-Control"]) == (302, NO_STORE)

    def test_health_and_static_files_are_left_alone(self, signed_in):
        assert signed_in.get(reverse("health")).get("Cache-Control") != NO_STORE
        static = signed_in.get("/static/css/site.css")
        assert static.status_code == 200
        assert "no-store" not in static.get("Cache-Control", "")

    @pytest.mark.parametrize("route", ["erp_synced", "history"])
    def test_a_search_of_thousands_of_characters_is_answered(self, signed_in, company, route):
        answer = signed_in.get(reverse(route, args=[company.slug]), {"q": "x" * 8000})
        assert answer.status_code == 200


class TestLiveSessions:
    """Rights are read with each request: nobody has to wait for a session to end."""

    def test_somebody_deactivated_is_signed_out_by_their_next_request(self, signed_in, approver, company):
        page = reverse("erp_synced", args=[company.slug])
        assert signed_in.get(page).status_code == 200
        approver.is_active = False
        approver.save()
        for answer in (signed_in.get(page), signed_in.post(reverse("sync_now", args=[company.slug]))):
            assert answer.status_code == 302
            assert answer["Location"].startswith(reverse("sign_in"))

    def test_somebody_who_left_the_company_finds_nothing_there(self, signed_in, approver, project, company):
        commitment = CommitmentFactory(project=project)
        pages = [
            reverse("company_home", args=[company.slug]),
            reverse("erp_synced", args=[company.slug]),
            reverse("history_csv", args=[company.slug]),
            reverse("commitment_detail", args=[company.slug, project.pk, commitment.pk]),
        ]
        assert [signed_in.get(page).status_code for page in pages] == [200] * 4
        CompanyMember.objects.filter(user=approver).delete()
        assert [signed_in.get(page).status_code for page in pages] == [404] * 4
        assert signed_in.post(reverse("sync_now", args=[company.slug])).status_code == 404

    def test_somebody_off_the_team_finds_no_project(self, signed_in, approver, project, company):
        page = reverse("commitment_list", args=[company.slug, project.pk])
        assert signed_in.get(page).status_code == 200
        ProjectMember.objects.filter(user=approver).delete()
        assert signed_in.get(page).status_code == 404

    def test_a_lowered_level_counts_at_once(self, signed_in, approver, company):
        page = reverse("erp_synced", args=[company.slug])
        assert signed_in.get(page).status_code == 200
        CompanyMember.objects.filter(user=approver).update(erp_integrations_level=0)
        assert signed_in.get(page).status_code == 403
