"""What has happened before somebody looks at the pages of exports, and what they do there to get to them.

The sample company has some waiting, one rejected, one failed and one awaiting read-back; the other states are made from
these by the services and the sandbox's bridge.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from commitments.models import Commitment
from directory.access import CompanyAccess, access_for
from directory.models import Company, User
from erpintegrations.connectors.base import CommitmentKind
from erpintegrations.models import Export
from erpintegrations.services.answer_export import accept_exports
from erpintegrations.services.read_back import check_export
from erpintegrations.services.send_to_erp import retrieve_from_erp
from sandbox import bridge
from tests.browser import stage
from tests.browser.stage import APPROVER, MANAGER, Address

State = Export.State
ExportOf = Callable[[Company], Export]


def _access(company: Company, email: str) -> CompanyAccess:
    access = access_for(User.objects.get(email=email), company)
    assert access is not None
    return access


# ---- Exports in each state -------------------------------------------------------------------------------------------


def of_state(state: State) -> ExportOf:
    """The first that the sample company has in this state, in the order of the lists."""
    return lambda company: Export.objects.filter(company=company, state=state).order_by("id")[0]


ready, rejected, failed, awaiting = map(of_state, (State.READY, State.REJECTED, State.FAILED, State.AWAITING))


def accepted(company: Company) -> Export:
    """Accepted just now: no worker has taken it yet."""
    export = ready(company)
    (outcome,) = accept_exports(
        exports=[export],
        access=_access(company, APPROVER),
        numbers={export.pk: export.number},
        now=timezone.now(),
    )
    assert outcome.refusal is None, outcome.refusal
    return outcome.export


def retrieved(company: Company) -> Export:
    export = ready(company)
    assert export.commitment is not None
    return retrieve_from_erp(commitment=export.commitment, access=_access(company, MANAGER), now=timezone.now())


def linked(company: Company) -> Export:
    """Keyed in just as it was accepted, and found."""
    export = _keyed_in(company)
    assert export.state == State.LINKED
    return export


def to_decide(company: Company) -> Export:
    """Keyed in under its number for another vendor, and found."""
    vendors = {record.vendor_id for record in _records(company)} - {awaiting(company).document["vndnum"]}
    export = _keyed_in(company, vndnum=sorted(vendors)[0])
    assert export.state == State.NEEDS_DECISION
    return export


def _keyed_in(company: Company, **otherwise: str) -> Export:
    export = awaiting(company)
    document = export.document | {"ctcnum": export.erp_number} | otherwise
    bridge.submit(stage.books(), document, str(uuid.uuid4()), now=timezone.now())
    return check_export(export=export, access=_access(company, APPROVER), now=timezone.now())


def _records(company: Company) -> list:
    with stage.connection_of(company).connector().reading() as reading:
        return [record for record in reading.records() if record.kind == CommitmentKind.SUBCONTRACT]


# ---- Addresses -------------------------------------------------------------------------------------------------------


def export_page(export_of: ExportOf, route: str = "export_detail") -> Address:
    return lambda company: reverse(route, args=[company.slug, export_of(company).pk])


def commitment_of(export_of: ExportOf) -> Address:
    """The page of the commitment that is exported."""

    def address(company: Company) -> str:
        commitment = export_of(company).commitment
        assert commitment is not None
        return stage.commitment_page(commitment)

    return address


def not_to_be_sent(company: Company) -> str:
    """A commitment with much that has to be corrected first: its page says so, and offers nothing else."""
    commitment = _sendable(company)
    Commitment.objects.filter(pk=commitment.pk).update(status=Commitment.Status.DRAFT, contract_date=None)
    return stage.commitment_page(commitment)


def too_long_to_be_sent(company: Company) -> str:
    """A commitment whose texts do not fit Sage's columns, which nobody has read yet: sending it finds out."""
    commitment = _sendable(company)
    Commitment.objects.filter(pk=commitment.pk).update(title="Concrete and masonry of the whole east wing " * 4)
    commitment.lines.update(description="Footings, slab and walls of the whole east wing " * 4)
    return stage.commitment_page(commitment)


def _sendable(company: Company) -> Commitment:
    commitments = Commitment.objects.filter(company=company, links=None, exports=None, status="approved")
    return commitments.order_by("number")[0]


# ---- What is done there ----------------------------------------------------------------------------------------------


def no_number(page: Page) -> None:
    page.get_by_label("Commitment ID").first.fill("")
    stage.press(r"Accept \w+-\d")(page)


def two_selected(button: str) -> Callable[[Page], None]:
    """The preview of what is chosen for the first ones of the list."""

    def act(page: Page) -> None:
        for box in page.get_by_role("checkbox", name="Select").all()[:2]:
            box.check()
        stage.press(f"{button} selected")(page)
        page.get_by_role("heading", name=f"{button} selected").wait_for()

    return act


def two_done(button: str) -> Callable[[Page], None]:
    """What became of them."""

    def act(page: Page) -> None:
        two_selected(button)(page)
        if page.get_by_label("Reason").count():
            page.get_by_label("Reason").fill("It belongs under another cost code.")
        stage.press(rf"{button} \d+ commitment")(page)
        page.get_by_role("link", name="Back to the list").wait_for()

    return act


def no_reason(page: Page) -> None:
    """Reject selected, without a word."""
    two_selected("Reject")(page)
    stage.send_empty(r"Reject \d+ commitment")(page)


def somebody_answers_one(page: Page) -> None:
    """Of the two that are to be accepted, one is retrieved between the preview and the click."""
    two_selected("Accept")(page)
    retrieved(Company.objects.get(slug=page.url.split("/companies/")[1].split("/")[0]))
    stage.press(r"Accept \d+ commitment")(page)
    page.get_by_role("link", name="Back to the list").wait_for()
