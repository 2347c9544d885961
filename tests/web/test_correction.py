"""Unlink anyway and the guided correction, as persons click them: from the forbidden row to the whole story."""

from __future__ import annotations

import datetime
import html
import re
from urllib.parse import unquote

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from commitments.models import Commitment
from directory.models import Activity
from erpintegrations.models import Export, Presence, SyncLink, UnlinkOverride
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.web.flash import action_of
from tests.connectors.builder import Line
from tests.factories import CommitmentFactory, SyncLinkFactory

LIST = "/companies/harbor-point/erp-integrations/commitment/synced/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def job(sage_company):
    return sage_company.add_job("Riverside Clinic")


@pytest.fixture
def linked(connection, project, sage_company, job):
    """A commitment over 1,000 linked to its record in Sage: `linked("SC-7", billed=200)`."""

    def link(number: str, *, billed: int = 0, presence: str = Presence.PRESENT) -> SyncLink:
        erp_id = sage_company.add_subcontract(number, job, lines=[Line(1000, billed=billed)])
        record = connection.connector().look_up([erp_id]).records[erp_id]
        commitment = CommitmentFactory(project=project, number=number, title="Concrete", amount=1000)
        yesterday = timezone.now() - datetime.timedelta(days=1)
        (made,) = link_commitments(connection=connection, pairs=[(commitment, record)], by=None, now=yesterday)
        SyncLink.objects.filter(pk=made.pk).update(presence=presence)
        if presence != Presence.PRESENT:
            sage_company.delete(erp_id)
        return SyncLink.objects.get(pk=made.pk)

    return link


@pytest.fixture
def invoiced(linked):
    return linked("SC-7", billed=200)


@pytest.fixture
def as_(client):
    """The browser, signed in as this person: `as_(admin).get(…)`."""

    def sign_in(person):
        client.force_login(person)
        return client

    return sign_in


def ask_url(link) -> str:
    return reverse("unlink_anyway", args=["harbor-point", link.pk])


def answer_url(override) -> str:
    return reverse("override_answer", args=["harbor-point", override.pk])


def story_url(commitment) -> str:
    return reverse("correction", args=["harbor-point", commitment.project_id, commitment.pk])


def page_url(commitment) -> str:
    return reverse("commitment_detail", args=["harbor-point", commitment.project_id, commitment.pk])


