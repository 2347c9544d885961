"""The way into an ERP that is written to by a service of its own: a client of the protocol in `docs/bridge.md`.

A bridge writes a document at most once under its key, and says what became of a key. Services call it, outside any
transaction. No Django in here; the standard library's HTTP client is all it takes: two requests, no redirects, no pool.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import secrets
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from erpintegrations.connectors.base import ErpError, NeedsAttention, Retryable
from erpintegrations.connectors.errors import ask_within

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0
LARGEST_ANSWER = 64 * 1024
LONGEST_SENTENCE = 300
VERSION = "v1"

BRIDGE = "The bridge"
COMES_BACK = "Nothing is lost: it is tried again by itself. If it stays so, tell whoever runs the bridge."
CHECK_SETTINGS = "Have the bridge's address and secret in the connection's settings compared with those of the bridge."
ASK_ITS_KEEPER = "Ask whoever runs the bridge to look at its log."
# The bridge, or something between it and us, has no time now.
BUSY = frozenset({408, 425, 429})
UNDER_WAY, REFUSED = 409, 422


class Refused(NeedsAttention):
    """The bridge's own word: under this key nothing was written, and nothing will be unless it is submitted again."""


@dataclass(frozen=True, slots=True)
class BridgeReceipt:
    """A document was written under a key: by what number the ERP knows it, and whether the record is still there."""

    erp_number: str
    recnum: int | None = None
    exists: bool = True


class Bridge(Protocol):
    """A way of writing into one company's ERP. Each call is one request."""

    def look_up(self, key: UUID) -> BridgeReceipt | None:
        """Say what was written under a key; None when nothing was yet. Raises Retryable, NeedsAttention."""
        ...

    def submit(self, document: dict[str, Any], key: UUID) -> BridgeReceipt:
        """Write a document, unless it was written under this key before.

        Raises Refused when nothing was written; Retryable, after which it may have been written or still may be;
        NeedsAttention.
        """
        ...

    def cancel(self, key: UUID) -> BridgeReceipt | None:
        """See to it that nothing is ever written under a key from now on; what was written under it already, or None.

        Raises Retryable, NeedsAttention: then nothing is certain.
        """
        ...


class HttpBridge:
    """The bridge at an address, with which a secret is shared. Its repr shows neither."""

    def __init__(self, url: str, secret: str, *, seconds: float = TOTAL_SECONDS) -> None:
        """Raises NeedsAttention when the address cannot be one of a bridge, or there is no secret."""
        self._url = _checked(url)
        if not secret:
            raise NeedsAttention(
                "The connection has no secret for the bridge.", remedy=CHECK_SETTINGS, cause="no bridge secret"
            )
        self._secret = secret.encode()
        self._seconds = seconds

    def __repr__(self) -> str:
        return "HttpBridge()"

    def look_up(self, key: UUID) -> BridgeReceipt | None:
        return _receipt(self._ask("GET", f"commitments/{key}", key))

    def submit(self, document: dict[str, Any], key: UUID) -> BridgeReceipt:
        body = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        receipt = _receipt(self._ask("POST", "commitments", key, body))
        if receipt is None:
            raise _odd_answer("written is false after a submit")
        return receipt

    def cancel(self, key: UUID) -> BridgeReceipt | None:
        return _receipt(self._ask("DELETE", f"commitments/{key}", key))

    def _ask(self, method: str, path: str, key: UUID, body: bytes = b"") -> dict[str, Any]:
        target = f"{self._url.path.rstrip('/')}/{path}"
        headers = signed_headers(self._secret, method, target, str(key), body, moment=int(time.time()))
        connection = _connection(self._url)
        try:
            status, answer = ask_within(
                self._seconds,
                _explained(lambda: _converse(connection, method, target, headers, body, self._seconds)),
                whose=BRIDGE,
            )
        finally:
            _hang_up(connection)
        return _understood(status, answer.replace(self._secret, b"***"), method)


def signed_headers(
    secret: bytes, method: str, target: str, key: str, body: bytes, *, moment: int, nonce: str = ""
) -> dict[str, str]:
    """The headers of one request. Only who knows the secret can make or check the signature."""
    nonce = nonce or secrets.token_hex(16)
    return {
        "Accept": "application/json",
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": key,
        "Bridge-Timestamp": str(moment),
        "Bridge-Nonce": nonce,
        "Bridge-Signature": f"{VERSION}={signature(secret, method, target, str(moment), nonce, key, body)}",
    }


def signature(secret: bytes, method: str, target: str, timestamp: str, nonce: str, key: str, body: bytes) -> str:
    """HMAC-SHA256 over seven lines that tell one request from every other, in hexadecimal."""
    lines = (VERSION, method.upper(), target, timestamp, nonce, key, hashlib.sha256(body).hexdigest())
    return hmac.new(secret, "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def _checked(url: str) -> SplitResult:
    problem = ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, problem = "", "not an address"
    if not problem and (not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment):
        problem = "not an address of a bridge"
    elif not problem and (parts.username is not None or not url.isascii() or any(c <= " " for c in url)):
        problem = "sign-in or odd characters in the address"
    elif not problem and parts.scheme == "http" and not _is_this_machine(host):
        raise NeedsAttention(
            "The bridge's address is not protected: commitments would travel in the open.",
            remedy="Give the bridge a certificate, and enter its address with https:// in the connection's settings.",
            cause="http to another machine",
        )
    if problem:
        raise NeedsAttention(
            "The bridge's address in the connection's settings cannot be understood.",
            remedy="Enter it as https:// with the bridge's host name, and its path if it has one.",
            cause=problem,
        )
    return parts


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connection(url: SplitResult) -> http.client.HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "https":
        # The system's certificates, or those that SSL_CERT_FILE names; host names are checked.
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, url.port, timeout=CONNECT_SECONDS, context=context)
    return http.client.HTTPConnection(host, url.port, timeout=CONNECT_SECONDS)


