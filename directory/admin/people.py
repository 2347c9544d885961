"""People: created with a password or by a link in an e-mail, deactivated and never deleted."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import PasswordResetForm, UserChangeForm
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from directory.admin.patterns import ShownOnly
from directory.models import CompanyMember, User

ONLY_BY_SUPERUSERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class NewPersonForm(forms.ModelForm):
    class HowToSignIn(forms.ChoiceField):
        LINK, PASSWORD = "link", "password"

    how = HowToSignIn(
        label="First sign-in",
        choices=[
            (HowToSignIn.LINK, "Send an e-mail with a link to choose a password"),
            (HowToSignIn.PASSWORD, "Set this password and hand it over yourself"),
        ],
        initial=HowToSignIn.LINK,
        widget=forms.RadioSelect,
    )
    password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Only if you set it yourself.",
    )

    class Meta:
        model = User
        fields = ["name", "email"]

    @property
    def sends_link(self) -> bool:
        return self.cleaned_data.get("how") == self.HowToSignIn.LINK

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.cleaned_data.get("how") != self.HowToSignIn.PASSWORD:
            return
        try:
            if not self.cleaned_data.get("password"):
                raise ValidationError("Type the password, or choose to send a link.")
            validate_password(self.cleaned_data["password"], self.instance)
        except ValidationError as error:
            self.add_error("password", error)

    def save(self, commit: bool = True) -> User:
        # With a link the password is one that nobody knows: Django sends no link to an account without any.
        password = secrets.token_urlsafe(32) if self.sends_link else self.cleaned_data["password"]
        self.instance.set_password(password)
        return super().save(commit)


class PersonForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


class MembershipInline(ShownOnly, admin.TabularInline):
    model = CompanyMember
    fields = ["company", "erp_integrations_level", "can_push_to_accounting"]
    readonly_fields = ["can_push_to_accounting"]
    show_change_link = True
    extra = 0
    verbose_name_plural = "companies (added and changed under Directory entries)"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user", "company")


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Who is no superuser changes no staff accounts and hands out no permissions: nobody raises themselves."""

    actions = None
    form = PersonForm
    add_form = NewPersonForm
    list_display = ["name", "email", "is_active", "is_staff", "last_login"]
    list_display_links = ["name", "email"]
    list_filter = ["is_active", "is_staff", "company_memberships__company"]
    search_fields = ["name", "email"]
    ordering = ["name", "id"]
    filter_horizontal = ["groups", "user_permissions"]
    readonly_fields = ["last_login", "created_at"]
    fieldsets = [
        (None, {"fields": ["name", "email", "password", "is_active"]}),
        ("Administration", {"fields": ["is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Moments", {"fields": ["last_login", "created_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["name", "email", "how", "password"]})]
    inlines = [MembershipInline]

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return super().get_inlines(request, obj) if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, *ONLY_BY_SUPERUSERS]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_higher = obj is not None and (obj.is_staff or obj.is_superuser)
        return super().has_change_permission(request, obj) and not (is_higher and not _is_superuser(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change and form.sends_link:
            _send_link(request, obj)


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """Groups hand out permissions: superusers alone change them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


def _send_link(request: HttpRequest, person: User) -> None:
    form = PasswordResetForm({"email": person.email})
    if not form.is_valid():
        return
    form.save(
        request=request,
        use_https=request.is_secure(),
        subject_template_name="registration/reset_password_subject.txt",
        email_template_name="registration/reset_password_email.txt",
    )
    messages.info(
        request,
        f"{person.name} gets an e-mail with a link to choose a password. Should it not arrive, "
        "the sign-in page sends another.",
    )
