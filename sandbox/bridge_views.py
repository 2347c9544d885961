"""The sample company's bridge over HTTP, to the letter of `docs/bridge.md`. Machines call it, with a signature."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from sandbox import bridge
from sandbox.sage_desk import SageNotReachable, SageRefuses

View = Callable[..., JsonResponse]


def at_the_bridge(view: View) -> View:
    """Decorates every view: signed requests only; the view is given the key. Whatever fails is said in JSON."""

    @csrf_exempt
    @login_not_required
    @functools.wraps(view)
    def answered(request: HttpRequest, **kwargs: Any) -> JsonResponse:
        try:
            key = bridge.let_in(
                _path(),
                method=request.method or "",
                target=request.get_full_path(),
                headers=request.headers,
                body=request.body,
                now=timezone.now(),
            )
            return view(request, key, **kwargs)
        except bridge.NotLetIn as refusal:
            return _error(401, "not_let_in", str(refusal))
        except SageRefuses as refusal:
            return _error(422, "refused", refusal.message)
        except SageNotReachable as problem:
            return _error(503, "not_reachable", problem.message)

    return answered


@at_the_bridge
def commitments(request: HttpRequest, key: str) -> JsonResponse:
    """POST: write a document under a key."""
    if request.method != "POST":
        return _error(405, "wrong_method", "Commitments are submitted by POST.")
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return _error(400, "not_json", "The body is no JSON object.")
    return _receipt(bridge.submit(_path(), document, key, now=timezone.now()))


@at_the_bridge
def commitment(request: HttpRequest, key: str, named: UUID) -> JsonResponse:
    """GET: what was written under a key. DELETE: nothing more ever is."""
    if str(named) != key:
        return _error(400, "keys_differ", "The key in the address is not the one in the header.")
    if request.method == "GET":
        return _receipt(bridge.look_up(_path(), key))
    if request.method == "DELETE":
        return _receipt(bridge.cancel(_path(), key))
    return _error(405, "wrong_method", "A key is looked up by GET and canceled by DELETE.")


def _receipt(written: bridge.Written | None) -> JsonResponse:
    if written is None:
        return JsonResponse({"written": False})
    return JsonResponse(
        {"written": True, "erp_number": written.number, "recnum": written.recnum, "exists": written.exists}
    )


def _error(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=status)


def _path() -> Path:
    return Path(settings.SANDBOX_ERP_PATH)