def _converse(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    headers: dict[str, str],
    body: bytes,
    seconds: float,
) -> tuple[int, bytes]:
    """One request and its answer, up to a size. `ask_within` ends it when the time is up."""
    connection.connect()
    connection.sock.settimeout(seconds)
    connection.request(method, target, body=body, headers=headers)
    answer = connection.getresponse()
    content = answer.read(LARGEST_ANSWER + 1)
    if len(content) > LARGEST_ANSWER:
        raise _odd_answer("the answer is too large")
    if answer.length:
        raise http.client.IncompleteRead(content, answer.length)
    return answer.status, content


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """Also wakes a thread that waits for the rest of an answer."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        connection.close()


def _explained(action: Callable[[], tuple[int, bytes]]) -> Callable[[], tuple[int, bytes]]:
    def run() -> tuple[int, bytes]:
        failure: ErpError
        try:
            return action()
        except ErpError as error:
            failure = error
        except (OSError, http.client.HTTPException, ValueError) as error:
            failure = _why_no_answer(error)
        failure.__cause__ = failure.__context__ = None
        raise failure

    return run


def _why_no_answer(error: Exception) -> ErpError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return NeedsAttention(
            "The bridge's certificate cannot be trusted, so nothing was sent to it.",
            remedy="Have whoever runs the bridge look at its certificate and at the authority that issued it.",
            cause=f"certificate: {error.verify_message}",
        )
    if isinstance(error, socket.gaierror):
        problem = "The name of the bridge's server is not known on the network."
    elif isinstance(error, ConnectionRefusedError):
        problem = "The bridge's server is there, but no bridge answers at that port."
    elif isinstance(error, TimeoutError):
        problem = "The bridge did not answer in time."
    elif isinstance(error, http.client.HTTPException | ConnectionError | ssl.SSLError):
        problem = "The conversation with the bridge was cut off."
    else:
        problem = "The bridge cannot be reached."
    return Retryable(problem, remedy=COMES_BACK, cause=type(error).__name__)


def _understood(status: int, content: bytes, method: str) -> dict[str, Any]:
    """The answer's values. Raises Retryable, NeedsAttention, Refused for anything but a plain answer."""
    if 200 <= status < 300:
        values = _json(content)
        if values is None:
            raise _odd_answer("not JSON")
        return values
    raise _why_not(status, _json(content), method)


def _why_not(status: int, values: dict[str, Any] | None, method: str) -> ErpError:
    cause = f"HTTP {status}"
    said = _sentence(values)
    if status in (REFUSED, UNDER_WAY) and values is not None and method == "POST":
        if status == UNDER_WAY:
            return Retryable("The bridge is still writing it.", remedy=COMES_BACK, cause=cause)
        problem = f"The bridge refused it: {said}" if said else "The bridge refused it, without saying why."
        return Refused(problem, remedy="Correct what it names, then retry; or reject it.", cause=cause)
    if status >= 500 or status in BUSY:
        return Retryable("The bridge could not do it now.", remedy=COMES_BACK, cause=cause)
    if status in (401, 403):
        return NeedsAttention("The bridge did not let us in.", remedy=_with(said, CHECK_SETTINGS), cause=cause)
    if 300 <= status < 400:
        return NeedsAttention(
            "The bridge sends us to another address, where nothing is sent.", remedy=CHECK_SETTINGS, cause=cause
        )
    if status == 404:
        return NeedsAttention("No bridge is at the address.", remedy=CHECK_SETTINGS, cause=cause)
    problem = f"The bridge does not accept the request: {said}" if said else "The bridge does not accept the request."
    return NeedsAttention(problem, remedy=ASK_ITS_KEEPER, cause=cause)


def _with(said: str, remedy: str) -> str:
    return f"It says: {said} {remedy}" if said else remedy


def _json(content: bytes) -> dict[str, Any] | None:
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _sentence(values: dict[str, Any] | None) -> str:
    """The bridge's own words, as one harmless line that ends in a full stop."""
    error = (values or {}).get("error")
    message = error.get("message") if isinstance(error, dict) else None
    if not isinstance(message, str):
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in message[: 4 * LONGEST_SENTENCE]).split())
    if len(line) > LONGEST_SENTENCE:
        line = f"{line[:LONGEST_SENTENCE].rstrip()}…"
    return line if not line or line[-1] in ".!?…" else f"{line}."


def _receipt(values: dict[str, Any]) -> BridgeReceipt | None:
    written = values.get("written")
    if written is False:
        return None
    number, recnum = values.get("erp_number"), values.get("recnum")
    if written is not True or not isinstance(number, str) or not number.strip() or len(number) > 50:
        raise _odd_answer("no receipt")
    if not number.strip().isprintable():
        raise _odd_answer("a number that cannot be printed")
    exists = values.get("exists", True)
    whole = recnum if isinstance(recnum, int) and not isinstance(recnum, bool) else None
    return BridgeReceipt(erp_number=number.strip(), recnum=whole, exists=exists is not False)


def _odd_answer(cause: str) -> Retryable:
    return Retryable("The bridge's answer cannot be understood.", remedy=COMES_BACK, cause=cause)
