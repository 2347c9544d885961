"""Configure Settings, the boxes for Microsoft SQL Server: one stored URL, faults at their box, and a password that goes
nowhere but where it was entered for.
"""

import html
import re
from dataclasses import replace

import pytest
from django.urls import reverse

from directory.models import Activity
from erpintegrations.connectors import Encryption, SqlServerAddress
from erpintegrations.models import ErpConnection
from tests.connectors.certificates import Authority
from tests.factories import ErpConnectionFactory
from tests.web.test_settings_pages import TYPED, hidden_fields

PASSWORD = "s3cret-pa55"
STORED = SqlServerAddress(
    host="erp.example.com", database="Northwind", login="reader", password=PASSWORD, encryption=Encryption.REQUIRED
)
SHOWN = {"host": "erp.example.com", "database": "Northwind", "encryption": "required", "ca_file": ""}
AGAIN = "Enter it again: the stored one is only ever sent to the server for which it was entered"


@pytest.fixture
def stored(company) -> ErpConnection:
    return ErpConnectionFactory(company=company, database_url=STORED.to_url())


@pytest.fixture
def address(company) -> str:
    return reverse("erp_settings", args=[company.slug])


@pytest.fixture
def as_admin(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def save(as_admin, address):
    """Types into the boxes and saves, as somebody who looks at the form as it is now: the page that comes."""

    def send(*, before=None, step="", **typed):
        seen = hidden_fields(as_admin.get(address).content.decode()) if before is None else hidden_fields(before)
        answer = as_admin.post(address, {**seen, **TYPED, **typed, "step": step})
        return html.unescape(answer.content.decode())

    return send


@pytest.fixture
def confirm(as_admin, address):
    return lambda page: as_admin.post(address, {**hidden_fields(page), "step": "confirm"})


def saved() -> SqlServerAddress:
    return SqlServerAddress.from_url(ErpConnection.objects.get().database_url)


def faults(page: str) -> dict[str, str]:
    return dict(re.findall(r'class="invalid-feedback" id="id_(\w+)_error">([^<]*)<', page))


# ---- What is shown ---------------------------------------------------------------------------------------------------


def test_the_boxes_show_what_is_stored_but_no_login_and_no_password(as_admin, stored, address):
    page = as_admin.get(address).content.decode()
    assert 'value="erp.example.com"' in page
    assert 'value="Northwind"' in page
    assert re.search(r'value="required"[^>]* checked', page)
    assert "reader" not in page
    assert PASSWORD not in page


def test_verified_is_where_it_begins(as_admin, company, address):
    assert re.search(r'value="verified"[^>]* checked', as_admin.get(address).content.decode())


def test_of_another_kind_of_database_the_boxes_are_blank_and_saving_keeps_it(save, company):
    ErpConnectionFactory(company=company, database_url="sqlite:////srv/company.sqlite3")
    save(encryption="verified", label="Ours")
    made = ErpConnection.objects.get()
    assert (made.label, made.database_url) == ("Ours", "sqlite:////srv/company.sqlite3")


def test_saving_what_is_shown_changes_nothing_of_it(save, stored):
    save(**SHOWN, label="Ours")
    made = ErpConnection.objects.get()
    assert (made.label, made.database_url) == ("Ours", STORED.to_url())


# ---- The first connection --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server", "host", "instance", "port"),
    [
        ("erp.example.com", "erp.example.com", "", None),
        (r"ERP01\SAGE100CON", "ERP01", "SAGE100CON", None),
        ("erp.example.com:1434", "erp.example.com", "", 1434),
        ("192.0.2.7,1434", "192.0.2.7", "", 1434),
        ("[2001:db8::7]:1434", "2001:db8::7", "", 1434),
        ("[2001:db8::7]", "2001:db8::7", "", None),
    ],
)
def test_a_server_as_people_write_it(save, as_admin, company, address, server, host, instance, port):
    typed = SHOWN | {"host": server, "new_login": "reader", "new_password": PASSWORD, "connector_key": "sage100"}
    save(**typed)
    assert (saved().host, saved().instance, saved().port) == (host, instance, port)
    assert saved().password == PASSWORD
    again = server.replace(",", ":")
    assert f'value="{again}"' in as_admin.get(address).content.decode()


