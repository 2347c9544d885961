"""Secrets at rest: a text field that the database holds only encrypted, opened only when it is asked for."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.query_utils import DeferredAttribute


class SecretUnreadable(ImproperlyConfigured):
    """A stored secret cannot be decrypted with any of ENCRYPTION_KEYS: a key is missing or wrong."""


def cipher() -> MultiFernet:
    """The first key encrypts, all of them decrypt: a new key is put in front, an old one kept until re-encrypted."""
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


class Sealed:
    """A secret as the database holds it. Its `repr` shows nothing of it."""

    def __init__(self, ciphertext: str) -> None:
        self.ciphertext = ciphertext

    def open(self) -> str:
        """Raises SecretUnreadable rather than ever handing the ciphertext on as if it were the secret."""
        try:
            return cipher().decrypt(self.ciphertext.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable(
                "A stored secret cannot be read with the keys in ENCRYPTION_KEYS. "
                "Put back the key that it was stored with."
            ) from None


class SealedAttribute(DeferredAttribute):
    """The attribute of a row: opened each time it is read, so that pages that load the row need no key."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        if self.field.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.field.attname])
        value = instance.__dict__[self.field.attname]
        return value.open() if isinstance(value, Sealed) else value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """Text that is encrypted on its way into the database, and decrypted when somebody reads the attribute."""

    descriptor_class = SealedAttribute

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Sealed):
            return value.ciphertext
        return cipher().encrypt(str(value).encode()).decode() if value else ""

    def from_db_value(self, value: str | None, *_: Any) -> Sealed | str:
        return Sealed(value) if value else ""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """What was not touched is written back as it is: saving a row needs no key either."""
        return model_instance.__dict__.get(self.attname, "")
