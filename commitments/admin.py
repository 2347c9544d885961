"""The section *Commitments* of the administration site. Found by Django; nothing else imports it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from commitments.models import Commitment, CostCode, CostType, ScheduleOfValuesLine, Vendor
from directory.admin.patterns import FixedOnceSaved, ShownOnly


@admin.register(Vendor)
class VendorAdmin(FixedOnceSaved):
    actions = None
    list_display = ["number", "name", "company"]
    list_display_links = ["number", "name"]
    list_filter = ["company"]
    list_select_related = ["company"]
    search_fields = ["number", "name"]
    autocomplete_fields = ["company"]
    fields = ["company", "number", "name"]


@admin.register(CostCode, CostType)
class CostAdmin(FixedOnceSaved):
    actions = None
    list_display = ["code", "name", "company"]
    list_display_links = ["code", "name"]
    list_filter = ["company"]
    list_select_related = ["company"]
    search_fields = ["code", "name"]
    autocomplete_fields = ["company"]
    fields = ["company", "code", "name"]


class LineInline(ShownOnly, admin.TabularInline):
    model = ScheduleOfValuesLine
    extra = 0

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("cost_code", "cost_type")


@admin.register(Commitment)
class CommitmentAdmin(ShownOnly, admin.ModelAdmin):
    """To be looked at: what may be changed, and when, is decided by the product's own pages."""

    actions = None
    list_display = ["number", "title", "kind", "project", "vendor", "status", "erp_status", "amount"]
    list_display_links = ["number", "title"]
    list_filter = ["company", "kind", "status", "erp_status"]
    list_select_related = ["project", "vendor"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["number", "title"]
    inlines = [LineInline]
