"""The page of the sandbox's bridge: its address and secret, and one click that has the sample company use it."""

from __future__ import annotations

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from directory.access import CompanyAccess, access_for
from directory.models import Company, Level
from erpintegrations.models import ErpConnection
from erpintegrations.services.change_connection import ConnectionSettings, change_settings
from erpintegrations.web import flash
from sandbox import bridge
from sandbox.sample_names import COMPANY_SLUG


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def bridge_desk(request: HttpRequest) -> HttpResponse:
    """Shows how to reach the bridge; its button puts that into the sample company's settings."""
    access = _access(request)
    connection = ErpConnection.objects.filter(company=access.company).first()
    if connection is None:
        raise Http404
    address = request.build_absolute_uri(request.path).rstrip("/")
    if request.method == "POST":
        _use(connection, access, address, uses_bridge=request.POST.get("use") == "bridge")
        flash.success(request, "The sample company's settings were changed.")
        return redirect("sandbox_bridge")
    context = {
        "address": address,
        "secret": bridge.shared_secret(),
        "is_used": connection.export_method == "bridge" and connection.bridge_url == address,
        "company": access.company,
        "may_change": access.erp_integrations_level >= Level.ADMIN,
    }
    return render(request, "sandbox/bridge.html", context)


def _use(connection: ErpConnection, access: CompanyAccess, address: str, *, uses_bridge: bool) -> None:
    """Through the product's own service, which asks for Admin on ERP Integrations."""
    now = ConnectionSettings.of(connection)
    bridged = replace(now, export_method="bridge", bridge_url=address)
    change_settings(
        connection=connection,
        access=access,
        settings=bridged if uses_bridge else replace(now, export_method="entry_sheet"),
        bridge_secret=bridge.shared_secret() if uses_bridge else "",
        seen_version=connection.version,
        now=timezone.now(),
    )


def _access(request: HttpRequest) -> CompanyAccess:
    company = Company.objects.filter(slug=COMPANY_SLUG).first()
    access = access_for(request.user, company) if company else None  # type: ignore[arg-type]
    if access is None:
        raise Http404
    return access
