"""What `script/test` does: set up, then run the suite once for each database that is there."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

from processes import Processes, StopRequested
from virtualenv import PYTHON, ROOT, TOOLS, Refusal, prepare_virtualenv

LOCAL_POSTGRESQL = "postgres://postgres@127.0.0.1:5432/postgres"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
RESULTS = ROOT / "var" / "test-results"
SHOWN_ONCE = ("tooling", "browser", "endurance", "connectors", "benchmarks")
CAN_SIGN_IN = "import sys, psycopg; psycopg.connect(sys.argv[1], connect_timeout=5).close()"


def main() -> int:
    processes = Processes()
    try:
        prepare_virtualenv(processes, TOOLS)
        return _run(processes, sys.argv[1:])
    except Refusal as refusal:
        print(f"script/test: {refusal}", file=sys.stderr)
        return 1
    except StopRequested:
        print("Stopped.", file=sys.stderr)
        return 130
    finally:
        processes.close()


def _run(processes: Processes, arguments: list[str]) -> int:
    skipped: list[str] = []
    databases = {"SQLite": ""}
    url = _postgresql(processes)
    if url:
        databases["PostgreSQL"] = url
    else:
        skipped.append(
            "PostgreSQL: no server answers at postgres://postgres@127.0.0.1:5432/. "
            "Start one, or set TEST_DATABASE_URL=postgres://user:password@host:5432/name"
        )
    if not chromium():
        skipped.append("the browser tests: Chromium is missing. Install it (Debian: apt install chromium)")
    if skipped and os.environ.get("CI") == "true":
        raise Refusal("with CI=true nothing may be skipped, but this would be: " + "; ".join(skipped))

    statuses, lines = [], []
    for name, url in databases.items():
        print(f"\n==== The suite on {name} ====", flush=True)
        status, line = _suite(processes, name, url, arguments)
        statuses.append(status)
        lines.append(line)
    print("\n==== Summary ====")
    summary = "\n".join([*lines, *(f"SKIPPED {what}" for what in skipped)])
    (RESULTS / "summary.txt").write_text(f"{summary}\n")
    print(summary)
    return max(statuses, key=abs)


def chromium() -> str | None:
    """This function will find the browser for the browser tests; CHROMIUM names one elsewhere."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def _postgresql(processes: Processes) -> str | None:
    named = os.environ.get("TEST_DATABASE_URL")
    url = named or LOCAL_POSTGRESQL
    if not named and not _listens(5432):
        return None
    status, _ = processes.run_quietly([str(PYTHON), "-c", CAN_SIGN_IN, url])
    if status and named:
        raise Refusal("the database that TEST_DATABASE_URL names does not let us in. Check the address and the login.")
    return None if status else url


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def _suite(processes: Processes, name: str, url: str, arguments: list[str]) -> tuple[int, str]:
    RESULTS.mkdir(parents=True, exist_ok=True)
    report = RESULTS / f"{name.lower()}.xml"
    report.unlink(missing_ok=True)
    environment = {**os.environ, "TEST_DATABASE_URL": url, "PYTHONUNBUFFERED": "1"}
    # What is not about the database, or brings its own, needs to be shown once only.
    once = [f"--ignore=tests/{part}" for part in SHOWN_ONCE] if url and not arguments else []
    started = time.monotonic()
    command = [str(PYTHON), "-m", "pytest", "-n", "auto", f"--junitxml={report}", *once, *arguments]
    os.chdir(ROOT)
    status = processes.run(command, env=environment)
    return status, f"{name}: {_counts(report)} in {time.monotonic() - started:.0f} s"


def _counts(report: Path) -> str:
    if not report.exists():
        return "no result"
    suite = ET.parse(report).getroot().find("testsuite")  # noqa: S314 — written by our own pytest a moment ago
    if suite is None:
        return "no result"
    total, failed, errors, skipped = (int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped"))
    parts = {"failed": failed, "errors": errors, "passed": total - failed - errors - skipped, "skipped": skipped}
    return ", ".join(f"{count} {what}" for what, count in parts.items() if count) or "nothing ran"


if __name__ == "__main__":
    sys.exit(main())
