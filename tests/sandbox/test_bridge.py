"""The sandbox's bridge, over HTTP with the product's own client: signed, idempotent, and honest about what it did."""

from __future__ import annotations

import datetime
import json
import threading
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from erpintegrations.connectors.base import NeedsAttention
from erpintegrations.connectors.bridge import BridgeReceipt, HttpBridge, Refused, signed_headers
from sandbox import bridge, sage_desk
from sandbox.sage_desk import PURCHASE_ORDER, SUBCONTRACT, NotInSage
from sandbox.sage_records import list_records, read_record
from sandbox.sage_tables import company_engine, subcon
from tests.sandbox.conftest import JOB, VENDOR, key_in_subcontract

pytestmark = pytest.mark.django_db

KEY = uuid.uuid4()
LINE = {"linnum": 1, "dscrpt": "Footings", "cstcde": "3300", "csttyp": "4", "amount": "1000.00"}
DOCUMENT: dict[str, Any] = {
    "kind": "subcontract",
    "ctcnum": "SC-7",
    "dscrpt": "Concrete",
    "vndnum": str(VENDOR),
    "jobnum": str(JOB),
    "condte": "2026-06-15",
    "rtnrte": "10",
    "lines": [LINE],
}
ORDER: dict[str, Any] = {
    **{name: DOCUMENT[name] for name in ("dscrpt", "vndnum", "jobnum")},
    "kind": "purchase_order",
    "ordnum": "PO-7",
    "orddte": "2026-06-15",
    "lines": [
        {"linnum": 1, "dscrpt": "Mix", "cstcde": "3300.000", "csttyp": "4"}
        | {"linqty": "3", "linprc": "33.33", "extttl": "99.99"}
    ],
}


@pytest.fixture(autouse=True)
def path(sage_path, settings):
    settings.SANDBOX_ERP_PATH = sage_path
    return sage_path


@pytest.fixture
def client(live_server) -> HttpBridge:
    return HttpBridge(f"{live_server.url}/sandbox/bridge", bridge.shared_secret())


def number_of_records(path) -> int:
    return sum(list_records(path, kind).count for kind in (SUBCONTRACT, PURCHASE_ORDER))


@pytest.mark.django_db(transaction=True)
def test_a_document_becomes_a_record_and_its_key_tells_of_it(client, path):
    assert client.look_up(KEY) is None

    receipt = client.submit(DOCUMENT, KEY)

    assert receipt == BridgeReceipt("SC-7", sage_desk.recnum_of(path, SUBCONTRACT, "SC-7"))
    with company_engine(path).connect() as connection:
        assert connection.scalar(sa.select(subcon.c.rtnrte)) == 10
    assert client.look_up(KEY) == client.submit(DOCUMENT, KEY) == client.cancel(KEY) == receipt
    assert number_of_records(path) == 1


@pytest.mark.django_db(transaction=True)
def test_a_purchase_order_too(client, path):
    receipt = client.submit(ORDER, KEY)

    record, lines = read_record(path, PURCHASE_ORDER, receipt.recnum)
    assert (record.number, len(lines)) == ("PO-7", 1)


@pytest.mark.django_db(transaction=True)
def test_a_record_that_was_deleted_is_said_to_be_gone_and_is_not_written_again(client, path):
    receipt = client.submit(DOCUMENT, KEY)
    sage_desk.delete_subcontract(path, receipt.recnum)

    assert client.look_up(KEY) == BridgeReceipt("SC-7", receipt.recnum, exists=False)
    assert client.submit(DOCUMENT, KEY).exists is False
    assert number_of_records(path) == 0


@pytest.mark.django_db(transaction=True)
def test_under_a_canceled_key_nothing_is_ever_written(client, path):
    assert client.cancel(KEY) is None

    with pytest.raises(Refused, match="This key was canceled"):
        client.submit(DOCUMENT, KEY)
    assert (client.look_up(KEY), number_of_records(path)) == (None, 0)


@pytest.mark.django_db(transaction=True)
def test_sages_own_refusal_is_handed_on_and_leaves_the_key_free(client, path):
    key_in_subcontract(path, "SC-7")
    with pytest.raises(Refused, match=r"Subcontract number SC-7 is in use already\."):
        client.submit(DOCUMENT, KEY)

    assert client.submit({**DOCUMENT, "ctcnum": "SC-8"}, KEY).erp_number == "SC-8"


@pytest.mark.django_db(transaction=True)
def test_a_wrong_secret_is_not_let_in(live_server, path):
    with pytest.raises(NeedsAttention, match="did not let us in"):
        HttpBridge(f"{live_server.url}/sandbox/bridge", "another secret").submit(DOCUMENT, KEY)
    assert number_of_records(path) == 0


# ---- To the letter ---------------------------------------------------------------------------------------------------


def send(document: Any = DOCUMENT, *, body: bytes | None = None, moment: datetime.datetime | None = None, **changed):
    """One request as the client would send it, apart from what is changed after it was signed."""
    target = reverse("sandbox_bridge_commitments")
    body = json.dumps(document).encode() if body is None else body
    at = int((moment or timezone.now()).timestamp())
    key = changed.pop("key", str(uuid.uuid4()))
    headers = signed_headers(bridge.shared_secret().encode(), "POST", target, key, body, moment=at)
    headers |= {name.replace("_", "-"): value for name, value in changed.pop("headers", {}).items()}
    return Client(enforce_csrf_checks=True).post(
        target, changed.pop("sent", body), content_type="application/json", headers=headers
    )


