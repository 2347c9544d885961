"""Unlink, Check now, Undo and Unlink selected, as a person clicks them, on a real Sage company file."""

from __future__ import annotations

import datetime
import re

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from commitments.models import Commitment
from directory.models import Activity, Verb
from erpintegrations.models import Presence, SyncLink
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.web.flash import action_of
from tests.factories import CommitmentFactory, SyncLinkFactory

RED = "The commitment is still in Sage 100 Contractor®. Please delete it before retrying."
LIST = "/companies/harbor-point/erp-integrations/commitment/synced/?q=SC&order=-number"
pytestmark = pytest.mark.django_db


@pytest.fixture
def job(sage_company):
    return sage_company.add_job("Riverside Clinic")


@pytest.fixture
def linked(connection, project, sage_company, job):
    """A commitment and its record in Sage, linked a day ago, recorded as in Sage: `linked("SC-1042")`."""

    def link(number: str, *, presence: str = Presence.PRESENT) -> SyncLink:
        erp_id = sage_company.add_subcontract(number, job)
        record = connection.connector().look_up([erp_id]).records[erp_id]
        commitment = CommitmentFactory(project=project, number=number)
        yesterday = timezone.now() - datetime.timedelta(days=1)
        (made,) = link_commitments(connection=connection, pairs=[(commitment, record)], by=None, now=yesterday)
        SyncLink.objects.filter(pk=made.pk).update(presence=presence)
        if presence != Presence.PRESENT:
            sage_company.delete(erp_id)
        return SyncLink.objects.get(pk=made.pk)

    return link


@pytest.fixture
def post(client, approver):
    """Clicks a link's button as the approver: `post("link_unlink", link)`."""
    client.force_login(approver)

    def click(route: str, clicked: SyncLink | None = None, /, **fields):
        args = ["harbor-point", clicked.pk] if clicked else ["harbor-point"]
        return client.post(reverse(route, args=args), {"next": LIST, **fields})

    return click


def said(response) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def is_open(link: SyncLink) -> bool:
    return SyncLink.objects.get(pk=link.pk).is_open