def said(response) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def words(response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def asked(link, by, reason="Invoiced on the wrong one.") -> UnlinkOverride:
    return UnlinkOverride.objects.create(company=link.company, link=link, reason=reason, asked_by=by)


class TestUnlinkAnyway:
    def test_the_forbidden_row_leads_to_the_form(self, as_, admin, invoiced):
        assert "Unlink anyway…" in words(as_(admin).get(LIST))
        assert f"{ask_url(invoiced)}?next=" in as_(admin).get(LIST).content.decode()

    def test_a_row_that_can_be_deleted_does_not(self, as_, admin, linked):
        linked("SC-1")
        assert "Unlink anyway" not in words(as_(admin).get(LIST))

    def test_those_without_admin_are_not_led_there_and_are_told_why(self, as_, approver, invoiced):
        assert "Unlink anyway" not in words(as_(approver).get(LIST))
        answer = as_(approver).get(ask_url(invoiced))
        assert answer.status_code == 403
        assert "This needs Admin on the company's ERP Integrations tool" in words(answer)

    def test_the_form_shows_the_case(self, as_, admin, invoiced):
        text = words(as_(admin).get(ask_url(invoiced)))
        assert "Invoiced there 200.00" in text
        assert "Sage itself refuses to delete it, because 200.00 is invoiced: have accounting reverse" in text
        assert "It takes two: you ask, another person who may unlink it consents." in text

    def test_asking_without_a_reason_keeps_the_form(self, as_, admin, invoiced):
        answer = as_(admin).post(ask_url(invoiced), {"reason": " "})
        assert answer.status_code == 422
        assert "Enter a reason: it is shown to whoever answers." in words(answer)
        assert not UnlinkOverride.objects.exists()

    def test_asking_says_so_and_who_can_answer_and_returns(self, as_, admin, approver, invoiced):
        answer = as_(admin).post(ask_url(invoiced), {"reason": "Wrong one.", "next": LIST})
        assert answer.headers["Location"] == LIST
        assert said(answer) == [
            ("success", "Asked for consent to unlink SC-7 anyway. Ada Approver can answer."),
        ]
        assert "Ada Approver can answer." in words(as_(admin).get(ask_url(invoiced)))
        assert UnlinkOverride.objects.get().reason == "Wrong one."

    def test_what_waits_is_shown_to_those_who_may_answer_and_to_the_asker(self, as_, admin, approver, viewer, invoiced):
        asked(invoiced, admin)
        home = reverse("erp_home", args=["harbor-point"])
        assert "1 waits for your consent" in words(as_(approver).get(home))
        assert "1 waits for your consent" in words(as_(approver).get(LIST))
        assert "you asked" in words(as_(admin).get(home))
        assert "Unlink anyway" not in words(as_(viewer).get(home))
        assert "Alma Admin asks for your consent to unlink it anyway." in words(as_(approver).get(LIST))
        assert "Alma Admin asked to unlink it anyway: waits for consent." in words(as_(viewer).get(LIST))
        assert "It waits for your consent" in words(as_(approver).get(page_url(invoiced.commitment)))

    def test_consent_unlinks_in_green_with_undo_and_what_to_do_next(self, as_, admin, approver, invoiced):
        override = asked(invoiced, admin)
        assert "Invoiced on the wrong one." in words(as_(approver).get(answer_url(override)))
        answer = as_(approver).post(
            answer_url(override), {"consent": "yes", "seen_version": override.link.version, "next": LIST}
        )
        (message,) = get_messages(answer.wsgi_request)
        assert (message.level_tag, str(message)) == ("success", "Successfully Unlinked")
        action = action_of(message)
        assert (action.label, action.link_label, action.link_url) == (
            "Undo",
            "What to do next",
            story_url(invoiced.commitment),
        )
        assert SyncLink.objects.get(pk=invoiced.pk).left_in_erp

    def test_declining_needs_an_answer(self, as_, admin, approver, invoiced):
        override = asked(invoiced, admin)
        answer = as_(approver).post(answer_url(override), {"decline": "yes"})
        assert answer.status_code == 422
        assert "Say why you decline: it is kept in the history." in words(answer)
        answer = as_(approver).post(answer_url(override), {"decline": "yes", "answer": "Reverse it."})
        assert said(answer)[-1] == ("success", "Declined: SC-7 stays linked.")
        assert SyncLink.objects.get(pk=invoiced.pk).is_open

    def test_neither_of_the_two_answers_asks_for_one(self, as_, admin, approver, invoiced):
        answer = as_(approver).post(answer_url(asked(invoiced, admin)), {"answer": "Hm."})
        assert answer.status_code == 422
        assert "Choose one of the two answers." in words(answer)

    def test_the_asker_cannot_answer_but_withdraw(self, as_, admin, invoiced):
        override = asked(invoiced, admin)
        answer = as_(admin).get(answer_url(override))
        assert answer.status_code == 403
        assert "You asked for this yourself: another person must answer." in words(answer)
        assert "Withdraw" in words(as_(admin).get(ask_url(invoiced)))
        answer = as_(admin).post(reverse("override_withdraw", args=["harbor-point", override.pk]))
        assert said(answer) == [("success", "Withdrawn: SC-7 stays linked.")]

    def test_a_record_that_became_deletable_says_that_plain_unlink_works(
        self, as_, admin, approver, invoiced, sage_company
    ):
        override = asked(invoiced, admin)
        sage_company.bill(invoiced.erp_id, 0)
        answer = as_(approver).post(answer_url(override), {"consent": "yes", "seen_version": override.link.version})
        ((level, text),) = said(answer)
        assert level == "error"
        assert text.startswith("Sage lets Subcontract SC-7 be deleted: nothing is invoiced or changed.")
        text = words(as_(approver).get(answer_url(override)))
        assert "Sage lets it be deleted now. Once it is deleted there, plain Unlink works" in text
        assert "Consent: unlink anyway" not in text

    def test_a_record_that_is_gone_says_that_plain_unlink_works(self, as_, admin, linked):
        link = linked("SC-1", presence=Presence.DELETED)
        text = words(as_(admin).get(ask_url(link)))
        assert "It is no longer in Sage: plain Unlink works, and needs nobody's consent." in text
        assert "Ask for consent" not in text

    def test_the_old_reference_stays_on_the_commitments_page_for_good(self, as_, admin, approver, invoiced, connection):
        override = asked(invoiced, admin)
        as_(approver).post(answer_url(override), {"consent": "yes", "seen_version": override.link.version})
        commitment = Commitment.objects.get(number="SC-7")
        text = words(as_(approver).get(page_url(commitment)))
        assert "Left in Sage" in text
        assert f"SC-7 · {commitment.vendor.name} · 1,000.00, of which 200.00 invoiced · unlinked" in text
        assert "asked for by Alma Admin, with the consent of Ada Approver: “Invoiced on the wrong one.”" in text
        SyncLinkFactory(connection=connection, commitment=commitment, erp_number="SC-7B")
        assert f"SC-7 · {commitment.vendor.name} · 1,000.00, of which 200.00 invoiced · unlinked" in words(
            as_(approver).get(page_url(commitment))
        )


class TestCorrection:
    @pytest.fixture
    def unlinked(self, as_, approver, linked):
        """SC-1, deleted in Sage and unlinked by the approver."""
        link = linked("SC-1", presence=Presence.DELETED)
        answer = as_(approver).post(reverse("link_unlink", args=["harbor-point", link.pk]), {"next": LIST})
        assert said(answer) == [("success", "Successfully Unlinked")]
        return SyncLink.objects.get(pk=link.pk)

    def steps(self, response) -> list[tuple[str, str]]:
        return [(shown.step.title, shown.step.state) for shown in response.context["steps"]]

    def test_a_linked_one_begins_with_deleting_it(self, as_, viewer, linked):
        page = as_(viewer).get(story_url(linked("SC-1").commitment))
        assert self.steps(page)[:3] == [
            ("Delete it in Sage", "now"),
            ("The sync notices it", "later"),
            ("Unlink", "later"),
        ]
        assert "In Sage, open 6-7-1 Subcontracts" in words(page)
        assert "Who can: accounting, in Sage" in words(page)

    def test_it_says_who_can_do_what_and_when_the_next_sync_is_due(self, as_, viewer, manager, approver, admin, linked):
        text = words(as_(viewer).get(story_url(linked("SC-1").commitment)))
        assert "No hourly sync is scheduled. Check now asks at once." in text
        assert "Who can: Ada Approver, Alma Admin" in text
        assert "Who can: Ada Approver, Alma Admin, Max Manager" in text

    def test_without_anybody_who_could_it_says_so(self, as_, viewer, linked):
        text = words(as_(viewer).get(story_url(linked("SC-1").commitment)))
        assert "Nobody has the rights yet: ask an administrator" in text

    def test_a_forbidden_one_says_what_else(self, as_, admin, invoiced):
        page = as_(admin).get(story_url(invoiced.commitment))
        assert "Or two persons unlink it anyway." in words(page)
        assert ask_url(invoiced) in page.content.decode()

    def test_a_deleted_one_is_to_be_unlinked(self, as_, approver, linked):
        page = as_(approver).get(story_url(linked("SC-1", presence=Presence.DELETED).commitment))
        assert ("Unlink", "now") in self.steps(page)

    def test_after_unlink_it_leads_on_to_correcting_and_then_to_sending(self, as_, approver, unlinked):
        page = as_(approver).get(story_url(unlinked.commitment))
        assert self.steps(page)[2:5] == [("Unlink", "done"), ("Correct it", "now"), ("Re-send to ERP", "later")]
        assert "Nothing was changed since it was exported as SC-1" in words(
            as_(approver).get(page_url(unlinked.commitment))
        )
        edit = reverse("commitment_edit", args=["harbor-point", unlinked.project_id, unlinked.commitment_id])
        assert f"{edit}?next={story_url(unlinked.commitment)}" in unquote(page.content.decode())
        Commitment.objects.update(title="Concrete and rebar", revision=50)
        page = as_(approver).get(story_url(unlinked.commitment))
        assert self.steps(page)[3:5] == [("Correct it", "done"), ("Re-send to ERP", "now")]
        assert "Title: Concrete → became Concrete and rebar" in words(page)
        assert "Title: Concrete → became Concrete and rebar" in words(as_(approver).get(page_url(unlinked.commitment)))

    def test_a_corrected_line_is_told_next_to_what_it_was(self, as_, approver, unlinked):
        page = as_(approver).get(story_url(unlinked.commitment))
        assert "Number, title, vendor, amount and schedule of values are as they were exported." in words(page)
        unlinked.commitment.lines.update(description="Piles")
        Commitment.objects.update(revision=50)
        for address in (story_url, page_url):
            text = words(as_(approver).get(address(unlinked.commitment)))
            assert re.search(r"Line 1: \S+ Concrete · .* · Footings and slab · .* → became .* · Piles · ", text)

    @pytest.mark.parametrize(
        ("status", "title"),
        [
            ("ready_to_export", "Accept"),
            ("exporting", "Export"),
            ("failed_to_export", "Export"),
            ("rejected", "Correct it"),
        ],
    )
    def test_further_on_it_follows_the_export(self, as_, approver, unlinked, status, title):
        Commitment.objects.update(erp_status=status)
        page = as_(approver).get(story_url(unlinked.commitment))
        assert (title, "now") in self.steps(page)
        assert len([state for _, state in self.steps(page) if state == "now"]) == 1

    def test_the_whole_case_is_told_as_one_story(self, as_, approver, unlinked, connection, sage_company, job):
        commitment = Commitment.objects.get(pk=unlinked.commitment_id)
        erp_id = sage_company.add_subcontract("SC-1B", job)
        record = connection.connector().look_up([erp_id]).records[erp_id]
        link_commitments(connection=connection, pairs=[(commitment, record)], by=None, now=timezone.now())
        page = as_(approver).get(story_url(commitment))
        assert [chapter.summary for chapter in page.context["correction"].chapters] == [
            "Exported as SC-1",
            "Unlinked from SC-1",
            "Exported again as SC-1B",
        ]
        assert "It was exported again as SC-1B. Nothing is left to do. It is wrong once more: the steps" in words(page)

    def test_one_that_was_never_linked_says_so(self, as_, viewer, project, connection):
        page = as_(viewer).get(story_url(CommitmentFactory(project=project)))
        assert "It was never linked to the accounting system: there is nothing to take back." in words(page)

    def test_a_company_without_a_connection_has_no_steps(self, as_, viewer, project):
        page = as_(viewer).get(story_url(CommitmentFactory(project=project)))
        assert page.status_code == 200
        assert self.steps(page) == []

    def test_a_commitment_that_is_not_there_is_not_found(self, as_, viewer, project):
        assert as_(viewer).get(reverse("correction", args=["harbor-point", project.pk, 999])).status_code == 404

    def test_the_rows_and_the_page_lead_there(self, as_, approver, linked):
        link = linked("SC-1", presence=Presence.DELETED)
        for address in (LIST, page_url(link.commitment)):
            assert story_url(link.commitment) in as_(approver).get(address).content.decode()

    def test_its_queries_do_not_grow_with_the_story(self, as_, approver, unlinked, query_count):
        as_(approver)
        before = query_count(story_url(unlinked.commitment))
        entry = Activity.objects.get(verb="unlinked")
        for _ in range(20):
            entry.pk = None
            entry.save(force_insert=True)
        assert query_count(story_url(unlinked.commitment)) == before
        assert not Export.objects.exists()
