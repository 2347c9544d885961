"""Pages that follow exports by themselves while a task works on them, as htmx asks for them."""

from __future__ import annotations

import datetime
import re

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from erpintegrations.models import Export
from tests.web.exports.pages import url, words

pytestmark = pytest.mark.django_db
ON_THE_WAY = "?show=on-the-way"


@pytest.fixture
def browser(client, accountant):
    client.force_login(accountant)
    return client


def shown(answer) -> str:
    """What the page says that it shows; empty when it does not follow."""
    found = re.search(r"""hx-headers='{"Shown": "(\w+)"}'""", answer.content.decode().partition('id="followed"')[2])
    return found.group(1) if found else ""


def update(browser, address, digest):
    return browser.get(address, headers={"HX-Request": "true", "Shown": digest})


def change(export, **values):
    Export.objects.filter(pk=export.pk).update(version=export.version + 1, **values)


class TestOneExport:
    def test_says_that_it_follows(self, browser, sent):
        page = browser.get(url("export_detail", sent("SC-7", state="accepted").pk))
        assert "“Accepted”: A task works on it, and this page follows by itself." in words(page)
        assert "Reload this page to see how far it is." in words(page)
        assert 'id="following" role="status"' in page.content.decode()
        assert shown(page)

    def test_while_nothing_is_new_nothing_is_sent(self, browser, sent):
        address = url("export_detail", sent("SC-7", state="accepted").pk)
        answer = update(browser, address, shown(browser.get(address)))
        assert (answer.status_code, answer.content) == (204, b"")

    def test_what_is_new_is_sent_without_the_page_around_it(self, browser, sent):
        export = sent("SC-7", state="accepted")
        address = url("export_detail", export.pk)
        first = shown(browser.get(address))
        now = timezone.now()
        change(export, state="writing", lease_token=export.key, lease_expires_at=now)
        answer = update(browser, address, first)
        assert "“Being written”: A task works on it, and this page follows by itself." in words(answer)
        assert "<html" not in answer.content.decode()
        assert shown(answer) not in ("", first)

    def test_at_the_end_it_says_what_became_of_it_and_follows_no_more(self, browser, sent):
        export = sent("SC-7", state="accepted")
        address = url("export_detail", export.pk)
        first = shown(browser.get(address))
        change(export, state="failed", problem="There is no vendor 400.", remedy="Correct it.")
        answer = update(browser, address, first)
        assert "SC-7 is “Failed to export” now." in words(answer)
        assert "There is no vendor 400. Correct it." in words(answer)
        assert 'aria-label="Retry SC-7"' in answer.content.decode()
        assert not shown(answer)
        assert "Failed to export” now" not in words(browser.get(address))

    @pytest.mark.parametrize("state", ["ready", "awaiting", "needs_decision", "failed", "rejected"])
    def test_one_that_no_task_works_on_is_not_followed(self, browser, sent, state):
        page = browser.get(url("export_detail", sent("SC-7", state=state).pk))
        assert not shown(page)
        assert "follows by itself" not in words(page)

    def test_one_that_waits_for_its_next_attempt_is_followed_once_that_is_due(self, browser, sent):
        soon = timezone.now() + datetime.timedelta(minutes=5)
        export = sent("SC-7", state="accepted", lease_expires_at=soon)
        address = url("export_detail", export.pk)
        assert not shown(browser.get(address))
        Export.objects.update(lease_expires_at=timezone.now())
        assert shown(browser.get(address))

    def test_a_broken_address_is_complained_about_once(self, browser, sent):
        page = browser.get(f"{url('export_detail', sent('SC-7', state='accepted').pk)}?at=broken")
        assert "The page in the address is not one of this list" in words(page)
        assert not shown(page)


class TestTheList:
    def test_says_on_how_many_a_task_works(self, browser, sent):
        sent("SC-1", state="accepted"), sent("SC-2", state="awaiting")
        page = browser.get(url("erp_ready") + ON_THE_WAY)
        assert "A task works on 1 of these, and the list follows by itself." in words(page)
        assert shown(page)

    @pytest.mark.parametrize("address", [url("erp_ready"), url("erp_failed"), url("erp_ready") + ON_THE_WAY])
    def test_without_such_it_is_a_list_as_any_other(self, browser, sent, address):
        for number, state in (("SC-1", "ready"), ("SC-2", "failed"), ("SC-3", "awaiting")):
            sent(number, state=state)
        assert not shown(browser.get(address))
        assert "by itself" not in words(browser.get(address))

    def test_only_what_is_new_is_sent(self, browser, sent):
        export = sent("SC-1", state="accepted")
        address = url("erp_ready") + ON_THE_WAY
        first = shown(browser.get(address))
        assert update(browser, address, first).status_code == 204
        change(export, state="awaiting")
        answer = update(browser, address, first)
        assert "No task works on any of these now: the list is up to date." in words(answer)
        assert "Awaiting read-back" in words(answer)
        assert "HX-Refresh" not in answer.headers
        assert not shown(answer)

    def test_the_last_one_leaves_and_the_page_is_loaded_anew(self, browser, sent):
        export = sent("SC-1", state="accepted")
        address = url("erp_ready") + ON_THE_WAY
        first = shown(browser.get(address))
        change(export, state="failed")
        assert update(browser, address, first).headers["HX-Refresh"] == "true"
        assert "HX-Refresh" not in browser.get(address).headers

    def test_no_message_for_a_whole_page_is_used_up(self, browser, sent):
        export, other = sent("SC-1", state="accepted"), sent("SC-2", state="ready")
        address = url("erp_ready") + ON_THE_WAY
        first = shown(browser.get(address))
        change(export, state="awaiting")
        browser.post(url("export_reject", other.pk), {"reason": "Wrong job."})
        assert update(browser, address, first).status_code == 200
        page = browser.get(url("erp_ready"))
        assert "SC-2 rejected. Max Manager is told by mail." in words(page)
        assert len(get_messages(page.wsgi_request)) == 1
