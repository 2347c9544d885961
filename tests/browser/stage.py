"""What has happened before somebody looks at a page, and what they do there to get to it. `pages.py` lists the pages.

Everything is made by real means: the services, the desk, and the company's file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from playwright.sync_api import Page

from commitments.editing import delete_commitment
from commitments.models import Commitment
from directory import privilege
from directory.access import access_for
from directory.models import Company, CompanyMember, Level, PrivilegeRequest, User
from erpintegrations.models import ErpConnection, Presence, SyncLink, SyncRun, UnlinkOverride
from erpintegrations.selectors.adoption import suggestions
from erpintegrations.services.run_sync import open_run, perform_sync
from erpintegrations.services.unlink_anyway import ask_to_unlink_anyway, consent_to_unlink_anyway
from erpintegrations.services.unlink_commitment import unlink_commitment
from sandbox import sage_desk, sage_records
from sandbox.sage_desk import SUBCONTRACT
from tests.factories import (
    CompanyFactory,
    CompanyMemberFactory,
    ErpConnectionFactory,
    ProjectFactory,
    ProjectMemberFactory,
)

Address = Callable[[Company], str]
APPROVER, MANAGER, ACCOUNTANT, VIEWER, STAFF, ADMIN = (
    f"{name}@example.com" for name in ("approver", "manager", "accountant", "viewer", "staff", "admin")
)
NOBODY = ""


def plain(route: str, *arguments: Any, query: str = "") -> Address:
    """An address that names nothing of the company."""
    return lambda company: reverse(route, args=arguments) + query


def here(route: str, *, query: str = "") -> Address:
    """An address of the company that names nothing else."""
    return lambda company: reverse(route, args=[company.slug]) + query


def after(prepare: Callable[[Company], object], address: Address) -> Address:
    def prepared(company: Company) -> str:
        prepare(company)
        return address(company)

    return prepared


# ---- What has happened before ----------------------------------------------------------------------------------------


def connection_of(company: Company) -> ErpConnection:
    return ErpConnection.objects.get(company=company)


def books() -> Path:
    return Path(settings.SANDBOX_ERP_PATH)


def failed_run(company: Company) -> SyncRun:
    """For real: the company's file is gone."""
    books().rename(f"{books()}.away")
    run = sync(company)
    Path(f"{books()}.away").rename(books())
    assert run.state == SyncRun.State.FAILED
    return run


def doubtful_run(company: Company) -> SyncRun:
    """For real: suddenly many records are gone."""
    page = sage_records.list_records(books(), SUBCONTRACT)
    deletable = [record for record in page.rows if not record.invoiced and not record.changed]
    for record in deletable[:25]:
        sage_desk.delete_subcontract(books(), record.recnum, now=timezone.now())
    run = sync(company)
    assert run.state == SyncRun.State.NEEDS_CONFIRMATION
    return run


def sync(company: Company) -> SyncRun:
    run, _ = open_run(connection=connection_of(company), trigger=SyncRun.Trigger.SCHEDULE, by=None, now=timezone.now())
    return perform_sync(run_id=run.pk, retry_waits=())


def waiting_run(company: Company) -> SyncRun:
    by = User.objects.get(email=ADMIN)
    run, _ = open_run(connection=connection_of(company), trigger=SyncRun.Trigger.PERSON, by=by, now=timezone.now())
    return run


def run_page(run_of: Callable[[Company], SyncRun]) -> Address:
    return lambda company: reverse("run_detail", args=[company.slug, run_of(company).pk])


def run_with_changes(company: Company) -> SyncRun:
    return SyncRun.objects.filter(company=company, deleted_count__gt=0).latest("pk")


def link_that_is(presence: Presence) -> SyncLink:
    return SyncLink.objects.filter(presence=presence, closed_at=None).order_by("number")[0]


def reason_page(company: Company) -> str:
    return reverse("link_unlink", args=[company.slug, link_that_is(Presence.PURGED).pk])


def commitment_page(commitment: Commitment) -> str:
    return reverse("commitment_detail", args=[commitment.company.slug, commitment.project_id, commitment.pk])


def linked_commitment(company: Company) -> str:
    return commitment_page(link_that_is(Presence.PRESENT).linked_commitment)


