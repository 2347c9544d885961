"""Sage's screens: what a person sees and clicks, what is refused in words, and that looking changes nothing."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from erpintegrations.models import SyncLink
from sandbox import sage_desk, sage_records
from sandbox.sage_desk import PURCHASE_ORDER, SUBCONTRACT, NotInSage
from sandbox.urls import urlpatterns

PAGES = [
    "sandbox_home",
    "sandbox_subcontracts",
    "sandbox_subcontract_new",
    "sandbox_purchase_orders",
    "sandbox_purchase_order_new",
    "sandbox_jobs",
    "sandbox_remove_jobs",
    "sandbox_deleted",
]
COMMANDS = [
    "sandbox_subcontract_delete",
    "sandbox_subcontract_invoiced",
    "sandbox_subcontract_changed",
    "sandbox_purchase_order_void",
    "sandbox_purchase_order_reopen",
    "sandbox_purchase_order_invoiced",
    "sandbox_job_status",
    "sandbox_restore",
]
NEW_SUBCONTRACT = {
    "number": "SC-3001",
    "description": "Signage",
    "vendor": "401",
    "job": "101",
    "date": "2026-06-01",
    "line-TOTAL_FORMS": "4",
    "line-INITIAL_FORMS": "0",
    "line-0-description": "Entrance sign",
    "line-0-cost_code": "10800.000",
    "line-0-cost_type": "4",
    "line-0-price": "12,500.50",
}


@pytest.fixture
def path(sample, settings):
    return settings.SANDBOX_ERP_PATH


@pytest.fixture
def url_of(path):
    """The address of a record's page, or of a command on it."""

    def find(number: str, name: str = "") -> str:
        kind = SUBCONTRACT if number.startswith("SC") else PURCHASE_ORDER
        return reverse(name or f"sandbox_{kind}", kwargs={"recnum": sage_desk.recnum_of(path, kind, number)})

    return find


def argument_of(name: str) -> str:
    return "deleted_id" if name == "sandbox_restore" else "recnum"


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def is_there(path, number: str) -> bool:
    try:
        return bool(sage_desk.recnum_of(path, SUBCONTRACT if number.startswith("SC") else PURCHASE_ORDER, number))
    except NotInSage:
        return False


@pytest.mark.parametrize("page", PAGES)
def test_every_screen_says_that_it_is_the_sandbox(viewer_client, page):
    response = viewer_client.get(reverse(page))
    assert response.status_code == 200
    assert "it stands in for Sage 100 Contractor®" in response.content.decode()


