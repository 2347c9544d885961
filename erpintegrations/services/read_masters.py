"""Read the ERP's jobs, vendors, cost codes and cost types, and keep what is known of them here up to date.

By differences only: an hourly reading that finds nothing new writes the moment, and nothing else. What is missing is
marked as gone, never deleted; and not even marked when so much is missing that the reading may not be whole.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import structlog
from django.db import transaction

from directory.activity import Entry, record
from directory.models import SubjectType, User, Verb
from erpintegrations.connectors.base import Master, Retryable
from erpintegrations.models import ErpConnection, FoundMaster
from erpintegrations.models.counterparts import COUNTERPARTS
from erpintegrations.models.found_master import order_key_of
from erpintegrations.services.bulk import update_rows
from erpintegrations.services.live_erp import open_erp
from erpintegrations.services.observations import batches
from erpintegrations.services.suggest_masters import refresh_suggestions
from erpintegrations.services.update_counterparts import update_counterparts
from erpintegrations.sync.guard import doubt_masters
from erpintegrations.sync.identity import require_same_identity

logger = structlog.get_logger(__name__)

Kind = FoundMaster.Kind
KEPT = ("name", "short_name", "status")


class _Known(NamedTuple):
    """What is kept of a master: its row, and then what the ERP said of it, in the order of KEPT."""

    pk: int
    gone_at: datetime.datetime | None
    name: str
    short_name: str
    status: str


@dataclass(slots=True)
class MastersRead:
    """What one reading changed: how many were new, changed, gone or back; and why some were not marked as gone."""

    counts: Counter[str] = field(default_factory=Counter)
    doubts: list[str] = field(default_factory=list)


def read_masters(
    *, connection: ErpConnection, now: datetime.datetime, by: User | None = None, accepts_gone: bool = False
) -> MastersRead:
    """This function will read all masters and write what differs from what is known.

    `accepts_gone` marks as gone whatever is missing, however much that is: a person looked, and says so.
    Raises Retryable, also when the connection was pointed elsewhere or read again meanwhile, and NeedsAttention.
    """
    connection = ErpConnection.objects.get(pk=connection.pk)
    identity, connector = open_erp(connection)
    require_same_identity(identity, connector.identity(), erp=connection.wording.short_label)
    masters = connector.masters()
    there = {
        Kind.JOB: masters.jobs,
        Kind.VENDOR: masters.vendors,
        Kind.COST_CODE: masters.cost_codes,
        Kind.COST_TYPE: masters.cost_types,
    }
    result = MastersRead()
    with transaction.atomic():
        connection = _lock(connection, now)
        if connection.has_foreign_counterparts:
            _decide_anew(connection)
        for kind, found in there.items():
            _keep(
                connection,
                kind,
                found,
                result,
                now=now,
                accepts_gone=accepts_gone or connection.has_foreign_counterparts,
            )
        refresh_suggestions(connection)
        doubt = " ".join(result.doubts)
        ErpConnection.objects.filter(pk=connection.pk).update(
            masters_read_at=now, masters_doubt=doubt, counterparts_of=""
        )
        if any(result.counts.values()):
            _record(connection, result, by, now)
    if result.doubts:
        logger.warning("Some masters are missing from the ERP, and are not marked as gone", doubts=result.doubts)
    return result


def _lock(connection: ErpConnection, now: datetime.datetime) -> ErpConnection:
    """One reading writes at a time. What was read from where the connection no longer points, or before another reading
    that has been written meanwhile, is dropped.
    """
    current = ErpConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    is_elsewhere = (current.database_url, current.identity) != (connection.database_url, connection.identity)
    if is_elsewhere or (current.masters_read_at is not None and current.masters_read_at > now):
        raise Retryable(
            "The connection's settings were changed, or a later sync was faster, while jobs, vendors and codes were "
            "read.",
            remedy="Nothing has been changed. Sync again.",
            cause="connection changed during the reading of the masters",
        )
    return current


def _decide_anew(connection: ErpConnection) -> None:
    """What was decided about another of the ERP's companies says nothing of what has the same number in this one."""
    rows = FoundMaster.objects.filter(connection=connection).exclude(state=FoundMaster.State.BROUGHT_IN)
    rows.update(state=FoundMaster.State.UNDECIDED, chosen_id=None, problem="")


def _keep(
    connection: ErpConnection,
    kind: str,
    masters: Iterable[Master],
    result: MastersRead,
    *,
    now: datetime.datetime,
    accepts_gone: bool,
) -> None:
    there = {master.erp_id: master for master in masters if master.erp_id}
    rows = FoundMaster.objects.filter(connection=connection, kind=kind).order_by()
    columns = rows.values_list("erp_id", "pk", "gone_at", *KEPT)
    known = {erp_id: _Known(*row) for erp_id, *row in columns.iterator(chunk_size=5000)}
    living = {erp_id: row.pk for erp_id, row in known.items() if row.gone_at is None}
    missing = [pk for erp_id, pk in living.items() if erp_id not in there]
    doubt = doubt_masters(
        erp=connection.wording.short_label,
        what=str(Kind(kind).label).lower(),
        missing=len(missing),
        known=len(living),
        read=len(there),
    )
    marks_gone = accepts_gone or not doubt
    if marks_gone:
        result.counts["gone"] += _mark_gone(missing, now)
    else:
        result.doubts.append(doubt)
    result.counts["new"] += _add(connection, kind, [there[erp_id] for erp_id in there.keys() - known.keys()], now)
    result.counts += _change([(known[erp_id], there[erp_id]) for erp_id in there.keys() & known.keys()])
    result.counts += update_counterparts(connection, COUNTERPARTS[kind], there, now=now, marks_gone=marks_gone)


def _mark_gone(missing: list[int], now: datetime.datetime) -> int:
    return sum(FoundMaster.objects.filter(pk__in=pks).update(gone_at=now) for pks in batches(missing))


def _add(connection: ErpConnection, kind: str, masters: list[Master], now: datetime.datetime) -> int:
    rows = [
        FoundMaster(
            company_id=connection.company_id,
            connection=connection,
            kind=kind,
            erp_id=master.erp_id,
            order_key=order_key_of(master.erp_id),
            first_seen_at=now,
            **_columns(master),
        )
        for master in masters
    ]
    for batch in batches(sorted(rows, key=lambda row: row.order_key)):
        FoundMaster.objects.bulk_create(batch)
    return len(rows)


def _change(pairs: list[tuple[_Known, Master]]) -> Counter[str]:
    """Only what the ERP says of them: what a person decided meanwhile is not touched."""
    changed: list[tuple[Any, ...]] = []
    counts = Counter[str]()
    for known, master in pairs:
        columns = _columns(master)
        if known[2:] == tuple(columns.values()) and known.gone_at is None:
            continue
        counts["changed" if known.gone_at is None else "back"] += 1
        changed.append((None, *columns.values(), known.pk))
    update_rows(FoundMaster, ("gone_at", *KEPT), changed)
    return counts


def _columns(master: Master) -> dict[str, str]:
    return {"name": master.name[:150], "short_name": master.short_name[:150], "status": master.status[:30]}


def _record(connection: ErpConnection, result: MastersRead, by: User | None, now: datetime.datetime) -> None:
    record(
        Entry(
            company_id=connection.company_id,
            verb=Verb.MASTERS_READ,
            subject_type=SubjectType.CONNECTION,
            subject_id=connection.pk,
            subject_label=connection.wording.label,
            at=now,
            actor=by,
            after={name: count for name, count in result.counts.items() if count},
        )
    )