def unlinked_commitment(company: Company) -> str:
    link, approver = link_that_is(Presence.DELETED), User.objects.get(email=APPROVER)
    access = access_for(approver, company)
    assert access is not None
    unlink_commitment(link=link, access=access, now=timezone.now())
    return commitment_page(link.linked_commitment)


def commitment_never_sent(company: Company) -> str:
    return commitment_page(Commitment.objects.filter(company=company, links=None)[0])


def commitment_form(route: str, link: bool = False) -> Address:
    """Of a commitment that was never sent, or of a linked one."""

    def address(company: Company) -> str:
        commitments = Commitment.objects.filter(company=company, links__isnull=not link)
        commitment = commitments.exclude(status=Commitment.Status.APPROVED).first() or commitments[0]
        return reverse(route, args=[company.slug, commitment.project_id, commitment.pk])

    return address


def forbidden_link() -> SyncLink:
    """Still in the ERP, which refuses to delete it."""
    links = SyncLink.objects.filter(presence=Presence.PRESENT, closed_at=None, invoiced_amount__gt=0)
    return links.order_by("number")[0]


def link_page(route: str, link_of: Callable[[], SyncLink]) -> Address:
    return lambda company: reverse(route, args=[company.slug, link_of().pk])


def asked_to_unlink(company: Company) -> UnlinkOverride:
    access = access_for(User.objects.get(email=ADMIN), company)
    assert access is not None
    reason = "It was invoiced on the wrong commitment; the credit note comes in March."
    return ask_to_unlink_anyway(link=forbidden_link(), access=access, reason=reason, now=timezone.now())


def request_page(company: Company) -> str:
    return reverse("override_answer", args=[company.slug, asked_to_unlink(company).pk])


def left_in_erp(company: Company) -> str:
    """Unlinked by two: the commitment's page."""
    access, override = access_for(User.objects.get(email=APPROVER), company), asked_to_unlink(company)
    assert access is not None
    link = consent_to_unlink_anyway(override=override, access=access, now=timezone.now())
    return commitment_page(link.linked_commitment)


def correction_page(commitment_of: Address) -> Address:
    """The correction of the commitment whose page that is."""
    return lambda company: f"{commitment_of(company)}correction/"


def drifted_link() -> SyncLink:
    return SyncLink.objects.filter(has_drifted=True, closed_at=None).order_by("number")[0]


def drifted_without_erp(company: Company) -> str:
    no_books(company)
    return link_page("link_compare", drifted_link)(company)


def adoption_page(*, with_commitment: bool) -> Address:
    """Of the first record that is suggested, with its commitment, or with the choice of one."""

    def address(company: Company) -> str:
        suggestion = suggestions(connection_of(company))[0]
        page = reverse("adoption_compare", args=[company.slug, suggestion.record.pk])
        return f"{page}?commitment={suggestion.commitment.pk}" if with_commitment else page

    return address


def new_commitment(kind: str) -> Address:
    return lambda company: reverse(
        "commitment_create", args=[company.slug, company.projects.order_by("number")[0].pk, kind]
    )


def draft_commitment(company: Company) -> Commitment:
    commitment = Commitment.objects.filter(company=company, links=None)[0]
    Commitment.objects.filter(pk=commitment.pk).update(status="draft")
    return commitment


def deleted_commitment(company: Company) -> str:
    commitment, by = draft_commitment(company), access_for(User.objects.get(email=MANAGER), company)
    assert by is not None
    address = commitment_page(commitment)
    delete_commitment(commitment=commitment, seen_revision=commitment.revision, access=by, now=timezone.now())
    return address


def project_list(company: Company, query: str = "") -> str:
    return reverse("commitment_list", args=[company.slug, company.projects.order_by("number")[0].pk]) + query


def empty_company(*, connected: bool = False) -> Company:
    company = CompanyFactory(name="Quiet Bay Builders", slug="quiet-bay")
    member = {"erp_integrations_level": Level.ADMIN, "can_push_to_accounting": True}
    CompanyMemberFactory(company=company, user=User.objects.get(email=ADMIN), **member)
    if connected:
        ErpConnectionFactory(company=company)
    return company


def in_empty_company(route: str, *, connected: bool = True) -> Address:
    return lambda _: reverse(route, args=[empty_company(connected=connected).slug])


def empty_project(company: Company) -> str:
    project = ProjectFactory(company=company, number="99", name="Empty lot")
    ProjectMemberFactory(project=project, user=User.objects.get(email=ADMIN), commitments_level=Level.ADMIN)
    return reverse("commitment_list", args=[company.slug, project.pk])