def test_every_route_asks_strangers_to_sign_in(sample):
    screens = [pattern for pattern in urlpatterns if not pattern.name.startswith("sandbox_bridge")]
    for pattern in screens:
        names = pattern.pattern.converters
        url = reverse(pattern.name, kwargs=dict.fromkeys(names, 1))
        for answer in (Client().get(url), Client().post(url)):
            assert answer.status_code == 302
            assert answer["Location"].startswith(reverse("sign_in"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_never_a_link(viewer_client, path, command):
    before = path.read_bytes()
    response = viewer_client.get(reverse(command, kwargs={argument_of(command): 1}))
    assert response.status_code == 405
    assert path.read_bytes() == before


@pytest.mark.parametrize("command", [*COMMANDS, "sandbox_subcontract_new", "sandbox_remove_jobs"])
def test_a_command_needs_its_csrf_token(viewer_client, path, command):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = viewer_client.cookies
    kwargs = {} if command.endswith(("_new", "_jobs")) else {argument_of(command): 1}
    before = path.read_bytes()
    assert strict.post(reverse(command, kwargs=kwargs), {"amount": "1"}).status_code == 403
    assert path.read_bytes() == before


@pytest.mark.parametrize("number", [999_999, 2**63, 10**30])
@pytest.mark.parametrize("name", ["sandbox_subcontract", "sandbox_purchase_order", *COMMANDS])
def test_an_unknown_record_is_not_found(viewer_client, name, number):
    url = reverse(name, kwargs={argument_of(name): number})
    response = (
        viewer_client.post(url, {"amount": "1.00", "status": "6"}) if name in COMMANDS else viewer_client.get(url)
    )
    assert response.status_code == 404


def test_delete_subcontract_names_the_record_and_deletes_it(viewer_client, path, url_of):
    page = viewer_client.get(url_of("SC-1042")).content.decode()
    assert 'aria-label="Delete Subcontract SC-1042"' in re.sub(r"\s+", " ", page)
    response = viewer_client.post(url_of("SC-1042", "sandbox_subcontract_delete"))
    assert response["Location"] == reverse("sandbox_subcontracts")
    assert "Subcontract SC-1042 was deleted in Sage." in said(response)
    assert not is_there(path, "SC-1042")
    assert SyncLink.objects.get(number="SC-1042").presence == "present"


def test_an_invoiced_subcontract_stays_and_says_why(viewer_client, path, url_of):
    response = viewer_client.post(url_of("SC-1006", "sandbox_subcontract_delete"))
    assert response["Location"] == url_of("SC-1006")
    assert "Sage refuses: You cannot delete subcontract SC-1006. It has an invoiced amount." in said(response)


def test_a_purchase_order_is_voided_and_opened_again(viewer_client, url_of):
    assert "Void Purchase Order PO-2001" in viewer_client.get(url_of("PO-2001")).content.decode()
    assert "voided" in said(viewer_client.post(url_of("PO-2001", "sandbox_purchase_order_void")))
    assert "5-Void" in viewer_client.get(url_of("PO-2001")).content.decode()
    assert "open again" in said(viewer_client.post(url_of("PO-2001", "sandbox_purchase_order_reopen")))


def test_a_received_purchase_order_is_not_voided(viewer_client, url_of):
    assert "received amount" in said(viewer_client.post(url_of("PO-2010", "sandbox_purchase_order_void")))


@pytest.mark.parametrize("typed", ["1,200.00", "1200"])
def test_an_invoiced_amount_is_taken_as_it_is_shown(viewer_client, path, url_of, typed):
    viewer_client.post(url_of("SC-1042", "sandbox_subcontract_invoiced"), {"amount": typed})
    record, _ = sage_records.read_record(path, SUBCONTRACT, sage_desk.recnum_of(path, SUBCONTRACT, "SC-1042"))
    assert record.invoiced == 1200


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        *(("sandbox_subcontract_invoiced", typed) for typed in ("", "abc", "1.234", "NaN", "1e400", "-5", "999999999")),
        *(("sandbox_subcontract_changed", typed) for typed in ("", "abc", "1.234", "NaN", "1e400", "-999999999")),
    ],
)
def test_a_senseless_amount_is_refused_in_words(viewer_client, path, url_of, command, typed):
    before = path.read_bytes()
    response = viewer_client.post(url_of("SC-1042", command), {"amount": typed})
    assert said(response).startswith("Sage refuses:")
    assert path.read_bytes() == before


def test_a_subcontract_is_keyed_in(viewer_client, path, url_of):
    response = viewer_client.post(reverse("sandbox_subcontract_new"), NEW_SUBCONTRACT)
    assert response["Location"] == url_of("SC-3001")
    page = viewer_client.get(url_of("SC-3001")).content.decode()
    assert "12,500.50" in page
    assert "Not linked" in page


def test_a_purchase_order_is_keyed_in(viewer_client, path, url_of):
    typed = {**NEW_SUBCONTRACT, "number": "PO-3001", "line-0-quantity": "2.5", "line-0-price": "10.01"}
    viewer_client.post(reverse("sandbox_purchase_order_new"), typed)
    assert "25.03" in viewer_client.get(url_of("PO-3001")).content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"number": ""}, "This field is required."),
        ({"number": "SC-1042"}, "SC-1042 is in use already"),
        ({"vendor": "9"}, "Select a valid choice"),
        ({"date": "soon"}, "Enter a valid date."),
        ({"line-0-price": "lots"}, "Enter a number."),
        ({"line-0-cost_code": ""}, "This field is required."),
        ({"line-TOTAL_FORMS": "0"}, "at least one line"),
        ({"line-TOTAL_FORMS": "x"}, "correct what is marked"),
        ({"line-TOTAL_FORMS": "9999"}, "correct what is marked"),
    ],
)
def test_a_wrong_entry_is_explained_and_nothing_saved(viewer_client, path, changes, sentence):
    before = path.read_bytes()
    response = viewer_client.post(reverse("sandbox_subcontract_new"), {**NEW_SUBCONTRACT, **changes})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert path.read_bytes() == before


def test_lines_are_added_below_what_is_typed_and_all_of_it_is_saved(viewer_client, url_of):
    new = reverse("sandbox_subcontract_new")
    more = viewer_client.post(new, {**NEW_SUBCONTRACT, "retention": "7.5", "more_lines": ""})
    assert more.status_code == 200
    assert more.context["form"]["number"].value() == "SC-3001"
    assert more.context["lines"].total_form_count() == 8
    assert more.context["lines"][0]["price"].value() == "12,500.50"
    fifth = {"line-4-description": "Exit sign", "line-4-cost_code": "10800.000", "line-4-cost_type": "4"}
    typed = {**NEW_SUBCONTRACT, "retention": "7.5", **fifth, "line-4-price": "1.50", "line-TOTAL_FORMS": "8"}
    viewer_client.post(new, typed)
    saved = viewer_client.get(url_of("SC-3001"))
    assert saved.context["record"].retention == Decimal("7.5")
    assert [str(line.amount) for line in saved.context["lines"]] == ["12500.50", "1.50"]


