"""People: created without a password, invited by a link in an e-mail, deactivated and never deleted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from directory.admin.patterns import ShownOnly
from directory.models import CompanyMember, User
from directory.sign_in_links import mail_goes_out, send_invitation

# The address too: whoever changes it can have the person's sign-in link sent to themselves.
ONLY_BY_SUPERUSERS = ("email", "is_staff", "is_superuser", "groups", "user_permissions")
# What the administration's log says of them: once set, and once cleared.
LOGGED = {
    "is_active": ("Activated.", "Deactivated."),
    "is_staff": ("Marked as staff.", "Is staff no longer."),
    "is_superuser": ("Made a superuser.", "Is a superuser no longer."),
}


class NewPersonForm(forms.ModelForm):
    """Without a password: the person chooses it, through a link in an e-mail, so that nobody else ever knows it."""

    class Meta:
        model = User
        fields = ["name", "email"]

    def save(self, commit: bool = True) -> User:
        self.instance.set_unusable_password()
        person: User = super().save(commit)
        return person


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
    """Staff keep people, and cannot act as them: passwords and addresses are changed by superusers alone.

    Who is no superuser changes no staff accounts and hands out no permissions: nobody raises themselves.
    """

    actions = None
    form = PersonForm
    add_form = NewPersonForm
    change_form_template = "admin/directory/person.html"
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
    add_fieldsets = [
        (
            None,
            {
                "fields": ["name", "email"],
                "description": "The person gets an e-mail with a link, and chooses a password with it.",
            },
        )
    ]
    inlines = [MembershipInline]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.send_link_view)
        return [path("<int:person_id>/sign-in-link/", view, name="directory_user_sign_in_link"), *super().get_urls()]

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return super().get_inlines(request, obj) if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or _is_superuser(request):
            return fieldsets
        return [
            (title, options | {"fields": [field for field in options["fields"] if field != "password"]})
            for title, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None or _is_superuser(request) else [*fields, *ONLY_BY_SUPERUSERS]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_higher = obj is not None and (obj.is_staff or obj.is_superuser)
        return super().has_change_permission(request, obj) and not (is_higher and not _is_superuser(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        if not _is_superuser(request):
            raise PermissionDenied(
                "Only superusers set somebody else's password. Send the person a sign-in link instead, "
                "from their page: they choose the password themselves."
            )
        return super().user_change_password(request, id, form_url)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        response = super().add_view(request, form_url, extra_context)
        # Once the person is saved: a mail server may take its time, and the database must not wait for it.
        created = getattr(request, "created_person", None)
        if created is not None:
            self._send_link(request, created)
        return response

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            request.created_person = obj  # type: ignore[attr-defined]
            return
        for name, (when_set, when_cleared) in LOGGED.items():
            if name in form.changed_data:
                self.log_change(request, obj, when_set if getattr(obj, name) else when_cleared)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        person = kwargs.get("obj")
        if person is not None and person.is_active and self.has_change_permission(request, person):
            context["sign_in_link_url"] = reverse("admin:directory_user_sign_in_link", args=[person.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def send_link_view(self, request: HttpRequest, person_id: int) -> HttpResponse:
        """Asks, then sends. Raises PermissionDenied for staff accounts, which superusers alone touch."""
        person = self.get_object(request, str(person_id))
        if person is None:
            messages.error(request, "This person does not exist any more.")
            return redirect("admin:directory_user_changelist")
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        back = reverse("admin:directory_user_change", args=[person.pk])
        if not person.is_active:
            messages.error(request, f"{person.name} is deactivated and cannot sign in. Activate them first.")
            return redirect(back)
        if request.method == "POST":
            self._send_link(request, person)
            return redirect(back)
        title = "Send a sign-in link"
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(
            request,
            "admin/directory/send_sign_in_link.html",
            context | {"person": person, "object_name": person.name, "back": back},
        )

    def _send_link(self, request: HttpRequest, person: User) -> None:
        if not mail_goes_out():
            messages.warning(
                request,
                f"This site has no mail server, so {person.name} gets no e-mail. A superuser sets a first password on "
                "the person's page; whoever runs this site sets up mail with EMAIL_URL.",
            )
            return
        try:
            send_invitation(person=person, origin=request.build_absolute_uri("/"))
        except OSError:
            messages.error(
                request,
                f"The mail server did not take the e-mail to {person.email}. Try again in a few minutes, "
                "with 'Send a sign-in link' on the person's page.",
            )
            return
        self.log_change(request, person, f"Sent a sign-in link to {person.email}.")
        messages.info(
            request,
            f"{person.name} gets an e-mail with a link to choose a password. Should it not arrive, "
            "send another with 'Send a sign-in link' on the person's page.",
        )


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
