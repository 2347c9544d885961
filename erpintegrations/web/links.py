"""One link's buttons: Unlink (with a page that asks for a reason where one is needed), Check now and Undo."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from directory.access import CompanyRequest, company_page
from directory.models import Level
from erpintegrations.models import Presence, SyncLink
from erpintegrations.refusals import CommitmentStillInErp, PresenceUnknown, ReasonRequired
from erpintegrations.selectors.drift import drift_of, in_words
from erpintegrations.selectors.synced_list import links_of
from erpintegrations.selectors.unlinkers import who_can_unlink
from erpintegrations.selectors.verdicts import how_to_leave
from erpintegrations.services.check_link import check_link
from erpintegrations.services.undo_unlink import undo_unlink
from erpintegrations.services.unlink_commitment import unlink_commitment
from erpintegrations.web import flash
from erpintegrations.web.refusals import go_to, say_why_not
from erpintegrations.web.returning import NEXT, back_to
from erpintegrations.web.synced import commitment_trail

UNLINKED = "Successfully Unlinked"
LONGEST_REASON = 500


class ReasonForm(forms.Form):
    """Why a record that was purged with its job is unlinked: kept in the history."""

    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept in the history with your name.",
        error_messages={"required": "Enter a reason: it is kept in the history."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@company_page(erp_integrations=Level.READ_ONLY)
def unlink(request: CompanyRequest, link_id: int) -> HttpResponse:
    """POST unlinks. GET is the page that asks for the reason, where the record was purged with its job."""
    link = _load(request, link_id)
    if request.method != "POST":
        return _reason_page(request, link) if _asks_for_reason(link) else HttpResponseNotAllowed(["POST"])
    form = ReasonForm(request.POST)
    given = request.POST.get("reason", "")
    if given.strip() and not form.is_valid():
        return _reason_page(request, link, form)
    try:
        unlink_commitment(link=link, access=request.access, reason=given.strip(), now=timezone.now())
    except ReasonRequired:
        return _reason_page(request, link, form if "reason" in request.POST else None)
    except (CommitmentStillInErp, PresenceUnknown) as refusal:
        say_why_not(request, refusal, action=_check_action(request, link))
        return go_to(request, _back(request))
    flash.success(request, UNLINKED, action=undo_action(request, link))
    return go_to(request, _back(request))


@require_POST
@company_page(erp_integrations=Level.STANDARD)
def check_now(request: CompanyRequest, link_id: int) -> HttpResponse:
    """What the ERP answers about this one record, at once."""
    link = check_link(link=_load(request, link_id), access=request.access, now=timezone.now())
    wording = link.connection.wording
    if link.is_gone:
        became = link.get_presence_display().lower()
        text = f"{link.number} is no longer in {wording.label}: {became}. {_what_now(request, link)}"
        flash.success(request, text)
    else:
        drift = in_words(drift_of(link))
        told = f" It has drifted there: {drift}." if drift else ""
        flash.warning(request, f"{link.number} is still in {wording.label}. {how_to_leave(link, wording)}{told}")
    return go_to(request, _back(request))


@require_POST
@company_page(erp_integrations=Level.READ_ONLY)
def undo(request: CompanyRequest, link_id: int) -> HttpResponse:
    link = undo_unlink(link=_load(request, link_id), access=request.access, now=timezone.now())
    wording = link.connection.wording
    number = link.number
    flash.success(
        request, f"Unlink of {number} undone: it is linked to {wording.short_label} number {link.erp_number} again."
    )
    return go_to(request, _back(request))


def undo_action(request: CompanyRequest, link: SyncLink) -> flash.FlashAction:
    return flash.FlashAction(
        url=reverse("link_undo", args=[request.company.slug, link.pk]),
        label="Undo",
        accessible_label=f"Undo unlink of {link.number}",
        fields={NEXT: _back(request)},
        link_url=correction_address(request, link),
        link_label="What to do next",
    )


def correction_address(request: CompanyRequest, link: SyncLink) -> str:
    """The page that leads on after Unlink; empty where the commitment is closed to them or gone."""
    if link.commitment_id is None or request.access.commitments_level(link.project_id) < Level.READ_ONLY:
        return ""
    return reverse("correction", args=[request.company.slug, link.project_id, link.commitment_id])


def _load(request: CompanyRequest, link_id: int) -> SyncLink:
    return get_object_or_404(links_of(request.company), pk=link_id)


def _back(request: CompanyRequest) -> str:
    return back_to(request, default=reverse("erp_synced", args=[request.company.slug]))


def _asks_for_reason(link: SyncLink) -> bool:
    return link.is_open and link.presence == Presence.PURGED


def _reason_page(request: CompanyRequest, link: SyncLink, form: ReasonForm | None = None) -> HttpResponse:
    """Raises NotAllowed before somebody writes a reason in vain."""
    not_allowed = request.access.why_not_unlink(link.project_id, link.project_name)
    if not_allowed is not None:
        raise not_allowed
    shown = form or ReasonForm()
    shown.fields["reason"].widget.attrs["autofocus"] = True
    context = {
        "link": link,
        "wording": link.connection.wording,
        "form": shown,
        "trail": commitment_trail(request.company),
        "back": _back(request),
    }
    return render(request, "erpintegrations/unlink_confirm.html", context, status=422 if form else 200)


def _check_action(request: CompanyRequest, link: SyncLink) -> flash.FlashAction | None:
    """For who deletes the record now, and then wants to know; None for who may not check."""
    if request.access.erp_integrations_level < Level.STANDARD:
        return None
    return flash.FlashAction(
        url=reverse("link_check", args=[request.company.slug, link.pk]),
        label="Check now",
        accessible_label=f"Check now {link.number}",
        fields={NEXT: _back(request)},
    )


def _what_now(request: CompanyRequest, link: SyncLink) -> str:
    if request.access.why_not_unlink(link.project_id, link.project_name) is not None:
        who = who_can_unlink(request.company.pk, link.project_id)
        if not who:
            return "Nobody has all the rights that Unlink needs yet: ask an administrator."
        return f"{who} can unlink it now{', with a reason' if link.presence == Presence.PURGED else ''}."
    if link.presence == Presence.PURGED:
        return "Unlink asks for a reason."
    return "Unlink will go through now."
