"""Makes `.venv` with exactly the pinned packages. Standard library only: it runs before anything is installed."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from processes import Processes

ROOT = Path(__file__).resolve().parent.parent
VIRTUALENV = ROOT / ".venv"
PYTHON = VIRTUALENV / "bin" / "python"
PRODUCT = ["requirements.txt"]
TOOLS = ["requirements.txt", "requirements-dev.txt"]


class Refusal(Exception):
    """The script cannot go on. The text is the one line that the person reads: what is wrong and what to do."""


def prepare_virtualenv(processes: Processes, requirements: list[str]) -> Path:
    """This function will make sure that `.venv` holds these requirements, and give its Python.

    It does nothing when they are there already. Raises Refusal.
    """
    with one_at_a_time():
        wanted = _digest(requirements)
        stamp = VIRTUALENV / f"installed-{requirements[-1]}"
        if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
            return PYTHON
        if not _works():
            _create(processes)
        print(f"Installing the packages of {' and '.join(requirements)} into .venv …", flush=True)
        _install(processes, requirements)
        stamp.write_text(wanted)
    return PYTHON


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """This function will wait until no other script of this checkout is setting up."""
    with (ROOT / "requirements.txt").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _works() -> bool:
    """Whether `.venv` was made here, by this very version of Python, and still runs."""
    if not PYTHON.exists():
        return False
    code = "import sys, pip; print(sys.prefix, *sys.version_info[:2])"
    answer = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=False)
    return answer.stdout.split() == [str(VIRTUALENV), str(sys.version_info[0]), str(sys.version_info[1])]


def _create(processes: Processes) -> None:
    missing = [name for name in ("venv", "ensurepip") if not _importable(name)]
    if missing:
        raise Refusal(
            f"Python's {' and '.join(missing)} module is missing here. "
            "Install it (Debian and Ubuntu: apt install python3-venv) and start again."
        )
    print("Making .venv …", flush=True)
    shutil.rmtree(VIRTUALENV, ignore_errors=True)
    status, output = processes.run_quietly([sys.executable, "-m", "venv", str(VIRTUALENV)])
    if status:
        raise Refusal(f"Python could not make .venv: {_last_line(output)}")


def _importable(name: str) -> bool:
    with contextlib.suppress(ImportError):
        return importlib.util.find_spec(name) is not None and bool(__import__(name))
    return False


def _digest(requirements: list[str]) -> str:
    """Of these requirements, for this Python, in this place: a `.venv` that was moved or copied is made anew."""
    digest = hashlib.sha256(f"{sys.version}\n{VIRTUALENV}".encode())
    for name in requirements:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _install(processes: Processes, requirements: list[str]) -> None:
    files = [part for name in requirements for part in ("-r", str(ROOT / name))]
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-input", "--retries", "2", *files]
    status, output = processes.run_quietly(command, env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    if status == 0:
        return
    log = VIRTUALENV / "pip.log"
    log.write_text(output)
    raise Refusal(f"{_why_pip_failed(output)} pip's own words are in {log.relative_to(ROOT)}.")


def _why_pip_failed(output: str) -> str:
    if "DO NOT MATCH THE HASHES" in output:
        return "A package is not the one that was pinned (its hash differs), so nothing of it was installed."
    if "No space left" in output:
        return "The disk is full, so the packages could not be installed."
    signs = ("connection", "Temporary failure in name resolution", "timed out", "ProxyError", "SSLError")
    if any(sign.lower() in output.lower() for sign in signs):
        return "The package index cannot be reached: check the network (and proxy) of this machine and start again."
    if "No matching distribution found" in output:
        return "The package index lacks a pinned package: check the network and which index pip is set to use."
    return f"The packages could not be installed: {_last_line(output)}"


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["it said nothing"])[-1].removeprefix("ERROR: ")
