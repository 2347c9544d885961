"""What people would write instead of our sync, for records of which none changed.

Each brings all records of the ERP, as the connector reads them, into a table with the same columns: Django's
`update_or_create` for each row into the links themselves; dlt and dbmerge, whose way is to have tables of their own,
each into one that holds the records already. None of them proves that what is missing is gone, which ours does too.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from django.db import connection, transaction

from benchmarks.data import SyncedCompany, make_synced_company
from benchmarks.database import url_of
from benchmarks.harness import Against, Case, Way
from benchmarks.syncing import sync
from erpintegrations.connectors.base import ErpRecord
from erpintegrations.models import SyncLink
from erpintegrations.services.observations import columns_of_record

SIZES = (10_000, 100_000)
TABLE, KEY = "benchmark_records", "erp_id"
MISSING = [name for name in ("dlt", "dbmerge") if importlib.util.find_spec(name) is None]
SKIPPED = f"Without {' and '.join(MISSING)}: they are in requirements-benchmarks.txt." if MISSING else ""
AMOUNTS = ("amount", "changed_amount", "invoiced_amount")
TYPES = {**dict.fromkeys(AMOUNTS, sa.Numeric(14, 2)), "contract_date": sa.Date(), "updated_at": sa.DateTime()}


def cases(size: int, folder: Path) -> Iterator[Case]:
    synced = make_synced_company(size, folder)
    ways = [Way("update_or_create a row", lambda: _update_or_create(synced))]
    if "dbmerge" not in MISSING:
        ways.append(Way("dbmerge", lambda: _dbmerge(synced)))
    if "dlt" not in MISSING:
        ways.append(Way("dlt merge", lambda: _dlt(synced, folder)))
    yield Case(
        "Nothing changed",
        size,
        ours=Way("sync", lambda: sync(synced.connection.pk)),
        against=[Against(way, target=1.0) for way in ways],
        runs=3 if size <= min(SIZES) else 1,
    )


def _records(synced: SyncedCompany) -> Iterator[ErpRecord]:
    with synced.connection.connector().reading() as reading:
        yield from reading.records()


def _rows(synced: SyncedCompany) -> list[dict[str, Any]]:
    return [asdict(record) | {"kind": str(record.kind)} for record in _records(synced)]


def _update_or_create(synced: SyncedCompany) -> None:
    with transaction.atomic():
        for record in _records(synced):
            SyncLink.objects.update_or_create(
                connection=synced.connection, erp_id=record.erp_id, closed_at=None, defaults=columns_of_record(record)
            )


def _dbmerge(synced: SyncedCompany) -> None:
    from dbmerge import dbmerge

    engine, rows = sa.create_engine(_url()), _rows(synced)
    with dbmerge(engine, data=rows, table_name=TABLE, key=[KEY], data_types=TYPES, delete_mode="delete") as merge:
        merge.exec()
    engine.dispose()


def _dlt(synced: SyncedCompany, folder: Path) -> None:
    os.environ |= {"DLT_DATA_DIR": str(folder / "dlt"), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    import dlt

    if connection.vendor == "postgresql":
        destination: Any = dlt.destinations.postgres(_url_with_a_password())
    else:
        destination = dlt.destinations.sqlalchemy(f"sqlite:///{folder / 'dlt.sqlite3'}")
    pipeline = dlt.pipeline("benchmark", destination=destination, dataset_name="dlt_records", pipelines_dir=str(folder))
    pipeline.run(_rows(synced), table_name=TABLE, write_disposition="merge", primary_key=KEY)


def _url_with_a_password() -> str:
    """dlt does not begin without one; a server that lets in without one never asks for it."""
    settings = connection.settings_dict
    return url_of({**settings, "PASSWORD": settings["PASSWORD"] or "none"}).replace("postgres://", "postgresql://")


def _url() -> str:
    return url_of(connection.settings_dict).replace("postgres://", "postgresql+psycopg://")
