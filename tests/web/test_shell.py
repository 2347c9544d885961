"""The frame of every page: navigation, flashes, sign-in, error pages, and how amounts and moments are written."""

from __future__ import annotations

import datetime
import json
import re
from decimal import Decimal

import pytest
import time_machine
from django.conf import settings
from django.contrib.messages import SUCCESS
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from directory.models import Company, CompanyMember, Level, User
from directory.sample_accounts import SAMPLE_ACCOUNTS, SAMPLE_PASSWORD
from erpintegrations import moments
from erpintegrations.templatetags import erp_format
from erpintegrations.web.flash import FlashAction, action_of
from erpintegrations.web.icons import icon_names

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.web.shell_urls")]

TEMPLATES = settings.BASE_DIR / "templates"
NOW = datetime.datetime(2026, 11, 23, 14, 5, tzinfo=datetime.UTC)


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann@example.com", "right-password", name="Ann Approver")


@pytest.fixture
def company(ann: User) -> Company:
    company = Company.objects.create(name="Harbor Builders", slug="harbor")
    CompanyMember.objects.create(company=company, user=ann, erp_integrations_level=Level.READ_ONLY)
    return company


@pytest.fixture
def signed_in(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def text_of(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


class TestFrame:
    def test_has_a_skip_link_one_heading_and_a_live_region(self, signed_in):
        page = signed_in.get("/").content.decode()
        assert '<a class="skip-link" href="#main">' in page
        assert page.count("<h1") == 1
        assert re.search(r'id="messages"[^>]+aria-live="polite"', page)

    def test_allows_no_inline_style_or_script(self, signed_in, company):
        page = signed_in.get("/companies/harbor/").content.decode()
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*src=)|\son[a-z]+=", page)

    def test_configures_htmx_for_a_strict_content_policy(self, signed_in):
        page = signed_in.get("/").content.decode()
        config = json.loads(re.search(r"name=\"htmx-config\" content='([^']+)'", page)[1])
        assert config["includeIndicatorStyles"] is False
        assert config["allowEval"] is False

    def test_names_the_company_and_marks_the_page(self, signed_in, company):
        page = signed_in.get("/companies/harbor/erp-integrations/history/").content.decode()
        assert "Harbor Builders" in page
        current = re.findall(r'<a href="([^"]+)" aria-current="page"', page)
        assert set(current) == {"/companies/harbor/erp-integrations/history/"}

    def test_leaves_out_erp_integrations_for_who_may_not_see_it(self, signed_in, company):
        CompanyMember.objects.update(erp_integrations_level=Level.NONE)
        navigation = signed_in.get("/companies/harbor/").context["nav"]
        assert [item.label for item in navigation] == ["Company home", "Commitments", "Sandbox"]

    def test_leads_from_the_navigation_to_the_projects_where_commitments_are(self, signed_in, company):
        [commitments] = [item for item in signed_in.get("/").context["nav"] if item.label == "Commitments"]
        page, anchor = commitments.url.split("#")
        assert page == "/companies/harbor/"
        assert f'id="{anchor}"' in (TEMPLATES / "erpintegrations/company_home.html").read_text(encoding="utf-8")

    def test_offers_a_choice_to_who_belongs_to_several_companies(self, signed_in, ann, company):
        other = Company.objects.create(name="Quay Works", slug="quay")
        CompanyMember.objects.create(company=other, user=ann)
        Company.objects.create(name="Somebody Else's", slug="else")
        page = text_of(signed_in.get("/"))
        assert "Choose a company" in page
        assert "Quay Works" in page
        assert "Somebody Else's" not in page

    def test_links_the_administration_for_staff_only(self, signed_in, ann):
        assert "Administration" not in text_of(signed_in.get("/"))
        User.objects.update(is_staff=True)
        assert "Administration" in text_of(signed_in.get("/"))

    def test_says_that_the_sandbox_is_one(self, signed_in, settings):
        assert "Sandbox: a sample company" in text_of(signed_in.get("/"))
        settings.SANDBOX = False
        assert "sandbox" not in text_of(signed_in.get("/")).lower()

    def test_asks_the_database_three_times_at_most(self, signed_in, company, django_assert_max_num_queries):
        with django_assert_max_num_queries(3):  # session, person, companies
            signed_in.get("/")


class TestFlash:
    def test_shows_text_as_text_with_a_button_that_posts(self, signed_in):
        page = signed_in.get("/say/", follow=True).content.decode()
        assert "Successfully Unlinked" in page
        assert "The commitment &lt;b&gt;SC-1&lt;/b&gt; is still there." in page
        form = re.search(r'<form method="post" action="/undo/">.*?</form>', page, re.S)[0]
        assert "csrfmiddlewaretoken" in form
        assert 'name="next" value="/?a=1&amp;b=2"' in form
        assert 'aria-label="Undo unlink of SC-1042"' in form

    def test_is_shown_once(self, signed_in):
        signed_in.get("/say/", follow=True)
        assert "Successfully Unlinked" not in text_of(signed_in.get("/"))

    @pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "undo/", ""])
    def test_never_posts_to_another_site(self, url):
        with pytest.raises(ValueError, match="path of this site"):
            FlashAction(url, "Undo", "Undo")

    @pytest.mark.parametrize("tags", ["", "safe", "{", "{}", '{"url": "//evil.example/", "label": "", "x": 1}', None])
    def test_ignores_what_is_no_button(self, tags):
        assert action_of(Message(SUCCESS, "Done", extra_tags=tags)) is None