def test_a_request_that_was_seen_before_is_not_let_in(path):
    target, body, key = reverse("sandbox_bridge_commitments"), json.dumps(DOCUMENT).encode(), str(KEY)
    at = int(timezone.now().timestamp())
    headers = signed_headers(bridge.shared_secret().encode(), "POST", target, key, body, moment=at, nonce="n1")
    first, second = (Client().post(target, body, content_type="application/json", headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 401)
    assert second.json()["error"]["message"] == "The request was sent before."


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_request_of_another_time_is_not_let_in(path, minutes):
    answer = send(moment=timezone.now() + datetime.timedelta(minutes=minutes))
    assert answer.status_code == 401
    assert "clocks of the two machines differ" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "changed",
    [
        {"sent": json.dumps({**DOCUMENT, "vndnum": "401"}).encode()},
        {"headers": {"Idempotency_Key": str(uuid.uuid4())}},
        {"headers": {"Bridge_Nonce": "another"}},
        {"headers": {"Bridge_Timestamp": "1"}},
        {"headers": {"Bridge_Signature": ""}},
        {"headers": {"Bridge_Signature": "v1=é"}},
    ],
    ids=["body", "key", "nonce", "timestamp", "no signature", "odd signature"],
)
def test_whatever_is_changed_after_signing_is_not_let_in(path, changed):
    answer = send(**changed)
    assert (answer.status_code, number_of_records(path)) == (401, 0)


BROKEN = {
    "no kind": ({**DOCUMENT, "kind": "invoice"}, "The document is neither a subcontract nor a purchase order."),
    "no lines": ({**DOCUMENT, "lines": []}, "Please enter at least one line."),
    "odd lines": ({**DOCUMENT, "lines": "x"}, "The document has no lines."),
    "no vendor": ({**DOCUMENT, "vndnum": "999"}, "There is no vendor 999."),
    "no job": ({**DOCUMENT, "jobnum": ""}, "jobnum is not a number."),
    "half a job": ({**DOCUMENT, "jobnum": "1.5"}, "jobnum is not a whole number."),
    "odd retainage": ({**DOCUMENT, "rtnrte": "101"}, "rtnrte is not a percentage."),
    "no date": ({**DOCUMENT, "condte": "soon"}, "condte is not a date such as 2026-11-23."),
    "no number": ({**DOCUMENT, "ctcnum": " "}, "Subcontract number must have 1 to 20 characters."),
    "a number's number": ({**DOCUMENT, "ctcnum": 7}, "ctcnum is not a text."),
    "long title": ({**DOCUMENT, "dscrpt": "x" * 51}, "The description must have at most 50 characters."),
    "odd amount": ({**DOCUMENT, "lines": [{**LINE, "amount": "NaN"}]}, "amount is not a number."),
    "half a cent": (
        {**DOCUMENT, "lines": [{**LINE, "amount": "0.005"}]},
        "An amount has at most ten digits before and two after the decimal point.",
    ),
}


@pytest.mark.parametrize(("document", "message"), BROKEN.values(), ids=BROKEN)
def test_what_sage_would_not_take_is_refused_in_words(path, document, message):
    answer = send(document)
    assert (answer.status_code, answer.json()["error"]["message"]) == (422, message)
    assert number_of_records(path) == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 5000])
def test_what_is_no_json_object_is_not_accepted(path, body):
    assert send(body=body).status_code == 400


def test_a_lost_file_is_said_and_may_come_back(path):
    path.unlink()
    assert send().status_code == 503


def test_other_methods_are_not_taken(path):
    target = reverse("sandbox_bridge_commitments")
    headers = signed_headers(
        bridge.shared_secret().encode(), "GET", target, str(KEY), b"", moment=int(timezone.now().timestamp())
    )
    assert Client().get(target, headers=headers).status_code == 405


def test_the_same_key_at_the_same_moment_writes_once(path):
    results: list[object] = []

    def write() -> None:
        try:
            results.append(bridge.submit(path, DOCUMENT, str(KEY), now=timezone.now()))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 6
    assert {type(result) for result in results} == {bridge.Written}
    assert len({result.recnum for result in results if isinstance(result, bridge.Written)}) == 1


def test_the_key_and_the_record_are_there_together_or_not_at_all(path, monkeypatch):
    class Died(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise Died

    create = sage_desk.create_subcontract
    monkeypatch.setattr(
        sage_desk, "create_subcontract", lambda *a, also, **k: create(*a, also=lambda c, r: (also(c, r), die()), **k)
    )
    with pytest.raises(Died):
        bridge.submit(path, DOCUMENT, str(KEY), now=timezone.now())

    assert bridge.look_up(path, str(KEY)) is None
    with pytest.raises(NotInSage):
        sage_desk.recnum_of(path, SUBCONTRACT, "SC-7")
