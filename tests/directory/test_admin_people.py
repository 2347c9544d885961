"""People in the administration: accounts, sign-in links, and who may do what to whose."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from directory.models import User
from tests.directory.admin_pages import address, errors_of, log_of, password_page, shown_inline
from tests.directory.conftest import permission
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


class TestPeople:
    def test_are_created_without_a_password_and_invited_by_mail(self, as_granter, granter):
        data = {
            "name": "Nora New",
            "email": "Nora@Example.com",
            "password": "chosen-by-somebody-else",
            "how": "password",
        }

        response = as_granter.post(address("user", "add"), data, follow=True)

        person = User.objects.get(email="nora@example.com")
        assert response.status_code == 200
        assert not person.has_usable_password()
        assert [message.to for message in mail.outbox] == [["nora@example.com"]]
        assert log_of(person) == [(granter, "Added."), (granter, "Sent a sign-in link to nora@example.com.")]

    def test_choose_their_password_through_the_link(self, as_granter, client):
        as_granter.post(address("user", "add"), {"name": "Nora New", "email": "nora@example.com"})
        link = re.search(r"http://testserver(/password/reset/\S+)", mail.outbox[0].body)[1]

        page = client.get(link, follow=True)
        passwords = {"new_password1": "a-fine-long-password", "new_password2": "a-fine-long-password"}
        client.post(page.redirect_chain[-1][0], passwords)

        assert User.objects.get(email="nora@example.com").check_password("a-fine-long-password")
        assert not client.get(link, follow=True).context["validlink"]

    def test_are_sent_another_link_with_a_button(self, as_clerk, clerk, member):
        page = as_clerk.get(address("user", "change", member.user_id)).content.decode()
        assert address("user", "sign_in_link", member.user_id) in page

        asked = as_clerk.get(address("user", "sign_in_link", member.user_id))
        assert "mia@example.com" in asked.content.decode()
        assert not mail.outbox
        as_clerk.post(address("user", "sign_in_link", member.user_id))

        assert [message.to for message in mail.outbox] == [["mia@example.com"]]
        assert log_of(member.user) == [(clerk, "Sent a sign-in link to mia@example.com.")]

    def test_links_to_staff_are_sent_by_superusers_alone(self, as_clerk, as_superuser, granter):
        assert as_clerk.post(address("user", "sign_in_link", granter.pk)).status_code == 403
        assert not mail.outbox

        as_superuser.post(address("user", "sign_in_link", granter.pk))

        assert [message.to for message in mail.outbox] == [["gus@example.com"]]

    def test_no_link_is_sent_to_somebody_deactivated(self, as_clerk, member):
        User.objects.filter(pk=member.user_id).update(is_active=False)

        response = as_clerk.post(address("user", "sign_in_link", member.user_id), follow=True)

        assert "Activate them first." in response.content.decode()
        assert not mail.outbox

    def test_no_link_is_written_to_the_log_where_there_is_no_mail_server(self, as_clerk, member, settings, capsys):
        settings.SANDBOX, settings.EMAIL_BACKEND = False, "django.core.mail.backends.console.EmailBackend"

        response = as_clerk.post(address("user", "sign_in_link", member.user_id), follow=True)

        assert "This site has no mail server" in response.content.decode()
        assert "/password/reset/" not in capsys.readouterr().out
        assert log_of(member.user) == []

    def test_a_mail_server_that_fails_is_told_and_the_person_stays(self, as_granter, settings):
        settings.EMAIL_BACKEND = "tests.directory.admin_pages.BrokenServer"

        response = as_granter.post(address("user", "add"), {"name": "N", "email": "n@example.com"}, follow=True)

        assert "The mail server did not take the e-mail to n@example.com." in response.content.decode()
        assert log_of(User.objects.get(email="n@example.com"))[-1][1] == "Added."

    @pytest.mark.parametrize("usable", ["true", "false"])
    def test_staff_set_nobodys_password(self, as_granter, as_clerk, member, usable):
        data = {
            "usable_password": usable, "unset-password": "",
            "password1": "a-fine-long-password", "password2": "a-fine-long-password",
        }  # fmt: skip
        before = User.objects.get(pk=member.user_id).password

        for staff in (as_granter, as_clerk):
            for answer in (staff.get(password_page(member.user)), staff.post(password_page(member.user), data)):
                assert answer.status_code == 403
                assert "Send the person a sign-in link instead" in answer.content.decode()
            assert (
                "password/"
                not in staff.get(address("user", "change", member.user_id)).content.decode().split("<form")[-1]
            )

        assert User.objects.get(pk=member.user_id).password == before

    def test_superusers_set_a_password_where_mail_cannot(self, as_superuser, superuser, member):
        passwords = {"password1": "a-fine-long-password", "password2": "a-fine-long-password"}

        as_superuser.post(password_page(member.user), {"usable_password": "true", "set-password": "", **passwords})

        assert User.objects.get(pk=member.user_id).check_password("a-fine-long-password")
        assert log_of(member.user) == [(superuser, "Changed password.")]

    def test_staff_send_nobodys_link_to_themselves(self, as_granter, member):
        data = {"name": "Mia", "email": "gus@elsewhere.example", "is_active": "on"} | shown_inline(
            "company_memberships"
        )

        as_granter.post(address("user", "change", member.user_id), data)

        person = User.objects.get(pk=member.user_id)
        assert (person.name, person.email) == ("Mia", "mia@example.com")

    def test_what_is_done_to_an_account_is_logged(self, as_superuser, superuser, member):
        data = {"name": member.user.name, "email": member.user.email, "is_staff": "on", "is_superuser": "on"}

        as_superuser.post(address("user", "change", member.user_id), data | shown_inline("company_memberships"))

        said = [message for _, message in log_of(member.user)]
        assert said[:3] == ["Deactivated.", "Marked as staff.", "Made a superuser."]

    def test_have_one_account_for_an_address_however_it_is_written(self, as_superuser):
        UserFactory(email="nora@example.com")

        response = as_superuser.post(address("user", "add"), {"name": "N", "email": "NORA@example.com"})

        assert "already exists" in errors_of(response)

    def test_are_deactivated_and_cannot_sign_in_then(self, as_superuser, member, client):
        client.force_login(member.user)
        data = {"name": member.user.name, "email": member.user.email} | shown_inline("company_memberships")

        as_superuser.post(address("user", "change", member.user_id), data)

        assert not User.objects.get(pk=member.user_id).is_active
        assert client.get(reverse("home")).status_code == 302

    def test_are_never_deleted(self, as_superuser, member):
        response = as_superuser.post(address("user", "delete", member.user_id), {"post": "yes"})

        assert response.status_code == 403
        assert User.objects.filter(pk=member.user_id).exists()

    def test_show_their_companies_with_level_and_privilege(self, as_superuser, member):
        page = as_superuser.get(address("user", "change", member.user_id)).content.decode()

        assert "Northwind Builders" in page
        assert "Can Push to Accounting" in page

    def test_who_keeps_the_directory_raises_nobody_to_staff(self, as_clerk, clerk, member):
        data = {
            "name": "Renamed", "email": member.user.email, "is_active": "on", "is_staff": "on", "is_superuser": "on",
            "user_permissions": [permission("grant_can_push_to_accounting").pk], **shown_inline("company_memberships"),
        }  # fmt: skip

        as_clerk.post(address("user", "change", member.user_id), data)

        person = User.objects.get(pk=member.user_id)
        assert (person.name, person.is_staff, person.is_superuser) == ("Renamed", False, False)
        assert not person.user_permissions.exists()

    def test_who_keeps_the_directory_does_not_take_over_staff_accounts(self, as_clerk, clerk, superuser):
        for person in (superuser, clerk):
            data = {"name": "Mine", "email": "mine@example.com"}
            assert as_clerk.post(address("user", "change", person.pk), data).status_code == 403
            passwords = {"password1": "a-fine-long-password", "password2": "a-fine-long-password"}
            change_password = reverse("admin:auth_user_password_change", args=[person.pk])
            assert as_clerk.post(change_password, passwords).status_code == 403
            person.refresh_from_db()
            assert person.check_password("demo")
