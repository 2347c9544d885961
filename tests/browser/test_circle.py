"""The full circle of a correction, walked in a browser by four people: with a mouse, and with the keyboard alone.

A commitment is written, sent, rejected, sent again, keyed into Sage and linked; found to be wrong, deleted there,
unlinked, corrected, sent again, and written by the bridge. In the end exactly one record of it lives.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from commitments.models import Commitment
from erpintegrations.models import Export, SyncLink
from erpintegrations.models.rejection_mail import RejectionMail
from sandbox import sage_records
from sandbox.sage_desk import SUBCONTRACT
from tests.browser.hands import Hands, Keyboard, Mouse
from tests.browser.test_story import STILL_THERE, open_synced_list, sign_in

pytestmark = pytest.mark.browser

NUMBER, NEW_NUMBER, PROJECT = "SC-9001", "SC-9001-2", "Cannery Row Lofts"
WHY_REJECTED = "Line 2 is labor of our own. Please correct its cost type."
TASKS_TAKE = 60


@dataclass(frozen=True)
class People:
    """Each in a window of their own."""

    manager: Hands
    accountant: Hands
    approver: Hands
    admin: Hands


@pytest.mark.parametrize("kind_of_hands", [Mouse, Keyboard])
def test_the_full_circle(open_window, start_task_cluster, kind_of_hands):
    people = People(*(kind_of_hands(open_window().page) for _ in range(4)))
    for name, hands in vars(people).items():
        sign_in(hands, f"{name}@example.com")
    start_task_cluster()

    writes_a_commitment(people.manager)
    sends_it(people.manager, "Send to ERP")
    rejects_it(people.accountant)
    corrects_what_was_rejected(people.manager)

    accepts_it(people.accountant, NUMBER)
    keys_it_in_from_the_entry_sheet(people.accountant)
    finds_it_synced(people.approver, NUMBER)

    unlinks_in_vain(people.approver)
    deletes_it_in_the_sandbox(people.accountant)
    checks_now(people.approver)
    unlinks_it(people.approver)
    corrects_it_step_by_step(people.approver)

    has_the_bridge_used(people.admin)
    accepts_it(people.accountant, NEW_NUMBER)
    sees_it_finished(people.approver)
    finds_it_synced(people.approver, NEW_NUMBER)
    reads_the_whole_case(people.manager)
    one_record_lives()


# ---- Write, send, reject, send again ---------------------------------------------------------------------------------


def writes_a_commitment(hands: Hands) -> None:
    """As a draft; then it is approved."""
    hands.press("link", "Commitments", within=main_menu(hands))
    hands.press("link", PROJECT)
    hands.press("link", "New subcontract")
    hands.write("Number", NUMBER)
    hands.write("Title", "Lobby masonry")
    hands.write("Contract company", "Cape Ann Masonry (406)")
    hands.write_date("Contract date", timezone.localdate())
    writes_a_line(hands, 1, "4200.000", "Subcontract", "Face brick", "12,000.00")
    hands.press("button", "Add line")
    writes_a_line(hands, 2, "4200.000", "Subcontract", "Cleaning", "3,500.00")
    expect(hands.page.locator("#total")).to_have_text("15,500.00")
    hands.press("button", "Create")
    says(hands, f"Subcontract {NUMBER} was created.")
    expect(sending(hands)).to_contain_text("Before it can be sent to the ERP:")
    expect(sending(hands)).to_contain_text("Approved")

    hands.press("link", f"Edit {NUMBER}")
    hands.choose("Status", "Approved")
    hands.press("button", "Save")
    says(hands, f"Subcontract {NUMBER} was saved.")


def writes_a_line(hands: Hands, line: int, cost_code: str, cost_type: str, description: str, amount: str) -> None:
    hands.write(f"Cost code, line {line}", cost_code)
    hands.write(f"Cost type, line {line}", cost_type)
    hands.write(f"Description, line {line}", description)
    hands.write(f"Amount, line {line}", amount)


def sends_it(hands: Hands, button: str) -> None:
    hands.press("button", f"{button}: {NUMBER}")
    says(hands, f"{NUMBER} was sent to the ERP. It is locked until accounting answers.")
    expect(hands.page.get_by_role("link", name=f"Edit {NUMBER}")).to_have_count(0)
    expect(hands.page.get_by_role("button", name=f"Retrieve from ERP: {NUMBER}")).to_be_visible()


def rejects_it(hands: Hands) -> None:
    opens_ready_to_export(hands)
    hands.press("button", f"Reject {NUMBER}")
    hands.write("Reason", WHY_REJECTED)
    hands.press("button", f"Reject {NUMBER}")
    says(hands, f"{NUMBER} rejected. Morgan Chen is told by mail.")


def corrects_what_was_rejected(hands: Hands) -> None:
    """The sender sees why, corrects it and sends it again."""
    hands.page.reload()
    expect(sending(hands)).to_contain_text("Rejected")
    expect(sending(hands)).to_contain_text(WHY_REJECTED)
    mail = RejectionMail.objects.get(export__number=NUMBER)
    assert mail.recipient.email == "manager@example.com"
    hands.press("link", f"Edit {NUMBER}")
    hands.write("Cost type, line 2", "Labor")
    hands.press("button", "Save")
    says(hands, f"Subcontract {NUMBER} was saved.")
    sends_it(hands, "Re-send to ERP")


# ---- Accept, key in, read back ---------------------------------------------------------------------------------------


def accepts_it(hands: Hands, erp_number: str) -> None:
    """The number in Sage begins as the commitment's own."""
    opens_ready_to_export(hands)
    label = f"Commitment ID of {NUMBER} in Sage"
    expect(hands.page.get_by_label(label)).to_have_value(NUMBER)
    if erp_number != NUMBER:
        hands.write(label, erp_number)
    hands.press("button", f"Accept {NUMBER}")
    says(hands, f"{NUMBER} accepted as {erp_number}.")


