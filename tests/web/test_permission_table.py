"""Who may do what: every combination of levels and privilege, with every action, and all strangers at every address.

Everybody in here also has everything elsewhere: Admin on Commitments of another project of the company, and in another
company Admin on all tools and the privilege. Rights that leak from there show up as failures in this table.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from commitments.models import Commitment
from directory.models import Company, CompanyMember, Level, PrivilegeRequest, User
from erpintegrations.models import ErpConnection, Export, SyncLink, SyncRun, UnlinkOverride
from erpintegrations.schedules import schedule_problems
from erpintegrations.web import urls
from tests.factories import CompanyMemberFactory, ProjectMemberFactory, UserFactory
from tests.web.stage import MOST, Rights, Stage, signed_in

pytestmark = pytest.mark.django_db

NOT_ON_THE_TEAM = None
NONE, READ_ONLY, STANDARD, ADMIN = Level


# ---- Who -------------------------------------------------------------------------------------------------------------

EVERYBODY = [Rights(*rights) for rights in product([NOT_ON_THE_TEAM, *Level], Level, [False, True])]


# ---- What it takes: each need with the sentence that says it is missing ----------------------------------------------


@dataclass(frozen=True)
class Need:
    is_met: Callable[[Rights], bool]
    sentence: str


def on_erp(level: Level) -> Need:
    sentence = f"This needs {level.label} on the company's ERP Integrations tool; you have"
    return Need(lambda rights: rights.erp >= level, sentence)


def on_commitments(level: Level) -> Need:
    sentence = f"This needs {level.label} on the Commitments tool of project 2401 Riverside Clinic; you have"
    return Need(lambda rights: (rights.commitments or NONE) >= level, sentence)


PRIVILEGE = Need(lambda rights: rights.privilege, "This needs the privilege 'Can Push to Accounting'")
ON_THE_TEAM = Need(lambda rights: rights.commitments is not None, "(no sentence: the project does not exist for them)")
UNLINK = (on_erp(READ_ONLY), on_commitments(ADMIN), on_erp(STANDARD), PRIVILEGE)


# ---- The table -------------------------------------------------------------------------------------------------------


def only_the_company(stage: Stage) -> tuple[Any, ...]:
    """The arguments of an address that names nothing but the company."""
    return ()


@dataclass(frozen=True)
class Action:
    """One row: what is done at which address, what it takes, and what it then did.

    Without `happens` the answer itself is the effect. `answers_per_row` is a page that anybody with its first need
    gets, and that says of each row whether it may be done.
    """

    name: str
    route: str
    needs: tuple[Need, ...] = ()
    arguments: Callable[[Stage], tuple[Any, ...]] = only_the_company
    method: str = "get"
    data: Callable[[Stage], dict[str, Any]] = lambda stage: {}
    happens: Callable[[Stage], bool] | None = None
    query: dict[str, str] = field(default_factory=dict)
    answers_per_row: bool = False

    def __str__(self) -> str:
        return self.name

    def address(self, stage: Stage, company: Company | None = None) -> str:
        return reverse(self.route, args=[(company or stage.company).slug, *self.arguments(stage)])

    def send(self, client: Client, stage: Stage, company: Company | None = None) -> Any:
        if self.method == "get":
            return client.get(self.address(stage, company), self.query)
        return client.post(self.address(stage, company), self.data(stage))


def linked(stage: Stage, link: SyncLink) -> bool:
    return SyncLink.objects.get(pk=link.pk).is_open


def run_in(stage: Stage, state: SyncRun.State) -> bool:
    return SyncRun.objects.get(pk=stage.waiting_run.pk).state == state


def connection_of(stage: Stage) -> ErpConnection:
    return ErpConnection.objects.get(company=stage.company)


def the_draft(stage: Stage) -> tuple[Any, ...]:
    return (stage.project.pk, stage.draft.pk)


def new_subcontract(stage: Stage) -> tuple[Any, ...]:
    return (stage.project.pk, "subcontract")


def typed(stage: Stage) -> dict[str, Any]:
    """A commitment's form as it is sent."""
    return {
        "save": "1",
        "revision": stage.draft.revision,
        "number": "SC-77",
        "title": "Retaining wall",
        "vendor": stage.draft.vendor.number,
        "status": "draft",
        "accounting_method": "unit_based",
        "default_retainage_percent": "10",
    }


