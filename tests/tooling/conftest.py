"""What the tests of the scripts share: a bare copy of them, and a server started as a person would."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "HOME", "LANG", "TERM", "TMPDIR")
SECONDS_TO_READY = 120


def plain_environment(**variables: object) -> dict[str, str]:
    """Give an environment without anything of the tests' own."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("PIP_")}
    return kept | {name: str(value) for name, value in variables.items()}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@dataclass
class Answer:
    status: int
    stdout: str
    stderr: str

    def is_one_clear_line(self) -> bool:
        return self.status == 1 and self.stderr.count("\n") == 1 and "Traceback" not in self.stdout + self.stderr


def run(command: list[object], **variables: object) -> Answer:
    result = subprocess.run(
        [str(part) for part in command],
        env=plain_environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Answer(result.returncode, result.stdout, result.stderr)


@dataclass
class Checkout:
    """A copy of the scripts and requirements alone, in which nothing is installed."""

    path: Path

    def server(self, *arguments: str, **variables: object) -> Answer:
        python = sys.base_prefix + "/bin/python3"
        return run([self.path / "script/server", *arguments], **{"PYTHON": python, "PORT": free_port()} | variables)


@pytest.fixture
def bare_checkout(tmp_path: Path) -> Checkout:
    path = tmp_path / "checkout"
    shutil.copytree(ROOT / "script", path / "script", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, path)
    return Checkout(path)


@dataclass
class Server:
    """A running `script/server`, and what it has said so far."""

    process: subprocess.Popen[bytes]
    port: int
    data_directory: Path
    output: str = ""
    _watch: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)

    def wait_for(self, text: str) -> None:
        assert self.process.stdout
        deadline = time.monotonic() + SECONDS_TO_READY
        while text not in self.output:
            assert time.monotonic() < deadline, self.output
            if self._watch.select(timeout=1):
                piece = os.read(self.process.stdout.fileno(), 4096).decode()
                assert piece, f"script/server ended: {self.output}"
                self.output += piece

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        status = self.process.wait(100)
        assert self.process.stdout
        with contextlib.suppress(OSError):
            self.output += self.process.stdout.read().decode()
        return status

    def left_processes(self) -> list[str]:
        """List what still runs of all that this server has started; a moment is given to vanish."""
        for _ in range(30):
            found = processes_with(str(self.data_directory))
            if not found:
                break
            time.sleep(0.1)
        return found

    def process_ids(self, part_of_command: str) -> list[int]:
        lines = processes_with(str(self.data_directory))
        return [int(line.split()[0]) for line in lines if part_of_command in line]


def processes_with(text: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if text.encode() in (folder / "environ").read_bytes() and (folder / "cmdline").read_bytes():
                found.append(f"{folder.name} {(folder / 'cmdline').read_bytes().decode().replace(chr(0), ' ')}")
    return sorted(found)


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*arguments: str, **variables: object) -> Server:
        port = free_port()
        directory = tmp_path / "data"
        process = subprocess.Popen(
            # A suite started with nohup hands on that hangups are ignored, which the server would respect.
            ["env", "--default-signal=HUP", ROOT / "script/server", *arguments],
            env=plain_environment(PORT=port, DATA_DIRECTORY=directory, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        server = Server(process, port, directory)
        assert process.stdout
        server._watch.register(process.stdout, selectors.EVENT_READ)
        servers.append(server)
        return server

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.stop()
    for server in servers:
        assert server.left_processes() == []
