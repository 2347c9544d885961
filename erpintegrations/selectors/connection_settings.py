"""What Configure Settings shows of a connection beside its form: where it reads, who answered, the widths in force."""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass

from erpintegrations.connectors import whereabouts
from erpintegrations.connectors.base import WIDTH_LABELS
from erpintegrations.encryption import SecretUnreadable
from erpintegrations.models import ConnectionCheck, ErpConnection, SyncLink
from erpintegrations.selectors.connection_checks import latest_check_of
from erpintegrations.selectors.counting import count_up_to_limit
from erpintegrations.selectors.widths import widths_of


@dataclass(frozen=True, slots=True)
class Width:
    """How many characters the ERP keeps of a text. `is_read`: from the database itself, else the published limit."""

    label: str
    characters: int
    is_read: bool


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """`place` is where the database is, without any secret; "" when the stored URL cannot be opened. `database` is what
    answered when it was first read; "" before that.
    """

    place: str
    database: str
    widths: list[Width]
    widths_read_at: datetime.datetime | None
    open_links: int
    latest_check: ConnectionCheck | None

    @property
    def are_widths_read(self) -> bool:
        return any(width.is_read for width in self.widths)


def facts_of(connection: ErpConnection) -> ConnectionFacts:
    in_force = asdict(widths_of(connection))
    read = connection.text_widths
    return ConnectionFacts(
        place=place_of(connection),
        database=connection.database,
        widths=[Width(label, in_force[name], read.get(name) == in_force[name]) for name, label in WIDTH_LABELS.items()],
        widths_read_at=connection.text_widths_read_at,
        open_links=count_up_to_limit(SyncLink.objects.filter(connection=connection, closed_at=None)),
        latest_check=latest_check_of(connection),
    )


def place_of(connection: ErpConnection) -> str:
    """Where the stored URL leads; "" when no key opens it."""
    try:
        return whereabouts(connection.database_url)
    except SecretUnreadable:
        return ""
