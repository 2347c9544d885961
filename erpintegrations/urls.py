"""Every address of the product, grouped by what it is about."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("erpintegrations.web.urls")),
    path("admin/", admin.site.urls),
]
if settings.SANDBOX:
    urlpatterns.append(path("sandbox/", include("sandbox.urls")))

handler400 = "erpintegrations.web.errors.handler400"
handler403 = "erpintegrations.web.errors.handler403"
handler404 = "erpintegrations.web.errors.handler404"
handler500 = "erpintegrations.web.errors.handler500"
