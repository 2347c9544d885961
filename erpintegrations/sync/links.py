"""The open links of a connection, as `compare` wants them. Called by services."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

from erpintegrations.models import Presence, SyncLink
from erpintegrations.sync.among import rows_among
from erpintegrations.sync.compare import GONE, UPDATED_AT, VALUE_FIELDS, LinkState, OpenLinks, Values

CHUNK = 5000
FIELDS = ("id", "erp_id", "version", "presence", *VALUE_FIELDS)


def open_links(connection_id: int) -> OpenLinks:
    """All open links, one query, in no order. Of most, only the fingerprint is kept."""
    present: dict[str, int] = {}
    unsettled: list[int] = []
    gone = 0
    links = SyncLink.objects.filter(connection_id=connection_id, closed_at=None).order_by()
    rows = links.values_list("erp_fingerprint", "id", "presence").iterator(chunk_size=CHUNK)
    for fingerprint, id, presence in rows:
        if presence in GONE:
            gone += 1
        elif fingerprint and presence == Presence.PRESENT:
            present[fingerprint] = id
        else:
            unsettled.append(id)
    return OpenLinks(
        present,
        unsettled,
        gone,
        of_records=partial(_states, connection_id, "erp_id"),
        of_ids=partial(_states, connection_id, "id"),
    )


def _states(connection_id: int, column: str, keys: Collection[str] | Collection[int]) -> Iterator[LinkState]:
    links = SyncLink.objects.filter(connection_id=connection_id, closed_at=None).order_by()
    for some in rows_among(links, column, keys):
        for id, erp_id, version, presence, *values in some.values_list(*FIELDS):
            yield _state(id, erp_id, version, presence, values)


def state_of(link: SyncLink) -> LinkState:
    """One link that was loaded already."""
    values = [getattr(link, name) for name in VALUE_FIELDS]
    return _state(link.pk, link.erp_id, link.version, link.presence, values)


def _state(id: int, erp_id: str, version: int, presence: str, values: list[Any]) -> LinkState:
    values[UPDATED_AT] = _naive(values[UPDATED_AT])
    recorded: Values = tuple(values)
    return LinkState(id, erp_id, version, presence, recorded)


def _naive(moment: datetime.datetime | None) -> datetime.datetime | None:
    return None if moment is None else moment.astimezone(datetime.UTC).replace(tzinfo=None)
