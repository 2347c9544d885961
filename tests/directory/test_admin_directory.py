"""Companies, projects, people and levels in the administration."""

import re
import smtplib

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse

from directory.models import Activity, Company, CompanyMember, Project, ProjectMember, User, Verb
from tests.directory.conftest import permission
from tests.factories import CompanyFactory, CompanyMemberFactory, ProjectFactory, ProjectMemberFactory, UserFactory

pytestmark = pytest.mark.django_db


def address(model: str, page: str, *arguments) -> str:
    return reverse(f"admin:directory_{model}_{page}", args=arguments)


def password_page(person: User) -> str:
    return reverse("admin:auth_user_password_change", args=[person.pk])


def log_of(person: User) -> list[tuple[User, str]]:
    """The administration's own log about a person, oldest first."""
    entries = LogEntry.objects.filter(object_id=str(person.pk), content_type__model="user").order_by("pk")
    return [(entry.user, entry.get_change_message()) for entry in entries]


class BrokenServer(EmailBackend):
    """A mail server that refuses the mail."""

    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


def errors_of(response) -> str:
    return " ".join(str(error) for group in response.context["errors"] for error in group)


def shown_inline(prefix: str) -> dict[str, str]:
    """What the browser sends along for a table that only shows."""
    return {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}


class TestTheWayIn:
    def test_strangers_sign_in_on_the_products_own_page_and_come_back(self, client):
        response = client.get(reverse("admin:directory_user_changelist"), follow=True)

        last, _ = response.redirect_chain[-1]
        assert last == f"{reverse('sign_in')}?next={reverse('admin:directory_user_changelist')}"

    def test_the_administrations_own_form_takes_no_password(self, client, superuser):
        response = client.post(reverse("admin:login"), {"username": superuser.email, "password": "demo"})

        assert response.status_code == 302
        assert response["Location"].startswith(reverse("sign_in"))
        assert "_auth_user_id" not in client.session

    def test_who_is_no_staff_is_told_so(self, client):
        client.force_login(UserFactory())

        response = client.get(reverse("admin:index"), follow=True)

        assert response.status_code == 403
        assert "The administration is for staff" in response.content.decode()
        assert response.content.decode().count("Ask an administrator") == 1

    @pytest.mark.parametrize(
        "place", ["https://evil.example/", "//evil.example", "/admin/login/", "javascript:alert(1)"]
    )
    def test_leads_nowhere_else(self, as_superuser, place):
        response = as_superuser.get(reverse("admin:login"), {"next": place})

        assert (response.status_code, response["Location"]) == (302, reverse("admin:index"))

    def test_signing_out_leads_to_the_sign_in_page(self, as_superuser):
        response = as_superuser.post(reverse("admin:logout"))

        assert (response.status_code, response["Location"]) == (302, reverse("sign_in"))

    def test_pages_obey_the_content_security_policy(self, as_superuser):
        response = as_superuser.get(reverse("admin:index"))

        assert "default-src 'self'" in response["Content-Security-Policy"]
        page = response.content.decode()
        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick=" not in page

    def test_no_page_runs_arbitrary_code_or_shows_what_was_typed_as_a_password(self, as_superuser):
        page = as_superuser.get(reverse("admin:index")).content.decode()

        assert "django_q" not in page
        assert "accessfailurelog" not in page


