"""A refusal that any view raises is turned into words in one place, whatever the method."""

from __future__ import annotations

import logging
import re

import pytest
from django.contrib.messages import get_messages
from django.test import RequestFactory
from django.urls import include, path

from directory.access import company_page
from directory.refusals import LacksPrivilege, NotAllowed, Refusal
from erpintegrations.connectors.base import NeedsAttention, Retryable
from erpintegrations.refusals import CommitmentStillInErp
from erpintegrations.urls import handler400, handler403, handler404, handler500  # noqa: F401
from erpintegrations.web.urls import urlpatterns as product_pages

RAISED: dict[str, Exception] = {
    "still-in-erp": CommitmentStillInErp("It is still there.", remedy="Delete it first."),
    "not-allowed": NotAllowed("This needs Admin.", remedy="Ask Alma."),
    "lacks-privilege": LacksPrivilege("This needs the privilege.", remedy="Request it."),
    "retryable": Retryable(
        "The ERP is away.", remedy="Try again in a minute.", cause="connection refused by secret-host"
    ),
    "needs-attention": NeedsAttention("It is another database.", remedy="Ask an administrator."),
    "bug": RuntimeError("secret detail"),
}


@company_page()
def refuse(request, what):
    raise RAISED[what].with_traceback(None)


urlpatterns = [path("companies/<slug:company_slug>/refuse/<str:what>/", refuse), path("", include(product_pages))]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
LIST = "/companies/harbor-point/erp-integrations/commitment/synced/?q=a"


@pytest.fixture
def signed_in(client, approver):
    client.force_login(approver)
    return client


def address(what: str) -> str:
    return f"/companies/harbor-point/refuse/{what}/"


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("still-in-erp", "It is still there. Delete it first."),
        ("retryable", "The ERP is away. Try again in a minute."),
        ("needs-attention", "It is another database. Ask an administrator."),
    ],
)
class TestAfterAClick:
    def test_is_said_in_red_on_the_page_of_the_click(self, signed_in, what, text):
        answer = signed_in.post(address(what), {"next": LIST})
        assert answer.status_code == 302
        assert answer.headers["Location"] == LIST
        assert [(m.level_tag, str(m)) for m in get_messages(answer.wsgi_request)] == [("error", text)]

    def test_is_said_on_a_page_of_its_own_when_there_was_no_click(self, signed_in, what, text):
        answer = signed_in.get(address(what))
        assert answer.status_code in (409, 503)
        assert text in words(answer)
        assert "secret" not in words(answer)

    def test_takes_a_partial_update_there_too(self, signed_in, what, text):
        answer = signed_in.post(address(what), {"next": LIST}, headers={"HX-Request": "true"})
        assert answer.headers["HX-Redirect"] == LIST


@pytest.mark.parametrize(
    ("referrer", "leads_to"),
    [
        ("http://testserver/companies/harbor-point/?a=1", "/companies/harbor-point/?a=1"),
        ("http://testserver//evil.example/x", "/evil.example/x"),
        ("https://evil.example/x", "/"),
        ("http://testserver/companies/harbor-point/refuse/still-in-erp/", "/"),
        ("nonsense", "/"),
        ("http://[", "/"),
        ("", "/"),
    ],
)
def test_without_a_next_goes_back_to_where_the_browser_came_from(signed_in, referrer, leads_to):
    answer = signed_in.post(address("still-in-erp"), headers={"Referer": referrer})
    assert answer.headers["Location"] == leads_to


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_gets_a_page_that_says_why(signed_in, method):
    answer = getattr(signed_in, method)(address("not-allowed"))
    assert answer.status_code == 403
    assert "This needs Admin. Ask Alma." in words(answer)
    assert "privilege-request" not in answer.content.decode()


def test_who_lacks_the_privilege_is_led_to_the_request(signed_in):
    answer = signed_in.post(address("lacks-privilege"))
    assert answer.status_code == 403
    assert "This needs the privilege. Request it." in words(answer)
    assert 'href="/companies/harbor-point/privilege-request/"' in answer.content.decode()


@pytest.mark.parametrize(
    ("what", "code"),
    [("still-in-erp", "still_in_erp"), ("lacks-privilege", "lacks_privilege"), ("retryable", "erp_retry")],
)
def test_is_logged_with_its_code(signed_in, caplog, what, code):
    with caplog.at_level(logging.INFO, logger="erpintegrations.web.refusals"):
        signed_in.post(address(what))
    (record,) = [record for record in caplog.records if record.name == "erpintegrations.web.refusals"]
    assert record.levelno == logging.INFO
    assert code in record.getMessage()


def test_a_bug_is_no_refusal(signed_in):
    signed_in.raise_request_exception = False
    answer = signed_in.post(address("bug"))
    assert answer.status_code == 500
    assert "secret detail" not in answer.content.decode()


def test_every_refusal_has_a_code_of_its_own():
    def all_of(kind: type[Refusal]) -> list[type[Refusal]]:
        return [kind, *(found for below in kind.__subclasses__() for found in all_of(below))]

    kinds = {kind for kind in all_of(Refusal) if not kind.__module__.startswith("tests.")}
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)


def test_a_refusal_outside_any_company_leads_home(rf: RequestFactory, approver, settings):
    from django.contrib.messages.storage.fallback import FallbackStorage

    from erpintegrations.web.refusals import RefusalMiddleware

    request = rf.post("/somewhere/")
    request.user = approver
    request.session = {}
    request._messages = FallbackStorage(request)
    middleware = RefusalMiddleware(lambda _: None)
    answer = middleware.process_exception(request, CommitmentStillInErp("No.", remedy=""))
    assert answer.headers["Location"] == "/"
