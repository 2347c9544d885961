"""ERP credentials at rest: encrypted, opened only when asked for, and a wrong key is an error, never a password."""

import pytest
from cryptography.fernet import Fernet
from django.db import connection as database
from django.urls import reverse

from erpintegrations.encryption import SecretUnreadable
from erpintegrations.models import ErpConnection
from tests.factories import ErpConnectionFactory, SyncRunFactory

SECRET = "sqlite:////somewhere/with-a-password.sqlite3"

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored():
    return ErpConnectionFactory(database_url=SECRET)


@pytest.fixture
def another_key(settings, stored):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]


def ciphertext() -> str:
    with database.cursor() as cursor:
        cursor.execute("SELECT database_url FROM erpintegrations_erpconnection")
        return cursor.fetchone()[0]


def test_the_database_never_holds_the_secret(stored):
    assert "password" not in ciphertext()
    assert ErpConnection.objects.get().database_url == SECRET


def test_a_wrong_key_is_an_error_not_a_password(another_key):
    with pytest.raises(SecretUnreadable, match="ENCRYPTION_KEYS"):
        _ = ErpConnection.objects.get().database_url


def test_a_wrong_key_keeps_nobody_from_loading_and_saving_the_rest(another_key):
    before = ciphertext()
    connection = ErpConnection.objects.get()
    connection.is_enabled = False
    connection.save()
    assert ciphertext() == before


def test_an_old_key_still_opens_what_it_closed(settings, stored):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    assert ErpConnection.objects.get().database_url == SECRET


def test_a_deferred_secret_is_loaded_when_asked_for(stored):
    assert ErpConnection.objects.defer("database_url").get().database_url == SECRET


def test_the_secret_is_in_no_repr(stored):
    connection = ErpConnection.objects.get()
    assert "password" not in f"{connection!r} {connection.__dict__!r}"


def test_pages_work_with_a_wrong_key(client, viewer, company, settings):
    connection = ErpConnectionFactory(company=company)
    SyncRunFactory(connection=connection)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    client.force_login(viewer)
    for route in ("company_home", "erp_synced", "run_list"):
        assert client.get(reverse(route, args=[company.slug])).status_code == 200
