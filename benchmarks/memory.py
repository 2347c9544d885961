"""How much memory a piece of work takes: a process of its own does it once, and tells its highest mark.

Run as `python -m benchmarks.memory MODULE:FUNCTION [TEXT …]` with the environment of the run; prints bytes.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import django
from django.db import connection

from benchmarks.database import SETTINGS, url_of


def peak_memory(function: str, arguments: Sequence[str]) -> int:
    """This function will have a fresh process, at the present database, call the function; give its peak in bytes.

    That includes the interpreter, Django and the product itself.
    """
    connection.close()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", function, *arguments],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": SETTINGS, "DATABASE_URL": url_of(connection.settings_dict)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[-1])


def main() -> None:
    """This function will do what the command line says, and print the highest memory that this process held."""
    django.setup()
    module, name = sys.argv[1].split(":")
    getattr(importlib.import_module(module), name)(*sys.argv[2:])
    print(_highest())


def _highest() -> int:
    """Not what `getrusage` says: on Linux, that counts in what the process that started this one held."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kilobytes) * 1024


if __name__ == "__main__":
    main()
