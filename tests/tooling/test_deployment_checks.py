"""`manage.py check --deploy` names what would go wrong in a real installation."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks

from tests.tooling.test_environment import PRODUCTION, start

COMPLETE = PRODUCTION | {"TRUSTED_PROXIES": "1", "EMAIL_URL": "submission://u:p@smtp.example.com:587"}


def warnings() -> set[str | None]:
    return {message.id for message in run_checks(include_deployment_checks=True)}


def test_a_complete_production_environment_passes(tmp_path):
    result = start(
        "manage.py", "check", "--deploy", "--fail-level", "WARNING", **COMPLETE, DATA_DIRECTORY=str(tmp_path)
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("hosts", "is_warned"), [(["127.0.0.1", "localhost"], False), (["demo.example.com"], True)])
def test_a_sandbox_that_others_can_reach_is_told(settings, hosts, is_warned):
    settings.SANDBOX, settings.ALLOWED_HOSTS = True, hosts
    assert ("erpintegrations.W001" in warnings()) is is_warned


@pytest.mark.parametrize(("https", "proxies", "is_warned"), [(True, 0, True), (True, 1, False), (False, 0, False)])
def test_https_without_anybody_who_ends_it_is_told(settings, https, proxies, is_warned):
    settings.SECURE_SSL_REDIRECT, settings.TRUSTED_PROXIES = https, proxies
    assert ("erpintegrations.W002" in warnings()) is is_warned


@pytest.mark.parametrize(("backend", "is_warned"), [("console", True), ("smtp", False)])
def test_mail_that_goes_nowhere_is_told(settings, backend, is_warned):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    assert ("erpintegrations.W003" in warnings()) is is_warned
