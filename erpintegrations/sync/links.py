"""The open links of a connection, as `compare` wants them. Called by services."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from erpintegrations.models import SyncLink
from erpintegrations.sync.compare import UPDATED_AT, VALUE_FIELDS, LinkState, Values

CHUNK = 5000
FIELDS = ("id", "erp_id", "version", "presence", *VALUE_FIELDS)


def open_links(connection_id: int) -> Iterator[LinkState]:
    """All open links, one query, in no order.

    Equal values are shared: most links have the same few jobs, vendors, states and zero amounts.
    """
    shared: dict[Any, Any] = {}
    share = shared.setdefault
    links = SyncLink.objects.filter(connection_id=connection_id, closed_at=None).order_by()
    for id, erp_id, version, presence, *values in links.values_list(*FIELDS).iterator(chunk_size=CHUNK):
        number, job, vendor, status, description, amount, changed, invoiced, lines, moment = values
        yield LinkState(
            id,
            erp_id,
            version,
            share(presence, presence),
            (
                number,
                share(job, job),
                share(vendor, vendor),
                share(status, status),
                description,
                amount,
                share(changed, changed),
                share(invoiced, invoiced),
                lines,
                _naive(moment),
            ),
        )


def state_of(link: SyncLink) -> LinkState:
    """One link that was loaded already."""
    values = [getattr(link, name) for name in VALUE_FIELDS]
    values[UPDATED_AT] = _naive(values[UPDATED_AT])
    recorded: Values = tuple(values)
    return LinkState(link.pk, link.erp_id, link.version, link.presence, recorded)


def _naive(moment: datetime.datetime | None) -> datetime.datetime | None:
    return None if moment is None else moment.astimezone(datetime.UTC).replace(tzinfo=None)