def without_a_level(company: Company) -> None:
    CompanyMember.objects.filter(user__email=VIEWER).update(erp_integrations_level=Level.NONE)


def requested(company: Company) -> PrivilegeRequest:
    access = access_for(User.objects.get(email=MANAGER), company)
    assert access is not None
    return privilege.request_privilege(access=access, reason="I correct our commitments.", now=timezone.now())


def declined(company: Company) -> None:
    staff = User.objects.get(email=STAFF)
    privilege.decline_request(request=requested(company), by=staff, reason="Ask in March.", now=timezone.now())


def password_link(company: Company) -> str:
    user = User.objects.get(email=VIEWER)
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("reset_password_confirm", args=[uid, default_token_generator.make_token(user)])


def nine_wrong_passwords(company: Company) -> None:
    for _ in range(9):
        Client().post(reverse("sign_in"), {"username": VIEWER, "password": "wrong"})


def record_page(kind: str, *, which: Callable[[Any], bool] = bool) -> Address:
    def address(company: Company) -> str:
        for page in (1, 2, 3):
            for record in sage_records.list_records(books(), kind, page=page).rows:
                if which(record):
                    return reverse(f"sandbox_{kind}", args=[record.recnum])
        raise LookupError(kind)

    return address


def a_closed_job(company: Company) -> None:
    sage_desk.set_job_status(books(), sage_records.list_jobs(books())[0].recnum, 6)


def no_books(company: Company) -> None:
    for path in books().parent.glob(f"{books().name}*"):
        path.unlink()


def a_member(company: Company) -> CompanyMember:
    return CompanyMember.objects.get(company=company, user__email=MANAGER)


def who_has_it(company: Company) -> CompanyMember:
    return CompanyMember.objects.get(company=company, user__email=APPROVER)


def admin_page(app: str, model: str, page: str, row_of: Callable[[Company], Any]) -> Address:
    return lambda company: reverse(f"admin:{app}_{model}_{page}", args=[row_of(company).pk])


# ---- What is done to get there ---------------------------------------------------------------------------------------


def press(name: str) -> Callable[[Page], None]:
    """The first button whose name begins like this."""

    def act(page: Page) -> None:
        page.get_by_role("button", name=re.compile(f"^{name}")).first.click()
        page.wait_for_load_state()

    return act


def save_after_somebody_else(page: Page) -> None:
    """Two people edit the same commitment: the other one was faster."""
    other = page.context.new_page()
    for window, title in ((other, "Saved first"), (page, "Saved second")):
        if window is other:
            window.goto(page.url)
        window.get_by_label("Title", exact=True).fill(title)
        window.get_by_role("button", name="Save").click()
        window.wait_for_load_state()
    other.close()


def preview_selected(page: Page) -> None:
    page.get_by_role("link", name="Tick all that will go through").click()
    page.get_by_role("checkbox", name="Select").nth(0).check()
    page.get_by_role("checkbox", name="Select").nth(1).check()
    page.get_by_role("button", name="Unlink selected").click()
    page.get_by_role("heading", name="will be unlinked").wait_for()


def unlink_selected(page: Page) -> None:
    preview_selected(page)
    if page.get_by_label("Reason").count():
        page.get_by_label("Reason").fill("The job was closed by mistake.")
    page.get_by_role("button", name="commitment").click()
    page.get_by_role("heading", name="unlinked").first.wait_for()


def sign_in_wrongly(page: Page) -> None:
    page.get_by_label("E-mail address", exact=True).fill(VIEWER)
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def open_menus(page: Page) -> None:
    for summary in page.locator("header summary").all():
        summary.click()


def send_without_token(page: Page) -> None:
    page.context.clear_cookies(name="csrftoken")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def press_decline(page: Page) -> None:
    page.locator("textarea").evaluate("element => element.form.noValidate = true")
    press("Decline")(page)


def sign_out(page: Page) -> None:
    open_menus(page)
    press("Sign out")(page)


def send_empty(name: str) -> Callable[[Page], None]:
    """What the browser itself would not let through, as somebody without its checks sends it."""

    def act(page: Page) -> None:
        page.evaluate("document.querySelectorAll('form').forEach((form) => form.noValidate = true)")
        press(name)(page)

    return act