class TestUnlink:
    def test_of_a_deleted_record_says_so_in_green_and_offers_undo(self, post, linked):
        link = linked("SC-1042", presence=Presence.DELETED)
        answer = post("link_unlink", link)
        assert answer.status_code == 302
        assert answer.headers["Location"] == LIST
        (message,) = get_messages(answer.wsgi_request)
        assert (message.level_tag, str(message)) == ("success", "Successfully Unlinked")
        action = action_of(message)
        assert action.accessible_label == "Undo unlink of SC-1042"
        assert action.url == reverse("link_undo", args=["harbor-point", link.pk])
        assert not is_open(link)
        assert Commitment.objects.get(number="SC-1042").erp_status == Commitment.ErpStatus.NOT_SENT

    def test_of_a_record_that_is_still_there_says_so_in_red(self, post, linked):
        link = linked("SC-1042")
        answer = post("link_unlink", link)
        ((level, text),) = said(answer)
        assert level == "error"
        assert text.startswith(RED)
        assert "In Sage, open 6-7-1 Subcontracts" in text
        assert answer.headers["Location"] == LIST
        assert is_open(link)

    def test_that_is_refused_offers_to_check_at_once(self, post, linked, client, sage_company):
        link = linked("SC-1042")
        (message,) = get_messages(post("link_unlink", link).wsgi_request)
        action = action_of(message)
        assert (action.label, action.accessible_label) == ("Check now", "Check now SC-1042")
        page = client.get(LIST).content.decode()
        assert f'<form method="post" action="{action.url}">' in page
        sage_company.delete(link.erp_id)
        answer = client.post(action.url, action.fields)
        assert answer.headers["Location"] == LIST
        assert "Unlink will go through now." in said(answer)[-1][1]

    def test_of_what_nobody_has_looked_for_offers_to_check_too(self, post, linked):
        link = linked("SC-1042")
        SyncLink.objects.filter(pk=link.pk).update(presence=Presence.UNKNOWN)
        (message,) = get_messages(post("link_unlink", link).wsgi_request)
        assert message.level_tag == "error"
        assert action_of(message).url == reverse("link_check", args=["harbor-point", link.pk])

    def test_shows_the_flash_on_the_list(self, post, linked, client):
        link = linked("SC-1042", presence=Presence.DELETED)
        post("link_unlink", link)
        page = client.get(LIST).content.decode()
        assert "Successfully Unlinked" in page
        assert 'aria-label="Undo unlink of SC-1042"' in page
        assert "message-success" in page
        assert "Successfully Unlinked" not in client.get(LIST).content.decode()

    def test_by_a_partial_update_has_the_same_result(self, client, approver, linked):
        client.force_login(approver)
        link = linked("SC-1042", presence=Presence.DELETED)
        answer = client.post(
            reverse("link_unlink", args=["harbor-point", link.pk]), {"next": LIST}, headers={"HX-Request": "true"}
        )
        assert answer.headers["HX-Redirect"] == LIST
        assert said(answer) == [("success", "Successfully Unlinked")]

    def test_clicked_twice_says_that_it_was_done(self, post, linked):
        link = linked("SC-1042", presence=Presence.DELETED)
        post("link_unlink", link)
        ((_, first), (level, second)) = said(post("link_unlink", link))
        assert first == "Successfully Unlinked"
        assert level == "error"
        assert "You already unlinked Subcontract SC-1042" in second
        assert Activity.objects.filter(verb=Verb.UNLINKED).count() == 1

    @pytest.mark.parametrize(
        "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "x", ""]
    )
    def test_never_leads_to_another_site(self, client, approver, linked, elsewhere):
        client.force_login(approver)
        link = linked("SC-1042")
        answer = client.post(reverse("link_unlink", args=["harbor-point", link.pk]), {"next": elsewhere})
        assert answer.headers["Location"].startswith("/")
        assert "evil" not in answer.headers["Location"]

    def test_opened_as_a_page_is_answered_in_words(self, client, approver, linked):
        client.force_login(approver)
        link = linked("SC-1042", presence=Presence.DELETED)
        for route in ("link_unlink", "link_check", "link_undo"):
            answer = client.get(reverse(route, args=["harbor-point", link.pk]))
            assert answer.status_code == 405
            assert "Go back to the page where you were" in words(answer)
        assert is_open(link)

    def test_needs_the_form_to_be_ours(self, approver, linked):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(approver)
        link = linked("SC-1042", presence=Presence.DELETED)
        for route in ("link_unlink", "link_check", "link_undo"):
            assert strict.post(reverse(route, args=["harbor-point", link.pk])).status_code == 403
        assert strict.post(reverse("unlink_selected", args=["harbor-point"])).status_code == 403
        assert is_open(link)

    def test_finds_nothing_of_another_company(self, post, connection):
        foreign = SyncLinkFactory(presence=Presence.DELETED)
        for route in ("link_unlink", "link_check", "link_undo"):
            assert post(route, foreign).status_code == 404
        assert is_open(foreign)

    @pytest.mark.parametrize("unknown", [0, 999999, 2**63, 10**30])
    def test_finds_nothing_under_an_unknown_id(self, client, approver, connection, unknown):
        client.force_login(approver)
        assert client.post(reverse("link_unlink", args=["harbor-point", unknown])).status_code == 404

    def test_without_the_privilege_leads_to_the_request(self, client, manager, linked):
        link = linked("SC-1042", presence=Presence.DELETED)
        client.force_login(manager)
        answer = client.post(reverse("link_unlink", args=["harbor-point", link.pk]))
        assert answer.status_code == 403
        assert "This needs the privilege" in words(answer)
        assert 'href="/companies/harbor-point/privilege-request/"' in answer.content.decode()
        assert is_open(link)

    @pytest.mark.parametrize("person", ["accountant", "viewer"])
    def test_without_the_level_says_which_one(self, client, request, person, linked):
        link = linked("SC-1042", presence=Presence.DELETED)
        client.force_login(request.getfixturevalue(person))
        answer = client.post(reverse("link_unlink", args=["harbor-point", link.pk]))
        assert answer.status_code == 403
        assert "This needs Admin on the Commitments tool of project 2401 Riverside Clinic" in words(answer)
        assert "Request the privilege" not in words(answer)
        assert is_open(link)


