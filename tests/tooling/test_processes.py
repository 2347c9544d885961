"""No program outlives the script that started it, however stubborn the program or sudden the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tooling.conftest import ROOT, plain_environment, processes_with

# A script as script/server is one: it starts a program that ignores SIGTERM and has a child that does so too.
SCRIPT = """
import sys, time
sys.path.insert(0, sys.argv[1])
import processes
processes.SECONDS_TO_STOP = float(sys.argv[2])
programs = processes.Processes()
stubborn = "import os, signal, time; os.fork(); signal.signal(signal.SIGTERM, signal.SIG_IGN); "
stubborn += "print('up', flush=True); time.sleep(600)"
try:
    programs.start("stubborn", [sys.executable, "-c", stubborn])
    while True:
        time.sleep(0.1)
except processes.StopRequested:
    print("stopping", flush=True)
finally:
    programs.close()
"""


class Script:
    def __init__(self, mark: Path, seconds_to_stop: float) -> None:
        self.mark = str(mark)
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(ROOT / "script"), str(seconds_to_stop)],
            env=plain_environment(MARK=self.mark),
            stdout=subprocess.PIPE,
            text=True,
        )

    def read_lines(self, count: int) -> list[str]:
        assert self.process.stdout
        return [self.process.stdout.readline().strip() for _ in range(count)]

    def is_all_gone(self) -> bool:
        for _ in range(30):
            if not processes_with(self.mark):
                return True
            time.sleep(0.1)
        return False


@pytest.fixture
def start(tmp_path):
    scripts: list[Script] = []

    def start(*, seconds_to_stop: float) -> Script:
        scripts.append(Script(tmp_path, seconds_to_stop))
        assert scripts[-1].read_lines(2) == ["up", "up"]
        return scripts[-1]

    yield start
    for script in scripts:
        script.process.kill()
        script.process.wait()
        assert script.is_all_gone()


def test_what_ignores_the_request_is_killed_after_a_while_with_its_children(start):
    script = start(seconds_to_stop=0.5)
    script.process.send_signal(signal.SIGTERM)
    assert script.process.wait(10) == 0
    assert script.is_all_gone()


def test_a_second_request_does_not_wait(start):
    script = start(seconds_to_stop=300)
    script.process.send_signal(signal.SIGINT)
    assert script.read_lines(1) == ["stopping"]
    assert script.process.poll() is None
    script.process.send_signal(signal.SIGINT)
    assert script.process.wait(10) == 0
    assert script.is_all_gone()


def test_a_killed_script_takes_its_programs_along(start):
    script = start(seconds_to_stop=300)
    os.kill(script.process.pid, signal.SIGKILL)
    script.process.wait(10)
    assert script.is_all_gone()
