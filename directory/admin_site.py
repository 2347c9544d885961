"""The administration site: its names, its way in, what waits for staff. Only `directory.admin_config` names this."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache


class AdministrationSite(admin.AdminSite):
    """Django's administration site, entered through the product's own sign-in page: one lock on wrong passwords."""

    site_header = "ERP Integrations administration"
    site_title = "ERP Integrations administration"
    index_title = "Administration"
    index_template = "admin/administration.html"

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sends strangers to sign in and then on to where they wanted; raises PermissionDenied for who is no staff."""
        page = self._wanted_page(request)
        if self.has_permission(request):
            return redirect(page)
        if request.user.is_authenticated:
            raise PermissionDenied(
                "The administration is for staff, and your account is not marked as staff. "
                "Ask an administrator of this site if you need it."
            )
        return redirect_to_login(page, login_url=reverse("sign_in"))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().index(request, {"pending_requests": self._pending_requests(request), **(extra_context or {})})

    def _wanted_page(self, request: HttpRequest) -> str:
        page = request.GET.get("next", "")
        inside = url_has_allowed_host_and_scheme(page, allowed_hosts=None) and page.startswith("/")
        return page if inside and not page.startswith(reverse("admin:login")) else reverse("admin:index")

    def _pending_requests(self, request: HttpRequest) -> int:
        from directory.models import PrivilegeRequest  # models are not loaded yet when this module is

        if not self._registry[PrivilegeRequest].has_view_permission(request):
            return 0
        return PrivilegeRequest.objects.filter(state=PrivilegeRequest.State.PENDING).count()