class TestSignIn:
    def sign_in(self, client: Client, password: str = "right-password", **more: str):
        return client.post(reverse("sign_in"), {"username": "Ann@Example.com ", "password": password, **more})

    def test_takes_e_mail_and_password(self, client, ann):
        assert self.sign_in(client).url == "/"
        assert client.get("/").status_code == 200

    def test_says_what_to_check_when_they_do_not_match(self, client, ann):
        page = text_of(self.sign_in(client, "wrong"))
        assert "E-mail address and password do not match." in page

    @pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"])
    def test_never_leads_to_another_site(self, client, ann, address):
        assert self.sign_in(client, next=address).url == "/"

    def test_leads_on_to_the_page_that_was_asked_for(self, client, ann, company):
        asked = client.get("/companies/harbor/")
        assert asked.url == "/sign-in/?next=/companies/harbor/"
        assert self.sign_in(client, next="/companies/harbor/").url == "/companies/harbor/"

    def test_locks_after_ten_wrong_passwords_and_says_until_when(self, client, ann):
        with time_machine.travel(NOW, tick=False):
            answers = [self.sign_in(client, "wrong") for _ in range(10)]
        assert [answer.status_code for answer in answers] == [200] * 9 + [429]
        with time_machine.travel(NOW + datetime.timedelta(minutes=5), tick=False):
            locked = self.sign_in(client)
        assert locked.status_code == 429
        assert locked["Retry-After"] == "600"
        assert "You can try again in 10 minutes (Nov 23, 2026, 2:20 PM UTC)" in text_of(locked)
        with time_machine.travel(NOW + datetime.timedelta(minutes=16), tick=False):
            assert self.sign_in(client).status_code == 302

    def test_another_spelling_of_the_address_is_no_way_round_the_lock(self, client, ann):
        for index in range(10):
            name = f"{'ann@example.com'[:index].upper()}{'ann@example.com'[index:]}{' ' * index}"
            answer = client.post("/sign-in/", {"username": name, "password": "wrong"})
        assert answer.status_code == 429

    def test_the_lock_of_one_person_does_not_lock_another(self, client, ann):
        User.objects.create_user("bob@example.com", "right-password", name="Bob")
        for _ in range(10):
            self.sign_in(client, "wrong")
        answer = client.post("/sign-in/", {"username": "bob@example.com", "password": "right-password"})
        assert answer.status_code == 302

    def test_lists_the_sample_people_only_in_the_sandbox(self, client, settings):
        page = text_of(client.get(reverse("sign_in")))
        assert f"The password of each is {SAMPLE_PASSWORD} ." in page
        for email, may in SAMPLE_ACCOUNTS.items():
            assert f"{email} {may}" in page.replace("&#x27;", "'")
        settings.SANDBOX = False
        assert "example.com" not in text_of(client.get(reverse("sign_in")))

    def test_a_partial_update_after_the_session_ended_takes_the_whole_page_to_sign_in(self, client):
        headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/companies/harbor/?page=2"}
        answer = client.get("/companies/harbor/", headers=headers, follow=True)
        assert answer["HX-Redirect"] == "/sign-in/?next=%2Fcompanies%2Fharbor%2F%3Fpage%3D2"

    def test_signs_out_by_post_only(self, signed_in):
        assert signed_in.get(reverse("sign_out")).status_code == 405
        assert signed_in.get("/").status_code == 200
        assert "You are signed out." in text_of(signed_in.post(reverse("sign_out"), follow=True))
        assert signed_in.get("/").status_code == 302


