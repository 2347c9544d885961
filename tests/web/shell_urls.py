"""Addresses for `test_shell` alone: pages of the frame, and views that fail in every way."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import include, path
from django.views.decorators.http import require_POST

from directory.access import company_page
from erpintegrations.web import account, errors, flash

UNDO = flash.FlashAction("/undo/", "Undo", "Undo unlink of SC-1042", {"next": "/?a=1&b=2"})


def page(request: HttpRequest, **kwargs: object) -> HttpResponse:
    return render(request, "base.html")


def say(request: HttpRequest) -> HttpResponse:
    flash.success(request, "Successfully Unlinked", action=UNDO)
    flash.error(request, "The commitment <b>SC-1</b> is still there.")
    return redirect("home")


def forbid(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("Only an administrator may do this.")


def refuse(request: HttpRequest) -> HttpResponse:
    return errors.refused(
        request, message="You lack the privilege.", remedy="Request it.", action_url="/request/", action_label="Request"
    )


def misread(request: HttpRequest) -> HttpResponse:
    raise BadRequest("secret detail")


@login_not_required
def break_down(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret detail")


company_pages = [
    path("", company_page()(page), name="company_home"),
    path("projects/<int:project_id>/commitments/", page, name="commitment_list"),
    path("erp-integrations/", company_page()(page), name="erp_home"),
    path("erp-integrations/commitment/", company_page()(page), name="erp_commitment"),
    path("erp-integrations/sync-runs/", company_page()(page), name="run_list"),
    path("erp-integrations/history/", company_page()(page), name="history"),
]
urlpatterns = [
    path("", page, name="home"),
    *account.urlpatterns,
    path("companies/<slug:company_slug>/", include(company_pages)),
    path("admin/", admin.site.urls),
    path("say/", say),
    path("undo/", require_POST(say)),
    path("forbid/", forbid),
    path("refuse/", refuse),
    path("misread/", misread),
    path("break/", break_down),
]
handler400 = "erpintegrations.web.errors.handler400"
handler403 = "erpintegrations.web.errors.handler403"
handler404 = "erpintegrations.web.errors.handler404"
handler500 = "erpintegrations.web.errors.handler500"
