"""The probe: whoever is not there, hangs up, says nothing or speaks another language gets a sentence of their own."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erpintegrations.connectors.base import ErpError, NeedsAttention, Retryable
from erpintegrations.connectors.sql_server import Encryption, SqlServerAddress, probe
from erpintegrations.connectors.sql_server_probe import port_of_instance
from tests.connectors.tds_company import LOGIN, PASSWORD
from tests.connectors.test_faults import assert_clear_and_without_secrets

SSH = b"SSH-2.0-OpenSSH_9.2\r\n"
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def somebody(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Whoever listens at a port of this machine and answers each connection in their own way."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, suppress(OSError):
                    answer(client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def saying(words: bytes) -> Callable[[socket.socket], None]:
    def answer(client: socket.socket) -> None:
        client.sendall(words)
        client.recv(4096)

    return answer


def silent(client: socket.socket) -> None:
    while client.recv(4096):
        pass


def hang_up(client: socket.socket) -> None:
    client.recv(4096)


def drip(client: socket.socket) -> None:
    for byte in b"\x04\x01\x00\x40" + bytes(60):
        client.sendall(bytes([byte]))
        time.sleep(0.3)


def address(port: int) -> SqlServerAddress:
    return SqlServerAddress("127.0.0.1", "db", LOGIN, PASSWORD, port=port, encryption=Encryption.REQUIRED)


def refusal_of(port: int, seconds: float = 5) -> ErpError:
    with pytest.raises(ErpError) as refused:
        probe(address(port), seconds)
    assert_clear_and_without_secrets(refused.value)
    assert refused.value.out_of_reach
    return refused.value


@pytest.mark.parametrize("words", [SSH, HTTP, b"\x04\x01\x00\x02", bytes(64), b"\x04\x01\x00\x09\x00\x00\x01\x00\xff"])
def test_a_stranger_is_told_from_a_sql_server(words: bytes) -> None:
    with somebody(saying(words)) as port:
        refused = refusal_of(port)
    assert isinstance(refused, NeedsAttention)
    assert "it is no Microsoft SQL Server" in refused.problem


@given(st.binary(min_size=8, max_size=80))
@settings(deadline=None, max_examples=25)
def test_whatever_a_stranger_says_it_is_an_answer_in_words(words: bytes) -> None:
    with somebody(saying(struct.pack(">BBH", 4, 1, len(words) + 4) + words)) as port, suppress(ErpError):
        probe(address(port), 5)


@pytest.mark.parametrize("offer", [0, 2])
def test_a_server_that_would_encrypt_the_sign_in_at_most_is_refused(offer: int) -> None:
    options = b"\0\0\x0b\0\x06\x01\0\x11\0\x01\xff" + b"\x10\0\x03\xe8\0\0" + bytes([offer])
    with somebody(saying(struct.pack(">BBHHBB", 4, 1, len(options) + 8, 0, 1, 0) + options)) as port:
        assert "offers no encryption" in refusal_of(port).problem


def test_somebody_who_hangs_up_may_be_busy() -> None:
    with somebody(hang_up) as port:
        refused = refusal_of(port)
    assert isinstance(refused, Retryable)
    assert "hangs up at once" in refused.problem


@pytest.mark.parametrize("answer", [silent, drip])
def test_somebody_who_says_too_little_is_given_up_in_time(answer: Callable[[socket.socket], None]) -> None:
    with somebody(answer) as port:
        started = time.monotonic()
        refused = refusal_of(port, 0.6)
        assert time.monotonic() - started < 4
    assert "did not answer within 0.6 seconds" in refused.problem
    assert "A firewall" in refused.remedy


def test_a_refused_port_and_an_unknown_name_have_sentences_of_their_own() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        refused = refusal_of(unused.getsockname()[1])
    assert "no database answers at that port" in refused.problem
    assert "TCP/IP is switched on for the instance" in refused.remedy
    with pytest.raises(ErpError, match="name of the ERP's server is not known"):
        probe(SqlServerAddress("no-such-host.invalid", "db", LOGIN))


def test_an_address_that_no_way_leads_to_cannot_be_reached() -> None:
    with pytest.raises(Retryable) as refused:
        probe(SqlServerAddress("255.255.255.255", "db", LOGIN, PASSWORD, port=1433))
    assert refused.value.problem == "The ERP's server cannot be reached."
    assert refused.value.remedy == (
        "Nothing has been changed. Try again in a minute; if it keeps failing, tell whoever runs the ERP database."
    )
    assert_clear_and_without_secrets(refused.value)


@contextmanager
def browser(answer: bytes | None) -> Iterator[int]:
    """SQL Server Browser, as it answers about an instance."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))

        def serve() -> None:
            with suppress(OSError):
                while True:
                    question, client = listener.recvfrom(4096)
                    if answer is not None and question == b"\x04SAGE\0":
                        listener.sendto(answer, client)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def answered(text: str) -> bytes:
    return b"\x05" + struct.pack("<H", len(text)) + text.encode()


ABOUT = "ServerName;ERP;InstanceName;SAGE;IsClustered;No;Version;15.0.2000.5;"


def test_the_browser_says_at_which_port_an_instance_listens() -> None:
    with browser(answered(f"{ABOUT}tcp;49731;np;\\\\ERP\\pipe\\sql;;")) as port:
        assert port_of_instance("127.0.0.1", "SAGE", seconds=5, browser_port=port) == 49731


@pytest.mark.parametrize(
    "answer", [answered(f"{ABOUT};"), answered(f"{ABOUT}tcp;0;;"), answered(f"{ABOUT}tcp;x;;"), b"?"]
)
def test_an_instance_without_a_tcp_port_is_told(answer: bytes) -> None:
    with browser(answer) as port, pytest.raises(NeedsAttention, match="does not listen on a TCP port"):
        port_of_instance("127.0.0.1", "SAGE", seconds=5, browser_port=port)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_browser_that_is_silent_or_not_there_asks_for_the_port(is_there: bool) -> None:
    with browser(None) as port:
        silent_port = port
        if is_there:
            assert_silent(silent_port)
    if not is_there:
        assert_silent(silent_port)


def assert_silent(port: int) -> None:
    with pytest.raises(Retryable, match="SQL Server Browser") as refused:
        port_of_instance("127.0.0.1", "SAGE", seconds=0.4, browser_port=port)
    assert "give the instance's port" in refused.value.remedy
    assert_clear_and_without_secrets(refused.value)
