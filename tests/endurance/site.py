"""A whole server that can be killed, the people who use it, and the clock that goes on meanwhile."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import os
import re
import selectors
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.tooling.conftest import ROOT, free_port, plain_environment, processes_with

SECONDS_TO_READY = 120
COMPANY = "harbor-point-builders"
LEAN_SERVER = [sys.executable, str(ROOT / "tests/endurance/lean_server.py")]
WHOLE_SERVER = [str(ROOT / "script/server")]


class Server:
    """One data directory, and the server that runs on it now and then."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.environment = plain_environment(PORT=self.port, DATA_DIRECTORY=directory)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, command: list[str]) -> None:
        self.process = subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait_for("Ready: ")

    def _wait_for(self, text: str) -> None:
        assert self.process
        assert self.process.stdout
        output, deadline = "", time.monotonic() + SECONDS_TO_READY
        with selectors.DefaultSelector() as watch:
            watch.register(self.process.stdout, selectors.EVENT_READ)
            while text not in output:
                assert time.monotonic() < deadline, output
                if watch.select(timeout=1):
                    piece = os.read(self.process.stdout.fileno(), 4096).decode()
                    assert piece, f"The server ended: {output}"
                    output += piece

    def kill(self) -> None:
        """SIGKILL, as the kernel does when memory runs out. Nothing of it may go on running."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self._wait_until_gone()

    def stop(self) -> int:
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(40)
        self._wait_until_gone()
        return status

    def _wait_until_gone(self) -> None:
        assert self.process
        assert self.process.stdout
        self.process.wait(40)
        self.process.stdout.close()
        self.process = None
        for _ in range(100):
            left = [line for line in processes_with(str(self.directory)) if "housekeeper" not in line]
            if not left:
                return
            time.sleep(0.05)
        raise AssertionError(f"Processes outlived the server: {left}")

    def clean_up(self) -> None:
        if self.process:
            self.kill()


@dataclass
class Person:
    """Somebody signed in, whose session outlives the server. Posts like the forms of the pages."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def sign_in(self, email: str) -> None:
        form = self._send("GET", "/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token, form[:500]
        fields = {"csrfmiddlewaretoken": token[1], "username": email, "password": "demo"}
        self._send("POST", "/sign-in/", fields)
        assert "sessionid" in self.cookies, f"{email} could not sign in"

    def post(self, path: str) -> bool:
        """Whether an answer came. Raises AssertionError when it is an error."""
        try:
            self._send("POST", f"/companies/{COMPANY}/erp-integrations/{path}", {})
        except (OSError, http.client.HTTPException):
            return False
        return True

    def _send(self, method: str, path: str, fields: dict[str, str] | None = None) -> str:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-CSRFToken": self.cookies.get("csrftoken", ""),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, urlencode(fields or {}), headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        assert answer.status in (200, 302), f"{path}: {answer.status} {text[:500]}"
        return text


@contextlib.contextmanager
def housekeeper(server: Server) -> Iterator[subprocess.Popen[str]]:
    """The product's own housekeeping, on demand."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.endurance.housekeeper"],
        cwd=ROOT,
        env=server.environment
        | {"SANDBOX": "1", "DJANGO_SETTINGS_MODULE": "erpintegrations.settings", "LOG_LEVEL": "ERROR"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def keep_house(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    assert process.stdout
    process.stdin.write("now\n")
    process.stdin.flush()
    assert process.stdout.readline() == "done\n"


def four_minutes_pass(database: sqlite3.Connection) -> None:
    """Leases run out, and patience with what waits; the test need not sit it out."""
    earlier = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=4)).strftime("%Y-%m-%d %H:%M:%S")
    with database:
        database.execute("UPDATE erpintegrations_syncrun SET lease_expires_at = ? WHERE state = 'running'", [earlier])
        database.execute("UPDATE erpintegrations_syncrun SET queued_at = ? WHERE state = 'queued'", [earlier])
