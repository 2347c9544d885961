"""Starts programs so that none outlives the script that started them. Standard library only.

Each program leads a session of its own: Ctrl-C in the terminal reaches only the script, which then stops its
programs in order. A watcher process holds the other end of a pipe: should the script itself be killed (SIGKILL),
the pipe closes and the watcher kills what is left, workers included.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS_TO_STOP = 20.0
PR_SET_PDEATHSIG = 1


class StopRequested(BaseException):
    """A person or the system asked this script to stop. Raised once; a second request hurries the stopping."""


class Processes:
    """The programs of one script, from their start to the proof that they are gone."""

    def __init__(self) -> None:
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = False
        self.hurry = False
        self._die_with_parent = _death_signal()
        self._watcher, self._pipe = _start_watcher()
        for number in STOP_SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup stays respected
                signal.signal(number, self._on_stop_signal)

    def _on_stop_signal(self, _number: int, _frame: object) -> None:
        if self.stopping:
            self.hurry = True
            return
        self.stopping = True
        raise StopRequested

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """This function will start a program under this name."""
        # A stop signal between the start and our taking note of it would leave a stray program.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            process = subprocess.Popen(
                command,
                env=env,
                pass_fds=pass_fds,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                preexec_fn=self._in_child,  # safe: this script has a single thread
            )
            self._note(f"+{process.pid}")
            self.running[name] = process
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        return process

    def _in_child(self) -> None:
        self._die_with_parent()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    def run(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> int:
        """This function will run a program to its end, on our output, and give its exit status."""
        status = self.start("step", command, env=env).wait()
        self._forget("step")
        return status

    def run_quietly(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> tuple[int, str]:
        """This function will run a program to its end and give its exit status and all that it wrote."""
        process = self.start("step", command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert process.stdout is not None
        output = process.stdout.read().decode(errors="replace")
        status = process.wait()
        self._forget("step")
        return status, output

    def first_dead(self) -> tuple[str, int] | None:
        """This function will give the name and exit status of a program that has ended, if one has."""
        for name, process in self.running.items():
            status = process.poll()
            if status is not None:
                return name, status
        return None

    def stop_all(self) -> None:
        """This function will stop every program: asked politely, each alone, then killed with all that it started.

        SIGTERM goes to the program's own process and never to its group: qcluster hangs when its workers get it too.
        """
        self.stopping = True
        for process in self.running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_TO_STOP
        while not self.hurry and time.monotonic() < deadline:
            if all(process.poll() is not None for process in self.running.values()):
                break
            time.sleep(0.05)
        for name in list(self.running):
            self._forget(name)

    def close(self) -> None:
        """This function will stop what still runs, and the watcher."""
        self.stop_all()
        os.close(self._pipe)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._watcher, 0)

    def _forget(self, name: str) -> None:
        process = self.running.pop(name)
        kill_group(process.pid)
        process.wait()
        self._note(f"-{process.pid}")

    def _note(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, f"{text}\n".encode())


def kill_group(pid: int) -> None:
    """This function will kill the process and all in its group; being gone already is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _death_signal() -> Callable[[], None]:
    """Give what makes a child die with its parent at once, where the system can (Linux)."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def die_with_parent() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return die_with_parent


def _start_watcher() -> tuple[int, int]:
    reading, writing = os.pipe()
    watcher = os.fork()
    if watcher:
        os.close(reading)
        return watcher, writing
    os.close(writing)
    os.setsid()
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    _watch(reading)
    os._exit(0)


def _watch(reading: int) -> None:
    """Follow which programs run ("+12", "-12") until the pipe closes, then kill those that still do."""
    running: set[int] = set()
    with os.fdopen(reading) as notes:
        for note in notes:
            (running.add if note[0] == "+" else running.discard)(int(note[1:]))
    for pid in running:
        kill_group(pid)