@pytest.mark.parametrize(
    ("route", "labels"),
    [
        (
            "sandbox_subcontract_new",
            ["Job", "Vendor", "Subcontract number", "Description", "Contract date", "Retention"],
        ),
        ("sandbox_purchase_order_new", ["Order number", "Order date", "Vendor", "Description", "Job"]),
    ],
)
def test_the_boxes_are_in_the_order_of_the_entry_sheet(viewer_client, route, labels):
    assert [bound.label for bound in viewer_client.get(reverse(route)).context["form"]] == labels


def test_closing_and_removing_a_job_takes_its_commitments(viewer_client, path):
    viewer_client.post(reverse("sandbox_job_status", kwargs={"recnum": 105}), {"status": "6"})
    preview = viewer_client.get(reverse("sandbox_remove_jobs")).content.decode()
    assert "SC-1070, SC-1073, PO-2037" in preview
    response = viewer_client.post(reverse("sandbox_remove_jobs"), {"jobs": ["105"]})
    assert "1 job with 3 commitments removed from Sage." in said(response)
    assert not is_there(path, "SC-1070")
    assert is_there(path, "SC-902"), "job 107 was previewed too, but not asked for"


@pytest.mark.parametrize("jobs", [[], ["101"], ["x"], ["10500000000000000000000"]])
def test_a_job_that_is_not_closed_is_not_removed(viewer_client, path, jobs):
    before = path.read_bytes()
    response = viewer_client.post(reverse("sandbox_remove_jobs"), {"jobs": jobs})
    assert "Nothing was removed" in said(response)
    assert path.read_bytes() == before


def test_an_unknown_job_status_is_refused(viewer_client):
    response = viewer_client.post(reverse("sandbox_job_status", kwargs={"recnum": 105}), {"status": "7"})
    assert "does not know this status" in said(response)


def test_a_deleted_record_is_restored(viewer_client, path):
    deleted = next(record for record in sage_records.list_deleted(path) if record.number == "SC-1003")
    assert 'aria-label="Restore SC-1003"' in viewer_client.get(reverse("sandbox_deleted")).content.decode()
    url = reverse("sandbox_restore", kwargs={"deleted_id": deleted.id})
    assert "SC-1003 is back in Sage" in said(viewer_client.post(url))
    assert is_there(path, "SC-1003")
    assert viewer_client.post(url).status_code == 404


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", "1–25 of 93"),
        ("?page=4", "76–93 of 93"),
        ("?page=9999", "76–93 of 93"),
        ("?page=-1", "1–25 of 93"),
        ("?page=x", "1–25 of 93"),
        ("?page=²", "1–25 of 93"),
        ("?q=sc-1042", "1–1 of 1"),
        ("?q=%25", "No record holds"),
        ("?q=%00", "1–25 of 93"),
        ("?q=' OR 1=1", "No record holds"),
    ],
)
def test_the_list_is_short_and_searched(viewer_client, query, count):
    response = viewer_client.get(reverse("sandbox_subcontracts") + query)
    assert response.status_code == 200
    assert count in response.content.decode()


def test_a_record_leads_back_to_the_synced_list(viewer_client, url_of, sample):
    page = viewer_client.get(url_of("SC-1042")).content.decode()
    assert reverse("erp_synced", kwargs={"company_slug": sample.slug}) + "?q=SC-1042" in page


def test_a_record_tells_nothing_of_another_company(sample, url_of, django_user_model):
    stranger = Client()
    stranger.force_login(django_user_model.objects.get(email="staff@example.com"))
    page = stranger.get(url_of("SC-1042")).content.decode()
    assert "Not linked" in page
    assert sample.slug not in page


@pytest.mark.parametrize("page", PAGES)
def test_a_lost_file_is_said_in_words(viewer_client, path, page):
    path.unlink()
    response = viewer_client.get(reverse(page))
    assert response.status_code in (200, 503)
    assert response.status_code == 503 or page == "sandbox_deleted"
    assert not path.exists()


def test_looking_writes_nothing(viewer_client, path, url_of):
    before = path.read_bytes()
    for url in (*map(reverse, PAGES), url_of("SC-1042"), url_of("PO-2001")):
        assert viewer_client.get(url).status_code == 200
    assert path.read_bytes() == before
