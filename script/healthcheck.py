"""Asks the web server on this machine whether it is healthy; exit status 0 means yes. Used by the container image."""

from __future__ import annotations

import os
import sys
import urllib.request

PORT = os.environ.get("GUNICORN_BIND", "127.0.0.1:8000").rpartition(":")[2]
# The server answers only to its own names.
HOST = (os.environ.get("ALLOWED_HOSTS") or "localhost").split(",")[0].strip().lstrip(".")


def main() -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/healthz", headers={"Host": HOST})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=4) as answer:
            return 0 if answer.status == 200 else 1
    except OSError as error:
        print(f"unhealthy: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
