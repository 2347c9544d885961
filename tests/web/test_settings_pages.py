"""Configure Settings: what is shown and never shown, the second look at another database, two people, the widths."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.models import Activity, Level
from erpintegrations.models import ErpConnection
from tests.factories import CompanyMemberFactory, ErpConnectionFactory, SyncLinkFactory

SECRET = "s3cret-pa55"
BRIDGE_SECRET = "br1dge-pa55" * 3
URL = f"mssql+pymssql://reader:{SECRET}@erp.example.com/Northwind"
OTHER = f"mssql+pymssql://reader:{SECRET}@erp.example.com/Southwind"
TYPED = {
    "label": "Main company",
    "is_enabled": "on",
    "interval_minutes": "60",
    "use_commitment_number": "on",
    "export_method": "entry_sheet",
    "rejection_mail": "each",
}
WAITS = "The setting is saved only after the consequence was shown."


@pytest.fixture
def stored(company) -> ErpConnection:
    return ErpConnectionFactory(company=company, database_url=URL, server="erp", database="northwind", erp_company="42")


@pytest.fixture
def address(company) -> str:
    return reverse("erp_settings", args=[company.slug])


@pytest.fixture
def as_admin(admin) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def hidden_fields(page: str) -> dict[str, str]:
    """What the page's form sends along by itself."""
    inputs = re.findall(r'<input type="hidden"[^>]*>', page)
    named = (re.search(r'name="([^"]+)"', each) for each in inputs)
    values = (re.search(r'value="([^"]*)"', each) for each in inputs)
    return {
        name[1]: value[1].replace("&quot;", '"').replace("&#x27;", "'")
        for name, value in zip(named, values, strict=True)
        if name and value and name[1] != "csrfmiddlewaretoken"
    }


def seen_by(client: Client, address: str) -> dict[str, str]:
    return hidden_fields(client.get(address).content.decode())


def save(client: Client, address: str, **typed: str):
    return client.post(address, {**seen_by(client, address), **TYPED, **typed})


# ---- What is shown ---------------------------------------------------------------------------------------------------


def test_the_page_shows_where_it_reads_and_no_secret(as_admin, stored, address):
    ErpConnection.objects.update(interval_minutes=45, label="Main company")
    page = as_admin.get(address).content.decode()
    assert "Microsoft SQL Server erp.example.com, database Northwind" in page
    assert "northwind" in page
    assert 'value="45"' in page
    assert 'value="Main company"' in page
    assert SECRET not in page
    assert "reader" not in page


def test_its_heading_is_its_name(as_admin, stored, address):
    assert "<h1>Configure Settings</h1>" in as_admin.get(address).content.decode()


def test_the_box_for_the_number_is_called_as_people_know_it(as_admin, stored, address):
    page = as_admin.get(address).content.decode()
    box = re.search(r'<input[^>]*name="use_commitment_number"[^>]*>', page)
    label = re.search(r'<label[^>]*for="([^"]+)"[^>]*>\s*Use commitment number\s*</label>', page)
    assert box
    assert label
    assert f'id="{label[1]}"' in box[0]


def test_it_is_kept_in_no_cache(as_admin, stored, address):
    assert "no-store" in as_admin.get(address)["Cache-Control"]


@pytest.mark.parametrize("person", ["approver", "viewer"])
def test_others_are_told_what_they_lack(client, stored, address, person, request):
    client.force_login(request.getfixturevalue(person))
    answer = client.get(address)
    assert answer.status_code == 403
    assert "This needs Admin on the company&#x27;s ERP Integrations tool" in answer.content.decode()


def test_a_url_that_no_key_opens_is_told_and_breaks_nothing(as_admin, stored, address, settings):
    settings.ENCRYPTION_KEYS = ["YW5vdGhlci1rZXktMDEyMzQ1Njc4OS0wMTIzNDU2Nzg="]
    assert "The stored URL cannot be read" in as_admin.get(address).content.decode()


def test_the_number_of_queries_does_not_grow(client, admin, stored, address, query_count):
    client.force_login(admin)
    before = query_count(address)
    SyncLinkFactory.create_batch(5, connection=stored)
    assert query_count(address) == before


def test_the_tools_pages_lead_to_it(client, as_admin, viewer, stored, company, address):
    client.force_login(viewer)
    for route in ("erp_home", "erp_synced", "erp_ready", "run_list", "history"):
        page = reverse(route, args=[company.slug])
        assert f'href="{address}"' in as_admin.get(page).content.decode()
        assert "Configure Settings" not in client.get(page).content.decode()


# ---- Saving ----------------------------------------------------------------------------------------------------------


def test_saving_says_so_and_changes_what_was_typed(as_admin, stored, address):
    answer = save(as_admin, address, interval_minutes="15", rejection_mail="daily")
    assert answer.status_code == 302
    assert "The settings were saved." in as_admin.get(address).content.decode()
    saved = ErpConnection.objects.get()
    assert (saved.label, saved.interval_minutes, saved.rejection_mail) == ("Main company", 15, "daily")
    assert saved.database_url == URL


