"""The ways to ERPs, by the key that a connection stores. A connector is loaded when it is first asked for.

The rest of the product imports from here and from `base`, never a connector's own module.
"""

from __future__ import annotations

from collections.abc import Callable

from erpintegrations.connectors.base import Connector, ConnectorFactory, NeedsAttention, Wording

DEFAULT_CONNECTOR = "sage100"


def _sage100(database_url: str) -> Connector:
    from erpintegrations.connectors.sage100 import Sage100Connector

    return Sage100Connector(database_url)


def _sage100_wording() -> Wording:
    from erpintegrations.connectors.sage100 import WORDING

    return WORDING


CONNECTORS: dict[str, ConnectorFactory] = {"sage100": _sage100}
_WORDINGS: dict[str, Callable[[], Wording]] = {"sage100": _sage100_wording}


def connector_for(database_url: str, key: str = DEFAULT_CONNECTOR) -> Connector:
    """This function will build the connector to the database behind the URL (secret); it does not connect yet.

    Raises NeedsAttention when there is no such connector or the URL cannot be understood.
    """
    if key not in CONNECTORS:
        raise NeedsAttention(
            "The connection names an ERP that this product does not know.",
            remedy=f"Choose one of these in the connection's settings: {', '.join(sorted(CONNECTORS))}.",
            cause="unknown connector",
        )
    return CONNECTORS[key](database_url)


def wording_for(key: str = DEFAULT_CONNECTOR) -> Wording:
    """This function will tell how pages speak of an ERP, without a way to it. Raises KeyError for an unknown one."""
    return _WORDINGS[key]()
