"""The section *ERP Integrations* of the administration site. Found by Django; nothing else imports it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from directory.admin.patterns import FixedOnceSaved
from erpintegrations.connectors import CONNECTORS, wording_for
from erpintegrations.connectors.base import ErpError
from erpintegrations.models import ErpConnection
from erpintegrations.services.change_connection import ConnectionSettings, save_connection


class ConnectionForm(forms.ModelForm):
    """The database URL goes in and never comes out: the page does not even load it."""

    connector_key = forms.ChoiceField(
        label="Accounting system", choices=[(key, wording_for(key).label) for key in CONNECTORS]
    )
    new_database_url = forms.CharField(
        label="Database URL",
        required=False,
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "class": "vLargeTextField"}),
    )

    class Meta:
        model = ErpConnection
        fields = ["company", "connector_key", "is_enabled"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = self.instance.pk is None
        self.fields["new_database_url"].help_text = (
            "Stored encrypted and never shown again."
            if self.is_new
            else "Stored encrypted and never shown. Leave it blank to keep the one that is stored. With another one, "
            "the next sync learns anew which server, database and company answer."
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        url, key = cleaned.get("new_database_url"), cleaned.get("connector_key")
        if self.is_new and not url:
            self.add_error("new_database_url", "Enter where the company's database is reached.")
        if url and key:
            try:
                ErpConnection(connector_key=key, database_url=url).connector()
            except ErpError as error:
                self.add_error("new_database_url", f"{error.problem} {error.remedy}")
        return cleaned


@admin.register(ErpConnection)
class ErpConnectionAdmin(FixedOnceSaved):
    form = ConnectionForm
    fixed_fields = ("company", "connector_key")
    actions = None
    list_display = ["company", "accounting_system", "is_enabled", "erp_company"]
    list_select_related = ["company"]
    search_fields = ["company__name"]
    autocomplete_fields = ["company"]
    fields = ["company", "connector_key", "new_database_url", "is_enabled", "server", "database", "erp_company"]
    readonly_fields = ["server", "database", "erp_company"]

    @admin.display(description="Accounting system")
    def accounting_system(self, connection: ErpConnection) -> str:
        return connection.wording.label

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees no field for the URL at all."""
        fields = super().get_fields(request, obj)
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return fields if may_write else [name for name in fields if name != "new_database_url"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ErpConnection]:
        """Without the secret: it cannot slip into a page, and one that no key reads breaks none."""
        return super().get_queryset(request).defer("database_url")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ErpConnection, form: Any, change: bool) -> None:
        save_connection(
            connection=obj,
            settings=replace(ConnectionSettings.of(obj), is_enabled=form.cleaned_data["is_enabled"]),
            database_url=form.cleaned_data["new_database_url"],
            seen_version=obj.version,
            by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
        )
