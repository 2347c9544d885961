"""The sample company's books: its file in Sage's shape, and what accounting does in it between the two first syncs."""

from __future__ import annotations

import datetime
import random
import uuid
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sandbox import sage_desk, sage_records
from sandbox import sage_tables as tables
from sandbox import sample_names as names
from sandbox.sage_desk import ChangedLine, NewLine
from sandbox.sage_file import PURCHASE_ORDER, SUBCONTRACT, backup_path
from sandbox.sample_plan import DRIFTS, SEED, Drift, Fate, Plan, Planned

WORKING_DAY_STARTS = datetime.time(9, 30)
RETAINAGE = Decimal("5.00")
MOVED = Decimal("2500.00")


def write_books(path: Path, plan: Plan) -> None:
    """This function will write the company's file anew, in place of any there; it appears only when it is whole."""
    unfinished = Path(f"{path}.building")
    for leftover in (unfinished, Path(f"{unfinished}.new"), aside_path(path)):
        _remove(leftover)
    tables.create_company(unfinished)
    with tables.company_engine(unfinished).begin() as connection:
        _write_masters(connection, plan)
        _write_commitments(connection, plan)
    _remove(backup_path(path))
    _remove(path)
    unfinished.rename(path)


def aside_path(path: Path) -> Path:
    """Where the file lies while the set-up has it out of reach."""
    return Path(f"{path}.aside")


def accounting_goes_on(path: Path, plan: Plan, *, now: datetime.datetime) -> None:
    """This function will do at Sage's desk what becomes of some records: deleted, voided, invoiced, purged, changed."""
    for planned in plan.with_fate(Fate.DELETED):
        sage_desk.delete_subcontract(path, _recnum(path, planned), now=now)
    for planned in plan.with_fate(Fate.VOIDED):
        sage_desk.void_purchase_order(path, _recnum(path, planned), now=now)
    for planned in plan.with_fate(Fate.INVOICED):
        part = (planned.amount * Decimal("0.4")).quantize(Decimal(100), ROUND_DOWN)
        sage_desk.set_invoiced_amount(path, planned.kind, _recnum(path, planned), part, now=now)
    sage_desk.remove_refused_closed_jobs(path, only={names.REMOVED_JOB}, now=now)
    for planned in plan.linked:
        if planned.number in DRIFTS:
            _change(path, planned, DRIFTS[planned.number], now)


def _change(path: Path, planned: Planned, drift: Drift, now: datetime.datetime) -> None:
    """What accounting keyed in differently: the first line for more, another vendor, or money moved between lines."""
    recnum = _recnum(path, planned)
    record, there = sage_records.read_record(path, planned.kind, recnum)
    amounts = [line.amount for line in there]
    if drift is not Drift.VENDOR:
        amounts[0] += MOVED
    if drift is Drift.LINES:
        amounts[1] -= MOVED
    sage_desk.change_record(
        path,
        planned.kind,
        recnum,
        number=record.number,
        vendor=record.vendor + 1 if drift is Drift.VENDOR else record.vendor,
        description=record.description,
        lines=[_changed_line(line, amount) for line, amount in zip(there, amounts, strict=True)],
        now=now,
    )


def _changed_line(line: sage_records.Line, amount: Decimal) -> ChangedLine:
    new = NewLine(
        description=line.description, amount=amount, cost_code=line.cost_code, cost_type=line.cost_type_number
    )
    return ChangedLine(number=line.number, line=new)


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{ending}").unlink(missing_ok=True)


def _recnum(path: Path, planned: Planned) -> int:
    return sage_desk.recnum_of(path, planned.kind, planned.number)


