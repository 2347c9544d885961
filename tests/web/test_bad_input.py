"""Nonsense of every kind, at every address: a sentence for the person, never a 500, and no change to any link."""

from __future__ import annotations

import html
import io
import zipfile
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLResolver, reverse
from django.utils import timezone

from erpintegrations.models import SyncLink, TaskHeartbeat
from erpintegrations.schedules import ensure_schedules
from erpintegrations.services.keep_house import HEARTBEAT
from erpintegrations.web import urls
from tests.web.stage import MOST, Stage

pytestmark = pytest.mark.django_db

READ, BUTTON, BOTH = {"get"}, {"post"}, {"get", "post"}
ADDRESSES: dict[str, set[str]] = {
    "home": READ,
    "health": READ,
    "health_of_tasks": READ,
    "sign_in": BOTH,
    "sign_out": BUTTON,
    "change_password": BOTH,
    "reset_password": BOTH,
    "reset_password_sent": READ,
    "reset_password_confirm": BOTH,
    "company_home": READ,
    "commitment_list": READ,
    "commitment_detail": READ,
    "commitment_create": BOTH,
    "commitment_choices": READ,
    "commitment_edit": BOTH,
    "commitment_delete": BOTH,
    "commitment_send": BUTTON,
    "commitment_retrieve": BUTTON,
    "export_detail": READ,
    "export_accept": BUTTON,
    "export_reject": BOTH,
    "export_retry": BUTTON,
    "exports_accept_selected": BUTTON,
    "exports_reject_selected": BUTTON,
    "exports_retry_selected": BUTTON,
    "unlink_anyway": BOTH,
    "override_answer": BOTH,
    "override_withdraw": BUTTON,
    "correction": READ,
    "link_compare": READ,
    "adoption_list": READ,
    "adoption_compare": READ,
    "adoption_adopt": BUTTON,
    "erp_home": READ,
    "erp_commitment": READ,
    "erp_ready": READ,
    "erp_failed": READ,
    "erp_synced": READ,
    "synced_csv": READ,
    "synced_excel": READ,
    "unlink_selected": BUTTON,
    "link_unlink": BUTTON,
    "link_check": BUTTON,
    "link_undo": BUTTON,
    "run_list": READ,
    "sync_now": BUTTON,
    "run_detail": READ,
    "run_progress": READ,
    "run_confirm": BUTTON,
    "run_discard": BUTTON,
    "export_check": BUTTON,
    "export_decide": BOTH,
    "entry_sheets": READ,
    "entry_sheet": READ,
    "entry_sheet_csv": READ,
    "erp_settings": BOTH,
    "erp_settings_widths": BUTTON,
    "connection_check_start": BUTTON,
    "connection_check": READ,
    "connection_check_progress": READ,
    "set_up_commitments": READ,
    "set_up_commitments_left": READ,
    "set_up_commitments_start": BUTTON,
    "set_up": READ,
    "set_up_gone": BUTTON,
    "set_up_masters": READ,
    "set_up_choose": READ,
    "set_up_decide": BUTTON,
    "set_up_decide_all": BUTTON,
    "set_up_bring_in": BUTTON,
    "set_up_new": BUTTON,
    "bring_in_detail": READ,
    "bring_in_progress": READ,
    "bring_in_stop": BUTTON,
    "sync_schedule": READ,
    "sync_schedule_repair": BUTTON,
    "history": READ,
    "history_csv": READ,
    "history_excel": READ,
    "privilege_request": BOTH,
}
COMPANY_ADDRESSES = [name for name in ADDRESSES if name not in (
    "home", "health", "health_of_tasks", "sign_in", "sign_out", "change_password", "reset_password",
    "reset_password_sent", "reset_password_confirm",
)]  # fmt: skip
# Django's own views for who is signed in already, or comes with a used link: any method gets that page.
ANSWER_FIRST = ["sign_in", "reset_password_confirm"]
READABLE = [name for name, methods in ADDRESSES.items() if "get" in methods]
BUTTONS = [name for name, methods in ADDRESSES.items() if "post" in methods]
IDS = {
    "link": ["link_unlink", "link_check", "link_undo", "link_compare", "unlink_anyway"],
    "request": ["override_answer", "override_withdraw"],
    "record": ["adoption_compare", "adoption_adopt"],
    "found": ["set_up_choose", "set_up_decide"],
    "bring_in": ["bring_in_detail", "bring_in_progress", "bring_in_stop"],
    "check": ["connection_check", "connection_check_progress"],
    "run": ["run_detail", "run_progress", "run_confirm", "run_discard"],
    "commitment": [
        "commitment_detail",
        "commitment_edit",
        "commitment_delete",
        "correction",
        "commitment_send",
        "commitment_retrieve",
    ],
    "export": [
        "export_detail",
        "export_accept",
        "export_reject",
        "export_retry",
        "export_check",
        "export_decide",
        "entry_sheet",
        "entry_sheet_csv",
    ],
    "project": ["commitment_list", "commitment_create", "commitment_choices"],
}
WITH_ID = [name for names in IDS.values() for name in names]
WRONG_IDS = [0, 999_999, 2**31, 2**63 - 1, 2**63, 10**30]

