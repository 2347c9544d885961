"""The job that the product exists for, walked in a browser: with a mouse, with the keyboard alone, and without scripts.

A commitment is still in Sage → red. It is deleted there, a sync notices, Unlink → green. Undo → linked again.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from commitments.models import Commitment
from erpintegrations.models import Presence, SyncLink, SyncRun
from tests.browser.hands import Hands, Keyboard, Mouse

pytestmark = pytest.mark.browser

STILL_THERE = "The commitment is still in Sage 100 Contractor®. Please delete it before retrying."
SYNCED = "Commitments - Synced with Sage 100 Contractor®"


@pytest.fixture
def link(sample_company) -> SyncLink:
    """A subcontract that is in Sage and that Sage lets go."""
    present = SyncLink.objects.filter(presence=Presence.PRESENT, kind=Commitment.Kind.SUBCONTRACT)
    found = present.filter(invoiced_amount=0, changed_amount=0).order_by("number").first()
    assert found is not None
    return found


def test_with_a_mouse(open_window, start_task_cluster, link):
    approver, admin = open_window(), open_window()
    walk_the_story(Mouse(approver.page), Mouse(admin.page), link, start_task_cluster)


def test_with_the_keyboard_alone(open_window, start_task_cluster, link):
    approver, admin = open_window(), open_window()
    walk_the_story(Keyboard(approver.page), Keyboard(admin.page), link, start_task_cluster)


def test_without_scripts(open_window, start_task_cluster, link):
    approver, admin = open_window(scripts=False), open_window(scripts=False)
    walk_the_story(Mouse(approver.page), Mouse(admin.page), link, start_task_cluster, scripts=False)


def walk_the_story(
    approver: Hands, admin: Hands, link: SyncLink, start_task_cluster: Callable[[], None], *, scripts: bool = True
) -> None:
    sign_in(approver, "approver@example.com")
    sign_in(admin, "admin@example.com")

    open_synced_list(approver)
    search(approver, link)
    unlink(approver, link)
    is_refused(approver, link)

    delete_in_the_sandbox(approver, link)
    ask_for_a_sync(admin)
    start_task_cluster()
    sees_it_complete(admin, scripts=scripts)

    open_synced_list(approver)
    search(approver, link)
    unlink(approver, link)
    is_unlinked(approver, link)

    approver.press("button", f"Undo unlink of {link.number}")
    is_linked_again(approver, link)


# ---- The steps -------------------------------------------------------------------------------------------------------


def sign_in(hands: Hands, email: str) -> None:
    hands.open("/")
    hands.write("E-mail address", email)
    hands.write("Password", "demo")
    hands.press("button", "Sign in")
    expect(hands.page.get_by_role("heading", level=1)).not_to_have_text("Sign in")


def open_synced_list(hands: Hands) -> None:
    hands.press("link", "ERP Integrations", within=hands.page.get_by_role("navigation", name="Main"))
    expect(hands.heading).to_have_text("Sage 100 Contractor® Integration")
    hands.press("link", "Commitment", within=hands.page.get_by_role("navigation", name="ERP Integrations"))
    expect(hands.heading).to_have_text(SYNCED)
    expect(hands.page.get_by_role("navigation", name="Views")).to_contain_text("Ready to Export")


def search(hands: Hands, link: SyncLink) -> None:
    hands.write("Search", link.number)
    hands.press("button", "Apply")
    expect(row_of(hands.page, link)).to_be_visible()


def row_of(page: Page, link: SyncLink) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=link.number, exact=True))


def unlink(hands: Hands, link: SyncLink) -> None:
    hands.press("button", f"Unlink {link.number}")


def is_refused(hands: Hands, link: SyncLink) -> None:
    said = hands.page.locator("#messages .message-error")
    expect(said).to_contain_text(STILL_THERE)
    expect(said).to_contain_text("6-7-1")
    hands.is_at_the_message()
    assert SyncLink.objects.get(pk=link.pk).is_open


def delete_in_the_sandbox(hands: Hands, link: SyncLink) -> None:
    hands.press("link", "Sandbox", within=hands.page.get_by_role("navigation", name="Main"))
    hands.press("link", "6-7-1 Subcontracts", within=hands.page.get_by_role("navigation", name="Sage menu"))
    hands.write("Find", link.erp_number)
    hands.press("button", "Find")
    hands.press("link", link.erp_number)
    hands.press("button", f"Delete Subcontract {link.erp_number}")
    said = hands.page.locator("#messages .message-success")
    expect(said).to_contain_text(f"Subcontract {link.erp_number} was deleted in Sage.")
    hands.is_at_the_message()


def ask_for_a_sync(hands: Hands) -> None:
    """The page shows at once that the sync waits, and leads to the run's own page, which shows the same."""
    hands.press("link", "ERP Integrations", within=hands.page.get_by_role("navigation", name="Main"))
    hands.press("button", "Sync now")
    expect(hands.page.locator("#messages .message-success")).to_contain_text("The sync was started.")
    hands.is_at_the_message()
    progress = hands.page.locator("#run-progress")
    expect(progress).to_contain_text("The sync waits for its turn")
    run = SyncRun.objects.order_by("-pk")[0]
    hands.press("link", f"Sync run {run.pk}", within=progress)
    expect(hands.heading).to_have_text(f"Sync run {run.pk}")
    expect(progress).to_contain_text("The sync waits for its turn")


def sees_it_complete(hands: Hands, *, scripts: bool) -> None:
    """The run's page follows it by itself; without scripts, by being loaded again."""
    facts = hands.page.locator("dl.facts").first
    if not scripts:
        for _ in range(60):
            if "Completed" in facts.inner_text():
                break
            hands.page.wait_for_timeout(1000)
            hands.page.reload()
    expect(facts).to_contain_text("Completed", timeout=60_000)
    expect(facts).to_contain_text("Sync now, Jordan Pike")
    expect(hands.page.locator("#run-progress")).to_have_count(0)


def is_unlinked(hands: Hands, link: SyncLink) -> None:
    said = hands.page.locator("#messages .message-success")
    expect(said).to_contain_text(re.compile(r"^\s*(Done\s*)?Successfully Unlinked\s*What to do next\s*Undo\s*$"))
    hands.is_at_the_message()
    expect(row_of(hands.page, link)).to_have_count(0)
    assert not SyncLink.objects.get(pk=link.pk).is_open
    assert Commitment.objects.get(pk=link.commitment_id).erp_status == Commitment.ErpStatus.NOT_SENT


def is_linked_again(hands: Hands, link: SyncLink) -> None:
    said = hands.page.locator("#messages .message-success")
    expect(said).to_contain_text(f"Unlink of {link.number} undone")
    hands.is_at_the_message()
    expect(row_of(hands.page, link)).to_contain_text("Deleted")
    assert SyncLink.objects.get(pk=link.pk).is_open
    assert Commitment.objects.get(pk=link.commitment_id).erp_status == Commitment.ErpStatus.SYNCED
