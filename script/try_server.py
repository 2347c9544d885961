"""Starts `script/server` as a person would, signs in over HTTP, stops it, and looks for what is left.

Used by `.ci/run`. Standard library only.
"""

from __future__ import annotations

import http.cookiejar
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_READY = 300
SECONDS_TO_STOP = 40
EMAIL, PASSWORD = "approver@example.com", "demo"
EXPECTED = "Commitments - Synced with Sage 100 Contractor®"


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        port = free_port()
        server = subprocess.Popen(
            [ROOT / "script" / "server"],
            env=os.environ | {"PORT": str(port), "DATA_DIRECTORY": directory},
            stdout=subprocess.PIPE,
        )
        status: int | None = None
        try:
            started = time.monotonic()
            address = wait_for_ready(server)
            print(f"Ready after {time.monotonic() - started:.1f} s at {address}")
            check_pages(address)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                status = server.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                server.kill()
        time.sleep(0.2)
        left = processes_that_mention(directory)
    if status != 0:
        print(f"script/server did not stop in order: exit status {status}")
    if left:
        print("Processes were left behind:", *left, sep="\n  ")
    print("script/server stopped, and no process is left." if status == 0 and not left else "FAILED")
    return 0 if status == 0 and not left else 1


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for_ready(server: subprocess.Popen[bytes]) -> str:
    """This function will give the address that the line `Ready: …` names. Raises SystemExit when none comes."""
    assert server.stdout is not None
    watch = selectors.DefaultSelector()
    watch.register(server.stdout, selectors.EVENT_READ)
    deadline, text = time.monotonic() + SECONDS_TO_READY, ""
    while time.monotonic() < deadline:
        if not watch.select(timeout=1):
            continue
        piece = os.read(server.stdout.fileno(), 4096).decode()
        sys.stdout.write(piece)
        text += piece
        if ready := re.search(r"^Ready: (http://\S+)\n", text, re.MULTILINE):
            return ready[1]
        if not piece:
            break
    raise SystemExit("script/server never said that it is ready.")


def check_pages(address: str) -> None:
    """This function will sign in through the form and open the company's ERP lists. Raises SystemExit."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(cookies, urllib.request.ProxyHandler({}))

    with browser.open(address) as answer:
        sign_in_page, sign_in_address = answer.read().decode(), answer.url
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', sign_in_page)
    if not token:
        raise SystemExit(f"No sign-in form at {sign_in_address}.")
    fields = {"csrfmiddlewaretoken": token[1], "username": EMAIL, "password": PASSWORD}
    request = urllib.request.Request(
        sign_in_address, urllib.parse.urlencode(fields).encode(), {"Referer": sign_in_address}
    )
    with browser.open(request) as answer:
        home, home_address = answer.read().decode(), answer.url
    if 'type="password"' in home:
        raise SystemExit("Signing in failed.")
    print(f"Signed in as {EMAIL}: {home_address}")

    pages = [urllib.parse.urljoin(home_address, link) for link in re.findall(r'href="([^"#]+)"', home)]
    for page in dict.fromkeys([home_address, *(page for page in pages if "erp" in page)]):
        with browser.open(page) as answer:
            text = answer.read().decode()
        if EXPECTED in text:
            print(f"Found '{EXPECTED}' at {page}")
            return
    raise SystemExit(f"No page linked from {home_address} shows '{EXPECTED}'.")


def processes_that_mention(directory: str) -> list[str]:
    """This function will list the processes whose environment names this directory: all that the server started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.name != str(os.getpid()) and directory.encode() in (folder / "environ").read_bytes():
                found.append(f"{folder.name} {(folder / 'cmdline').read_bytes().decode().replace(chr(0), ' ')}")
        except OSError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
