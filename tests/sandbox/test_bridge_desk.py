"""The page of the sandbox's bridge: how to reach it, and the click that has the sample company use it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import User
from erpintegrations.models import ErpConnection
from sandbox import bridge

ADDRESS = "http://testserver/sandbox/bridge"


def signed_in(email: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(email=email))
    return client


@pytest.fixture
def url(sample) -> str:
    return reverse("sandbox_bridge")


def test_it_shows_how_to_reach_the_bridge(viewer_client, url):
    page = viewer_client.get(url).content.decode()
    assert ADDRESS in page
    assert bridge.shared_secret() in page
    assert "Use this bridge" not in page


def test_an_admin_of_the_tool_has_the_company_use_it_and_stop_again(url, settings):
    admin = signed_in("admin@example.com")
    settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
    local = {"headers": {"host": "127.0.0.1:8123"}}
    admin.post(url, {"use": "bridge"}, **local)
    connection = ErpConnection.objects.get()
    assert (connection.export_method, connection.bridge_url) == ("bridge", "http://127.0.0.1:8123/sandbox/bridge")
    assert connection.bridge_secret == bridge.shared_secret()
    assert "Go back to entry sheets" in admin.get(url, **local).content.decode()
    admin.post(url, {"use": "entry_sheet"}, **local)
    assert ErpConnection.objects.get().export_method == "entry_sheet"


@pytest.mark.parametrize("email", ["viewer@example.com", "approver@example.com"])
def test_others_may_not_change_it(url, email):
    answer = signed_in(email).post(url, {"use": "bridge"})
    assert answer.status_code == 403
    assert "This needs Admin" in answer.content.decode()
    assert ErpConnection.objects.get().export_method == "entry_sheet"


def test_for_staff_of_no_company_there_is_no_such_page(url):
    assert signed_in("staff@example.com").get(url).status_code == 404