FIELDS = [
    "q", "state", "type", "status", "kind", "erp_status", "project", "vendor", "sort", "order", "at", "after",
    "before", "page", "place", "tick", "next", "verb", "actor", "since", "until", "reason", "link", "links",
    "confirmed", "email", "answer", "consent", "decline", "commitment", "compared", "number", "export", "exports",
    "show", "sender", "job", "likeness", "decision", "ours", "seen", "seen_version", "is_anothers",
    "username", "password", "new_password1", "old_password",
    "host", "database", "new_login", "new_password", "encryption", "ca_file", "new_database_url",
]  # fmt: skip
NONSENSE = {
    "a null byte": "a\x00b",
    "no UTF-8": b"\xff\xfe\x80",
    "half a surrogate": b"\xed\xa0\x80",
    "a huge number": str(10**30),
    "a number of five thousand digits": "9" * 5000,
    "a negative number": "-1",
    "another alphabet's digits": "٣²",
    "not a number": "NaN",
    "overlong": "x" * 20_000,
    "SQL": "' OR 1=1; --",
    "markup": "<script>alert(1)</script>",
    "wildcards": "%_\\%",
    "an impossible date": "2026-02-31",
    "a far date": "9999-12-31",
    "an early date": "0001-01-01",
    "another site": "//evil.example/x",
    "a list": "[]",
    "right to left": "\u202e\u2066",
    "nothing": "",
}


@pytest.fixture
def browser(stage) -> Client:
    """Of somebody who may everything, so that nothing is refused for want of rights; and all tasks are being done."""
    ensure_schedules(now=timezone.now())
    TaskHeartbeat.objects.create(name=HEARTBEAT, beaten_at=timezone.now())
    client = stage.sign_in(MOST)
    client.raise_request_exception = False
    return client


def address(stage: Stage, name: str, wrong_id: int | None = None) -> str:
    company = stage.company.slug
    if name not in COMPANY_ADDRESSES:
        return reverse(name, args=["MQ", "set-password"] if name == "reset_password_confirm" else [])
    ids = {
        "link": {"link_undo": stage.closed, "unlink_anyway": stage.forbidden}.get(name, stage.gone).pk,
        "request": (stage.own_request if name == "override_withdraw" else stage.request).pk,
        "record": stage.unlinked.pk,
        "check": stage.check.pk,
        "bring_in": stage.brought_in.pk,
        "found": stage.found.pk,
        "run": stage.done_run.pk if name in ("run_detail", "run_progress") else stage.waiting_run.pk,
        "commitment": stage.commitment.pk,
        "project": stage.project.pk,
        "export": stage.ready.pk,
    }
    subject = next((subject for subject, names in IDS.items() if name in names), "")
    wanted = [] if not subject else [ids[subject] if wrong_id is None else wrong_id]
    before = {"commitment": [stage.project.pk], "found": ["vendors"]}.get(subject, [])
    of_which = {
        "commitment_create": ["subcontract"],
        "commitment_choices": ["vendors"],
        "set_up_commitments_left": ["no_job"],
        "set_up_masters": ["vendors"],
        "set_up_decide_all": ["vendors"],
        "set_up_bring_in": ["vendors"],
        "set_up_new": ["vendors"],
    }.get(name, [])
    return reverse(name, args=[company, *before, *wanted, *of_which])


def links() -> list[Any]:
    return list(SyncLink.objects.order_by("pk").values())


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if answer.get("Content-Type", "").endswith("spreadsheetml.sheet"):
        content = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    return html.unescape(content.decode())


def query(**values: str | bytes) -> str:
    return "&".join(f"{name}={quote(value)}" for name, value in values.items())


def assert_told(answer: Any) -> None:
    """An answer in words: a page with a heading, whatever its status."""
    text = text_of(answer)
    assert answer.status_code < 500, text[:2000]
    if answer.status_code >= 400:
        assert "<h1" in text
        assert "Traceback" not in text


def test_every_address_is_tried():
    def names(patterns: list[Any]) -> set[str]:
        nested = [names(p.url_patterns) if isinstance(p, URLResolver) else {p.name} for p in patterns]
        return set().union(*nested)

    assert names(urls.urlpatterns) == set(ADDRESSES)


# ---- Methods and forms -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_wrong_method_is_answered_in_words_and_changes_nothing(stage, browser, name):
    before = stage.state()

    for method in {"get", "post"} - ADDRESSES[name] | {"delete", "patch", "trace"}:
        answer = getattr(browser, method)(address(stage, name))

        assert_told(answer)
        if name not in ANSWER_FIRST:
            assert (answer.status_code, bool(answer["Allow"])) == (405, True), method
    assert stage.state() == before


