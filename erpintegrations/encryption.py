"""Secrets at rest: a text field that the database holds only encrypted."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class SecretUnreadable(ImproperlyConfigured):
    """A stored secret cannot be decrypted with any of ENCRYPTION_KEYS: a key is missing or wrong."""


def cipher() -> MultiFernet:
    """The first key encrypts, all of them decrypt: a new key is put in front, an old one kept until re-encrypted."""
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted on its way into the database and decrypted on its way out.

    Raises SecretUnreadable rather than ever handing the ciphertext on as if it were the secret.
    """

    def get_prep_value(self, value: Any) -> Any:
        return cipher().encrypt(str(value).encode()).decode() if value else ""

    def from_db_value(self, value: str | None, *_: Any) -> str:
        if not value:
            return ""
        try:
            return cipher().decrypt(value.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable(
                "A stored secret cannot be read with the keys in ENCRYPTION_KEYS. "
                "Put back the key that it was stored with."
            ) from None
