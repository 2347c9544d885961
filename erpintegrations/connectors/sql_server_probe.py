"""Is there a Microsoft SQL Server at an address, and is it the right one? Asked on a plain socket, before any driver.

The driver tells an unknown host, a refused port, a black hole and a stranger apart badly, may wait far longer than it
was told to, and says nothing of a certificate. Nothing secret is sent. The formats are those of [MS-TDS] and [MC-SQLR].
Only `sql_server` and the checks import this.
"""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from erpintegrations.connectors.base import ErpError, NeedsAttention, Retryable
from erpintegrations.connectors.errors import CORRECT_URL, TRY_AGAIN, ask_within, did_not_answer
from erpintegrations.connectors.sql_server_address import Encryption, SqlServerAddress

Answer = TypeVar("Answer")

DEFAULT_PORT = 1433
BROWSER_PORT = 1434
PRELOGIN, REPLY = 0x12, 0x04
LARGEST_PACKET = 32768
SILENT = f"{TRY_AGAIN} A firewall, on the database server or on the way to it, may keep this machine out."
CHECK_PORT = "Have the address and port in the connection's settings compared with those of the database server."


class Offer(IntEnum):
    """What a side says of encryption in its PRELOGIN packet."""

    FOR_SIGN_IN = 0
    ALWAYS = 1
    NONE = 2
    DEMANDED = 3


class WrongEncryption(NeedsAttention):
    """A SQL Server answers, but not with the encryption that was asked for, or without proof of who it is."""


@dataclass(frozen=True)
class Reachable:
    """A SQL Server that answers: at which port, of which version ("16.0.1000"), and how it protects a conversation.

    `encrypts` says whether it can encrypt at all; `verified` whether its certificate was seen, and found to chain to
    the authorities and to be for this host.
    """

    port: int
    version: str
    encrypts: bool
    verified: bool


def probe(address: SqlServerAddress, seconds: float = 5) -> Reachable:
    """This function will see who answers at an address, and that the encryption asked for is to be had.

    Takes so many seconds at most. Raises Retryable, NeedsAttention.
    """
    deadline = time.monotonic() + seconds
    return ask_within(seconds, lambda: _explained(lambda: _probe(address, deadline), seconds), remedy=SILENT)


def _probe(address: SqlServerAddress, deadline: float) -> Reachable:
    port = address.port or DEFAULT_PORT
    if address.instance:
        port = port_of_instance(address.host, address.instance, seconds=_left(deadline) / 2)
    with socket.create_connection((address.host, port), timeout=_left(deadline)) as plain:
        plain.settimeout(_left(deadline))
        version, offer = _greet(plain, Offer.FOR_SIGN_IN if address.encryption is Encryption.OFF else Offer.ALWAYS)
        _check_offer(offer, address.encryption)
        verified = address.encryption is Encryption.VERIFIED
        if verified:
            plain.settimeout(_left(deadline))
            _shake_hands(plain, address)
    return Reachable(port, version, offer is not Offer.NONE, verified)


