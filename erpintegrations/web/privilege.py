"""The page on which a person asks for 'Can Push to Accounting'."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from directory import privilege
from directory.access import PRIVILEGE, CompanyRequest, company_page
from directory.models import PrivilegeRequest
from directory.refusals import Refusal
from erpintegrations.web import flash


class RequestForm(forms.Form):
    reason = forms.CharField(
        label="Why do you need it?",
        max_length=privilege.REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Who grants it reads this, and the history keeps it.",
        error_messages={"required": "Say why in a few words: who grants it decides by that."},
    )


@company_page()
@require_http_methods(["GET", "HEAD", "POST"])
def request_privilege(request: CompanyRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, RequestForm())
    form = RequestForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        privilege.request_privilege(access=request.access, reason=form.cleaned_data["reason"], now=timezone.now())
    except Refusal as refusal:
        flash.error(request, str(refusal))
    else:
        flash.success(request, f"Your request for '{PRIVILEGE}' was sent.")
    return redirect("privilege_request", company_slug=request.company.slug)


def _page(request: CompanyRequest, form: RequestForm) -> HttpResponse:
    latest = PrivilegeRequest.objects.filter(member=request.access.member).first()
    context = {
        "company": request.company,
        "has_privilege": request.access.has_privilege,
        "pending": latest if latest and latest.state == PrivilegeRequest.State.PENDING else None,
        "declined": latest if latest and latest.state == PrivilegeRequest.State.DECLINED else None,
        "form": form,
    }
    return render(request, "directory/privilege_request.html", context, status=422 if form.errors else 200)
