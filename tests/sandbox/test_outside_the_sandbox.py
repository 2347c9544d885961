"""Without SANDBOX=1 there is no desk, no sample company, and no way in with the sample password."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse

from directory.models import User
from directory.sample_accounts import SAMPLE_EMAILS, check_sample_accounts
from sandbox.sample_people import PEOPLE

ROOT = Path(__file__).parents[2]
COUNT_LINKS = (
    "from collections import Counter; from erpintegrations.models import SyncLink, SyncRun; "
    "presences = SyncLink.objects.values_list('presence', flat=True); "
    "print(sorted(Counter(presences).items()), SyncRun.objects.count())"
)
PROMISED = "[('deleted', 6), ('present', 139), ('purged', 2), ('voided', 3)] 2"


def sign_in(email: str) -> bool:
    client = Client()
    client.post(reverse("sign_in"), {"username": email, "password": "demo"})
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.email)
def test_the_sample_password_opens_the_sandbox_alone(sample, settings, person):
    assert sign_in(person.email)
    settings.SANDBOX = False
    assert not sign_in(person.email)


def test_another_password_still_opens_the_product(db, settings):
    settings.SANDBOX = False
    User.objects.create_user("ann@example.com", "a long pass phrase", name="Ann")
    client = Client()
    client.post(reverse("sign_in"), {"username": "ann@example.com", "password": "a long pass phrase"})
    assert "_auth_user_id" in client.session


def test_a_system_check_names_the_accounts(sample, settings):
    assert check_sample_accounts(databases=["default"]) == []
    settings.SANDBOX = False
    [error] = [found for found in run_checks(databases=["default"]) if found.id == "directory.E001"]
    assert all(email in error.msg for email in SAMPLE_EMAILS)
    assert "changepassword" in error.hint
    assert check_sample_accounts() == []


def test_the_check_is_content_once_nobody_can_use_them(sample, settings):
    settings.SANDBOX = False
    User.objects.exclude(email="admin@example.com").update(is_active=False)
    admin = User.objects.get(email="admin@example.com")
    admin.set_password("a long pass phrase")
    admin.save()
    assert check_sample_accounts(databases=["default"]) == []


def manage(directory: Path, *arguments: str, sandbox: str = "1") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=environment(directory, sandbox),
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def environment(directory: Path, sandbox: str) -> dict[str, str]:
    """Debug instead of production settings, so that it starts without secrets; the database a file of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        "DEBUG": "1",
        "SANDBOX": sandbox,
        "DATA_DIRECTORY": str(directory),
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "erpintegrations.settings",
        "PYTHONPATH": str(ROOT),
    }


@pytest.mark.slow
def test_routes_and_command_are_not_there_without_the_sandbox(tmp_path):
    assert manage(tmp_path, "migrate", "--verbosity", "0", sandbox="0").returncode == 0
    refused = manage(tmp_path, "load_sample_company", sandbox="0")
    assert refused.returncode == 1
    assert "load_sample_company" in refused.stderr
    ask = (
        "from django.test import Client; client = Client(); "
        "print([client.get(url, headers={'host': 'localhost'}).status_code"
        " for url in ('/sandbox/', '/sandbox/subcontracts/', '/sandbox/jobs/')])"
    )
    assert "[404, 404, 404]" in manage(tmp_path, "shell", "--verbosity", "0", "-c", ask, sandbox="0").stdout
    assert not (tmp_path / "sample-company.sqlite3").exists()


@pytest.mark.slow
def test_a_sample_database_does_not_pass_the_checks_of_a_real_server(tmp_path):
    assert manage(tmp_path, "migrate", "--verbosity", "0").returncode == 0
    assert manage(tmp_path, "load_sample_company").returncode == 0
    checked = manage(tmp_path, "check", "--database", "default", sandbox="0")
    assert checked.returncode == 1
    assert "directory.E001" in checked.stderr


@pytest.mark.slow
def test_a_set_up_killed_at_any_step_is_repaired_by_the_next(tmp_path):
    assert manage(tmp_path, "migrate", "--verbosity", "0").returncode == 0
    for step in ("Writing", "Loading", "Syncing"):
        kill_at(tmp_path, step)
    loaded = manage(tmp_path, "load_sample_company")
    assert loaded.returncode == 0, loaded.stderr
    assert PROMISED in manage(tmp_path, "shell", "--verbosity", "0", "-c", COUNT_LINKS).stdout
    assert "already" in manage(tmp_path, "load_sample_company").stdout


def kill_at(directory: Path, step: str) -> None:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "load_sample_company"],
        env=environment(directory, "1"),
        cwd=directory,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for said in process.stdout:
            if said.startswith(step):
                break
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_two_real_web_processes_keep_the_sandbox_shut(tmp_path):
    assert manage(tmp_path, "migrate", "--verbosity", "0", sandbox="0").returncode == 0
    people = (
        "from directory.models import User; "
        "User.objects.create_user('admin@example.com', 'demo', name='A', is_staff=True); "
        "User.objects.create_user('ann@example.com', 'a long pass phrase', name='Ann')"
    )
    assert manage(tmp_path, "shell", "-c", people, sandbox="0").returncode == 0
    with web_server(tmp_path) as site:
        # Often enough that each of the two processes answers.
        for _ in range(8):
            assert [answer_of(site + page)[0] for page in ("/sandbox/", "/sandbox/subcontracts/")] == [404, 404]
            assert signed_in_over_http(site, "admin@example.com", "demo") is False
        assert signed_in_over_http(site, "ann@example.com", "a long pass phrase") is True


@contextlib.contextmanager
def web_server(directory: Path) -> Iterator[str]:
    """Gunicorn with its own configuration, which has two workers outside the sandbox."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", address],
        env=environment(directory, "0"),
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                answer_of(f"http://{address}/healthz")
                break
            time.sleep(0.2)
        yield f"http://{address}"
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(workers) == 2
    finally:
        process.terminate()
        process.wait(30)


def answer_of(address: str, opener: urllib.request.OpenerDirector | None = None, **form: str) -> tuple[int, str, str]:
    """Status, the address where it ended, and the page."""
    request = urllib.request.Request(address, urllib.parse.urlencode(form).encode() or None)  # noqa: S310
    opener = opener or urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.url, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, address, error.read().decode()


def signed_in_over_http(site: str, email: str, password: str) -> bool:
    cookies = urllib.request.HTTPCookieProcessor()
    opener = urllib.request.build_opener(cookies, urllib.request.ProxyHandler({}))
    _, address, page = answer_of(f"{site}/sign-in/", opener)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
    answer_of(address, opener, username=email, password=password, csrfmiddlewaretoken=token)
    return (
        "sessionid" in {cookie.name for cookie in cookies.cookiejar} and answer_of(f"{site}/", opener)[1] == f"{site}/"
    )
