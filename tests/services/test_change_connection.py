"""Configure Settings: what is saved, learned anew, told and refused; and what of a database URL may be shown."""

from dataclasses import asdict, replace
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from directory.access import access_for
from directory.models import Activity, Verb
from directory.refusals import NotAllowed
from erpintegrations.connectors import whereabouts
from erpintegrations.models import ErpConnection
from erpintegrations.refusals import ChangedMeanwhile, SettingsNotPossible
from erpintegrations.services.change_connection import ConnectionSettings, change_settings, save_connection
from tests.factories import ErpConnectionFactory

pytestmark = pytest.mark.django_db

URL = "mssql+pymssql://reader:s3cret-pa55@erp.example.com/Northwind"
BRIDGE_SECRET = "br1dge-pa55" * 3
BRIDGE = {"export_method": "bridge", "bridge_url": "https://bridge.example.com/sage"}


@pytest.fixture
def connection(company):
    return ErpConnectionFactory(
        company=company,
        database_url=URL,
        server="erp",
        database="Northwind",
        erp_company="42",
        text_widths={"number": 20},
        text_widths_read_at=timezone.now(),
    )


@pytest.fixture
def change(company, admin):
    """Change settings as the administrator of the tool who saw the connection as it is now."""

    def act(connection=None, *, database_url="", bridge_secret="", seen_version=None, access=None, **changed):
        settings = ConnectionSettings.of(connection) if connection else ConnectionSettings()
        return change_settings(
            connection=connection,
            access=access or access_for(admin, company),
            settings=replace(settings, **changed),
            database_url=database_url,
            bridge_secret=bridge_secret,
            seen_version=(connection.version if connection else 0) if seen_version is None else seen_version,
            now=timezone.now(),
        )

    return act


def stored() -> ErpConnection:
    return ErpConnection.objects.get()


def entry() -> Activity:
    return Activity.objects.filter(verb=Verb.CONNECTION_CHANGED).latest("id")


# ---- What is saved ---------------------------------------------------------------------------------------------------


def test_every_setting_is_saved_and_told_with_before_and_after(change, connection, admin):
    change(
        connection,
        label="Main company",
        is_enabled=False,
        interval_minutes=15,
        use_commitment_number=False,
        rejection_mail="daily",
        bridge_secret=BRIDGE_SECRET,
        **BRIDGE,
    )
    saved = stored()
    assert asdict(ConnectionSettings.of(saved)) == {
        "label": "Main company",
        "is_enabled": False,
        "interval_minutes": 15,
        "export_method": "bridge",
        "bridge_url": "https://bridge.example.com/sage",
        "use_commitment_number": False,
        "rejection_mail": "daily",
    }
    assert (saved.bridge_secret, saved.database_url, saved.version) == (BRIDGE_SECRET, URL, 2)
    assert entry().actor == admin
    assert entry().before == {
        "label": "",
        "hourly_sync": True,
        "interval_minutes": 60,
        "export_method": "Entry sheet: accounting keys it in",
        "bridge_url": "",
        "use_commitment_number": True,
        "rejection_mail": "At once, one each",
    }
    assert entry().after["bridge_secret"] == "changed"
    assert entry().after["interval_minutes"] == 15
    assert "pa55" not in str(Activity.objects.values_list())


def test_blank_secrets_are_kept_and_who_must_answer_with_them(change, connection):
    change(connection, label="Main company")
    saved = stored()
    assert (saved.database_url, saved.database, saved.text_widths) == (URL, "Northwind", {"number": 20})


def test_another_database_is_learned_anew(change, connection):
    change(connection, database_url=URL.replace("Northwind", "Southwind"))
    saved = stored()
    assert saved.identity is None
    assert (saved.text_widths, saved.text_widths_read_at) == ({}, None)
    assert (entry().before, entry().after) == ({}, {"database_url": "changed"})


def test_saving_without_a_change_writes_nothing(change, connection):
    change(connection)
    assert stored().version == 1
    assert not Activity.objects.exists()


def test_a_company_is_connected_for_the_first_time(change, company, admin):
    change(database_url=URL, label="Main company")
    assert (stored().company, stored().database_url, stored().interval_minutes) == (company, URL, 60)
    assert (entry().actor, entry().before) == (admin, {})
    assert entry().after["database_url"] == "set"
    assert "s3cret" not in str(entry().after)


def test_a_url_that_no_key_opens_can_be_replaced(change, connection, settings):
    settings.ENCRYPTION_KEYS = ["YW5vdGhlci1rZXktMDEyMzQ1Njc4OS0wMTIzNDU2Nzg="]
    change(stored(), database_url=URL)
    assert stored().database_url == URL


