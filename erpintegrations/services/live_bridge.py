"""The bridge that a connection names. Services alone import this."""

from __future__ import annotations

from collections.abc import Callable

from erpintegrations.connectors.base import NeedsAttention
from erpintegrations.connectors.bridge import CHECK_SETTINGS, Bridge, HttpBridge
from erpintegrations.encryption import SecretUnreadable
from erpintegrations.models import ErpConnection

BridgeOf = Callable[[ErpConnection], Bridge]


def bridge_of(connection: ErpConnection) -> Bridge:
    """This function will build the connection's bridge; it does not ask it anything yet. Raises NeedsAttention."""
    if not connection.bridge_url:
        raise NeedsAttention(
            "The connection has no address of a bridge.", remedy=CHECK_SETTINGS, cause="no bridge address"
        )
    try:
        secret = connection.bridge_secret
    except SecretUnreadable:
        raise NeedsAttention(
            "The stored secret of the bridge cannot be read.",
            remedy="Ask whoever runs this site to put back the encryption key that it was stored with, or enter the "
            "secret again in the connection's settings.",
            cause="no encryption key fits",
        ) from None
    return HttpBridge(connection.bridge_url, secret)
