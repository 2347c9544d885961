"""Configure Settings: how a company's commitments get to its ERP and back; for administrators of the tool."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.connectors import whereabouts
from erpintegrations.models import ErpConnection
from erpintegrations.refusals import ChangedMeanwhile, SettingsNotPossible
from erpintegrations.selectors.connection_settings import facts_of
from erpintegrations.selectors.synced_list import find_connection
from erpintegrations.services.change_connection import change_settings
from erpintegrations.services.widths import learn_widths
from erpintegrations.web import flash
from erpintegrations.web.settings_forms import SECRETS, Difference, SettingsForm
from erpintegrations.web.synced import tool_trail

CONFIRM, EDIT = "confirm", "edit"


@company_page(erp_integrations=Level.ADMIN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erp_settings(request: CompanyRequest) -> HttpResponse:
    """Shows the settings, and saves them; with another database only after its consequence was shown."""
    connection = find_connection(request.company)
    is_sent = request.method == "POST"
    form = SettingsForm(
        request.POST if is_sent else None, connection=connection, user=request.user, company=request.company
    )
    if not is_sent:
        return _page(request, form)
    if not form.is_valid():
        form.keep_secrets()
        return _page(request, form, status=422)
    step = request.POST.get("step", "")
    if step == EDIT or (form.names_another_database and step != CONFIRM):
        form.keep_secrets()
        return _page(request, form) if step == EDIT else _confirm(request, form)
    return _save(request, form)


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def read_widths(request: CompanyRequest) -> HttpResponse:
    """Reads again how many characters the ERP keeps; when it does not answer, what was read before stays."""
    connection = find_connection(request.company)
    if connection is None:
        raise SettingsNotPossible(
            "There is no database to read the widths from yet.", remedy="Set up the connection first."
        )
    learn_widths(connection=connection, now=timezone.now())
    flash.success(request, f"The widths were read from {connection.wording.short_label}.")
    return redirect("erp_settings", company_slug=request.company.slug)


def _save(request: CompanyRequest, form: SettingsForm) -> HttpResponse:
    try:
        change_settings(
            connection=form.connection,
            access=request.access,
            settings=form.settings,
            connector_key=form.chosen_connector,
            database_url=form.database_url,
            bridge_secret=form.cleaned_data["new_bridge_secret"],
            seen_version=form.cleaned_data["version"] or 0,
            now=timezone.now(),
        )
    except ChangedMeanwhile as refusal:
        return _conflict(request, form, refusal)
    flash.success(request, _saved(form))
    return redirect("erp_settings", company_slug=request.company.slug)


def _saved(form: SettingsForm) -> str:
    if form.connection is None:
        return (
            "The settings were saved. Test the connection below before the first sync, which comes within a minute or "
            "two if the hourly sync is on."
        )
    if form.names_another_database:
        return "The settings were saved. The next sync learns anew who answers there."
    return "The settings were saved."


def _conflict(request: CompanyRequest, form: SettingsForm, refusal: ChangedMeanwhile) -> HttpResponse:
    """Somebody else saved since: theirs and what was typed, brought together, to be looked at and saved again."""
    current = ErpConnection.objects.get(company=request.company)
    differences = form.bring_together(current)
    form.keep_secrets()
    form.connection = current
    form.fields.pop("connector_key", None)
    form.add_error(None, str(refusal))
    return _page(request, form, differences=differences, status=409)


def _confirm(request: CompanyRequest, form: SettingsForm) -> HttpResponse:
    assert form.connection is not None
    facts, new_place = facts_of(form.connection), whereabouts(form.database_url)
    is_elsewhere = new_place != facts.place
    context = {
        "heading": "Read from another database?" if is_elsewhere else "Save the new way in?",
        "trail": [
            *tool_trail(request.company),
            ("Configure Settings", reverse("erp_settings", args=[request.company.slug])),
        ],
        "hidden": [bound for bound in form if bound.name not in SECRETS],
        "wording": form.connection.wording,
        "facts": facts,
        "new_place": new_place,
        "is_elsewhere": is_elsewhere,
    }
    return render(request, "erpintegrations/settings/confirm.html", context)


def _page(
    request: CompanyRequest, form: SettingsForm, *, differences: list[Difference] | None = None, status: int = 200
) -> HttpResponse:
    connection = form.connection
    context: dict[str, Any] = {
        "trail": tool_trail(request.company),
        "form": form,
        "connection": connection,
        "wording": connection.wording if connection else None,
        "facts": facts_of(connection) if connection else None,
        "differences": differences,
    }
    return render(request, "erpintegrations/settings/settings.html", context, status=status)
