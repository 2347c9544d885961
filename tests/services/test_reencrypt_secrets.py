"""Changing ENCRYPTION_KEYS: after the command, the old key can be dropped."""

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from erpintegrations.models import ErpConnection
from tests.factories import ErpConnectionFactory

URL = "sqlite:////somewhere/company.sqlite3"

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored():
    return ErpConnectionFactory(database_url=URL, bridge_secret="shared-secret")


def test_after_the_command_the_old_key_can_be_dropped(stored, settings, capsys):
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *settings.ENCRYPTION_KEYS]
    call_command("reencrypt_secrets")
    settings.ENCRYPTION_KEYS = [new]
    connection = ErpConnection.objects.get()
    assert (connection.database_url, connection.bridge_secret) == (URL, "shared-secret")
    assert "encrypted with the first key" in capsys.readouterr().out


def test_a_secret_that_no_key_opens_is_named_and_left_as_it_is(stored, settings):
    kept = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="Drop no key before this command ends well"):
        call_command("reencrypt_secrets")
    settings.ENCRYPTION_KEYS = kept
    assert ErpConnection.objects.get().database_url == URL