def test_a_password_of_any_signs_arrives_as_it_was_typed(save, company):
    password = " p@:/?#%é\\;'\" "
    save(**SHOWN, new_login="DOMAIN\\reader", new_password=password, connector_key="sage100")
    assert (saved().login, saved().password) == ("DOMAIN\\reader", password)


def test_verified_with_a_ca_file(save, company, tmp_path):
    ca_file = str(Authority(tmp_path).ca_file)
    typed = SHOWN | {"encryption": "verified", "ca_file": ca_file}
    save(**typed, new_login="reader", new_password=PASSWORD, connector_key="sage100")
    assert (saved().encryption, saved().ca_file) == ("verified", ca_file)


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"host": ""}, "host", "Enter the name or address of the server."),
        ({"host": "erp example"}, "host", "A server's name has letters, digits, dots and hyphens only"),
        ({"host": "erp.example.com:0"}, "host", "A port is a number from 1 to 65535."),
        ({"host": "erp.example.com:99999"}, "host", "A port is a number from 1 to 65535."),
        ({"host": f"erp.example.com:{'9' * 300}"}, "host", "A server's name has letters"),
        ({"host": r"ERP01\SAGE,1433"}, "host", "Give the instance or the port, not both"),
        ({"database": ""}, "database", "Enter the name of the company's database."),
        ({"new_login": ""}, "new_login", "Enter the login that reads the database."),
        ({"new_password": ""}, "new_password", "Enter the password of that login."),
        ({"encryption": "verified", "ca_file": "/nowhere/ca.pem"}, "ca_file", "a file that this program can read"),
        ({"ca_file": "/nowhere/ca.pem"}, "ca_file", "A CA file has a meaning only with verified encryption."),
        ({"encryption": "perhaps"}, "encryption", "Select a valid choice."),
        ({"new_database_url": "sqlite:////srv/x"}, "new_database_url", "Fill in either the boxes above or this"),
    ],
)
def test_what_is_wrong_is_said_at_its_box_and_nothing_is_saved(save, company, typed, field, sentence):
    whole = {**SHOWN, "new_login": "reader", "new_password": PASSWORD, "connector_key": "sage100"}
    page = save(**(whole | typed))
    assert sentence in faults(page)[field]
    assert PASSWORD not in page
    assert not ErpConnection.objects.exists()


def test_nothing_at_all_is_asked_for_at_the_server(save, company):
    page = save(encryption="verified", connector_key="sage100")
    assert faults(page)["host"] == "Enter where the company's database is reached."


def test_login_and_password_survive_a_mistake_in_another_box(save, company):
    typed = {**SHOWN, "connector_key": "sage100"}
    page = save(**(typed | {"database": ""}), new_login="reader", new_password=PASSWORD)
    assert page.count("It was entered a moment ago") == 2
    assert PASSWORD not in page
    assert "reader" not in page
    save(before=page, **typed)
    assert (saved().login, saved().password, saved().database) == ("reader", PASSWORD, "Northwind")


# ---- Another server, another database --------------------------------------------------------------------------------


def test_another_database_of_the_same_server_keeps_login_and_password(save, confirm, stored):
    page = save(**(SHOWN | {"database": "Southwind"}))
    assert "Microsoft SQL Server erp.example.com, database Southwind" in page
    assert saved() == STORED, "Its consequence was not confirmed yet."
    confirm(page)
    assert (saved().database, saved().login, saved().password) == ("Southwind", "reader", PASSWORD)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"host": "evil.example.com"},
        {"host": "erp.example.com:1434"},
        {"host": r"erp.example.com\X"},
        {"encryption": "off"},
        {"encryption": "verified"},
    ],
)
def test_the_stored_password_is_sent_nowhere_else(save, confirm, stored, elsewhere):
    page = save(**(SHOWN | elsewhere))
    assert AGAIN in faults(page)["new_login"]
    assert AGAIN in faults(page)["new_password"]
    assert saved() == STORED
    page = save(**(SHOWN | elsewhere), new_login="reader", new_password="an0ther")
    asked = "Save the new way in?" if "encryption" in elsewhere else "Read from another database?"
    assert asked in page
    confirm(page)
    assert (saved().login, saved().password) == ("reader", "an0ther")


