"""The widths of the ERP's texts: learned from the connected database, kept on the connection, used when checking."""

from __future__ import annotations

import datetime
from dataclasses import asdict

import structlog

from erpintegrations.connectors.base import ErpError, TextWidths
from erpintegrations.connectors.errors import ask_within
from erpintegrations.models import ErpConnection
from erpintegrations.selectors.widths import widths_of
from erpintegrations.services import live_erp
from erpintegrations.sync.identity import require_same_identity

logger = structlog.get_logger(__name__)

STALE_AFTER = datetime.timedelta(days=1)


def widths_in_force(*, connection: ErpConnection, now: datetime.datetime) -> TextWidths:
    """This function will tell the widths in force, and learn them anew when they were never read or a day ago.

    When the ERP does not answer, those that were last read stay, or the published limits. Not inside a transaction.
    """
    read_at = connection.text_widths_read_at
    if read_at is None or now - read_at >= STALE_AFTER:
        try:
            return learn_widths(connection=connection, now=now)
        except ErpError as error:
            logger.warning("The widths of the ERP's texts could not be read", cause=error.cause)
    return widths_of(connection)


def learn_widths(*, connection: ErpConnection, now: datetime.datetime) -> TextWidths:
    """This function will read the widths from the ERP, in a few seconds at most, and keep them on the connection.

    Raises Retryable and NeedsAttention; what was read before then stays.
    """
    identity, connector = live_erp.open_erp(connection)
    answered_by, widths = ask_within(live_erp.SECONDS, lambda: (connector.identity(), connector.text_widths()))
    require_same_identity(identity, answered_by, erp=connection.wording.short_label)
    connection.text_widths, connection.text_widths_read_at = asdict(widths), now
    # Only while the connection still points to the same ERP.
    ErpConnection.objects.filter(
        pk=connection.pk, server=connection.server, database=connection.database, erp_company=connection.erp_company
    ).update(text_widths=connection.text_widths, text_widths_read_at=now)
    return widths
