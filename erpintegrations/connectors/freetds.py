"""What FreeTDS, the library below pymssql, is told of a server by its configuration. Only `sql_server` imports this.

A certificate is verified only if a section of the configuration names a `ca file`; and how long a query may take is
a connection's own only if a section says so: the driver's own option holds for the whole process. The configuration
lies in memory and holds no secret. It only ever grows, by sections that are named after what they say: whoever reads
it while another thread or process adds to it finds the section they look for whole.
"""

from __future__ import annotations

import functools
import hashlib
import os
import threading

VARIABLE = "FREETDSCONF"
PREAMBLE = "[global]\n\ttds version = 7.4\n\tclient charset = UTF-8\n"


class Configuration:
    """The configuration of this process, as a file in memory (Linux) that the environment names to FreeTDS."""

    def __init__(self) -> None:
        self.file = os.memfd_create("freetds")
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self._append(PREAMBLE)
        # Once and for all: a process that reads its environment in one thread must not change it in another.
        os.environ[VARIABLE] = f"/proc/self/fd/{self.file}"

    def section(self, *, host: str, port: int, encryption: str, authorities: str, query_seconds: int) -> str:
        """This function will see that there is a section for a server, and say by what name.

        `encryption` is FreeTDS's own word, `authorities` the PEM file for verifying, or ''. All of them must be free
        of line breaks and of the signs that begin a comment.
        """
        lines = [f"host = {host}", f"port = {port}", f"encryption = {encryption}", f"timeout = {query_seconds}"]
        if authorities:
            lines += [f"ca file = {authorities}", "check certificate hostname = yes"]
        body = "".join(f"\t{line}\n" for line in lines)
        # Should the library not find the configuration, it takes the name for a host's: this is nobody's (RFC 6761).
        name = f"erp-{hashlib.sha256(body.encode()).hexdigest()[:32]}.invalid."
        with self._lock:
            if name not in self._names:
                self._append(f"[{name}]\n{body}")
                self._names.add(name)
        return name

    def _append(self, text: str) -> None:
        os.write(self.file, text.encode())


@functools.cache
def configuration() -> Configuration:
    """The one of this process; whoever is forked from it goes on with it."""
    return Configuration()
