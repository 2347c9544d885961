"""Addresses of signing in and out, and of passwords."""

from __future__ import annotations

from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.urls import path

urlpatterns = [
    path("sign-in/", login_not_required(views.LoginView.as_view()), name="sign_in"),
    path("sign-out/", views.LogoutView.as_view(), name="sign_out"),
]
