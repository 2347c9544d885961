"""Programs of the product that run beside the measuring process, at the same database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from django.db import connection

from benchmarks.database import SETTINGS, url_of

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 120.0
SECONDS_TO_STOP = 40.0
TRIED_EVERY = 0.02


def environment(**more: str) -> dict[str, str]:
    """That of this process, with the database that Django has open here."""
    return os.environ | {"DJANGO_SETTINGS_MODULE": SETTINGS, "DATABASE_URL": url_of(connection.settings_dict)} | more


@contextmanager
def running(command: list[str], **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program, and stop it in the end as a service manager does: its own process first, then what is left."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(**more), stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """This function will end a program and all that it started."""
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_STOP)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def web_server() -> Iterator[int]:
    """gunicorn as `gunicorn.conf.py` has it; gives its port once it answers."""
    if not (ROOT / "staticfiles" / "staticfiles.json").exists():
        collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
        subprocess.run(collect, cwd=ROOT, env=environment(), check=True)
    port = free_port()
    with running([sys.executable, "-m", "gunicorn"], GUNICORN_BIND=f"127.0.0.1:{port}") as process:
        wait_until_answered(f"http://127.0.0.1:{port}/healthz", process)
        yield port


@contextmanager
def syncing(connection_id: int, *, is_wanted: bool) -> Iterator[None]:
    """Have a process sync one connection over and over meanwhile, if that is wanted."""
    with ExitStack() as programs:
        if is_wanted:
            work = [
                sys.executable,
                "-m",
                "benchmarks.memory",
                "benchmarks.syncing:sync_until_stopped",
                str(connection_id),
            ]
            programs.enter_context(running(work))
        yield


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until_answered(address: str, process: subprocess.Popen[bytes]) -> None:
    """Raises RuntimeError when the program ends, or does not answer in time."""
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), straight.open(address, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(TRIED_EVERY)
    raise RuntimeError(f"{address} does not answer.")


def family_of(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(each for child in children for each in family_of(int(child)))]


def memory_of(pids: list[int]) -> int:
    """How much memory processes take together, in bytes; what they share counts once."""
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total
