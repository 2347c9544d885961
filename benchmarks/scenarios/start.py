"""`script/server` on a checkout whose data is prepared, from the command to the line "Ready", as a person waits for it.

It looks after the virtual environment, the pages' files, the database, the sample company and the schedules, serves
them with gunicorn, and starts a task cluster beside it. It is held against a bare Django project, migrated, with
`manage.py runserver` until its first page answers. It has a database of its own in SQLite, whatever the others are
measured on. Beside it stands what the web server and the task cluster hold in memory while nobody uses them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.harness import Against, Case, Measured, Way
from benchmarks.programs import ROOT, family_of, free_port, memory_of, stop, wait_until_answered

SIZES = (1,)
SKIPPED = ""
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
SECONDS_TO_SETTLE = 3.0


def cases(size: int, folder: Path) -> Iterator[Case]:
    data, bare = folder / "data", folder / "bare"
    bare.mkdir()
    subprocess.run([sys.executable, "-m", "django", "startproject", "bare", str(bare)], env=_plain(), check=True)
    migrate = [sys.executable, str(bare / "manage.py"), "migrate", "--verbosity", "0"]
    subprocess.run(migrate, env=_plain(), check=True)
    _start_ours(data)
    against = [Against(Way("bare Django", partial(_start_bare, bare)), target=1.5)]
    yield Case("Start", size, ours=Way("script/server", partial(_start_ours, data)), against=against, is_whole=True)


def _start_ours(data: Path) -> Measured:
    """Raises RuntimeError when it does not say that it is ready."""
    started = time.perf_counter()
    server = subprocess.Popen(
        [ROOT / "script" / "server"],
        env=_plain(PORT=str(free_port()), DATA_DIRECTORY=str(data)),
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert server.stdout is not None
        if not any(line.startswith(b"Ready: ") for line in server.stdout):
            raise RuntimeError("script/server ended before it was ready.")
        seconds = time.perf_counter() - started
        time.sleep(SECONDS_TO_SETTLE)
        return Measured(seconds, beside=_memory(server.pid))
    finally:
        stop(server)


def _start_bare(folder: Path) -> Measured:
    port = free_port()
    started = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, str(folder / "manage.py"), "runserver", f"127.0.0.1:{port}"],
        env=_plain(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until_answered(f"http://127.0.0.1:{port}/", server)
        return Measured(time.perf_counter() - started)
    finally:
        stop(server)


def _memory(pid: int) -> dict[str, float]:
    """In MiB, of each program that the server started."""
    programs = {"web server": "serve_sandbox", "task cluster": "qcluster"}
    found: dict[str, float] = {}
    for child in family_of(pid)[1:]:
        command = Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8")
        for name, word in programs.items():
            if word in command and name not in found:
                found[name] = round(memory_of(family_of(child)) / 2**20)
    return {f"{name}, MiB": value for name, value in found.items()}


def _plain(**more: str) -> dict[str, str]:
    """Without anything of the benchmark's own settings."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("PIP_")}
    return kept | more