def keys_it_in_from_the_entry_sheet(hands: Hands) -> None:
    """What the sheet says is typed into Sage's own screen, box by box."""
    hands.press("link", re.compile("^Show (it|them)$"))
    until(hands.page, hands.page.get_by_role("link", name=f"Entry sheet of {NUMBER}"))
    hands.press("link", f"Entry sheet of {NUMBER}")
    expect(hands.heading).to_have_text(f"Entry sheet {NUMBER}")
    sheet = hands.page.url
    boxes, lines = read_sheet(hands.page)

    opens_subcontracts_in_the_sandbox(hands)
    hands.press("link", "New Subcontract")
    hands.choose("Job", boxes["Job"].split()[0])
    hands.choose("Vendor", boxes["Vendor"].split()[0])
    hands.write("Subcontract number", boxes["Subcontract#"])
    hands.write("Description", boxes["Description"], within=hands.page.locator(".desk-form > .desk-grid"))
    day = datetime.datetime.strptime(boxes["Contract Date"], "%b %d, %Y").date()  # noqa: DTZ007 – a day has no time zone
    hands.write_date("Contract date", day)
    hands.write("Retention", boxes["Retention"].removesuffix(" %"))
    for number, line in enumerate(lines, start=1):
        fields = hands.page.get_by_role("group", name=f"Line {number}")
        hands.write("Description", line["Description"], within=fields)
        hands.choose("Cost code", line["Cost Code"].split()[0], within=fields)
        hands.choose("Cost type", line["Cost Type"].split()[0], within=fields)
        hands.write("Amount", line["Original Contract"], within=fields)
    hands.press("button", "Save Subcontract")
    says(hands, f"Subcontract {NUMBER} was saved in Sage.")

    hands.open(sheet)
    hands.press("button", f"I keyed it in: Check now for {NUMBER}")
    says(hands, f"{NUMBER} was found in Sage as {NUMBER}, and is linked now.")


def read_sheet(page: Page) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The boxes, and the lines of the grid, each by the name that Sage's screen gives it."""
    facts = page.locator("dl.facts > div")
    boxes = {fact.locator("dt").inner_text(): fact.locator("dd").inner_text() for fact in facts.all()}
    rows = page.get_by_role("region", name="Lines").locator("tbody tr")
    lines = [
        {cell.get_attribute("data-label") or "": cell.inner_text() for cell in row.locator("td").all()}
        for row in rows.all()
    ]
    return boxes, lines


# ---- Found to be wrong: delete, unlink, correct, send again ----------------------------------------------------------


def finds_it_synced(hands: Hands, erp_number: str) -> None:
    opens_company(hands)
    open_synced_list(hands)
    hands.write("Search", NUMBER)
    hands.press("button", "Apply")
    expect(row_of(hands.page)).to_contain_text(erp_number)
    expect(row_of(hands.page)).to_contain_text("In Sage")


def unlinks_in_vain(hands: Hands) -> None:
    hands.press("button", f"Unlink {NUMBER}")
    said = hands.page.locator("#messages .message-error")
    expect(said).to_contain_text(STILL_THERE)
    expect(said).to_contain_text("6-7-1")
    hands.is_at_the_message()


def deletes_it_in_the_sandbox(hands: Hands) -> None:
    opens_subcontracts_in_the_sandbox(hands)
    hands.write("Find", NUMBER)
    hands.press("button", "Find")
    hands.press("link", NUMBER)
    hands.press("button", f"Delete Subcontract {NUMBER}")
    says(hands, f"Subcontract {NUMBER} was deleted in Sage.")


def checks_now(hands: Hands) -> None:
    """With the button that the red message brought along."""
    hands.press("button", f"Check now {NUMBER}", within=hands.page.locator("#messages"))
    says(hands, "is no longer in Sage 100 Contractor®: deleted. Unlink will go through now.")


def unlinks_it(hands: Hands) -> None:
    hands.press("button", f"Unlink {NUMBER}")
    says(hands, "Successfully Unlinked")
    hands.press("link", "What to do next")
    expect(hands.heading).to_have_text(f"Correction of {NUMBER}")


