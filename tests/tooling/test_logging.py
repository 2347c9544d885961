"""Log lines carry the request's id and the believable address, and no secret."""

from __future__ import annotations

import io
import json
import logging
import logging.config

import pytest
import structlog
from django.http import HttpResponse

from erpintegrations.ops.logging import configure_logging, hide_secrets
from erpintegrations.ops.proxies import TrustedProxyMiddleware


@pytest.fixture
def log_lines(settings):
    """Gives what a call writes to the log as JSON lines, and restores the suite's own logging."""
    stream = io.StringIO()
    configuration = configure_logging(level="INFO", json=True)
    configuration["handlers"]["stderr"]["stream"] = stream
    before = list(logging.getLogger().handlers)  # pytest's own among them
    logging.config.dictConfig(configuration)

    def lines(call) -> list[dict]:
        call()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield lines
    logging.config.dictConfig(settings.LOGGING)
    logging.getLogger().handlers[:] = before


def test_secrets_are_hidden_by_name_and_inside_texts(log_lines):
    log = structlog.get_logger("test")

    def call():
        log.info("connecting", password="p4ss", url="mssql://reader:p4ss@erp/x", settings={"secret_key": "p4ss"})
        logging.getLogger("other").warning("could not open %s", "postgres://u:p4ss@db/erp?token=p4ss")

    first, second = log_lines(call)
    assert "p4ss" not in json.dumps([first, second])
    assert first["url"] == "mssql://[hidden]@erp/x"
    assert (second["event"], second["level"]) == ("could not open postgres://[hidden]@db/erp?token=[hidden]", "warning")


def test_a_link_to_choose_a_password_is_not_in_the_log():
    event = {"event": "request_started", "request": "GET /password/reset/MQ/c1x9-8f3a0b/"}
    assert hide_secrets(None, "", event)["request"] == "GET /password/reset/MQ/[hidden]/"
    ordinary = {"event": "request_started", "request": "GET /password/reset/sent/"}
    assert hide_secrets(None, "", dict(ordinary)) == ordinary


def test_a_traceback_is_hidden_its_secrets_too(log_lines):
    def call():
        try:
            raise RuntimeError("cannot reach postgres://u:p4ss@db/erp")
        except RuntimeError:
            logging.getLogger("other").exception("failed")

    (line,) = log_lines(call)
    assert "RuntimeError: cannot reach postgres://[hidden]@db/erp" in line["exception"]


def test_ordinary_words_stay():
    event = {"event": "Sync completed", "records": 150, "tokens": 3}
    assert hide_secrets(None, "", dict(event)) | {"tokens": 3} == event


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "1.1.1.1", "10.0.0.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.9", "1.1.1.1"),
        (2, "1.1.1.1", "10.0.0.1"),
        (1, "unknown", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_only_what_trusted_proxies_saw_is_believed(rf, settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    TrustedProxyMiddleware(lambda request: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == address


@pytest.mark.parametrize(
    ("proxies", "request_id", "is_kept"),
    [(1, "0d0e7a1c-1111", True), (0, "0d0e7a1c-1111", False), (1, "two\nlines", False), (1, "x" * 999, False)],
)
def test_a_request_id_is_taken_from_a_trusted_proxy_alone(rf, settings, proxies, request_id, is_kept):
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", HTTP_X_REQUEST_ID=request_id)
    TrustedProxyMiddleware(lambda request: HttpResponse())(request)
    assert ("HTTP_X_REQUEST_ID" in request.META) is is_kept