class TestUnlinkWithAReason:
    @pytest.fixture
    def purged(self, linked, sage_company, job):
        return linked("SC-1042", presence=Presence.PURGED)

    def address(self, link):
        return reverse("link_unlink", args=["harbor-point", link.pk])

    def test_asks_for_it_on_a_page_of_its_own(self, client, approver, purged):
        client.force_login(approver)
        answer = client.get(self.address(purged), {"next": LIST})
        assert answer.status_code == 200
        assert "<h1>Unlink SC-1042</h1>" in answer.content.decode()
        assert "“Remove Refused/Closed Jobs”" in words(answer)
        assert f'<input type="hidden" name="next" value="{LIST.replace("&", "&amp;")}">' in answer.content.decode()

    def test_unlinks_with_it_and_keeps_it(self, post, purged):
        answer = post("link_unlink", purged, reason="  Closed with the job last year  ")
        assert said(answer) == [("success", "Successfully Unlinked")]
        assert Activity.objects.get(verb=Verb.UNLINKED).reason == "Closed with the job last year"

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
    def test_asks_again_when_it_is_missing_or_too_long(self, post, purged, reason):
        answer = post("link_unlink", purged, reason=reason)
        assert answer.status_code == 422
        assert "Please correct what is marked below" in words(answer)
        assert is_open(purged)

    def test_a_click_on_a_page_that_did_not_know_leads_there_too(self, post, purged):
        answer = post("link_unlink", purged)
        assert answer.status_code == 200
        assert "<h1>Unlink SC-1042</h1>" in answer.content.decode()
        assert is_open(purged)

    def test_is_not_asked_of_who_may_not_unlink(self, client, manager, purged):
        client.force_login(manager)
        answer = client.get(self.address(purged))
        assert answer.status_code == 403
        assert "This needs the privilege" in words(answer)


class TestCheckNow:
    def test_tells_what_the_erp_answered_when_it_is_gone(self, post, linked, sage_company):
        link = linked("SC-1042")
        sage_company.delete(link.erp_id)
        assert said(post("link_check", link)) == [
            (
                "success",
                "SC-1042 is no longer in Sage 100 Contractor®: deleted. Unlink will go through now.",
            )
        ]
        assert said(post("link_unlink", link))[-1] == ("success", "Successfully Unlinked")

    def test_tells_what_to_do_when_it_is_still_there(self, post, linked):
        ((level, text),) = said(post("link_check", linked("SC-1042")))
        assert level == "warning"
        assert text.startswith("SC-1042 is still in Sage 100 Contractor®. In Sage, open 6-7-1 Subcontracts")

    def test_names_to_who_may_not_unlink_those_who_may(self, client, manager, approver, linked, sage_company):
        link = linked("SC-1042")
        sage_company.delete(link.erp_id)
        client.force_login(manager)
        address = reverse("link_check", args=["harbor-point", link.pk])
        assert said(client.post(address))[-1][1].endswith("deleted. Ada Approver can unlink it now.")

    def test_names_them_with_the_reason_that_a_purged_one_needs(self, client, manager, approver, linked, sage_company):
        link = linked("SC-1042")
        sage_company.add_subcontract("SC-1", sage_company.add_job("Another"))
        sage_company.delete(link.erp_id)
        sage_company.run(f"DELETE FROM actrec WHERE recnum = {link.erp_job_id}")
        client.force_login(manager)
        ((_, text),) = said(client.post(reverse("link_check", args=["harbor-point", link.pk])))
        assert text.endswith("purged with its job. Ada Approver can unlink it now, with a reason.")

    def test_says_so_when_nobody_may_unlink_it(self, client, manager, linked, sage_company):
        link = linked("SC-1042")
        sage_company.delete(link.erp_id)
        client.force_login(manager)
        ((_, text),) = said(client.post(reverse("link_check", args=["harbor-point", link.pk])))
        assert text.endswith("deleted. Nobody has all the rights that Unlink needs yet: ask an administrator.")

    def test_says_so_when_the_erp_does_not_answer(self, post, linked, sage_company):
        link = linked("SC-1042")
        sage_company.engine.dispose()
        sage_company.path.unlink()
        answer = post("link_check", link)
        ((level, text),) = said(answer)
        assert level == "error"
        assert text
        assert answer.headers["Location"] == LIST
        assert SyncLink.objects.get(pk=link.pk).checked_at is None

    def test_is_not_for_a_viewer(self, client, viewer, linked):
        client.force_login(viewer)
        answer = client.post(reverse("link_check", args=["harbor-point", linked("SC-1").pk]))
        assert answer.status_code == 403
        assert "This needs Standard" in words(answer)


