"""Who may do what: every combination of levels and privilege, with every action, and all strangers at every address.

Everybody in here also has everything elsewhere: Admin on Commitments of another project of the company, and in another
company Admin on all tools and the privilege. Rights that leak from there show up as failures in this table.
"""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from directory.models import CompanyMember, Level, PrivilegeRequest, User
from erpintegrations.models import SyncLink
from erpintegrations.web import urls
from tests.factories import CompanyMemberFactory, ProjectMemberFactory, UserFactory
from tests.web.permissions.needs import (
    ADMIN,
    NONE,
    NOT_ON_THE_TEAM,
    ON_THE_TEAM,
    PRIVILEGE,
    Action,
    Need,
    only_the_company,
)
from tests.web.permissions.table import TABLE
from tests.web.stage import MOST, Rights, Stage, signed_in

pytestmark = pytest.mark.django_db

EVERYBODY = [Rights(*rights) for rights in product([NOT_ON_THE_TEAM, *Level], Level, [False, True])]

COMPANY_ROUTES = sorted({action.route for action in TABLE})
# Pages of nobody's company: what strangers get there is said in the tests below.
OWN_ROUTES = {"home", "change_password"}
PUBLIC_ROUTES = {
    "health", "health_of_tasks", "sign_in", "sign_out",
    "reset_password", "reset_password_sent", "reset_password_confirm",
}  # fmt: skip


@pytest.mark.parametrize("action", TABLE, ids=str)
def test_who_may_do_what(stage, action, subtests):
    for rights in EVERYBODY:
        with subtests.test(str(rights)), rolled_back():
            does_what_it_takes(stage, action, rights)


@contextmanager
def rolled_back() -> Iterator[None]:
    """The stage is built once for all rights: nobody sees what the one before them did."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def does_what_it_takes(stage: Stage, action: Action, rights: Rights) -> None:
    client = stage.sign_in(rights)
    before = stage.state()

    answer = action.send(client, stage)

    missing = [need for need in action.needs if not need.is_met(rights)]
    if not missing:
        assert answer.status_code in (200, 302), text_of(answer)
        assert action.happens is None or action.happens(stage)
        return
    assert stage.state() == before
    if ON_THE_TEAM in missing:
        assert answer.status_code == 404
        return
    gets_the_page = action.answers_per_row and action.needs[0] not in missing
    assert answer.status_code == (200 if gets_the_page else 403)
    says_what_is_missing(answer, action, missing)


def says_what_is_missing(answer: Any, action: Action, missing: list[Need]) -> None:
    text = text_of(answer)
    assert any(need.sentence in text for need in missing)
    assert not any(need.sentence in text for need in action.needs if need not in missing)
    leads_to_request = reverse("privilege_request", args=["harbor-point"]) in text
    if missing == [PRIVILEGE]:
        assert leads_to_request
    elif not action.answers_per_row:
        assert not leads_to_request


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return html.unescape(content.decode())


@pytest.mark.parametrize("rights", EVERYBODY, ids=str)
def test_everybody_of_the_company_may_request_the_privilege_that_they_lack(stage, rights):
    client = stage.sign_in(rights)

    client.post(reverse("privilege_request", args=["harbor-point"]), {"reason": "I correct commitments."})

    assert PrivilegeRequest.objects.filter(member__company=stage.company).exists() == (not rights.privilege)


@pytest.mark.parametrize("rights", EVERYBODY, ids=str)
def test_no_level_lets_anybody_into_the_administration(stage, rights):
    client = stage.sign_in(rights)
    whom = CompanyMemberFactory(company=stage.company)

    grant = reverse("admin:directory_companymember_grant", args=[whom.pk])
    answer = client.post(grant, {"decide": "yes", "reason": "Because."}, follow=True)

    assert answer.status_code == 403
    assert not CompanyMember.objects.get(pk=whom.pk).can_push_to_accounting


# ---- Strangers -------------------------------------------------------------------------------------------------------


def somebody_else(stage: Stage) -> Client:
    return signed_in(UserFactory())


def of_another_company(stage: Stage) -> Client:
    person = UserFactory()
    stage.give_everything_elsewhere(person)
    return signed_in(person)


def who_left_the_company(stage: Stage) -> Client:
    """Still on the project's team, as a database edited by hand may have it."""
    person = UserFactory()
    ProjectMemberFactory(project=stage.project, user=person, commitments_level=ADMIN)
    return signed_in(person)


