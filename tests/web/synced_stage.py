"""The stage of the Synced list's tests: a connection that is never asked, links on it, and the page as text."""

from __future__ import annotations

import base64
import datetime
import json
import re
from decimal import Decimal

import pytest
from django.utils import timezone

from erpintegrations.models import SyncLink
from tests.factories import (
    CommitmentFactory,
    ErpConnectionFactory,
    SyncLinkFactory,
    VendorFactory,
)

ADDRESS = "/companies/harbor-point/erp-integrations/commitment/synced/"


@pytest.fixture(name="erp")
def erp_fixture(company):
    """The company's connection; these pages never ask the ERP itself."""
    return ErpConnectionFactory(company=company)


@pytest.fixture(name="link")
def link_fixture(erp, project):
    """Links a new commitment: `link("SC-1", presence=Presence.DELETED, title="Rebar")`."""

    def make(
        number: str, *, kind="subcontract", title="Concrete", vendor=None, amount=1000, on=None, **fields
    ) -> SyncLink:
        on = on or project
        commitment = CommitmentFactory(
            project=on,
            number=number,
            title=title,
            kind=kind,
            amount=Decimal(amount),
            vendor=vendor or VendorFactory(company=on.company, name="Bayshore Concrete"),
            lines=False,
        )
        a_day_ago = timezone.now() - datetime.timedelta(days=1)
        return SyncLinkFactory(connection=erp, commitment=commitment, **{"linked_at": a_day_ago, **fields})

    return make


@pytest.fixture(name="page")
def page_fixture(client, approver):
    """Opens the Synced list as the approver: `page("?q=rebar")`."""
    client.force_login(approver)
    return lambda query="": client.get(ADDRESS + query)


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def numbers(response) -> list[str]:
    return [row.link.number for row in response.context["rows"]]


def row_of(response, number: str):
    return next(row for row in response.context["rows"] if row.link.number == number)


def cursor(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def walk(page, query: str, way: str) -> list[list[str]]:
    """The numbers on each page, from this one on."""
    pages = []
    while query is not None:
        answer = page(query)
        pages.append(numbers(answer))
        following = getattr(answer.context["page"], way)
        query = following.removeprefix(ADDRESS) if following else None
    return pages
