"""Sign in, sign out, change and reset the password. `account.py` has the addresses.

django-axes counts wrong passwords; the settings name `counted_username` and `locked_out` for it.
"""

from __future__ import annotations

import datetime
from typing import Any

from axes.helpers import get_client_ip_address, get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_htmx.http import HttpResponseClientRedirect

from directory.sample_accounts import SAMPLE_ACCOUNTS, SAMPLE_PASSWORD
from directory.sign_in_links import mail_goes_out
from erpintegrations.ops.sign_in_lock import address_locked_until
from erpintegrations.services.sign_in_links import ask_for_sign_in_link
from erpintegrations.web import flash

LONGEST_ADDRESS = 254


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "E-mail address and password do not match. Check both: the password is case-sensitive.",
        "inactive": "This account is deactivated. Ask an administrator to activate it.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail address"
        self.fields["username"].widget.attrs.update(
            {"type": "email", "autocomplete": "username", "inputmode": "email", "autofocus": True}
        )

    def clean_username(self) -> str:
        """Refused before it is tried: what counts wrong passwords could not store it."""
        username = str(self.cleaned_data["username"])
        if len(username) > LONGEST_ADDRESS:
            raise ValidationError(self.error_messages["invalid_login"], code="invalid_login")
        return username


@method_decorator(login_not_required, name="dispatch")
class SignIn(auth_views.LoginView):
    """Leads on to `next` only inside this site; Django checks it."""

    template_name = "registration/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if getattr(request, "htmx", False):
            return self._leave_partial_update(request)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        samples = SAMPLE_ACCOUNTS if settings.SANDBOX else {}
        return super().get_context_data(samples=samples, sample_password=SAMPLE_PASSWORD, **kwargs)

    def _leave_partial_update(self, request: HttpRequest) -> HttpResponse:
        """The session ended while a page was open: the whole page goes to sign in, and comes back to where it was."""
        page = request.htmx.current_url_abs_path or ""  # type: ignore[attr-defined]
        if not url_has_allowed_host_and_scheme(page, allowed_hosts=None):
            page = ""
        query = f"?{urlencode({self.redirect_field_name: page})}" if page else ""
        return HttpResponseClientRedirect(reverse("sign_in") + query)


@method_decorator(login_not_required, name="dispatch")
class SignOut(auth_views.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        flash.success(request, "You are signed out.")
        return response


class ChangePassword(auth_views.PasswordChangeView):
    template_name = "registration/change_password.html"
    success_url = reverse_lazy("change_password")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        flash.success(self.request, "Your password was changed.")
        return response


@method_decorator(login_not_required, name="dispatch")
class ResetPassword(auth_views.PasswordResetView):
    """Gives the same answer, as fast, whether somebody has the address or not: the task processes look and send."""

    template_name = "registration/reset_password.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not mail_goes_out():
            return render(request, "registration/reset_password_by_hand.html")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        ask_for_sign_in_link(
            email=form.cleaned_data["email"],
            address=self.request.META.get("REMOTE_ADDR", ""),
            # Its host is one of ALLOWED_HOSTS, or this raises DisallowedHost, which is answered with 400.
            origin=self.request.build_absolute_uri("/"),
            now=timezone.now(),
        )
        return redirect("reset_password_sent")


@method_decorator(login_not_required, name="dispatch")
class ResetPasswordSent(auth_views.PasswordResetDoneView):
    template_name = "registration/reset_password_sent.html"


@method_decorator(login_not_required, name="dispatch")
class ResetPasswordConfirm(auth_views.PasswordResetConfirmView):
    template_name = "registration/reset_password_confirm.html"
    success_url = reverse_lazy("sign_in")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        flash.success(self.request, "Your password was changed. Sign in with the new one.")
        return response


def counted_username(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """For whom a wrong password counts: the address as it is stored, so that its spelling is no way round."""
    username = (credentials or {}).get("username") or request.POST.get("username", "")
    return str(username).strip().lower()


def locked_out(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """django-axes' answer to too many wrong passwords: says when to try again. Named by AXES_LOCKOUT_CALLABLE."""
    now = timezone.now()
    whole_address = address_locked_until(get_client_ip_address(request), now=now)
    until = whole_address or _pair_locked_until(request, credentials) or now
    seconds = max(int((until - now).total_seconds()), 1)
    context = {"until": until, "is_whole_address": whole_address is not None}
    response = render(request, "registration/locked_out.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _pair_locked_until(request: HttpRequest, credentials: dict[str, Any] | None) -> datetime.datetime | None:
    attempts = AccessAttempt.objects.filter(
        username=counted_username(request, credentials), ip_address=get_client_ip_address(request)
    )
    last = attempts.aggregate(last=Max("attempt_time"))["last"]
    return last + (get_cool_off(request) or datetime.timedelta()) if last else None