WRITE = (ON_THE_TEAM, on_commitments(ADMIN))
WRITE_COMMITMENTS = [
    Action("begin a commitment", "commitment_create", WRITE, new_subcontract),
    Action(
        "create a commitment",
        "commitment_create",
        WRITE,
        new_subcontract,
        method="post",
        data=typed,
        happens=lambda stage: stage.project.commitments.filter(number="SC-77").exists(),
    ),
    Action("begin to edit a commitment", "commitment_edit", WRITE, the_draft),
    Action(
        "edit a commitment",
        "commitment_edit",
        WRITE,
        the_draft,
        method="post",
        data=typed,
        happens=lambda stage: Commitment.objects.get(pk=stage.draft.pk).number == "SC-77",
    ),
    Action("begin to delete a commitment", "commitment_delete", WRITE, the_draft),
    Action(
        "delete a commitment",
        "commitment_delete",
        WRITE,
        the_draft,
        method="post",
        data=lambda stage: {"revision": stage.draft.revision},
        happens=lambda stage: not Commitment.objects.filter(pk=stage.draft.pk).exists(),
    ),
    Action(
        "search vendors",
        "commitment_choices",
        WRITE,
        lambda stage: (stage.project.pk, "vendors"),
        query={"vendor": "con"},
    ),
]

# Before the settings there is the version that somebody saw: here the first.
SETTINGS = {"version": 1, "interval_minutes": 45, "export_method": "entry_sheet", "rejection_mail": "each"}
CONFIGURE = [
    Action("see the settings", "erp_settings", (on_erp(ADMIN),)),
    Action(
        "change the settings",
        "erp_settings",
        (on_erp(ADMIN),),
        method="post",
        data=lambda stage: SETTINGS,
        happens=lambda stage: connection_of(stage).interval_minutes == 45,
    ),
    Action(
        "read the widths again",
        "erp_settings_widths",
        (on_erp(ADMIN),),
        method="post",
        happens=lambda stage: connection_of(stage).text_widths_read_at is not None,
    ),
    Action("see the sync schedule", "sync_schedule", (on_erp(ADMIN),)),
    Action(
        "repair the schedules",
        "sync_schedule_repair",
        (on_erp(ADMIN),),
        method="post",
        happens=lambda stage: schedule_problems(now=timezone.now()) == [],
    ),
]


ACCOUNTING = (on_erp(READ_ONLY), on_erp(STANDARD), PRIVILEGE)
REASON = {"reason": "The vendor is wrong."}


def the_sendable(stage: Stage) -> tuple[Any, ...]:
    return (stage.project.pk, stage.sendable.pk)


def the_ready(stage: Stage) -> tuple[Any, ...]:
    return (stage.ready.pk,)


def the_failed(stage: Stage) -> tuple[Any, ...]:
    return (stage.failed.pk,)


def export_in(export: str, state: Export.State) -> Callable[[Stage], bool]:
    return lambda stage: Export.objects.get(pk=getattr(stage, export).pk).state == state


def the_near(stage: Stage) -> tuple[Any, ...]:
    return (stage.near.pk,)


def deciding(decision: str) -> Callable[[Stage], dict[str, Any]]:
    return lambda stage: {"decision": decision} | REASON


ON_THEIR_WAY = [
    Action("see an entry sheet", "entry_sheet", (on_erp(READ_ONLY),), the_near),
    Action("download an entry sheet", "entry_sheet_csv", (on_erp(READ_ONLY),), the_near),
    Action("check on an export now", "export_check", (on_erp(STANDARD),), the_near, method="post"),
    Action("see a near match", "export_decide", (on_erp(READ_ONLY),), the_near),
    Action(
        "link a near match",
        "export_decide",
        ACCOUNTING,
        the_near,
        method="post",
        data=deciding("link"),
        happens=export_in("near", Export.State.LINKED),
    ),
    Action(
        "reject a near match",
        "export_decide",
        ACCOUNTING,
        the_near,
        method="post",
        data=deciding("reject"),
        happens=export_in("near", Export.State.REJECTED),
    ),
]

