"""Without SANDBOX=1 there is no desk, no sample company, and no way in with the sample password."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
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
