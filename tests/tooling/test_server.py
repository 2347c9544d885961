"""`script/server` starts both programs, says when it is ready, and leaves no process, however it ends."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
import urllib.request
from collections.abc import Callable

import pytest

from tests.tooling.conftest import ROOT, Server, free_port, run

pytestmark = pytest.mark.slow

StartServer = Callable[..., Server]


def started(start_server: StartServer, *arguments: str) -> Server:
    server = start_server(*arguments)
    server.wait_for("Ctrl-C stops it.")
    return server


def rows(server: Server, table: str) -> int:
    with sqlite3.connect(server.data_directory / "erp-integrations.sqlite3") as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_from_the_first_start_to_starting_over(start_server: StartServer):
    server = started(start_server)
    address = f"http://127.0.0.1:{server.port}/"
    assert f"\nReady: {address}\n" in f"\n{server.output}"
    assert "approver@example.com" in server.output
    with urllib.request.urlopen(address) as answer:
        assert answer.status == 200
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert rows(server, "commitments_commitment") == 200

    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/?q={'x' * 5000}") as answer:
        assert answer.status == 200

    same_data = run([ROOT / "script/server"], PORT=free_port(), DATA_DIRECTORY=server.data_directory)
    assert same_data.is_one_clear_line(), same_data
    assert f"in use by another script/server (process {server.process.pid}, {address})" in same_data.stderr
    other_data = server.data_directory.with_name("other")
    same_port = run([ROOT / "script/server"], PORT=server.port, DATA_DIRECTORY=other_data)
    assert same_port.is_one_clear_line(), same_port
    assert f"Port {server.port} is taken by " in same_port.stderr

    assert server.stop(signal.SIGTERM) == 0
    assert server.left_processes() == []

    with sqlite3.connect(server.data_directory / "erp-integrations.sqlite3") as database:
        database.execute("CREATE TABLE mark_of_the_first_start (id)")
    again = started(start_server)
    assert rows(again, "mark_of_the_first_start") == 0
    assert again.stop(signal.SIGINT) == 0
    assert again.left_processes() == []

    box_of_deleted_records = server.data_directory / "sample-company.sqlite3.deleted"
    with sqlite3.connect(box_of_deleted_records) as database:
        database.execute("CREATE TABLE mark_of_the_first_start (id)")
    fresh = started(start_server, "--fresh")
    with sqlite3.connect(box_of_deleted_records) as database:
        assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'mark_of_the_first_start'").fetchone()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        rows(fresh, "mark_of_the_first_start")
    assert rows(fresh, "commitments_commitment") == 200
    assert fresh.stop(signal.SIGHUP) == 0
    assert fresh.left_processes() == []


def test_stopped_in_the_middle_of_the_set_up(start_server: StartServer):
    server = start_server()
    server.wait_for("Preparing the database")
    time.sleep(0.5)
    assert server.stop(signal.SIGTERM) == 0
    assert server.left_processes() == []


def test_killed_takes_all_it_started_along_and_starts_again(start_server: StartServer):
    server = started(start_server)
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(10)
    assert server.left_processes() == []
    again = started(start_server)
    assert rows(again, "commitments_commitment") == 200


@pytest.mark.parametrize(
    ("program", "name", "other"),
    [("serve_sandbox", "web server", "task cluster"), ("qcluster", "task cluster", "web server")],
)
def test_one_program_ending_stops_the_other(start_server: StartServer, program, name, other):
    server = started(start_server)
    main_process = min(server.process_ids(program))
    os.kill(main_process, signal.SIGKILL)
    assert server.process.wait(30) == 1
    assert server.left_processes() == []
    server.wait_for("Start again")
    assert f"the {name} ended by itself (killed by SIGKILL), so the {other} was stopped too" in server.output