EXPORT = [
    Action(
        "send to ERP",
        "commitment_send",
        WRITE,
        the_sendable,
        method="post",
        happens=lambda stage: Export.objects.filter(commitment=stage.sendable).exists(),
    ),
    Action(
        "retrieve from ERP",
        "commitment_retrieve",
        WRITE,
        lambda stage: (stage.project.pk, stage.ready.commitment_id),
        method="post",
        happens=export_in("ready", Export.State.RETRIEVED),
    ),
    Action("see an export", "export_detail", (on_erp(READ_ONLY),), the_ready),
    Action(
        "accept an export",
        "export_accept",
        ACCOUNTING,
        the_ready,
        method="post",
        data=lambda stage: {"number": "SC-4"},
        happens=export_in("ready", Export.State.ACCEPTED),
    ),
    Action("begin to reject an export", "export_reject", ACCOUNTING, the_ready),
    Action(
        "reject an export",
        "export_reject",
        ACCOUNTING,
        the_ready,
        method="post",
        data=lambda stage: REASON,
        happens=export_in("ready", Export.State.REJECTED),
    ),
    Action(
        "retry an export",
        "export_retry",
        ACCOUNTING,
        the_failed,
        method="post",
        happens=export_in("failed", Export.State.ACCEPTED),
    ),
    *(
        Action(
            f"preview {verb} selected",
            f"exports_{verb.lower()}_selected",
            ACCOUNTING,
            method="post",
            data=lambda stage, export=export: {"export": getattr(stage, export).pk},
            answers_per_row=True,
        )
        for verb, export in (("Accept", "ready"), ("Reject", "ready"), ("Retry", "failed"))
    ),
    Action(
        "accept selected",
        "exports_accept_selected",
        ACCOUNTING,
        method="post",
        data=lambda stage: {"export": stage.ready.pk, f"number-{stage.ready.pk}": "SC-4", "confirmed": "yes"},
        happens=export_in("ready", Export.State.ACCEPTED),
        answers_per_row=True,
    ),
    Action(
        "reject selected",
        "exports_reject_selected",
        ACCOUNTING,
        method="post",
        data=lambda stage: {"export": stage.ready.pk, "confirmed": "yes"} | REASON,
        happens=export_in("ready", Export.State.REJECTED),
        answers_per_row=True,
    ),
    Action(
        "retry selected",
        "exports_retry_selected",
        ACCOUNTING,
        method="post",
        data=lambda stage: {"export": stage.failed.pk, "confirmed": "yes"},
        happens=export_in("failed", Export.State.ACCEPTED),
        answers_per_row=True,
    ),
]


def the_forbidden(stage: Stage) -> tuple[Any, ...]:
    return (stage.forbidden.pk,)


def the_request(stage: Stage) -> tuple[Any, ...]:
    return (stage.request.pk,)


def the_unlinked_record(stage: Stage) -> tuple[Any, ...]:
    return (stage.unlinked.pk,)


def request_in(name: str, state: str) -> Callable[[Stage], bool]:
    return lambda stage: UnlinkOverride.objects.get(pk=getattr(stage, name).pk).state == state


ASK_TO_UNLINK = (*UNLINK, on_erp(ADMIN))
CORRECTION = [
    Action("begin to ask to unlink anyway", "unlink_anyway", ASK_TO_UNLINK, the_forbidden),
    Action(
        "ask to unlink anyway",
        "unlink_anyway",
        ASK_TO_UNLINK,
        the_forbidden,
        method="post",
        data=lambda stage: REASON,
        happens=lambda stage: stage.forbidden.overrides.exists(),
    ),
    Action("see a request to unlink anyway", "override_answer", UNLINK, the_request),
    Action(
        "consent to unlink anyway",
        "override_answer",
        UNLINK,
        the_request,
        method="post",
        data=lambda stage: {"consent": "yes"},
        happens=lambda stage: SyncLink.objects.get(pk=stage.request.link_id).left_in_erp,
    ),
    Action(
        "decline to unlink anyway",
        "override_answer",
        UNLINK,
        the_request,
        method="post",
        data=lambda stage: {"decline": "yes", "answer": "Reverse the invoice."},
        happens=request_in("request", "declined"),
    ),
    Action(
        "withdraw one's own request",
        "override_withdraw",
        (on_erp(READ_ONLY),),
        lambda stage: (stage.own_request.pk,),
        method="post",
        happens=request_in("own_request", "withdrawn"),
    ),
    Action(
        "see a correction",
        "correction",
        (ON_THE_TEAM, on_commitments(READ_ONLY)),
        lambda stage: (stage.project.pk, stage.commitment.pk),
    ),
    Action("compare a link with its record", "link_compare", (on_erp(READ_ONLY),), the_forbidden),
    Action("see what is only in the ERP", "adoption_list", (on_erp(READ_ONLY),)),
    Action("choose a commitment for a record", "adoption_compare", ACCOUNTING, the_unlinked_record),
    Action(
        "adopt a record",
        "adoption_adopt",
        ACCOUNTING,
        the_unlinked_record,
        method="post",
        data=lambda stage: {"commitment": stage.draft.pk},
        happens=lambda stage: stage.draft.links.filter(closed_at=None).exists(),
    ),
]


