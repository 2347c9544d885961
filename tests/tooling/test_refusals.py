"""What `script/server` cannot work with is told in one clear line, with exit status 1 and no traceback."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from tests.tooling.conftest import ROOT, Checkout, free_port, run

HINT_FOR_NO_PYTHON = "Python 3.11 or newer is needed"


def fake_python(directory: Path, *, version: str) -> Path:
    """A python3 that is too old: it tells its version and fails the comparison."""
    directory.mkdir()
    program = directory / "python3"
    program.write_text(f'#!/bin/sh\ncase "$2" in *print*) echo {version};; *) exit 1;; esac\n')
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("script", ["server", "test", "lint"])
def test_python_too_old(tmp_path, script):
    old = fake_python(tmp_path / "bin", version="3.9.2")
    answer = run([ROOT / "script" / script], PYTHON=old)
    assert answer.is_one_clear_line(), answer
    assert HINT_FOR_NO_PYTHON in answer.stderr
    assert "is 3.9.2" in answer.stderr


def test_python_too_old_on_the_path(tmp_path):
    old = fake_python(tmp_path / "bin", version="3.9.2")
    for tool in ("dirname", "sh"):
        (old.parent / tool).symlink_to(f"/usr/bin/{tool}")
    answer = run(["/bin/sh", ROOT / "script/server"], PATH=old.parent)
    assert answer.is_one_clear_line(), answer
    assert "python3 is 3.9.2" in answer.stderr


def test_no_python_at_all():
    answer = run([ROOT / "script/server"], PYTHON="/nowhere/python3")
    assert answer.is_one_clear_line(), answer
    assert "none was found" in answer.stderr


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_no_venv_module(bare_checkout: Checkout, tmp_path, missing):
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / f"{missing}.py").write_text(f"raise ModuleNotFoundError({missing!r})")
    answer = bare_checkout.server(PYTHONPATH=tmp_path / "path")
    assert answer.is_one_clear_line(), answer
    assert f"{missing} module is missing" in answer.stderr
    assert "apt install python3-venv" in answer.stderr


@pytest.mark.slow
def test_no_network(bare_checkout: Checkout):
    index = f"http://127.0.0.1:{free_port()}/simple"
    answer = bare_checkout.server(
        PIP_CONFIG_FILE="/dev/null",
        PIP_INDEX_URL=index,
        PIP_EXTRA_INDEX_URL="",
        PIP_FIND_LINKS="",
        PIP_NO_CACHE_DIR="1",
    )
    assert answer.is_one_clear_line(), answer
    assert "The package index cannot be reached: check the network" in answer.stderr
    assert (bare_checkout.path / ".venv/pip.log").exists()


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "80.5", "８０００"])
def test_port_is_nonsense(bare_checkout: Checkout, port):
    answer = bare_checkout.server(PORT=port)
    assert answer.is_one_clear_line(), answer
    assert "PORT must be a number from 1 to 65535" in answer.stderr


def test_port_taken_names_the_program_that_holds_it(bare_checkout: Checkout):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = bare_checkout.server(PORT=port)
    assert answer.is_one_clear_line(), answer
    assert f"Port {port} is taken by python" in answer.stderr
    assert f"PORT={port + 1} script/server" in answer.stderr


def test_data_directory_that_cannot_be_written_to(bare_checkout: Checkout, tmp_path):
    (tmp_path / "file").touch()
    answer = bare_checkout.server(DATA_DIRECTORY=tmp_path / "file" / "data")
    assert answer.is_one_clear_line(), answer
    assert "cannot be written to" in answer.stderr


def test_fresh_never_touches_a_database_of_ones_own(bare_checkout: Checkout, tmp_path):
    mine = tmp_path / "erp-integrations.sqlite3"
    mine.write_text("mine")
    answer = bare_checkout.server("--fresh", DATABASE_URL=f"sqlite:///{mine}", DATA_DIRECTORY=tmp_path)
    assert answer.status == 1
    assert "Unset DATABASE_URL" in answer.stderr
    assert mine.read_text() == "mine"


def test_unknown_arguments_show_how_it_is_used(bare_checkout: Checkout):
    answer = bare_checkout.server("--refresh")
    assert answer.status == 2
    assert "usage: script/server [-h] [--fresh]" in answer.stderr


def test_a_broken_python_name_is_no_reason_for_a_traceback():
    answer = run([ROOT / "script/test"], PYTHON=f"{sys.executable}-that-is-not-there")
    assert answer.is_one_clear_line(), answer