class TestPasswords:
    def test_a_person_changes_their_own(self, signed_in, ann):
        new = "a-new-and-long-one-71"
        answer = signed_in.post(
            reverse("change_password"),
            {"old_password": "right-password", "new_password1": new, "new_password2": new},
            follow=True,
        )
        assert "Your password was changed." in text_of(answer)
        ann.refresh_from_db()
        assert ann.check_password(new)


class TestErrorPages:
    def test_403_shows_the_sentence_of_the_refusal(self, signed_in):
        answer = signed_in.get("/forbid/")
        assert answer.status_code == 403
        assert "Only an administrator may do this." in text_of(answer)

    def test_a_refusal_says_what_to_do_next_and_leads_there(self, signed_in):
        page = signed_in.get("/refuse/").content.decode()
        assert "You lack the privilege." in page
        assert "Request it." in page
        assert '<a class="btn btn-primary" href="/request/">Request</a>' in page

    def test_404_does_not_tell_whether_it_exists_for_others(self, signed_in):
        Company.objects.create(name="Somebody Else's", slug="else")
        others, none = signed_in.get("/companies/else/"), signed_in.get("/companies/none/")
        assert others.status_code == none.status_code == 404
        assert text_of(others) == text_of(none)

    def test_400_keeps_the_cause_to_itself(self, signed_in):
        answer = signed_in.get("/misread/")
        assert answer.status_code == 400
        assert "secret detail" not in text_of(answer)

    def test_an_unknown_host_gets_a_page_too(self, client):
        answer = client.get("/", headers={"host": "evil.example"})
        assert answer.status_code == 400
        assert "This address or form cannot be read" in text_of(answer)

    def test_405_has_words_and_still_says_what_is_allowed(self, signed_in):
        answer = signed_in.get("/undo/")
        assert answer.status_code == 405
        assert answer["Allow"] == "POST"
        assert "use its button" in text_of(answer)

    def test_500_needs_no_database_and_shows_no_cause(self, client, django_assert_num_queries):
        client.raise_request_exception = False
        with django_assert_num_queries(0):
            answer = client.get("/break/")
        assert answer.status_code == 500
        assert "This is a fault of ours." in text_of(answer)
        assert "secret detail" not in text_of(answer)

    def test_a_form_without_its_token_is_refused_in_plain_words(self, ann):
        client = Client(enforce_csrf_checks=True)
        answer = client.post(reverse("sign_in"), {"username": "ann@example.com", "password": "right-password"})
        assert answer.status_code == 403
        assert "Reload the page and try again." in text_of(answer)

    @pytest.mark.parametrize("address", ["/forbid/", "/refuse/", "/misread/", "/undo/", "/none/"])
    def test_each_has_the_part_that_a_partial_update_shows(self, signed_in, address):
        assert signed_in.get(address).content.decode().count('class="said"') == 1