def corrects_it_step_by_step(hands: Hands) -> None:
    """Each step of the guided correction leads to where it is done."""
    expect(current_step(hands)).to_contain_text("Correct it")
    hands.press("link", "Correct it")
    expect(hands.heading).to_have_text(f"Edit Subcontract {NUMBER}")
    hands.write("Amount, line 1", "21,000.00")
    hands.press("button", "Save")
    says(hands, f"Subcontract {NUMBER} was saved.")

    expect(hands.heading).to_have_text(f"Correction of {NUMBER}")
    expect(current_step(hands)).to_contain_text("Re-send to ERP")
    changed = hands.page.get_by_role("region", name=f"Changed since it was exported as {NUMBER}")
    expect(changed).to_contain_text("15,500.00")
    expect(changed).to_contain_text("24,500.00")
    hands.press("link", "Re-send to ERP")
    expect(sending(hands)).to_contain_text("Unlinked since")
    sends_it(hands, "Re-send to ERP")

    hands.press("link", f"Correct step by step: {NUMBER}")
    expect(current_step(hands)).to_contain_text("Accept")
    expect(current_step(hands)).to_contain_text("Dana Whitfield")


# ---- Exported again --------------------------------------------------------------------------------------------------


def has_the_bridge_used(hands: Hands) -> None:
    """By one click."""
    hands.press("link", "Sandbox", within=main_menu(hands))
    hands.press("link", "Bridge", within=sage_menu(hands))
    hands.press("button", "Use this bridge")
    says(hands, "The sample company's settings were changed.")


def sees_it_finished(hands: Hands) -> None:
    """The task process hands it to the bridge, and reads it back, without anybody's help."""
    until(hands.page, hands.page.get_by_text(f"It was exported again as {NEW_NUMBER}."))
    expect(current_step(hands)).to_be_hidden()


def reads_the_whole_case(hands: Hands) -> None:
    hands.page.reload()
    history = hands.page.get_by_role("region", name="History")
    told = history.locator("ol.timeline > li > p:not(.because):not(.who)").all_inner_texts()
    assert list(reversed(told)) == [
        "Commitment created",
        "Commitment edited",
        "Sent to ERP",
        "Rejected by accounting",
        "Commitment edited",
        "Sent to ERP",
        "Accepted by accounting",
        "Linked",
        "State in the ERP changed",
        "Unlinked",
        "Commitment edited",
        "Sent to ERP",
        "Accepted by accounting",
        "Written to the ERP",
        "Linked",
    ]
    for text in (WHY_REJECTED, "Alex Rivera", "Dana Whitfield", "12,000.00", "21,000.00", NEW_NUMBER):
        expect(history).to_contain_text(text)


def one_record_lives() -> None:
    living = sage_records.list_records(Path(settings.SANDBOX_ERP_PATH), SUBCONTRACT, search=NUMBER).rows
    assert [(record.number, str(record.amount)) for record in living] == [(NEW_NUMBER, "24500.00")]
    link = SyncLink.objects.get(number=NUMBER, closed_at=None)
    assert link.erp_id == living[0].identity.lower()
    assert Commitment.objects.get(number=NUMBER).erp_status == Commitment.ErpStatus.SYNCED
    states = Export.objects.filter(number=NUMBER).order_by("pk").values_list("state", "erp_number")
    assert list(states) == [("rejected", ""), ("linked", NUMBER), ("linked", NEW_NUMBER)]


# ---- Where things are ------------------------------------------------------------------------------------------------


def main_menu(hands: Hands) -> Locator:
    return hands.page.get_by_role("navigation", name="Main")


def sage_menu(hands: Hands) -> Locator:
    return hands.page.get_by_role("navigation", name="Sage menu")


def sending(hands: Hands) -> Locator:
    return hands.page.get_by_role("region", name="Export to Sage 100 Contractor®")


def current_step(hands: Hands) -> Locator:
    return hands.page.locator("li[aria-current=step]")


def row_of(page: Page) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=NUMBER, exact=True))


def opens_company(hands: Hands) -> None:
    """From the sandbox, or from any page of the company."""
    hands.press("link", re.compile("^(Companies|Company home)$"), within=main_menu(hands))


def opens_ready_to_export(hands: Hands) -> None:
    opens_company(hands)
    hands.press("link", "ERP Integrations", within=main_menu(hands))
    hands.press("link", re.compile("^Ready to Export"))
    expect(hands.heading).to_have_text("Commitments - Ready to be Exported to Sage 100 Contractor®")


def opens_subcontracts_in_the_sandbox(hands: Hands) -> None:
    hands.press("link", "Sandbox", within=main_menu(hands))
    hands.press("link", "6-7-1 Subcontracts", within=sage_menu(hands))


def says(hands: Hands, text: str) -> None:
    expect(hands.page.locator("#messages .message-success")).to_contain_text(text)
    hands.is_at_the_message()


def until(page: Page, wanted: Locator) -> None:
    """Loads the page again until the task process has come so far."""
    for _ in range(TASKS_TAKE):
        if wanted.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(wanted).to_be_visible()
