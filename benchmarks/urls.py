"""The product's addresses, and beside them Django's own administration of the table that the Synced list shows."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import path

from erpintegrations.models import SyncLink
from erpintegrations.urls import handler400, handler403, handler404, handler500
from erpintegrations.urls import urlpatterns as product
from erpintegrations.web.filters import CompanyListFilter

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class SyncLinkAdmin(admin.ModelAdmin):
    """What somebody would write in a quarter of an hour: the same columns, the same search, as many rows to a page."""

    list_display = ["number", "title", "kind", "project_name", "vendor_name", "amount", "erp_number", "presence"]
    list_filter = ["presence", "kind", "has_drifted"]
    search_fields = CompanyListFilter.searched
    list_per_page = 50
    ordering = ["number", "id"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(closed_at=None)


site = admin.AdminSite(name="benchmark")
site.register(SyncLink, SyncLinkAdmin)

urlpatterns = [*product, path("benchmark/", site.urls)]
