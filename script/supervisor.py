"""What `script/server` does: set up, start the web server and the task cluster, watch both, stop both.

Standard library only; runs on the system's Python and hands over to `.venv` for everything else.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from processes import Processes, StopRequested
from virtualenv import PRODUCT, PYTHON, ROOT, Refusal, one_at_a_time, prepare_virtualenv

HOST = "127.0.0.1"
# It prepares the database first, which may be a large one; a web server that gives up is noticed at once.
SECONDS_TO_START = 1800.0
SECONDS_BETWEEN_LOOKS = 0.05
# The last one is the sandbox's box of deleted records, with the keys and requests that its bridge has seen.
DATABASES = ("erp-integrations.sqlite3", "sample-company.sqlite3", "sample-company.sqlite3.deleted")
# Of the product itself and of its rooms; what the packages bring along changes with requirements.txt alone.
STATIC_FILES = ("static/**/*", "*/static/**/*")
WEB, TASKS = "web server", "task cluster"
SIGN_INS = """\
Sign in with the password demo as
  approver@example.com     may unlink everywhere
  manager@example.com      Admin on Commitments, without 'Can Push to Accounting'
  accountant@example.com   'Can Push to Accounting' and Standard, Read Only on Commitments
  viewer@example.com       Read Only
  staff@example.com        Django admin only, at /admin/
  admin@example.com        everything
Ctrl-C stops it. LOG_LEVEL=INFO shows each request and task."""


def main() -> int:
    arguments = _arguments()
    processes = None
    try:
        port = _port()
        directory = _data_directory()
        lock = _lock(directory, port)
        processes = Processes()
        _serve(processes, port, directory, fresh=arguments.fresh)
    except Refusal as refusal:
        print(f"script/server: {refusal}", file=sys.stderr, flush=True)
        return 1
    except (StopRequested, KeyboardInterrupt):
        _say("Stopping …")
        return 0
    finally:
        if processes:
            processes.close()
    lock.close()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/server",
        description="Runs ERP Integrations with the sample company on this machine: web server and task cluster.",
        epilog="PORT (default 8000) picks the port, DATA_DIRECTORY (default ./var) where the data lies. "
        "docs/operating.md tells how to run it for real work.",
    )
    parser.add_argument("--fresh", action="store_true", help="start over: remove the sample data first")
    return parser.parse_args()


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise Refusal("PORT must be a number from 1 to 65535. For example: PORT=8001 script/server")
    return int(text)


def _data_directory() -> Path:
    directory = (ROOT / Path(os.environ.get("DATA_DIRECTORY") or "var").expanduser()).resolve()
    try:
        directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        (directory / "server.lock").touch()
    except OSError as error:
        raise Refusal(
            f"The data directory {directory} cannot be written to ({error.strerror}). "
            "Choose another: DATA_DIRECTORY=… script/server"
        ) from None
    return directory


def _lock(directory: Path, port: int) -> IO[str]:
    """Claim the data for this process; a server that was just killed is given a moment to be gone."""
    lock = (directory / "server.lock").open("r+", encoding="utf-8")
    for _ in range(20):
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.truncate(0)
            lock.write(f"process {os.getpid()}, http://{HOST}:{port}/")
            lock.flush()
            return lock
        time.sleep(0.1)
    raise Refusal(
        f"The data in {directory} is in use by another script/server ({lock.read().strip() or 'just starting'}). "
        "Stop that one, or use other data: DATA_DIRECTORY=… PORT=8001 script/server"
    )


def _serve(processes: Processes, port: int, directory: Path, *, fresh: bool) -> None:
    listener = _listen(port)
    environment = _environment(directory)
    if fresh:
        _remove_data(directory)
    prepare_virtualenv(processes, PRODUCT)
    with one_at_a_time():
        _collect_static_files(processes, environment)

    _say("Preparing the database …")
    web_server = _manage("serve_sandbox", "--bind", f"fd://{listener.fileno()}")
    processes.start(WEB, web_server, env=environment, pass_fds=[listener.fileno()])
    listener.close()
    _wait_until_ready(processes, port)
    # Not before: what it works on is made by the web server's preparation.
    processes.start(TASKS, _manage("qcluster"), env=environment)
    _say(f"Ready: http://{HOST}:{port}/\n{SIGN_INS}")
    while True:
        _refuse_if_dead(processes)
        time.sleep(0.3)


def _listen(port: int) -> socket.socket:
    """Take the port at once and keep it: a page that is asked for during the set-up waits instead of failing."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for _ in range(20):
        try:
            listener.bind((HOST, port))
            listener.listen(128)
        except OSError as error:
            if error.errno == errno.EACCES:
                raise Refusal(f"Port {port} needs more rights. Pick one above 1023: PORT=8000 script/server") from None
            if error.errno != errno.EADDRINUSE:
                raise Refusal(f"Port {port} cannot be used: {error.strerror}.") from None
            time.sleep(0.1)
        else:
            return listener
    other = port + 1 if port < 65535 else 8000
    raise Refusal(
        f"Port {port} is taken{_holder(port)}. Stop that program, or pick another port: PORT={other} script/server"
    )


