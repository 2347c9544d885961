"""Addresses of signing in and out, and of passwords."""

from __future__ import annotations

from django.urls import path

from erpintegrations.web import sign_in

urlpatterns = [
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign_out"),
    path("password/", sign_in.ChangePassword.as_view(), name="change_password"),
    path("password/reset/", sign_in.ResetPassword.as_view(), name="reset_password"),
    path("password/reset/sent/", sign_in.ResetPasswordSent.as_view(), name="reset_password_sent"),
    path("password/reset/<uidb64>/<token>/", sign_in.ResetPasswordConfirm.as_view(), name="reset_password_confirm"),
]