def test_nor_is_it_by_confirming_what_was_never_shown(as_admin, save, stored, address):
    page = save(**(SHOWN | {"host": "evil.example.com"}), step="confirm")
    assert AGAIN in faults(page)["new_password"]
    assert saved() == STORED


def test_the_stored_password_is_not_tried_with_another_login(save, stored):
    assert AGAIN in faults(save(**SHOWN, new_login="sa"))["new_password"]
    assert saved() == STORED


def test_a_new_password_alone_keeps_the_login(save, confirm, stored):
    confirm(save(**SHOWN, new_password="an0ther"))
    assert (saved().login, saved().password) == ("reader", "an0ther")


def test_the_capitals_of_a_servers_name_make_no_other_server(save, confirm, stored):
    confirm(save(**(SHOWN | {"host": "ERP.example.com"})))
    assert (saved().host, saved().password) == ("ERP.example.com", PASSWORD)


def test_a_url_takes_the_place_of_the_boxes(save, confirm, stored):
    confirm(save(**SHOWN, new_database_url="sqlite:////srv/company.sqlite3"))
    assert ErpConnection.objects.get().database_url == "sqlite:////srv/company.sqlite3"


def test_going_back_keeps_what_was_typed(save, as_admin, stored, address):
    page = save(**(SHOWN | {"host": "other.example.com"}), new_login="reader", new_password="an0ther")
    back = as_admin.post(address, {**hidden_fields(page), "step": "edit"}).content.decode()
    assert 'value="other.example.com"' in back
    assert back.count("It was entered a moment ago") == 2
    assert "an0ther" not in back
    assert saved() == STORED


def test_the_history_says_that_it_was_changed_and_not_what_it_is(save, confirm, stored):
    confirm(save(**SHOWN, new_password="an0ther"))
    told = Activity.objects.get()
    assert told.after["database_url"] == "changed"
    assert "an0ther" not in str(told.after)


# ---- Two people ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theirs", [{"host": "evil.example.net"}, {"encryption": Encryption.OFF}])
def test_what_was_typed_for_one_server_is_not_sent_to_another_that_somebody_named(
    as_admin, address, save, confirm, stored, theirs
):
    seen = hidden_fields(as_admin.get(address).content.decode())
    typed = as_admin.post(address, {**seen, **TYPED, **SHOWN, "new_login": "reader2", "new_password": "an0ther"})
    stored.database_url = replace(STORED, **theirs).to_url()
    stored.version += 1
    stored.save()
    page = confirm(typed.content.decode()).content.decode()
    again = "Enter it again: somebody else changed the server, the encryption or the CA file since you typed it."
    assert faults(page) == {"new_login": again, "new_password": again}
    assert "It was entered a moment ago" not in page

    save(before=page, **(SHOWN | theirs))
    assert saved() == replace(STORED, **theirs)


def test_what_somebody_else_saved_meanwhile_is_not_put_back_by_who_did_not_touch_it(save, as_admin, stored, address):
    seen = as_admin.get(address).content.decode()
    ErpConnection.objects.update(version=stored.version + 1)
    theirs = replace(STORED, database="Southwind")
    connection = ErpConnection.objects.get()
    connection.database_url = theirs.to_url()
    connection.save()
    page = save(before=seen, **SHOWN, label="Mine")
    assert "What was changed meanwhile" in page
    assert re.search(r'data-label="Was">Northwind<', page)
    assert re.search(r'data-label="Is now">Southwind<', page)
    assert 'value="Southwind"' in page
    save(before=page, **(SHOWN | {"database": "Southwind"}), label="Mine")
    assert saved().database == "Southwind"
    assert ErpConnection.objects.get().label == "Mine"
