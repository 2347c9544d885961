"""Whether the ERP that answers is the one that the connection was set up with. Pure; called by services and `sync`."""

from __future__ import annotations

from erpintegrations.connectors.base import ErpIdentity, NeedsAttention


def require_same_identity(expected: ErpIdentity | None, found: ErpIdentity, *, erp: str) -> None:
    """This function will see that the same server, database and company answer as before; the first may be any.

    Raises NeedsAttention, which says what differs.
    """
    if expected is None or expected == found:
        return
    pairs = (
        ("server", expected.server, found.server),
        ("database", expected.database, found.database),
        ("company", expected.company, found.company),
    )
    differing = [name for name, before, now in pairs if before != now]
    raise NeedsAttention(
        f"Another {' and '.join(differing)} answered than the one this connection to {erp} was set up with, "
        "so nothing was compared.",
        remedy="Point the connection at the right database again. If the company was moved on purpose, enter the new "
        "database URL in the connection's settings.",
        cause="; ".join(f"{name} is {now}, was {before}" for name, before, now in pairs if before != now),
    )