def test_a_box_that_is_not_ticked_is_off(as_admin, stored, address):
    typed = {name: value for name, value in TYPED.items() if name not in ("is_enabled", "use_commitment_number")}
    as_admin.post(address, {**seen_by(as_admin, address), **typed})
    saved = ErpConnection.objects.get()
    assert (saved.is_enabled, saved.use_commitment_number) == (False, False)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"interval_minutes": "4"}, "Enter a whole number of minutes, from 5 to 1,440 (once a day)."),
        ({"interval_minutes": "often"}, "Enter a whole number."),
        ({"interval_minutes": "9" * 400}, "Enter a whole number"),
        ({"export_method": "sql"}, "Select a valid choice."),
        ({"export_method": "bridge"}, "Enter the address of the bridge, or choose the entry sheet."),
        (
            {"export_method": "bridge", "new_bridge_secret": SECRET},
            "The secret has 11 characters, and needs at least 32",
        ),
        ({"new_database_url": f"nonsense {SECRET}"}, "cannot be understood"),
        ({"label": "\0"}, "Null characters are not allowed."),
        ({"version": "x", "label": "Main"}, "Please correct"),
    ],
)
def test_what_cannot_be_is_marked_and_nothing_is_saved(as_admin, stored, address, typed, sentence):
    answer = save(as_admin, address, **typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert SECRET not in page
    assert not Activity.objects.exists()


def test_the_bridge_with_its_secret(as_admin, stored, address):
    bridge = {
        "export_method": "bridge",
        "bridge_url": "https://bridge.example.com/",
        "new_bridge_secret": BRIDGE_SECRET,
    }
    assert save(as_admin, address, **bridge).status_code == 302
    assert ErpConnection.objects.get().bridge_secret == BRIDGE_SECRET
    page = as_admin.get(address).content.decode()
    assert BRIDGE_SECRET not in page
    assert "Leave it blank to keep the one that is stored." in page


def test_a_secret_that_was_typed_survives_somebody_elses_mistake_in_another_field(as_admin, stored, address):
    bridge = {"export_method": "bridge", "bridge_url": "", "new_bridge_secret": BRIDGE_SECRET}
    page = save(as_admin, address, **bridge).content.decode()
    assert BRIDGE_SECRET not in page
    assert "It was entered a moment ago" in page
    mended = {
        **hidden_fields(page),
        **TYPED,
        **bridge,
        "new_bridge_secret": "",
        "bridge_url": "https://bridge.example.com/",
    }
    assert as_admin.post(address, mended).status_code == 302
    assert ErpConnection.objects.get().bridge_secret == BRIDGE_SECRET


# ---- Another database ------------------------------------------------------------------------------------------------


def test_another_database_is_saved_only_after_its_consequence_was_shown(as_admin, stored, address):
    SyncLinkFactory.create_batch(3, connection=stored)
    page = save(as_admin, address, new_database_url=OTHER, interval_minutes="30").content.decode()
    assert "Read from another database?" in page
    assert "Microsoft SQL Server erp.example.com, database Southwind" in page
    assert "3 linked commitments are looked for there." in page
    assert SECRET not in page
    assert ErpConnection.objects.get().database_url == URL, WAITS

    as_admin.post(address, {**hidden_fields(page), "step": "confirm"})
    saved = ErpConnection.objects.get()
    assert (saved.database_url, saved.identity, saved.interval_minutes) == (OTHER, None, 30)
    assert saved.is_enabled
    after = as_admin.get(address).content.decode()
    assert "Learned by the next completed sync" in after
    assert "The next sync learns anew who answers there." in after


def test_another_password_alone_is_no_other_database(as_admin, stored, address):
    page = save(as_admin, address, new_database_url=URL.replace(SECRET, "an0ther")).content.decode()
    assert "Save the new way in?" in page
    assert "another database" not in page
    assert "Login, password or encryption are new." in page
    assert page.count("Microsoft SQL Server erp.example.com, database Northwind") == 1
    assert "Which server, database and company must answer is learned anew" in page


def test_going_back_keeps_all_that_was_typed(as_admin, stored, address):
    confirm = save(as_admin, address, new_database_url=OTHER, interval_minutes="30").content.decode()
    page = as_admin.post(address, {**hidden_fields(confirm), "step": "edit"}).content.decode()
    assert 'value="30"' in page
    assert "It was entered a moment ago" in page
    assert ErpConnection.objects.get().interval_minutes == 60, WAITS
    again = as_admin.post(address, {**hidden_fields(page), **TYPED, "interval_minutes": "30"}).content.decode()
    assert "database Southwind" in again


def test_what_is_carried_along_opens_for_nobody_else(client, as_admin, company, stored, address):
    page = save(as_admin, address, new_database_url=OTHER).content.decode()
    client.force_login(CompanyMemberFactory(company=company, erp_integrations_level=Level.ADMIN).user)
    client.post(address, {**hidden_fields(page), "step": "confirm"})
    assert ErpConnection.objects.get().database_url == URL


@pytest.mark.parametrize("sealed", ["x", "gAAAA", "x" * 7000, "é"])
def test_what_is_carried_along_and_was_tampered_with_is_ignored(as_admin, stored, address, sealed):
    answer = save(as_admin, address, sealed=sealed, step="confirm")
    assert answer.status_code == 302
    assert ErpConnection.objects.get().database_url == URL


# ---- Two people ------------------------------------------------------------------------------------------------------


def test_the_second_of_two_people_sees_what_changed_and_loses_nothing(as_admin, admin, stored, address):
    seen = seen_by(as_admin, address)
    save(as_admin, address, interval_minutes="30", label="Theirs")
    answer = as_admin.post(address, {**seen, **TYPED, "label": "Mine", "rejection_mail": "daily"})
    page = re.sub(r"\s+", " ", answer.content.decode())
    assert answer.status_code == 409
    assert "You changed these settings just now" in page
    assert "Yours: saving again puts it in place of theirs" in page
    assert 'value="Mine"' in page
    assert 'value="30"' in page
    assert ErpConnection.objects.get().label == "Theirs"

    merged = {**hidden_fields(page), **TYPED, "label": "Mine", "interval_minutes": "30", "rejection_mail": "daily"}
    assert as_admin.post(address, merged).status_code == 302
    saved = ErpConnection.objects.get()
    assert (saved.label, saved.interval_minutes, saved.rejection_mail) == ("Mine", 30, "daily")


@pytest.mark.parametrize("seen", ["", "x", "[1]", '{"label": 7}', "{}"])
def test_what_was_seen_first_may_be_anything(as_admin, stored, address, seen):
    old = seen_by(as_admin, address)
    save(as_admin, address, label="Theirs")
    answer = as_admin.post(address, {**old, **TYPED, "label": "Mine", "seen": seen})
    assert answer.status_code == 409
    assert ErpConnection.objects.get().label == "Theirs"


# ---- The first connection --------------------------------------------------------------------------------------------


def test_an_admin_connects_the_company(as_admin, company, address):
    home = as_admin.get(reverse("erp_home", args=[company.slug])).content.decode()
    assert f'href="{address}"' in home
    assert f"Connect {company.name}" in as_admin.get(address).content.decode()
    save(as_admin, address, connector_key="sage100", new_database_url=URL)
    made = ErpConnection.objects.get()
    assert (made.company, made.database_url, made.label) == (company, URL, "Main company")
    assert "Test the connection below before the first sync" in as_admin.get(address).content.decode()


def test_connecting_without_a_url_says_what_is_missing(as_admin, company, address):
    answer = save(as_admin, address, connector_key="sage100")
    assert "Enter where the company&#x27;s database is reached." in answer.content.decode()
    assert not ErpConnection.objects.exists()


def test_two_who_connect_at_once_make_one_connection(as_admin, company, address):
    seen = seen_by(as_admin, address)
    save(as_admin, address, connector_key="sage100", new_database_url=URL)
    answer = as_admin.post(address, {**seen, **TYPED, "connector_key": "sage100", "new_database_url": OTHER})
    assert "Read from another database?" in answer.content.decode()
    assert ErpConnection.objects.get().database_url == URL


# ---- Widths ----------------------------------------------------------------------------------------------------------


def widths_of(page: str) -> list[str]:
    return re.findall(r'data-label="Characters">(\d+)<', page)


def test_before_they_are_read_the_published_limits_hold_and_it_says_so(as_admin, stored, address):
    page = as_admin.get(address).content.decode()
    assert widths_of(page) == ["12", "30", "30", "30"]
    assert "Not read from the database yet" in page
    assert page.count("Published limit") == 4


def test_read_again_shows_the_databases_own(as_admin, connection, address, company):
    answer = as_admin.post(reverse("erp_settings_widths", args=[company.slug]), follow=True)
    page = answer.content.decode()
    assert "The widths were read from Sage." in page
    assert widths_of(page)[:2] == ["20", "50"]
    assert "Read from the database" in page
    assert ErpConnection.objects.get().text_widths_read_at is not None


def test_when_it_does_not_answer_the_old_ones_stay(as_admin, connection, sage_company, address, company):
    ErpConnection.objects.update(text_widths={"number": 20}, text_widths_read_at=timezone.now())
    sage_company.path.unlink()
    read = reverse("erp_settings_widths", args=[company.slug])
    page = as_admin.post(read, headers={"Referer": f"http://testserver{address}"}, follow=True).content.decode()
    assert "The ERP database file is not there." in page
    assert widths_of(page)[0] == "20"


def test_reading_them_without_a_connection_is_refused_in_words(as_admin, company):
    answer = as_admin.post(reverse("erp_settings_widths", args=[company.slug]), follow=True)
    assert "There is no database to read the widths from yet. Set up the connection first." in answer.content.decode()