def _write_masters(connection: sa.Connection, plan: Plan) -> None:
    for table, rows in (
        (tables.cstcde, [{"recnum": Decimal(code), "cdenme": name} for code, name in names.COST_CODES.items()]),
        (tables.csttyp, [{"recnum": number, "typnme": name} for number, name in names.COST_TYPES.items()]),
        (
            tables.actpay,
            [{"recnum": number, "vndnme": name, "shtnme": name[:30]} for number, name in plan.vendors.items()],
        ),
        (
            tables.actrec,
            [
                {"recnum": job.number, "jobnme": job.name, "shtnme": job.name[:30], "status": job.status}
                for job in names.SAGE_JOBS
            ],
        ),
    ):
        connection.execute(sa.insert(table), rows)


def _write_commitments(connection: sa.Connection, plan: Plan) -> None:
    chance = random.Random(SEED)  # noqa: S311  the same identities every time, nothing secret
    recnums = {SUBCONTRACT: 0, PURCHASE_ORDER: 0}
    rows: dict[sa.Table, list[dict[str, Any]]] = {
        table: [] for table in (tables.subcon, tables.sbcnln, tables.pchord, tables.pcorln)
    }
    by_age = sorted((*plan.linked, *plan.in_sage_alone), key=lambda planned: (planned.contract_date, planned.number))
    for planned in (*by_age, *plan.keyed_in_by_hand):
        recnums[planned.kind] += 1
        identity = str(uuid.UUID(int=chance.getrandbits(128), version=4)).upper()
        write = _subcontract if planned.kind == SUBCONTRACT else _purchase_order
        write(rows, recnums[planned.kind], identity, planned)
    for table, values in rows.items():
        connection.execute(sa.insert(table), values)


def _subcontract(rows: dict[sa.Table, list[dict[str, Any]]], recnum: int, identity: str, planned: Planned) -> None:
    # Work that is in Sage alone has been going on: part of it is invoiced, some of it changed.
    invoiced = Decimal("0.25") if not planned.project and recnum % 2 else Decimal(0)
    change = Decimal("1250.00") if not planned.project and not recnum % 2 else Decimal(0)
    lines = [
        {
            **_line(recnum, position, line),
            "amount": line.amount,
            "change": change,
            "cntrct": line.amount + change,
            "billed": _part(line.amount, invoiced),
            "remain": line.amount + change - _part(line.amount, invoiced),
        }
        for position, line in enumerate(planned.lines, start=1)
    ]
    rows[tables.sbcnln] += lines
    rows[tables.subcon].append(
        {
            **_header(recnum, identity, planned),
            "ctcnum": planned.number,
            "condte": planned.contract_date,
            "status": 4,
            "rtnrte": RETAINAGE,
            "invttl": sum(line["billed"] for line in lines),
            "chgttl": change * len(lines),
        }
    )


def _purchase_order(rows: dict[sa.Table, list[dict[str, Any]]], recnum: int, identity: str, planned: Planned) -> None:
    total = planned.amount
    rows[tables.pchord].append(
        {
            **_header(recnum, identity, planned),
            "ordnum": planned.number,
            "orddte": planned.contract_date,
            "status": 1,
            "subttl": total,
            "pchttl": total,
            "pchbal": total,
        }
    )
    rows[tables.pcorln] += [
        {
            **_line(recnum, position, line),
            "linqty": line.quantity,
            "linprc": line.unit_cost,
            "extttl": line.amount,
        }
        for position, line in enumerate(planned.lines, start=1)
    ]


def _header(recnum: int, identity: str, planned: Planned) -> dict[str, Any]:
    keyed_in = datetime.datetime.combine(planned.contract_date + datetime.timedelta(days=3), WORKING_DAY_STARTS)
    return {
        "_idnum": identity,
        "recnum": recnum,
        "vndnum": planned.vendor,
        "jobnum": planned.job,
        "dscrpt": planned.title,
        "insdte": keyed_in,
    }


def _line(recnum: int, position: int, line: Any) -> dict[str, Any]:
    return {
        "recnum": recnum,
        "linnum": position,
        "dscrpt": line.description,
        "cstcde": Decimal(line.cost_code),
        "csttyp": line.cost_type,
    }


def _part(amount: Decimal, share: Decimal) -> Decimal:
    return (amount * share).quantize(Decimal("0.01"))