def _holder(port: int) -> str:
    """Name the program that listens on this port, where the system tells (Linux, own programs)."""
    with contextlib.suppress(OSError, ValueError):
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        lines += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
        sockets = {
            f"socket:[{line[9]}]" for line in lines if line[3] == "0A" and int(line[1].split(":")[1], 16) == port
        }
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            with contextlib.suppress(OSError):
                if str(link.readlink()) in sockets:
                    command = (link.parent.parent / "cmdline").read_bytes().split(b"\0")
                    names = [Path(part.decode(errors="replace")).name for part in command[:3] if part]
                    return f" by {' '.join(names)} (process {link.parts[2]})"
    return ""


def _environment(directory: Path) -> dict[str, str]:
    if os.environ.get("DATABASE_URL"):
        _say("Using the database that DATABASE_URL names.")
    defaults = {"DEBUG": "0", "HTTPS": "0", "LOG_LEVEL": "WARNING", "LOG_FORMAT": "plain", "PYTHONUNBUFFERED": "1"}
    fixed = {"SANDBOX": "1", "DATA_DIRECTORY": str(directory), "DJANGO_SETTINGS_MODULE": "erpintegrations.settings"}
    return defaults | os.environ | fixed


def _remove_data(directory: Path) -> None:
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
        raise Refusal(
            "--fresh removes only the sample data in the data directory, and DATABASE_URL names another database. "
            "Unset DATABASE_URL, or empty that database yourself."
        )
    for name in DATABASES:
        for ending in ("", "-wal", "-shm", "-journal"):
            (directory / f"{name}{ending}").unlink(missing_ok=True)
    _say(f"Removed the sample data in {directory}.")


def _manage(*arguments: str) -> list[str]:
    return [str(PYTHON), str(ROOT / "manage.py"), *arguments]


def _collect_static_files(processes: Processes, environment: dict[str, str]) -> None:
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(path for found in STATIC_FILES for path in ROOT.glob(found) if path.is_file()):
        digest.update(f"{path} {path.stat().st_mtime_ns}\n".encode())
    stamp = ROOT / "staticfiles" / "collected.json"
    wanted = json.dumps({"collected": digest.hexdigest()})
    if stamp.exists() and stamp.read_text() == wanted:
        return
    status = processes.run(_manage("collectstatic", "--no-input", "--clear", "--verbosity", "0"), env=environment)
    if status:
        raise Refusal(f"the step `manage.py collectstatic` failed (exit status {status}); its message is above.")
    stamp.write_text(wanted)


def _wait_until_ready(processes: Processes, port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    problem = "no answer"
    straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        _refuse_if_dead(processes)
        try:
            with straight.open(f"http://{HOST}:{port}/", timeout=5) as answer:
                if answer.status == 200 and b"csrfmiddlewaretoken" in answer.read():
                    return
                problem = "not the sign-in page"
        except urllib.error.HTTPError as error:
            problem = f"status {error.code}"
        except OSError as error:
            problem = str(error)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    raise Refusal(f"the sign-in page did not answer within {SECONDS_TO_START:.0f} seconds ({problem}).")


def _refuse_if_dead(processes: Processes) -> None:
    dead = processes.first_dead()
    if dead:
        name, status = dead
        how = f"exit status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
        if TASKS not in processes.running:
            raise Refusal(f"the {name} could not start ({how}); its message is above.")
        other = TASKS if name == WEB else WEB
        raise Refusal(f"the {name} ended by itself ({how}), so the {other} was stopped too. Start again: script/server")


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone; stopping in order matters more
        print(text, flush=True)


if __name__ == "__main__":
    status = main()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    sys.exit(status)
