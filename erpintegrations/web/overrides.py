"""Unlink anyway: the form that asks for it, the page where another person answers, and taking it back."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from directory.access import CompanyRequest, company_page
from directory.models import Level, User
from erpintegrations.models import SyncLink, UnlinkOverride
from erpintegrations.selectors.overrides import waiting_by_link, why_not_answer, why_not_ask
from erpintegrations.selectors.synced_list import links_of
from erpintegrations.selectors.unlinkers import who_can_unlink
from erpintegrations.selectors.verdicts import how_to_leave
from erpintegrations.services import unlink_anyway as services
from erpintegrations.web import flash
from erpintegrations.web.links import LONGEST_REASON, UNLINKED, undo_action
from erpintegrations.web.refusals import go_to
from erpintegrations.web.returning import back_to
from erpintegrations.web.synced import commitment_trail


class AskForm(forms.Form):
    """Why a record that stays in the ERP is to be unlinked."""

    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Shown to whoever answers, and kept in the history with both names.",
        error_messages={"required": "Enter a reason: it is shown to whoever answers."},
    )


class AnswerForm(forms.Form):
    """What the second person says to it; needed to decline. `seen_version` is the link's, as shown."""

    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    answer = forms.CharField(
        label="Your answer",
        max_length=LONGEST_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed to decline; kept in the history with your name.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@company_page(erp_integrations=Level.READ_ONLY)
def ask(request: CompanyRequest, link_id: int) -> HttpResponse:
    """GET shows the case and asks for the reason; POST asks for consent."""
    link = get_object_or_404(links_of(request.company), pk=link_id)
    not_allowed = why_not_ask(link, request.access)
    if not_allowed is not None:
        raise not_allowed
    form = AskForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _ask_page(request, link, form)
    reason = form.cleaned_data["reason"]
    services.ask_to_unlink_anyway(link=link, access=request.access, reason=reason, now=timezone.now())
    flash.success(request, f"Asked for consent to unlink {link.number} anyway. {_who_can_answer(link, request.user)}")
    return go_to(request, _back(request))


@require_http_methods(["GET", "HEAD", "POST"])
@company_page(erp_integrations=Level.READ_ONLY)
def answer(request: CompanyRequest, override_id: int) -> HttpResponse:
    """GET shows what is asked for, and the two answers; POST gives one of them."""
    override = _load(request, override_id)
    not_allowed = why_not_answer(override, request.access)
    if not_allowed is not None:
        raise not_allowed
    form = AnswerForm(request.POST or None, initial={"seen_version": override.link.version})
    if request.method != "POST" or not form.is_valid():
        return _answer_page(request, override, form)
    said, now, link = form.cleaned_data["answer"], timezone.now(), override.link
    if "decline" in request.POST:
        if not said.strip():
            form.add_error("answer", "Say why you decline: it is kept in the history.")
            return _answer_page(request, override, form)
        services.decline(override=override, access=request.access, answer=said, now=now)
        flash.success(request, f"Declined: {link.number} stays linked.")
        return go_to(request, _back(request))
    if "consent" not in request.POST:
        form.add_error(None, "Choose one of the two answers.")
        return _answer_page(request, override, form)
    link = services.consent_to_unlink_anyway(
        override=override,
        access=request.access,
        answer=said,
        seen_version=form.cleaned_data["seen_version"] or 0,
        now=now,
    )
    flash.success(request, UNLINKED, action=undo_action(request, link))
    return go_to(request, _back(request))


@require_POST
@company_page(erp_integrations=Level.READ_ONLY)
def withdraw(request: CompanyRequest, override_id: int) -> HttpResponse:
    override = _load(request, override_id)
    services.withdraw(override=override, access=request.access, now=timezone.now())
    flash.success(request, f"Withdrawn: {override.link.number} stays linked.")
    return go_to(request, _back(request))


def _load(request: CompanyRequest, override_id: int) -> UnlinkOverride:
    rows = UnlinkOverride.objects.filter(company=request.company)
    return get_object_or_404(
        rows.select_related("link", "link__connection", "link__commitment", "link__project", "asked_by", "answered_by"),
        pk=override_id,
    )


def _back(request: CompanyRequest) -> str:
    return back_to(request, default=reverse("erp_synced", args=[request.company.slug]))


def _who_can_answer(link: SyncLink, asker: User) -> str:
    who = who_can_unlink(link.company_id, link.project_id, but=asker)
    return f"{who} can answer." if who else "Nobody else has the rights to answer yet: ask an administrator."


def _ask_page(request: CompanyRequest, link: SyncLink, form: AskForm) -> HttpResponse:
    waiting = waiting_by_link([link]).get(link.pk)
    who_can_answer = _who_can_answer(link, waiting.asked_by) if waiting else ""
    context = _context(request, link) | {"form": form, "waiting": waiting, "who_can_answer": who_can_answer}
    return render(request, "erpintegrations/unlink_anyway/ask.html", context, status=422 if form.errors else 200)


def _answer_page(request: CompanyRequest, override: UnlinkOverride, form: AnswerForm) -> HttpResponse:
    context = _context(request, override.link) | {"form": form, "override": override}
    return render(request, "erpintegrations/unlink_anyway/answer.html", context, status=422 if form.errors else 200)


def _context(request: CompanyRequest, link: SyncLink) -> dict[str, object]:
    wording = link.connection.wording
    return {
        "link": link,
        "wording": wording,
        "why_refused": how_to_leave(link, wording),
        "trail": commitment_trail(request.company),
        "back": _back(request),
    }