def staff_without_membership(stage: Stage) -> Client:
    return signed_in(UserFactory(is_staff=True, is_superuser=True))


STRANGERS = [somebody_else, of_another_company, who_left_the_company, staff_without_membership]


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda stranger: stranger.__name__)
@pytest.mark.parametrize("action", TABLE, ids=str)
def test_for_strangers_the_company_does_not_exist(stage, action, stranger):
    client = stranger(stage)
    before = stage.state()

    answer = action.send(client, stage)

    assert answer.status_code == 404
    assert "Harbor Point" not in text_of(answer)
    assert stage.state() == before


@pytest.mark.parametrize("action", TABLE, ids=str)
def test_who_is_not_signed_in_is_asked_to(stage, action):
    before = stage.state()

    answer = action.send(Client(), stage)

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("sign_in"))
    assert stage.state() == before


@pytest.mark.parametrize("action", TABLE, ids=str)
def test_who_was_deactivated_is_signed_out_at_once(stage, action):
    client = stage.sign_in(MOST)
    User.objects.update(is_active=False)
    before = stage.state()

    answer = action.send(client, stage)

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("sign_in"))
    assert stage.state() == before


@pytest.mark.parametrize("action", [action for action in TABLE if action.arguments is not only_the_company], ids=str)
def test_another_companys_things_are_not_found_under_ones_own_company(stage, action):
    client = stage.sign_in(MOST)
    before = stage.state()

    answer = action.send(client, stage, company=stage.other_company)

    assert answer.status_code == 404
    assert stage.state() == before


def test_another_companys_links_are_not_among_the_selected(stage):
    client = stage.sign_in(MOST)
    address = reverse("unlink_selected", args=[stage.other_company.slug])

    answer = client.post(address, {"link": stage.gone.pk, "confirmed": "yes"}, follow=True)

    assert "Nothing is selected" in text_of(answer)
    assert SyncLink.objects.get(pk=stage.gone.pk).is_open


def test_a_commitment_is_not_found_under_another_project(stage):
    client = stage.sign_in(MOST)

    address = reverse("commitment_detail", args=["harbor-point", stage.other_project.pk, stage.commitment.pk])

    assert client.get(address).status_code == 404


@pytest.mark.parametrize("route", sorted(OWN_ROUTES))
def test_own_pages_ask_strangers_to_sign_in(client, db, route):
    answer = client.get(reverse(route))

    assert (answer.status_code, answer["Location"].startswith(reverse("sign_in"))) == (302, True)


@pytest.mark.parametrize("rights", [Rights(None, NONE, False), MOST], ids=str)
def test_own_pages_open_for_everybody(stage, rights):
    client = stage.sign_in(rights)

    assert [client.get(reverse(route)).status_code for route in sorted(OWN_ROUTES)] == [200, 200]


# ---- No address is forgotten -----------------------------------------------------------------------------------------


def routes_of(patterns: list[Any]) -> set[str | None]:
    names: set[str | None] = set()
    for pattern in patterns:
        names |= routes_of(pattern.url_patterns) if isinstance(pattern, URLResolver) else {pattern.name}
    return names


def test_every_address_of_the_product_has_a_row_in_the_table():
    assert routes_of(urls.urlpatterns) == {*COMPANY_ROUTES, *OWN_ROUTES, *PUBLIC_ROUTES}


def test_nothing_else_hangs_on_the_root():
    """A new part of the site (an API, say) gets a permission test of its own, and is then named here."""
    parts = [p for p in get_resolver().url_patterns if not (isinstance(p, URLResolver) and p.urlconf_name is urls)]

    assert all(isinstance(part, URLPattern | URLResolver) for part in parts)
    assert {str(part.pattern) for part in parts} <= {"", "admin/", "sandbox/"}
