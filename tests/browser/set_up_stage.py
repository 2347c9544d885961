"""What has happened before somebody looks at the pages of the set-up; everything by the services."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from commitments.models import Vendor
from directory.access import access_for
from directory.models import Company, User
from erpintegrations.models import ErpConnection, FoundMaster
from erpintegrations.services.bring_in import request_bring_in
from erpintegrations.services.decide_masters import decide_master
from erpintegrations.services.decide_new_masters import decide_new_masters
from erpintegrations.services.read_masters import read_masters
from sandbox.sage_tables import actpay, company_engine
from tests.browser import stage
from tests.browser.stage import ADMIN, Address, press

NEW_VENDORS = {9001: "Harbor Glass", 9002: "Twin Electric", 9003: "Quarry Stone", 9004: "Lone Pine Lumber"}


def step(what: str, *, query: str = "") -> Address:
    return lambda company: reverse("set_up_masters", args=[company.slug, what]) + query


def vendors_came(company: Company) -> None:
    """Four vendors are new in Sage: one has its name here, one its number; one was decided, one could not be."""
    _add_vendors()
    Vendor.objects.create(company=company, number="V-1", name="Harbor Glass")
    taken = Vendor.objects.create(company=company, number="9002", name="Twin Plumbing")
    read_masters(connection=stage.connection_of(company), now=timezone.now())
    _decide(company, "9003", "create")
    _decide(company, "9004", "leave")
    problem = f"The number 9004 is taken here, by the vendor “{taken.name}”."
    FoundMaster.objects.filter(erp_id="9004", kind="vendor").update(problem=problem)


def vendors_by_themselves(company: Company) -> None:
    """New vendors are created by themselves from now on; of those that are there, some are like something here."""
    vendors_came(company)
    access = access_for(User.objects.get(email=ADMIN), company)
    assert access is not None
    decide_new_masters(
        connection=stage.connection_of(company), kind="vendor", creates=True, access=access, now=timezone.now()
    )


def many_are_missing(company: Company) -> None:
    read_masters(connection=stage.connection_of(company), now=timezone.now())
    with company_engine(stage.books()).begin() as books:
        books.execute(actpay.delete())
    read_masters(connection=stage.connection_of(company), now=timezone.now())


def one_is_gone(company: Company) -> None:
    vendors_came(company)
    with company_engine(stage.books()).begin() as books:
        books.execute(actpay.delete().where(actpay.c.recnum == 9001))
    read_masters(connection=stage.connection_of(company), now=timezone.now())


def vendors_under_way(company: Company) -> None:
    vendors_came(company)
    access = access_for(User.objects.get(email=ADMIN), company)
    assert access is not None
    connection = ErpConnection.objects.get(company=company)
    request_bring_in(connection=connection, step="vendor", access=access, now=timezone.now())


def choose(*, query: str = "") -> Address:
    """Of one whose number is taken by another vendor of ours."""

    def address(company: Company) -> str:
        vendors_came(company)
        found = FoundMaster.objects.get(company=company, kind="vendor", erp_id="9002")
        return reverse("set_up_choose", args=[company.slug, "vendors", found.pk]) + query

    return address


def preview(page: Page) -> None:
    press("Decide ")(page)
    page.get_by_role("heading", name="What it will come to").wait_for()


def _add_vendors() -> None:
    with company_engine(stage.books()).begin() as books:
        books.execute(
            actpay.insert(),
            [{"recnum": number, "vndnme": name, "shtnme": name[:30]} for number, name in NEW_VENDORS.items()],
        )


def _decide(company: Company, erp_id: str, decision: str) -> None:
    access = access_for(User.objects.get(email=ADMIN), company)
    assert access is not None
    found = FoundMaster.objects.get(company=company, kind="vendor", erp_id=erp_id)
    decide_master(found=found, decision=decision, access=access, now=timezone.now())