class TestUndo:
    def test_links_again_as_it_was(self, post, linked):
        link = linked("SC-1042", presence=Presence.DELETED)
        post("link_unlink", link)
        answer = post("link_undo", link)
        assert said(answer)[-1] == ("success", "Unlink of SC-1042 undone: it is linked to Sage number SC-1042 again.")
        assert answer.headers["Location"] == LIST
        assert is_open(link)

    def test_twice_says_why_not(self, post, linked):
        link = linked("SC-1042", presence=Presence.DELETED)
        post("link_unlink", link)
        post("link_undo", link)
        level, text = said(post("link_undo", link))[-1]
        assert level == "error"
        assert "already undid this" in text


class TestUnlinkSelected:
    @pytest.fixture
    def three(self, linked):
        return [linked("SC-1", presence=Presence.DELETED), linked("SC-2"), linked("SC-3", presence=Presence.PURGED)]

    def ids(self, links):
        return [str(link.pk) for link in links]

    def test_previews_what_will_and_will_not_go(self, post, three):
        answer = post("unlink_selected", link=self.ids(three))
        preview = answer.context["preview"]
        assert [row.link.number for row in preview.will_go] == ["SC-1", "SC-3"]
        assert [row.link.number for row in preview.will_not_go] == ["SC-2"]
        assert preview.needs_reason
        assert "Nothing has been unlinked yet" in words(answer)
        assert "In Sage, open 6-7-1 Subcontracts" in words(answer)
        assert all(is_open(link) for link in three)

    def test_unlinks_them_with_one_reason_and_reports_each(self, post, three):
        everything = ",".join(self.ids(three))
        answer = post("unlink_selected", links=everything, confirmed="yes", reason="Old jobs")
        assert answer.status_code == 200
        assert "<h1>2 unlinked, 1 not</h1>" in answer.content.decode()
        assert 'aria-label="Undo unlink of SC-1"' in answer.content.decode()
        assert RED in words(answer)
        assert [is_open(link) for link in three] == [False, True, False]

    def test_shows_amounts_and_totals_before_and_after(self, post, linked):
        links = [linked(f"SC-{n}", presence=Presence.DELETED if n < 3 else Presence.PRESENT) for n in range(1, 5)]
        for link, amount in zip(links, ("1000.50", "2000", "30", "4"), strict=True):
            SyncLink.objects.filter(pk=link.pk).update(amount=amount)
        answer = post("unlink_selected", link=self.ids(links))
        for text in ("Total of 2 3,000.50", "Total of 2 34.00"):
            assert text in words(answer)
        assert '<td class="money">3,000.50</td>' in answer.content.decode()
        answer = post("unlink_selected", links=",".join(self.ids(links)), confirmed="yes")
        assert '<td class="money" data-label="Amount">1,000.50</td>' in answer.content.decode()
        for text in ("Total of 2 3,000.50", "Total of 2 34.00"):
            assert text in words(answer)

    def test_asks_for_the_reason_that_is_missing(self, post, three):
        answer = post("unlink_selected", links=",".join(self.ids(three)), confirmed="yes", reason=" ")
        assert answer.status_code == 422
        assert "Enter a reason" in words(answer)
        assert all(is_open(link) for link in three)

    def test_needs_no_reason_for_corrections(self, post, linked):
        link = linked("SC-1", presence=Presence.DELETED)
        assert not post("unlink_selected", link=self.ids([link])).context["preview"].needs_reason
        post("unlink_selected", links=str(link.pk), confirmed="yes")
        assert not is_open(link)

    def test_sent_twice_unlinks_once_and_says_so(self, post, linked):
        link = linked("SC-1", presence=Presence.DELETED)
        post("unlink_selected", links=str(link.pk), confirmed="yes")
        answer = post("unlink_selected", links=str(link.pk), confirmed="yes")
        assert "<h1>0 unlinked, 1 not</h1>" in answer.content.decode()
        assert "You already unlinked Subcontract SC-1" in words(answer)
        assert Activity.objects.filter(verb=Verb.UNLINKED).count() == 1

    def test_one_that_was_restored_meanwhile_stays(self, post, linked, sage_company, job):
        link = linked("SC-1", presence=Presence.DELETED)
        back = sage_company.add_subcontract("SC-1", job)
        SyncLink.objects.filter(pk=link.pk).update(erp_id=back)
        answer = post("unlink_selected", links=str(link.pk), confirmed="yes")
        assert "<h1>0 unlinked, 1 not</h1>" in answer.content.decode()
        assert is_open(link)

    @pytest.mark.parametrize("fields", [{}, {"link": ["abc", "", "-1", "²", "9" * 40]}, {"links": ",,x"}])
    def test_of_nothing_says_what_to_do(self, post, connection, fields):
        answer = post("unlink_selected", **fields)
        assert answer.headers["Location"] == LIST
        ((level, text),) = said(answer)
        assert level == "error"
        assert "Nothing is selected" in text

    def test_leaves_out_what_is_of_another_company(self, post, linked):
        foreign = SyncLinkFactory(presence=Presence.DELETED, commitment__number="FOREIGN-1")
        mine = linked("SC-1", presence=Presence.DELETED)
        answer = post("unlink_selected", link=self.ids([foreign, mine]))
        assert "FOREIGN-1" not in words(answer)
        post("unlink_selected", links=",".join(self.ids([foreign, mine])), confirmed="yes")
        assert is_open(foreign)
        assert not is_open(mine)

    def test_of_too_many_says_so(self, post, connection):
        answer = post("unlink_selected", links=",".join(str(n) for n in range(1, 1002)))
        ((level, text),) = said(answer)
        assert level == "error"
        assert "More than 1,000" in text

    def test_tells_who_lacks_the_privilege(self, client, manager, linked):
        client.force_login(manager)
        link = linked("SC-1", presence=Presence.DELETED)
        address = reverse("unlink_selected", args=["harbor-point"])
        assert "This needs the privilege" in words(client.post(address, {"link": [link.pk]}))
        client.post(address, {"links": str(link.pk), "confirmed": "yes"})
        assert is_open(link)

    def test_opened_as_a_page_is_answered_in_words(self, client, approver, connection):
        client.force_login(approver)
        assert client.get(reverse("unlink_selected", args=["harbor-point"])).status_code == 405

    def test_asks_the_database_as_often_for_40_as_for_two(self, post, connection, django_assert_max_num_queries):
        links = [SyncLinkFactory(connection=connection, presence=Presence.DELETED) for _ in range(40)]
        post("unlink_selected", link=self.ids(links[:2]))
        with django_assert_max_num_queries(20):
            post("unlink_selected", link=self.ids(links))
