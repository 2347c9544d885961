"""Encrypt every stored secret with the first of ENCRYPTION_KEYS, so that the others can be dropped."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from erpintegrations.encryption import SecretUnreadable
from erpintegrations.models import ErpConnection

SECRETS = ("database_url", "bridge_secret")


class Command(BaseCommand):
    help = "Encrypt the stored secrets of every connection with the first of ENCRYPTION_KEYS. Safe to run at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        unreadable = []
        for pk in ErpConnection.objects.order_by("pk").values_list("pk", flat=True):
            try:
                name = reencrypt(pk)
            except SecretUnreadable:
                unreadable.append(str(ErpConnection.objects.select_related("company").get(pk=pk)))
            else:
                self.stdout.write(f"{name}: encrypted with the first key.")
        if unreadable:
            raise CommandError(
                f"No key opens the secrets of: {', '.join(unreadable)}. Put back the key that they were stored with, "
                "or enter them again in the connection's settings. Drop no key before this command ends well."
            )


@transaction.atomic
def reencrypt(connection_id: int) -> str:
    """This function will write a connection's secrets anew. Raises SecretUnreadable, and then changes nothing."""
    connection = ErpConnection.objects.select_for_update(of=["self"]).select_related("company").get(pk=connection_id)
    for name in SECRETS:
        setattr(connection, name, getattr(connection, name))  # opened with any key, sealed with the first
    connection.save(update_fields=SECRETS)
    return str(connection)
