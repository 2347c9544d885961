"""The ERPs behind one Protocol. Nothing in here knows Django's models; drivers are imported when first needed."""

from __future__ import annotations

from erpintegrations.connectors.base import Connector, Wording
from erpintegrations.connectors.sage100 import WORDING as SAGE100_WORDING
from erpintegrations.connectors.sage100 import Sage100Connector

CONNECTORS = {"sage100": Sage100Connector}
WORDINGS = {"sage100": SAGE100_WORDING}

__all__ = ["Connector", "Wording", "connector_for", "wording_for"]


def connector_for(key: str, database_url: str) -> Connector:
    """The connector of this key. Raises NeedsAttention when the database URL cannot be understood."""
    return CONNECTORS[key](database_url)


def wording_for(key: str) -> Wording:
    """How pages speak of the ERP with this key."""
    return WORDINGS[key]