def port_of_instance(host: str, instance: str, *, seconds: float, browser_port: int = BROWSER_PORT) -> int:
    """This function will ask SQL Server Browser at which port a named instance listens.

    Raises Retryable when it is silent, which it also is about an instance that is not there; NeedsAttention.
    """
    question = b"\x04" + instance.encode("utf-8") + b"\0"
    silent = Retryable(
        "SQL Server Browser, which knows the instance's port, does not answer.",
        remedy="Have the instance's name and the service SQL Server Browser (UDP port 1434) checked, or give the "
        "instance's port in the connection's settings instead of its name.",
        cause="SQL Server Browser is silent",
    )
    answer = b""
    family, _, _, _, target = socket.getaddrinfo(host, browser_port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.connect(target)
        for _ in range(2):  # a datagram may get lost
            asking.settimeout(max(seconds / 2, 0.05))
            try:
                asking.send(question)
                answer = asking.recv(65535)
                break
            except (TimeoutError, ConnectionRefusedError):
                continue
    if not answer:
        raise silent
    return _port_in(answer)


def _port_in(answer: bytes) -> int:
    words = answer[3:].decode("utf-8", "replace").split(";")
    facts = dict(zip(words[::2], words[1::2], strict=False))
    port = facts.get("tcp", "")
    if answer[:1] == b"\x05" and port.isdecimal() and 1 <= int(port) <= 65535:
        return int(port)
    raise NeedsAttention(
        "The instance of the database server does not listen on a TCP port.",
        remedy="Have TCP/IP switched on for the instance in SQL Server Configuration Manager, and it restarted.",
        cause="no tcp in the answer of SQL Server Browser",
        out_of_reach=True,
    )


def _greet(plain: socket.socket, offer: Offer) -> tuple[str, Offer]:
    """Say PRELOGIN and hear the server's version and what it offers."""
    options = ((0, bytes(6)), (1, bytes([offer])), (2, b"\0"), (3, bytes(4)), (4, b"\0"))
    offset, heads, bodies = 5 * len(options) + 1, b"", b""
    for token, body in options:
        heads += struct.pack(">BHH", token, offset + len(bodies), len(body))
        bodies += body
    _send(plain, heads + b"\xff" + bodies)
    answer = _receive(plain)
    found: dict[int, bytes] = {}
    for start in range(0, len(answer), 5):
        if answer[start] == 0xFF:
            break
        token, begin, length = struct.unpack(">BHH", answer[start : start + 5])
        found[token] = answer[begin : begin + length]
    major, minor, build = struct.unpack(">BBH", found[0][:4])
    return f"{major}.{minor}.{build}", Offer(found[1][0])


def _check_offer(offer: Offer, encryption: Encryption) -> None:
    if encryption is Encryption.OFF and offer in (Offer.ALWAYS, Offer.DEMANDED):
        raise WrongEncryption(
            "The database server demands encryption, and the connection's settings have it switched off.",
            remedy="Set the encryption in the connection's settings to verified, or to required.",
            cause="server demands encryption",
            out_of_reach=True,
        )
    if encryption is not Encryption.OFF and offer in (Offer.NONE, Offer.FOR_SIGN_IN):
        raise WrongEncryption(
            "The database server offers no encryption, and the connection's settings demand it.",
            remedy="Have a certificate installed on the database server. Only where nobody can listen on the network, "
            "set the encryption in the connection's settings to off.",
            cause="server offers no encryption",
            out_of_reach=True,
        )


def _shake_hands(plain: socket.socket, address: SqlServerAddress) -> None:
    """Begin TLS as TDS does, within PRELOGIN packets, to see the certificate verified. Raises ssl.SSLError."""
    context = ssl.create_default_context(cafile=address.authorities())
    # Up to SQL Server 2022, and in what the driver speaks, TDS has no newer one.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    tunnel = context.wrap_bio(heard, said, server_hostname=address.host)
    while True:
        try:
            tunnel.do_handshake()
            return
        except ssl.SSLWantReadError:
            if said.pending:
                _send(plain, said.read())
            heard.write(_receive(plain))


def _send(plain: socket.socket, payload: bytes) -> None:
    plain.sendall(struct.pack(">BBHHBB", PRELOGIN, 1, len(payload) + 8, 0, 0, 0) + payload)


def _receive(plain: socket.socket) -> bytes:
    """One whole packet's payload. Raises _Stranger when it is none of TDS."""
    kind, _, length = struct.unpack(">BBH", _exactly(plain, 4))
    if kind not in (PRELOGIN, REPLY) or not 8 < length <= LARGEST_PACKET:
        raise _Stranger
    return _exactly(plain, length - 4)[4:]


def _exactly(plain: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        piece = plain.recv(count - len(received))
        if not piece:
            raise ConnectionResetError
        received += piece
    return received


class _Stranger(Exception):
    """Somebody answers who does not speak TDS."""


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.05)


def _explained(action: Callable[[], Answer], seconds: float) -> Answer:
    failure: ErpError
    try:
        return action()
    except ErpError as error:
        failure = error
    except TimeoutError:
        failure = did_not_answer(seconds, remedy=SILENT)
    except ConnectionRefusedError:
        failure = Retryable(
            "The ERP's server is there, but no database answers at that port.",
            remedy="Have it seen on the database server that SQL Server runs, that TCP/IP is switched on for the "
            "instance (a change needs a restart), that it listens at this port, and that Windows Firewall lets it "
            "through. Then try again.",
            cause="connection refused",
        )
    except ssl.SSLError as error:
        failure = _explain_tls(error)
    except (socket.gaierror, UnicodeError) as error:
        kind = Retryable if getattr(error, "errno", None) == socket.EAI_AGAIN else NeedsAttention
        failure = kind(
            "The name of the ERP's server is not known on the network.",
            remedy=f"Have the name checked. If it is wrong: {CORRECT_URL}",
            cause="unknown host",
            out_of_reach=True,
        )
    except (ConnectionResetError, BrokenPipeError):
        failure = Retryable(
            "Something at that address takes the connection and hangs up at once.",
            remedy="It may be starting, or keep this machine out: try again in a minute. If it stays so: " + CHECK_PORT,
            cause="hung up on",
        )
    except (_Stranger, struct.error, LookupError, ValueError) as error:
        failure = NeedsAttention(
            "Something answers at that address, but it is no Microsoft SQL Server.",
            remedy=CHECK_PORT,
            cause=f"not TDS: {type(error).__name__.strip('_')}",
            out_of_reach=True,
        )
    except OSError as error:
        failure = Retryable("The ERP's server cannot be reached.", remedy=TRY_AGAIN, cause=f"OSError {error.errno}")
    raise failure


# OpenSSL's own numbers of what is wrong with a certificate.
_EXPIRED, _NOT_YET = 10, 9
_OTHER_NAME = (62, 64)


def _explain_tls(error: ssl.SSLError) -> ErpError:
    number = getattr(error, "verify_code", 0)
    if number in _OTHER_NAME:
        problem = "The database server's certificate is for another server's name."
        remedy = "Use the name that is in the certificate as the host, or have a certificate for this name installed."
    elif number in (_EXPIRED, _NOT_YET):
        problem = "The database server's certificate has expired, or is not valid yet."
        remedy = "Have a valid certificate installed on the database server, and both clocks checked."
    elif isinstance(error, ssl.SSLCertVerificationError):
        problem = "The database server's certificate was issued by an authority that is not trusted here."
        remedy = (
            "Give the CA file of the authority that issued it (or the certificate itself, if it is self-signed) in the "
            "connection's settings."
        )
    else:
        problem = "The database server and this program found no common way of encrypting."
        remedy = "Have TLS 1.2 switched on at the database server, and its certificate checked."
    return WrongEncryption(problem, remedy=remedy, cause=f"TLS: {error.reason or number}", out_of_reach=True)