@pytest.mark.parametrize(
    "name",
    [
        "directory_company", "directory_project", "directory_user", "directory_companymember",
        "directory_projectmember", "directory_privilegerequest", "directory_activity", "commitments_vendor",
        "commitments_costcode", "commitments_costtype", "commitments_commitment", "erpintegrations_erpconnection",
        "axes_accessattempt", "auth_group",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "query", ["", "?q=oak", "?q=%00", "?o=99.-1.x", "?p=999999", "?state=%00&company__id__exact=x"]
)
def test_every_list_opens_whatever_the_address_says(as_superuser, name, query):
    response = as_superuser.get(reverse(f"admin:{name}_changelist") + query, follow=True)

    assert response.status_code == 200


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
        settings.EMAIL_BACKEND = "tests.directory.test_admin_directory.BrokenServer"

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


class TestLevels:
    def test_a_directory_entry_is_added_and_recorded(self, as_granter, granter, company):
        person = UserFactory(name="Nora New")
        data = {"company": company.pk, "user": person.pk, "erp_integrations_level": 2}

        response = as_granter.post(address("companymember", "add"), data)

        assert response.status_code == 302
        member = CompanyMember.objects.get(user=person)
        entry = Activity.objects.get(verb=Verb.LEVEL_CHANGED)
        assert (member.erp_integrations_level, entry.actor, entry.subject_id) == (2, granter, member.pk)
        assert entry.before == {"erp_integrations_level": "Not a member"}
        assert entry.after == {"erp_integrations_level": "Standard"}

    def test_a_person_is_in_a_company_once(self, as_granter, member):
        data = {"company": member.company_id, "user": member.user_id, "erp_integrations_level": 2}

        response = as_granter.post(address("companymember", "add"), data)

        assert "already exists" in errors_of(response)

    def test_a_changed_level_is_recorded_with_before_and_after(self, as_granter, member):
        as_granter.post(address("companymember", "change", member.pk), {"erp_integrations_level": 3})

        member.refresh_from_db()
        entry = Activity.objects.get(verb=Verb.LEVEL_CHANGED)
        assert member.erp_integrations_level == 3
        assert entry.before == {"erp_integrations_level": "Standard"}
        assert entry.after == {"erp_integrations_level": "Admin"}

    def test_the_same_level_again_is_no_history(self, as_granter, member):
        as_granter.post(address("companymember", "change", member.pk), {"erp_integrations_level": 2})

        assert not Activity.objects.exists()

    @pytest.mark.parametrize("level", ["4", "-1", "x", ""])
    def test_there_are_no_other_levels(self, as_granter, member, level):
        response = as_granter.post(address("companymember", "change", member.pk), {"erp_integrations_level": level})

        member.refresh_from_db()
        assert errors_of(response)
        assert member.erp_integrations_level == 2

    def test_an_entry_cannot_be_moved_to_another_company_or_person(self, as_granter, member):
        other = CompanyMemberFactory()
        data = {"company": other.company_id, "user": other.user_id, "erp_integrations_level": 3}

        as_granter.post(address("companymember", "change", member.pk), data)

        moved = CompanyMember.objects.get(pk=member.pk)
        assert (moved.company_id, moved.user_id) == (member.company_id, member.user_id)

    def test_removing_an_entry_takes_the_person_off_the_companys_teams_and_no_others(self, as_granter, member):
        team = ProjectMemberFactory(project__company=member.company, user=member.user, commitments_level=3)
        elsewhere = ProjectMemberFactory(user=member.user)

        page = as_granter.get(address("companymember", "delete", member.pk)).content.decode()
        as_granter.post(address("companymember", "delete", member.pk), {"post": "yes"})

        assert str(team.project) in page
        assert not CompanyMember.objects.filter(pk=member.pk).exists()
        assert list(ProjectMember.objects.filter(user=member.user)) == [elsewhere]
        assert [entry.before for entry in Activity.objects.order_by("id")] == [
            {"commitments_level": "Admin"},
            {"erp_integrations_level": "Standard"},
        ]

    def test_an_entry_with_the_privilege_is_not_removed_before_it_is_revoked(self, as_superuser, member):
        CompanyMember.objects.update(can_push_to_accounting=True)

        response = as_superuser.post(address("companymember", "delete", member.pk), {"post": "yes"})

        assert response.status_code == 403
        assert CompanyMember.objects.filter(pk=member.pk).exists()


class TestProjects:
    def test_a_team_member_is_added_and_recorded(self, as_granter, member):
        project = ProjectFactory(company=member.company)
        data = {"project": project.pk, "user": member.user_id, "commitments_level": 3}

        as_granter.post(address("projectmember", "add"), data)

        assert ProjectMember.objects.get(user=member.user).commitments_level == 3
        entry = Activity.objects.get(verb=Verb.LEVEL_CHANGED)
        assert (entry.project, entry.after) == (project, {"commitments_level": "Admin"})

    def test_who_is_in_another_company_cannot_be_on_the_team(self, as_granter, member):
        project = ProjectFactory(company__name="Southwind")
        data = {"project": project.pk, "user": member.user_id, "commitments_level": 3}

        response = as_granter.post(address("projectmember", "add"), data)

        assert errors_of(response) == (
            "Mia Manager is not in the directory of Southwind. "
            "Add a directory entry for them first, then add them to the project."
        )
        assert not ProjectMember.objects.exists()

    def test_a_changed_level_is_recorded(self, as_granter, member):
        team = ProjectMemberFactory(project__company=member.company, user=member.user)

        as_granter.post(address("projectmember", "change", team.pk), {"commitments_level": 3})

        entry = Activity.objects.get()
        assert (entry.before, entry.after) == ({"commitments_level": "Read Only"}, {"commitments_level": "Admin"})

    def test_leaving_a_team_is_recorded(self, as_granter, member):
        team = ProjectMemberFactory(project__company=member.company, user=member.user)

        as_granter.post(address("projectmember", "delete", team.pk), {"post": "yes"})

        assert not ProjectMember.objects.exists()
        assert Activity.objects.get().after == {"commitments_level": "Not a member"}

    def test_a_project_stays_in_its_company(self, as_superuser, company):
        project, other = ProjectFactory(), CompanyFactory()
        data = {"company": other.pk, "number": "P-1", "name": "Renamed"} | shown_inline("members")

        as_superuser.post(address("project", "change", project.pk), data)

        saved = Project.objects.get(pk=project.pk)
        assert (saved.name, saved.company) == ("Renamed", project.company)

    def test_a_number_that_the_company_has_already_is_refused_in_words(self, as_superuser, company):
        ProjectFactory(company=company, number="P-1")
        second = ProjectFactory(company=company, number="P-2")

        response = as_superuser.post(address("project", "change", second.pk), {"number": "P-1", "name": "Second"})

        assert "already exists" in errors_of(response)

    def test_companies_and_projects_are_never_deleted(self, as_superuser, company):
        project = ProjectFactory(company=company)

        for model, row in (("company", company), ("project", project)):
            assert as_superuser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403

    def test_a_company_is_added(self, as_superuser):
        as_superuser.post(address("company", "add"), {"name": "Eastwind", "slug": "eastwind"} | shown_inline("members"))

        assert Company.objects.get(slug="eastwind").name == "Eastwind"


class TestHistory:
    def test_is_shown_and_never_written(self, as_superuser, as_granter, member):
        as_granter.post(address("companymember", "change", member.pk), {"erp_integrations_level": 3})
        entry = Activity.objects.get()

        page = as_superuser.get(address("activity", "change", entry.pk))

        assert "Mia Manager at Northwind Builders" in page.content.decode()
        for verb, arguments in (("add", []), ("change", [entry.pk]), ("delete", [entry.pk])):
            answer = as_superuser.post(address("activity", verb, *arguments), {"reason": "forged", "post": "yes"})
            assert answer.status_code == 403
        assert Activity.objects.get() == entry


def test_a_page_posted_as_the_browser_got_it_is_saved(as_superuser, member):
    """The tables that only show are sent along with the rows in them, and refuse nothing."""
    project = ProjectFactory(company=member.company)
    ProjectMemberFactory(project=project, user=member.user)
    for model, row in (("user", member.user), ("company", member.company), ("project", project)):
        page = as_superuser.get(address(model, "change", row.pk)).content.decode()
        sent = dict(re.findall(r'<input type="(?:hidden|text|email)" name="([^"]+)" value="([^"]*)"', page))

        response = as_superuser.post(address(model, "change", row.pk), sent | {"is_active": "on"})

        assert response.status_code == 302, errors_of(response)
