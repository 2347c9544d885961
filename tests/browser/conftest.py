"""What the browser tests share: the sample company, a real Chromium that must not complain, and the real cluster."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import connection as database
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Response, sync_playwright

from directory.models import Company
from erpintegrations.schedules import ensure_schedules
from sandbox import sample_company as sample
from tests.conftest import CHROMIUM_NAMES

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = (1280, 800), (320, 640)
TELL_OF_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`Content policy: ${event.violatedDirective} forbids ${event.blockedURI || "inline"}`));
"""


# ---- The sample company ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sample_copies(tmp_path_factory) -> Path:
    """Where copies of the freshly loaded sample company lie: each test but the first starts from them."""
    return tmp_path_factory.mktemp("sample-company")


@pytest.fixture
def sample_company(transactional_db, settings, sample_copies) -> Company:
    """The sample company, as the real loader makes it, with the schedules.

    Measured: loading takes 1.5 s, copying it back 0.05 s. PostgreSQL's is loaded for each test.
    """
    books = Path(settings.SANDBOX_ERP_PATH)
    files = {"books": books, "product": Path(database.settings_dict["NAME"])}
    Path(f"{books}.deleted").unlink(missing_ok=True)
    if database.vendor == "sqlite" and (sample_copies / "product").exists():
        for name, path in files.items():
            _copy_database(sample_copies / name, path)
    else:
        for path in books.parent.glob(f"{books.name}*"):
            path.unlink()
        sample.load(now=timezone.now())
        ensure_schedules(now=timezone.now())
        if database.vendor == "sqlite":
            for name, path in files.items():
                _copy_database(path, sample_copies / name)
    ContentType.objects.clear_cache()
    return Company.objects.get(slug=sample.names.COMPANY_SLUG)


def _copy_database(source: Path, target: Path) -> None:
    """With SQLite's own means, which know of its journals and of whoever has it open."""
    with sqlite3.connect(source) as reading, sqlite3.connect(target, timeout=20) as writing:
        reading.backup(writing)
    reading.close()
    writing.close()


@pytest.fixture
def start_task_cluster(live_server, sample_company, tmp_path) -> Iterator[Callable[[], None]]:
    """Starts the real task cluster, on the database that the pages use; until then, what is queued waits."""
    log = tmp_path / "qcluster.log"
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, ROOT / "manage.py", "qcluster"],
                cwd=ROOT,
                env=os.environ
                | {"DJANGO_SETTINGS_MODULE": "erpintegrations.settings", "DATABASE_URL": _database_url()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)

    yield start
    for process in started:
        ended = process.poll() is not None
        _stop(process)
        assert not ended, log.read_text()
        assert "Traceback" not in log.read_text(), log.read_text()


def _database_url() -> str:
    name = str(database.settings_dict["NAME"])
    if database.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["TEST_DATABASE_URL"])._replace(path=f"/{name}").geturl()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to its main process alone, as systemd does; then whatever is left of its group."""
    process.terminate()
    try:
        process.wait(20)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


# ---- The browser -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    assert program, "Chromium is missing; CHROMIUM can name one"
    browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
    yield browser
    browser.close()


@dataclass
class Window:
    """One person's browser window, and what the browser complained about."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    _failed_pages: set[str] = field(default_factory=set)

    def watch(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._on_response)

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.request.is_navigation_request():
            self._failed_pages.add(response.url)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        # The browser also says that the page itself answered 404: what a test asked for is no complaint.
        place = str(message.location.get("url", ""))
        if message.text.startswith("Failed to load resource") and place in self._failed_pages:
            return
        self.complaints.append(f"{self.page.url}: {message.text} ({place})")


OpenWindow = Callable[..., Window]


@pytest.fixture
def open_window(chromium: Browser, live_server, sample_company) -> Iterator[OpenWindow]:
    """Opens windows, signed in where an e-mail address is given. Any error on their consoles fails the test."""
    windows: list[Window] = []

    def open_one(
        email: str = "", *, size: tuple[int, int] = WIDE, scheme: str = "light", scripts: bool = True
    ) -> Window:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
            java_script_enabled=scripts,
            locale="en-US",
        )
        context.set_default_timeout(20_000)
        if scripts:
            context.add_init_script(TELL_OF_POLICY)
        if email:
            _sign_in(context, live_server.url, email)
        window = Window(context.new_page(), context)
        window.watch()
        windows.append(window)
        return window

    yield open_one
    complaints = [complaint for window in windows for complaint in window.complaints]
    for window in windows:
        window.context.close()
    assert complaints == []


def _sign_in(context: BrowserContext, url: str, email: str) -> None:
    """By a session of its own: the sign-in page is walked in the story."""
    client = Client()
    client.force_login(get_user_model().objects.get(email=email), "directory.sample_accounts.PeopleBackend")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])