@pytest.mark.parametrize("name", ADDRESSES)
def test_methods_that_nobody_uses_do_no_harm(stage, browser, name):
    before = stage.state()

    answers = [
        browser.options(address(stage, name)),
        browser.put(address(stage, name)),
        browser.head(address(stage, name)),
    ]

    assert all(answer.status_code < 500 for answer in answers)
    assert stage.state() == before


@pytest.mark.parametrize("name", BUTTONS)
@pytest.mark.parametrize("token", [None, "wrong", "x" * 64, "\x00"])
def test_a_form_without_its_token_is_refused(stage, browser, name, token):
    browser.handler.enforce_csrf_checks = True
    before = stage.state()

    answer = browser.post(address(stage, name), {} if token is None else {"csrfmiddlewaretoken": token})

    assert answer.status_code == 403
    assert "The form could not be accepted" in text_of(answer)
    assert stage.state() == before


@pytest.mark.parametrize("name", BUTTONS)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded; charset=latin-1", b"reason=\xe9"),
        ("application/x-www-form-urlencoded; charset=no-such-charset", b"reason=x"),
        ("application/x-www-form-urlencoded", b"\xff=\xfe&&&==&reason=%00%ff"),
        ("application/x-www-form-urlencoded", b"&".join(b"link=%d" % n for n in range(2000))),
        ("application/x-www-form-urlencoded", b"reason=" + b"x" * 3_000_000),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="reason"\r\n\r\nunfinished'),
        ("application/json", b'{"reason": '),
        ("text/plain", b"\x00"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_form_unlinks_only_where_a_click_would(stage, browser, name, content_type, body):
    answer = browser.generic("POST", address(stage, name), body, content_type=content_type)

    assert_told(answer)
    clicked = {"link_unlink": stage.gone.pk, "link_undo": stage.closed.pk}.get(name)
    for link in (stage.gone, stage.closed):
        was_open = link.is_open
        link.refresh_from_db()
        assert link.is_open == was_open or link.pk == clicked


# ---- Addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong_id", WRONG_IDS)
@pytest.mark.parametrize("name", WITH_ID)
def test_an_unknown_id_is_answered_with_404(stage, browser, name, wrong_id):
    before = stage.state()

    for method in ADDRESSES[name]:
        answer = getattr(browser, method)(address(stage, name, wrong_id))

        assert answer.status_code == 404
        assert_told(answer)
    assert stage.state() == before


@pytest.mark.parametrize(
    "path",
    [
        "/companies/%00/", "/companies/%ff/", "/companies/no-such-company/", f"/companies/{'x' * 3000}/",
        "/companies/../../etc/passwd", "/companies/harbor-point/erp-integrations/commitment/synced/-1/unlink/",
        "/companies/harbor-point/erp-integrations/commitment/synced/1e3/unlink/",
        "/companies/harbor-point/projects/%D9%A3/commitments/", "/companies/HARBOR-POINT/", "/%00", "/%ff%fe",
        "/companies/harbor-point/projects/1/commitments/1'/", "/index.php", "/.env",
    ],
)  # fmt: skip
def test_an_address_that_nobody_offers_is_answered_with_404(browser, path):
    answer = browser.get(path)

    assert answer.status_code == 404
    assert "There is no such page" in text_of(answer)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Current-URL": "http://testserver/\x00%ff"}])
@pytest.mark.parametrize("name", READABLE)
def test_broken_query_strings_open_the_page_or_say_what_is_wrong(stage, browser, name, headers):
    before = stage.state()
    queries = [query(**dict.fromkeys(FIELDS, value)) for value in NONSENSE.values()]
    queries += [query(**{field: value}) for field in FIELDS for value in ("a\x00b", str(10**30), b"\xff")]
    queries += ["&&&", "=", "%", "q=%", "q[]=1", "&".join(["at=1"] * 50), "&".join(f"f{n}=1" for n in range(2000))]

    for asked in queries:
        assert_told(browser.get(f"{address(stage, name)}?{asked}", headers=headers))

    assert stage.state() == before


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE)
@pytest.mark.parametrize("name", BUTTONS)
def test_nonsense_in_a_form_does_what_the_button_says_or_nothing(stage, browser, name, value):
    before = links()
    fields = {field: value for field in FIELDS if field not in ("link", "links")} | {"link": [value, value]}

    answer = browser.post(address(stage, name), data=query_of(fields), content_type="application/x-www-form-urlencoded")

    assert_told(answer)
    assert "evil.example" not in answer.get("Location", "")
    assert "<script>alert" not in answer.content.decode()
    if name not in ("link_unlink", "link_undo", "link_check"):
        assert links() == before


def query_of(fields: dict[str, Any]) -> bytes:
    pairs = [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]
    return "&".join(f"{name}={quote(value)}" for name, value in pairs).encode()


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_for_selected_commitments_selects_nothing(stage, browser, value):
    before = links()

    for field in ("link", "links"):
        body = query_of({field: value, "confirmed": "yes"})
        answer = browser.post(
            address(stage, "unlink_selected"), body, content_type="application/x-www-form-urlencoded", follow=True
        )
        assert "Nothing is selected" in text_of(answer)

    assert links() == before