TABLE = [
    *WRITE_COMMITMENTS,
    *EXPORT,
    *ON_THEIR_WAY,
    *CORRECTION,
    Action("see the company", "company_home"),
    Action(
        "see the project's commitments",
        "commitment_list",
        (ON_THE_TEAM, on_commitments(READ_ONLY)),
        lambda stage: (stage.project.pk,),
    ),
    Action(
        "see a commitment",
        "commitment_detail",
        (ON_THE_TEAM, on_commitments(READ_ONLY)),
        lambda stage: (stage.project.pk, stage.commitment.pk),
    ),
    Action("see the ERP Integrations tool", "erp_home", (on_erp(READ_ONLY),)),
    Action("see its view Commitment", "erp_commitment", (on_erp(READ_ONLY),)),
    Action("see the list Ready to Export", "erp_ready", (on_erp(READ_ONLY),)),
    Action("see the list Failed to Export", "erp_failed", (on_erp(READ_ONLY),)),
    Action("see the list Synced", "erp_synced", (on_erp(READ_ONLY),)),
    Action("see the sync runs", "run_list", (on_erp(READ_ONLY),)),
    Action("see a sync run", "run_detail", (on_erp(READ_ONLY),), lambda stage: (stage.done_run.pk,)),
    Action("see its progress", "run_progress", (on_erp(READ_ONLY),), lambda stage: (stage.done_run.pk,)),
    Action("see the history", "history", (on_erp(READ_ONLY),)),
    Action("download the history", "history_csv", (on_erp(READ_ONLY),)),
    Action(
        "unlink",
        "link_unlink",
        UNLINK,
        lambda stage: (stage.gone.pk,),
        method="post",
        happens=lambda stage: not linked(stage, stage.gone),
    ),
    Action(
        "undo an unlink",
        "link_undo",
        UNLINK,
        lambda stage: (stage.closed.pk,),
        method="post",
        happens=lambda stage: linked(stage, stage.closed),
    ),
    Action(
        "preview Unlink selected",
        "unlink_selected",
        UNLINK,
        method="post",
        data=lambda stage: {"link": stage.gone.pk},
        answers_per_row=True,
    ),
    Action(
        "unlink selected",
        "unlink_selected",
        UNLINK,
        method="post",
        data=lambda stage: {"link": stage.gone.pk, "confirmed": "yes"},
        happens=lambda stage: not linked(stage, stage.gone),
        answers_per_row=True,
    ),
    Action(
        "check now",
        "link_check",
        (on_erp(STANDARD),),
        lambda stage: (stage.gone.pk,),
        method="post",
        happens=lambda stage: SyncLink.objects.get(pk=stage.gone.pk).checked_at is not None,
    ),
    Action(
        "sync now",
        "sync_now",
        (on_erp(ADMIN),),
        method="post",
        happens=lambda stage: SyncRun.objects.filter(company=stage.company, state=SyncRun.State.QUEUED).exists(),
    ),
    Action(
        "confirm a run",
        "run_confirm",
        (on_erp(ADMIN),),
        lambda stage: (stage.waiting_run.pk,),
        method="post",
        data=lambda stage: {"reason": "The job was closed."},
        happens=lambda stage: run_in(stage, SyncRun.State.CONFIRMED),
    ),
    Action(
        "discard a run",
        "run_discard",
        (on_erp(ADMIN),),
        lambda stage: (stage.waiting_run.pk,),
        method="post",
        data=lambda stage: {"reason": "A restored backup."},
        happens=lambda stage: run_in(stage, SyncRun.State.DISCARDED),
    ),
    *CONFIGURE,
    Action("see what the privilege is", "privilege_request"),
]
COMPANY_ROUTES = sorted({action.route for action in TABLE})
# Pages of nobody's company: what strangers get there is said in the tests below.
OWN_ROUTES = {"home", "change_password"}
PUBLIC_ROUTES = {
    "health", "health_of_tasks", "sign_in", "sign_out",
    "reset_password", "reset_password_sent", "reset_password_confirm",
}  # fmt: skip


@pytest.mark.parametrize("rights", EVERYBODY, ids=str)
@pytest.mark.parametrize("action", TABLE, ids=str)
def test_who_may_do_what(stage, action, rights):
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
    assert linked(stage, stage.gone)


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