class TestTemplates:
    def test_name_only_icons_that_are_drawn(self):
        named = {
            name
            for template in TEMPLATES.rglob("*.html")
            for pair in re.findall(
                r'{% icon "([^"]+)"|{% badge (?:"[^"]*"(?:\|\S+)?|\S+) "([^"]+)"', template.read_text(encoding="utf-8")
            )
            for name in pair
            if name
        }
        assert named - icon_names() == set()

    @pytest.mark.parametrize("folder", ["partials", "errors"])
    def test_begin_with_their_contract(self, folder):
        for template in (TEMPLATES / folder).glob("*.html"):
            assert template.read_text(encoding="utf-8").startswith("{# "), template.name

    def test_hold_no_inline_style_or_script(self):
        for template in TEMPLATES.rglob("*.html"):
            text = template.read_text(encoding="utf-8")
            assert not re.search(r"<style|\sstyle=|<script(?![^>]*src=)|\son[a-z]+=", text), template.name


class TestFormats:
    @pytest.mark.parametrize(
        ("amount", "written"),
        [
            (Decimal("1234.5"), "1,234.50"),
            (Decimal("-1234567.891"), "−1,234,567.89"),
            (Decimal("-0.001"), "0.00"),
            (Decimal("0.005"), "0.01"),
            (0, "0.00"),
            (None, "—"),
        ],
    )
    def test_amounts(self, amount, written):
        assert erp_format.money(amount) == written

    def test_amounts_are_never_floats(self):
        with pytest.raises(TypeError):
            erp_format.money(1.5)

    @pytest.mark.parametrize(
        ("minutes", "written"), [(-5, "5 minutes ago"), (12, "in 12 minutes"), (-61, "1 hour ago"), (0, "just now")]
    )
    def test_moments_are_relative_and_exact(self, minutes, written):
        at = NOW + datetime.timedelta(minutes=minutes)
        html = erp_format.moment(at, now=NOW)
        assert f">{written}</time>" in html
        assert f'<time datetime="{at.isoformat()}" title="Nov 23, 2026,' in html
        assert '<span class="exact">(Nov 23, 2026,' in html

    def test_moments_on_a_page_read_as_in_its_sentences(self):
        page = Template("{% load erp_format %}{% moment at 'short' %}")
        for seconds in (*range(-130, 130, 7), *range(-7300, 7300, 599), 90_000):
            at = NOW + datetime.timedelta(seconds=seconds)
            shown = page.render(Context({"at": at, "now": NOW + datetime.timedelta(seconds=0.4)}))
            assert f">{moments.relative(at, NOW + datetime.timedelta(seconds=0.4))}</time>" in shown

    @pytest.mark.parametrize(
        ("seconds", "written"),
        [(0.42, "0.4 s"), (12, "12 s"), (185, "3 min 5 s"), (3840, "1 h 4 min"), (-3, "0.0 s")],
    )
    def test_durations(self, seconds, written):
        assert erp_format.duration(NOW, NOW + datetime.timedelta(seconds=seconds)) == written
        assert erp_format.duration(NOW, None) == "—"

    def test_a_moment_that_never_was_is_a_dash(self):
        assert erp_format.moment(None) == "—"

    def test_a_state_is_icon_and_word_and_text_stays_text(self):
        html = erp_format.badge("In <ERP>", "in-erp", "good")
        assert 'href="/static/icons.svg#in-erp"' in html
        assert "In &lt;ERP&gt;" in html

    @pytest.mark.parametrize(("name", "tone"), [("no-such-icon", "good"), ("check", "no-such-tone")])
    def test_unknown_icons_and_tones_are_faults(self, name, tone):
        with pytest.raises(ValueError, match=r"no-such"):
            erp_format.badge("x", name, tone)

    def test_a_field_ties_its_errors_to_the_control(self, client):
        page = client.post("/sign-in/", {"username": "", "password": "x"}).content.decode()
        assert re.search(r'<input[^>]+name="username"[^>]+aria-describedby="id_username_error"', page)
        assert 'id="id_username_error">This field is required.' in page

    def test_progress_without_a_total_only_shows_that_something_happens(self):
        template = Template('{% include "partials/progress.html" with label="Reading" done=1200 total=total %}')
        assert 'value="1200" max="5000"' in template.render(Context({"total": 5000}))
        assert "value=" not in template.render(Context({"total": None}))
