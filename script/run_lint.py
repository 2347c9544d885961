"""What `script/lint` does: every check that needs no test. `--fix` lets ruff repair what it can."""

from __future__ import annotations

import base64
import os
import secrets
import sys
import tempfile
import time

from processes import Processes, StopRequested
from virtualenv import PYTHON, ROOT, TOOLS, Refusal, prepare_virtualenv

ROOMS = ["directory", "commitments", "erpintegrations", "sandbox"]
TEMPLATES = ["templates", *(f"{room}/templates" for room in ROOMS)]


def main() -> int:
    processes = Processes()
    try:
        os.chdir(ROOT)
        prepare_virtualenv(processes, TOOLS)
        with tempfile.TemporaryDirectory() as directory:
            return _run(processes, _production(directory), fix="--fix" in sys.argv[1:])
    except Refusal as refusal:
        print(f"script/lint: {refusal}", file=sys.stderr)
        return 1
    except StopRequested:
        return 130
    finally:
        processes.close()


def _run(processes: Processes, production: dict[str, str], *, fix: bool) -> int:
    failed = []
    for name, command in _checks(fix=fix).items():
        started = time.monotonic()
        status, output = processes.run_quietly(command, env=production)
        print(f"{'failed' if status else 'ok    '}  {name} ({time.monotonic() - started:.1f} s)", flush=True)
        if status:
            failed.append(name)
            print(output.rstrip(), flush=True)
    print(f"Lint: {len(failed)} failed: {', '.join(failed)}" if failed else "Lint: all passed")
    return 1 if failed else 0


def _checks(*, fix: bool) -> dict[str, list[str]]:
    python = str(PYTHON)
    program = str(PYTHON.parent)
    templates = [path for path in TEMPLATES if (ROOT / path).is_dir()]
    manage = [python, "manage.py"]
    return {
        "ruff check": [f"{program}/ruff", "check", *(["--fix"] if fix else []), "."],
        "ruff format": [f"{program}/ruff", "format", *([] if fix else ["--check"]), "."],
        "djlint": [f"{program}/djlint", "--quiet", "--lint", *templates],
        "mypy, product": [python, "-m", "mypy"],
        "mypy, scripts": [python, "-m", "mypy", *(str(path) for path in sorted((ROOT / "script").glob("*.py")))],
        "layers (import-linter)": [f"{program}/lint-imports"],
        "migrations are complete": [*manage, "makemigrations", "--check", "--dry-run"],
        "deployment check": [*manage, "check", "--deploy", "--fail-level", "WARNING"],
    }


def _production(directory: str) -> dict[str, str]:
    """Give the environment of a production server, with keys that live as long as this run."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TERM", "TMPDIR") if name in os.environ}
    return kept | {
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "ALLOWED_HOSTS": "erp.example.com",
        "CSRF_TRUSTED_ORIGINS": "https://erp.example.com",
        "DATA_DIRECTORY": directory,
        "TRUSTED_PROXIES": "1",
        "EMAIL_URL": "submission://erp:not-a-password@smtp.example.com:587",
        "EMAIL_FROM": "ERP Integrations <erp@example.com>",
    }


if __name__ == "__main__":
    sys.exit(main())
