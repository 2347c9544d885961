"""The ERPs behind one Protocol, by the key that a connection stores. Drivers are imported when first needed.

Nothing in here knows Django's models. The rest of the product imports from here and from `base`, never a connector's
own module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from erpintegrations.connectors.base import Connector, ConnectorFactory, ErpIdentity, NeedsAttention, Wording
from erpintegrations.connectors.checks import Check
from erpintegrations.connectors.sage100 import Sage100Connector
from erpintegrations.connectors.sage100_checks import check_sage100
from erpintegrations.connectors.sage100_wording import WORDING as SAGE100_WORDING
from erpintegrations.connectors.sql_server_address import Encryption, SqlServerAddress
from erpintegrations.connectors.sqlite_file import allow_sqlite_files_in
from erpintegrations.connectors.whereabouts import NOT_SHOWN, whereabouts

CONNECTORS: dict[str, ConnectorFactory] = {"sage100": Sage100Connector}
WORDINGS: dict[str, Wording] = {"sage100": SAGE100_WORDING}
CHECKS: dict[str, Callable[[str, ErpIdentity | None], Iterator[Check]]] = {"sage100": check_sage100}

__all__ = [
    "CHECKS",
    "CONNECTORS",
    "NOT_SHOWN",
    "WORDINGS",
    "Connector",
    "Encryption",
    "SqlServerAddress",
    "Wording",
    "allow_sqlite_files_in",
    "check_database",
    "connector_for",
    "whereabouts",
    "wording_for",
]


def connector_for(key: str, database_url: str) -> Connector:
    """This function will build the connector of this key for a database URL (secret); it does not connect yet.

    Raises NeedsAttention when there is no such connector or the URL cannot be understood.
    """
    if key not in CONNECTORS:
        raise NeedsAttention(
            "The connection names an ERP that this product does not know.",
            remedy=f"Choose one of these in the connection's settings: {', '.join(sorted(CONNECTORS))}.",
            cause="unknown connector",
        )
    return CONNECTORS[key](database_url)


def wording_for(key: str) -> Wording:
    """This function will tell how pages speak of the ERP with this key. Raises KeyError for an unknown one."""
    return WORDINGS[key]


def check_database(key: str, database_url: str, *, expected: ErpIdentity | None = None) -> Iterator[Check]:
    """This function will look, one after another, at everything that reading this database (secret) needs.

    `expected` is who answered before, if anybody did. Raises KeyError for an unknown key, and nothing that has to do
    with the ERP: that is what the checks tell.
    """
    return CHECKS[key](database_url, expected)
