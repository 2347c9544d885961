"""Nonsense from somebody who is not signed in: nobody comes in by it, and each answer is in words."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.web.test_bad_input import NONSENSE, assert_told, query_of, text_of


@pytest.mark.parametrize("value", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_signs_nobody_in(db, client, value):
    client.raise_request_exception = False
    body = query_of({"username": value, "password": value, "next": value})

    answer = client.post(reverse("sign_in"), body, content_type="application/x-www-form-urlencoded")

    assert_told(answer)
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("cookie", ["x", "x" * 32, "x" * 5000, '"aaaaaaaaaaaa\\000"', "é" * 10, "' OR 1=1"])
@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages"])
def test_a_forged_cookie_leads_to_the_sign_in_page(db, cookie, name):
    client = Client(raise_request_exception=False)

    answer = client.get(reverse("home"), headers={"cookie": f"{name}={cookie}"})

    assert (answer.status_code, answer["Location"].startswith(reverse("sign_in"))) == (302, True)


@pytest.mark.parametrize("host", ["evil.example", "testserver:99999999", "a b", "", "\u00e9"])
def test_a_host_that_is_not_ours_is_refused_in_words(db, host):
    answer = Client(raise_request_exception=False).get(reverse("sign_in"), headers={"host": host})

    assert answer.status_code in (200, 400)
    assert_told(answer)
    assert "evil.example" not in text_of(answer)
