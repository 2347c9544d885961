"""A man in the middle of a TCP conversation, who cuts it off or falls silent after so many bytes of the answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class Proxy:
    """Hands on what it hears to a port of this machine, as long as the `with` lasts.

    After `limit` bytes of a connection's answer it hangs up, or says nothing more if it `stalls`; None is no limit.
    `carried` is how many bytes of the answer each connection has carried, in the order in which they were made.
    """

    def __init__(self, port: int, *, limit: int | None = None, stalls: bool = False) -> None:
        self.limit = limit
        self.stalls = stalls
        self.carried: list[int] = []
        self._target = port
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._open):
            _close(one)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
                self.carried.append(0)
                answer = self._answering(len(self.carried) - 1, client)
                threading.Thread(target=_carry, args=(client, server, server.sendall), daemon=True).start()
                threading.Thread(target=_carry, args=(server, client, answer), daemon=True).start()

    def _answering(self, number: int, client: socket.socket) -> Callable[[bytes], None]:
        def hand_on(data: bytes) -> None:
            room = len(data) if self.limit is None else max(self.limit - self.carried[number], 0)
            client.sendall(data[:room])
            self.carried[number] += min(len(data), room)
            if room < len(data) and not self.stalls:
                raise ConnectionAbortedError

        return hand_on


def _carry(source: socket.socket, target: socket.socket, hand_on: Callable[[bytes], None]) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            hand_on(data)
    _close(source)
    _close(target)


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