# ---- What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["approver", "viewer"])
def test_it_needs_admin_on_the_tool(change, connection, company, person, request):
    access = access_for(request.getfixturevalue(person), company)
    with pytest.raises(NotAllowed, match="This needs Admin on the company's ERP Integrations tool"):
        change(connection, access=access, label="Mine")
    assert stored().label == ""


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"interval_minutes": 4}, "Enter a whole number of minutes, from 5 to 1,440 (once a day)."),
        ({"interval_minutes": 1441}, "Enter a whole number of minutes, from 5 to 1,440 (once a day)."),
        ({"export_method": "sql"}, "Choose one of the list."),
        ({"rejection_mail": "never"}, "Choose one of the list."),
        ({"export_method": "bridge"}, "Enter the address of the bridge, or choose the entry sheet."),
        (BRIDGE, "Enter the secret that the bridge was set up with, or choose the entry sheet."),
        ({"database_url": "nonsense"}, "The database URL of the connection cannot be understood."),
        ({"database_url": "postgresql://a:b@c/d"}, "The connection names a kind of database that is not supported."),
    ],
)
def test_what_does_not_hold_together_is_refused_in_words(change, connection, changed, sentence):
    with pytest.raises(SettingsNotPossible) as refused:
        change(connection, **changed)
    assert sentence in refused.value.message
    assert stored().version == 1


@pytest.mark.parametrize("address", ["ftp://bridge", "nonsense", "https://login:pa55@bridge.example.com/"])
def test_an_address_that_is_no_bridges_is_refused_without_repeating_it(change, connection, address):
    with pytest.raises(SettingsNotPossible) as refused:
        change(connection, export_method="bridge", bridge_url=address, bridge_secret=BRIDGE_SECRET)
    assert address not in str(refused.value)
    assert "pa55" not in str(refused.value)


@pytest.mark.parametrize(("length", "is_long_enough"), [(1, False), (31, False), (32, True)])
def test_a_secret_of_the_bridge_is_long(change, connection, length, is_long_enough):
    secret = BRIDGE_SECRET[:length]
    if is_long_enough:
        assert change(connection, bridge_secret=secret, **BRIDGE).bridge_secret == secret
        return
    with pytest.raises(
        SettingsNotPossible, match=f"The secret has {length} characters, and needs at least 32"
    ) as refused:
        change(connection, bridge_secret=secret, **BRIDGE)
    assert "Enter a longer random one" in refused.value.message
    assert stored().version == 1


def test_a_stored_secret_of_the_bridge_is_enough(change, connection):
    change(connection, bridge_secret=BRIDGE_SECRET, **BRIDGE)
    change(stored(), label="Main company")
    assert stored().label == "Main company"


def test_a_new_connection_needs_a_url(change):
    with pytest.raises(SettingsNotPossible, match="Enter where the company's database is reached"):
        change(label="Main company")
    assert not ErpConnection.objects.exists()


def test_the_database_itself_refuses_an_interval_out_of_bounds(connection):
    from django.db import IntegrityError

    with pytest.raises(IntegrityError), transaction.atomic():
        ErpConnection.objects.update(interval_minutes=4)


# ---- Two at once -----------------------------------------------------------------------------------------------------


def test_the_second_of_two_people_is_told_who_was_faster(change, connection, company):
    theirs = stored()
    change(connection, interval_minutes=30)
    with pytest.raises(ChangedMeanwhile, match=r"You changed these settings just now .*in another window"):
        change(theirs, label="Mine")
    assert (stored().interval_minutes, stored().label) == (30, "")


def test_a_company_that_somebody_else_connected_meanwhile_is_not_connected_twice(change, connection):
    with pytest.raises(ChangedMeanwhile, match="connected the company"):
        change(None, database_url=URL)
    assert ErpConnection.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_saves(at_once, connection, admin):
    def save(minutes: int) -> ErpConnection:
        mine = ErpConnection.objects.get()
        return save_connection(
            connection=mine,
            settings=replace(ConnectionSettings.of(mine), interval_minutes=minutes),
            seen_version=1,
            by=admin,
            now=timezone.now(),
        )

    outcomes = at_once(*[partial(save, minutes) for minutes in range(10, 16)])
    saved = [outcome for outcome in outcomes if not isinstance(outcome, ChangedMeanwhile)]
    assert [stored().interval_minutes] == [outcome.interval_minutes for outcome in saved]
    assert Activity.objects.count() == 1


# ---- What may be shown of a URL --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (URL, "Microsoft SQL Server erp.example.com, database Northwind"),
        (
            "mssql+pymssql://u:p@10.1.2.3:1444/Build.It Inc",
            "Microsoft SQL Server 10.1.2.3, port 1444, database Build.It Inc",
        ),
        ("mssql+pymssql://u:p@[fe80::1]/db", "Microsoft SQL Server fe80::1, database db"),
        ("mssql+pymssql://u:p@erp/db?charset=s3cret", "Microsoft SQL Server erp, database db"),
        ("sqlite:////srv/books/company.sqlite3", "SQLite file company.sqlite3"),
    ],
)
def test_the_place_is_told_without_its_secret_parts(url, shown):
    assert whereabouts(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3cret",
        "mssql+pymssql://reader:s3cret@pa55@erp/db",
        "mssql+pymssql://reader:pa@s3cret/word@erp/db",
        "mssql+pymssql://rea/der:s3cret@erp/db",
        "mssql+pymssql://s3cret:x/db",
        "postgresql://u:s3cret@h/db",
        "mssql+pymssql://erp/?s3cret",
        "sqlite://",
        "mssql+pymssql://u:p@erp/s3cret\x00",
    ],
)
def test_what_does_not_look_like_a_name_is_not_shown(url):
    assert "s3cret" not in whereabouts(url)
    assert "pa55" not in whereabouts(url)
