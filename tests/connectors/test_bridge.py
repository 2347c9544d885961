"""The bridge's client against a real server on this machine that misbehaves in every way it can."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from erpintegrations.connectors import bridge
from erpintegrations.connectors.base import NeedsAttention, Retryable
from erpintegrations.connectors.bridge import BridgeReceipt, HttpBridge, Refused, signature

SECRET = "a-long-shared-secret"
KEY = uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")
DOCUMENT = {"kind": "subcontract", "ctcnum": "SC-7", "dscrpt": "Café", "lines": []}
WRITTEN = {"written": True, "erp_number": "SC-7", "recnum": 12}
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Answers every request with `answer`, and keeps what was asked."""

    def __init__(self) -> None:
        self.answer: Answer = json_of(200, WRITTEN)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                served.asked.append((self.command, self.path, dict(self.headers), body))
                served.answer(self)

            do_POST = do_DELETE = do_GET  # noqa: N815  as http.server calls them

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/bridge"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


def raw(status: int, body: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def json_of(status: int, values: object) -> Answer:
    return raw(status, json.dumps(values).encode())


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def client(server: Server) -> HttpBridge:
    return HttpBridge(server.url, SECRET, seconds=5)


# ---- What is asked ---------------------------------------------------------------------------------------------------


def test_a_document_is_submitted_under_its_key(server: Server, client: HttpBridge) -> None:
    assert client.submit(DOCUMENT, KEY) == BridgeReceipt("SC-7", 12, True)
    ((method, path, headers, body),) = server.asked
    assert (method, path, headers["Idempotency-Key"]) == ("POST", "/bridge/commitments", str(KEY))
    assert json.loads(body) == DOCUMENT


def test_a_key_is_looked_up_and_canceled(server: Server, client: HttpBridge) -> None:
    server.answer = json_of(200, {"written": False})
    assert client.look_up(KEY) is None
    assert client.cancel(KEY) is None
    assert [(method, path) for method, path, _, _ in server.asked] == [
        ("GET", f"/bridge/commitments/{KEY}"),
        ("DELETE", f"/bridge/commitments/{KEY}"),
    ]


def test_a_record_that_was_deleted_since_is_told_apart(server: Server, client: HttpBridge) -> None:
    server.answer = json_of(200, {**WRITTEN, "exists": False})
    assert client.look_up(KEY) == BridgeReceipt("SC-7", 12, False)


def test_every_request_is_signed_anew_and_only_with_the_secret(server: Server, client: HttpBridge) -> None:
    for _ in range(2):
        client.submit(DOCUMENT, KEY)
    nonces = set()
    for method, path, headers, body in server.asked:
        moment, nonce = headers["Bridge-Timestamp"], headers["Bridge-Nonce"]
        arguments = (method, path, moment, nonce, str(KEY), body)
        assert headers["Bridge-Signature"] == f"v1={signature(SECRET.encode(), *arguments)}"
        assert headers["Bridge-Signature"] != f"v1={signature(b'another', *arguments)}"
        assert abs(int(moment) - time.time()) < 60
        nonces.add(nonce)
    assert len(nonces) == 2


# ---- What can go wrong -----------------------------------------------------------------------------------------------


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"written"')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def speaks_gibberish(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"220 smtp.example.com ready\r\n")
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


CUT_OFF = "The conversation with the bridge was cut off."
ODD = "The bridge's answer cannot be understood."
MAY_WORK_LATER = {
    "500": (raw(500, b"<h1>Oops</h1>"), "The bridge could not do it now."),
    "503": (json_of(503, {}), "The bridge could not do it now."),
    "429": (raw(429, b""), "The bridge could not do it now."),
    "still writing": (json_of(409, {"error": {"code": "under_way"}}), "The bridge is still writing it."),
    "cut off": (cut_off, CUT_OFF),
    "hangs up": (hangs_up, CUT_OFF),
    "gibberish": (speaks_gibberish, CUT_OFF),
    "no JSON": (raw(200, b"<html>Welcome</html>"), ODD),
    "broken JSON": (raw(200, b'{"written": tru'), ODD),
    "deep JSON": (raw(200, b"[" * 20_000), ODD),
    "a list": (json_of(200, [1]), ODD),
    "no receipt": (json_of(200, {"ok": True}), ODD),
    "no number": (json_of(200, {"written": True, "erp_number": " "}), ODD),
    "a number with a null byte": (json_of(200, {"written": True, "erp_number": "SC\x00-7"}), ODD),
    "a number with half a character": (json_of(200, {"written": True, "erp_number": "SC-\ud800"}), ODD),
    "not written after all": (json_of(200, {"written": False}), ODD),
    "huge": (raw(200, b" " * (bridge.LARGEST_ANSWER + 1)), ODD),
    "endless": (raw(200, b" " * 1_000_000, Content_Length="99999999999"), ODD),
}


@pytest.mark.parametrize(("answer", "problem"), MAY_WORK_LATER.values(), ids=MAY_WORK_LATER)
def test_what_may_work_later(server: Server, client: HttpBridge, answer: Answer, problem: str) -> None:
    server.answer = answer
    with pytest.raises(Retryable) as caught:
        client.submit(DOCUMENT, KEY)
    assert caught.value.problem == problem
    assert caught.value.remedy


STAYS_SO = {
    "wrong secret": (401, "The bridge did not let us in."),
    "not allowed": (403, "The bridge did not let us in."),
    "not found": (404, "No bridge is at the address."),
    "redirect": (302, "The bridge sends us to another address, where nothing is sent."),
    "not accepted": (400, "The bridge does not accept the request."),
    "refused without JSON": (422, "The bridge does not accept the request."),
}


@pytest.mark.parametrize(("status", "problem"), STAYS_SO.values(), ids=STAYS_SO)
def test_what_stays_so_until_somebody_acts(server: Server, client: HttpBridge, status: int, problem: str) -> None:
    server.answer = raw(status, b"", Location=f"{server.url}/elsewhere")
    with pytest.raises(NeedsAttention) as caught:
        client.submit(DOCUMENT, KEY)
    assert not isinstance(caught.value, Refused)
    assert caught.value.problem == problem
    assert len(server.asked) == 1, "no redirect is followed"


def test_absence_is_never_taken_from_an_address_that_is_not_found(server: Server, client: HttpBridge) -> None:
    server.answer = json_of(404, {"written": False})
    with pytest.raises(NeedsAttention):
        client.look_up(KEY)


def refusal(message: object) -> Answer:
    return json_of(422, {"error": {"code": "refused", "message": message}})


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("Vendor 400 is inactive", "The bridge refused it: Vendor 400 is inactive."),
        ("Line 1:\r\n\tno\x00 cost\x1b[31m code!", "The bridge refused it: Line 1: no cost [31m code!"),
        (["no", "text"], "The bridge refused it, without saying why."),
        ("", "The bridge refused it, without saying why."),
    ],
)
def test_a_refusal_is_told_in_the_bridges_own_words(
    server: Server, client: HttpBridge, message: object, problem: str
) -> None:
    server.answer = refusal(message)
    with pytest.raises(Refused) as caught:
        client.submit(DOCUMENT, KEY)
    assert caught.value.problem == problem


def test_a_long_refusal_is_cut(server: Server, client: HttpBridge) -> None:
    server.answer = refusal("no " * 5000)
    with pytest.raises(Refused) as caught:
        client.submit(DOCUMENT, KEY)
    assert len(caught.value.problem) < 400


@pytest.mark.parametrize("status", [401, 422, 400])
def test_a_secret_that_the_bridge_repeats_is_not_repeated(server: Server, client: HttpBridge, status: int) -> None:
    server.answer = json_of(status, {"error": {"message": f"Wrong secret: {SECRET}"}})
    with pytest.raises(NeedsAttention) as caught:
        client.submit(DOCUMENT, KEY)
    told = caught.value.problem + caught.value.remedy + caught.value.cause + repr(caught.value) + repr(client)
    assert SECRET not in told
    assert caught.value.__cause__ is None


# ---- Time ------------------------------------------------------------------------------------------------------------


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def dripping_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    drip(handler)


def dripping_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    drip(handler)


def drip(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(30):
        try:
            handler.wfile.write(b" ")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.1)


@pytest.mark.parametrize("answer", [silent, dripping_body, dripping_headers])
def test_no_answer_takes_longer_than_the_time_there_is(server: Server, answer: Answer) -> None:
    server.answer = answer
    began = time.monotonic()
    with pytest.raises(Retryable, match=r"did not answer (within 0\.5 seconds|in time)"):
        HttpBridge(server.url, SECRET, seconds=0.5).submit(DOCUMENT, KEY)
    assert time.monotonic() - began < 2.5


def test_nobody_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Retryable, match="no bridge answers at that port"):
        HttpBridge(f"http://127.0.0.1:{port}", SECRET).look_up(KEY)


def test_the_name_is_not_known() -> None:
    with pytest.raises(Retryable, match="is not known on the network"):
        HttpBridge("https://bridge.invalid", SECRET).look_up(KEY)


# ---- The address -----------------------------------------------------------------------------------------------------


def test_a_bridge_on_another_machine_needs_a_certificate() -> None:
    with pytest.raises(NeedsAttention, match="commitments would travel in the open"):
        HttpBridge("http://sage.example.com/bridge", SECRET)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sage.example.com",
        "ftp://sage.example.com",
        "https://",
        "https://me:password@sage.example.com",
        "https://sage.example.com/?a=b",
        "https://sage.example.com/\r\nX: y",
        "https://sage.example.com:port/",
        "https://[::1",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_address_of_a_bridge(url: str) -> None:
    with pytest.raises(NeedsAttention, match="cannot be understood") as caught:
        HttpBridge(url, SECRET)
    assert "password" not in str(caught.value)


def test_a_bridge_without_a_secret_is_not_asked() -> None:
    with pytest.raises(NeedsAttention, match="no secret"):
        HttpBridge("https://sage.example.com", "")


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(server: Server, certificate: tuple[str, str]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    server.http.handle_error = lambda *_: None  # type: ignore[method-assign]
    url = server.url.replace("http:", "https:").replace("127.0.0.1", "localhost")
    with pytest.raises(NeedsAttention, match="certificate cannot be trusted, so nothing was sent to it"):
        HttpBridge(url, SECRET).submit(DOCUMENT, KEY)
    assert server.asked == []


def test_a_certificate_of_a_known_authority_is_trusted(
    server: Server, certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    url = server.url.replace("http:", "https:").replace("127.0.0.1", "localhost")
    assert HttpBridge(url, SECRET).submit(DOCUMENT, KEY).erp_number == "SC-7"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate for localhost that signed itself, and its key, as two files."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(cert_file), str(key_file)
