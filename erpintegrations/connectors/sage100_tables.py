"""The tables that `sage100` reads, whether a database has them, and the queries. Only `sage100` imports this.

Columns have no types here: what a driver hands over is made plain by `normalise`, the same for every database.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from erpintegrations.connectors.base import CommitmentKind, NeedsAttention
from erpintegrations.connectors.engines import Source

# What every company's database has. A missing one means another program's database, or another release of this one.
REQUIRED: dict[str, tuple[str, ...]] = {
    "actrec": ("recnum", "jobnme", "shtnme", "status"),
    "actpay": ("recnum", "vndnme", "shtnme"),
    "cstcde": ("recnum", "cdenme"),
    "csttyp": ("recnum", "typnme"),
    "subcon": ("_idnum", "recnum", "ctcnum", "vndnum", "jobnum", "status", "condte", "insdte", "upddte"),
    "sbcnln": (
        *("recnum", "linnum", "dscrpt", "amount", "change", "cntrct", "billed", "remain"),
        *("cstcde", "csttyp"),
    ),
    "pchord": (
        *("_idnum", "recnum", "ordnum", "orddte", "vndnum", "jobnum", "dscrpt", "status", "rcvdte", "cancel"),
        *("subttl", "slstax", "pchttl", "pchbal", "insdte", "upddte"),
    ),
    "pcorln": ("recnum", "linnum", "linqty", "linprc", "extttl", "rcvdte", "cancel", "cstcde", "csttyp"),
}
# What some have. Read where it is there, done without where it is not.
OPTIONAL: dict[str, tuple[str, ...]] = {"subcon": ("dscrpt", "rtnrte"), "pcorln": ("dscrpt",)}

# The amounts in a purchase order's header, in the order of `StatedAmounts`.
STATED = ("subttl", "slstax", "pchttl", "cancel")

_metadata = sa.MetaData()


def _table(name: str) -> sa.Table:
    return sa.Table(name, _metadata, *map(sa.Column, (*REQUIRED[name], *OPTIONAL.get(name, ()))))


jobs, vendors, cost_codes, cost_types = (_table(name) for name in ("actrec", "actpay", "cstcde", "csttyp"))
subcontracts, subcontract_lines = _table("subcon"), _table("sbcnln")
purchase_orders, purchase_order_lines = _table("pchord"), _table("pcorln")
TABLES = _metadata.tables
HEADERS = {CommitmentKind.SUBCONTRACT: subcontracts, CommitmentKind.PURCHASE_ORDER: purchase_orders}
LINES = {CommitmentKind.SUBCONTRACT: subcontract_lines, CommitmentKind.PURCHASE_ORDER: purchase_order_lines}


def check_tables(connection: sa.Connection, source: Source) -> frozenset[str]:
    """This function will see that every table and column is there, and say which optional "table.column" are.

    Raises NeedsAttention, which names what is missing.
    """
    present: set[str] = set()
    there = source.column_names(connection, REQUIRED)
    for table, columns in REQUIRED.items():
        found = there[table]
        if not found:
            raise NeedsAttention(
                f"The ERP database has no table {table}.",
                remedy="Check that the database URL in the connection's settings names the company's own database, "
                "and that the login may read all of its tables.",
                cause=f"missing table {table}",
            )
        for column in columns:
            if column not in found:
                raise NeedsAttention(
                    f"The table {table} of the ERP database has no column {column}.",
                    remedy="Check that the database URL in the connection's settings names the company's own "
                    "database. If it does, report the missing column to the support of this product.",
                    cause=f"missing column {table}.{column}",
                )
        present.update(f"{table}.{column}" for column in OPTIONAL.get(table, ()) if column in found)
    return frozenset(present)


def select_jobs(numbers: Sequence[int] | None = None) -> sa.Select[Any]:
    """The numbers of all jobs, or of those among these that are there."""
    query = sa.select(jobs.c.recnum)
    return query if numbers is None else query.where(jobs.c.recnum.in_(numbers))


def count(table: sa.Table) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(table)


def last_change(table: sa.Table) -> sa.Select[Any]:
    """When a record of this kind was last changed, or added where none was changed since."""
    return sa.select(sa.func.max(sa.func.coalesce(table.c.upddte, table.c.insdte)))


@cache
def any_row(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table.c.recnum).limit(1)


@cache
def count_commitments() -> sa.Select[int, int]:
    """Of each kind, how many there are."""
    return sa.select(*(count(table).scalar_subquery() for table in HEADERS.values()))


def count_ids(source: Source) -> sa.Select[int, int, int]:
    """Over both kinds: how many rows, how many that have an id at all, and how many different ids."""
    each = (sa.select(source.bare_id(table.c["_idnum"]).label("bare_id")) for table in HEADERS.values())
    ids = sa.union_all(*each).subquery()
    return sa.select(
        sa.func.count().label("row_count"),
        sa.func.count(ids.c.bare_id).label("filled_count"),
        sa.func.count(ids.c.bare_id.distinct()).label("id_count"),
    )


def select_lines(kind: CommitmentKind, parents: Sequence[int], optional: frozenset[str]) -> sa.Select[Any]:
    """The lines of these records, in their order. One shape for both kinds."""
    lines = LINES[kind]
    if kind is CommitmentKind.SUBCONTRACT:
        own = [
            lines.c.dscrpt.label("description"),
            lines.c.amount,
            lines.c.change.label("changed"),
            lines.c.billed.label("invoiced"),
            lines.c.cntrct.label("total"),
        ]
    else:
        own = [
            (lines.c.dscrpt if "pcorln.dscrpt" in optional else sa.literal("")).label("description"),
            lines.c.linqty.label("quantity"),
            lines.c.linprc.label("price"),
            lines.c.rcvdte.label("received"),  # on a line, unlike on the header, this is a quantity
            lines.c.cancel.label("cancelled"),
            lines.c.extttl.label("amount"),
        ]
    query = sa.select(lines.c.recnum.label("parent"), lines.c.linnum, lines.c.cstcde, lines.c.csttyp, *own)
    return query.where(lines.c.recnum.in_(parents)).order_by(lines.c.recnum, lines.c.linnum)


def select_retainages(parents: Sequence[int]) -> sa.Select[Any]:
    """Of these subcontracts, where `subcon.rtnrte` is there."""
    return sa.select(subcontracts.c.recnum, subcontracts.c.rtnrte).where(subcontracts.c.recnum.in_(parents))


def select_stated_amounts(parents: Sequence[int]) -> sa.Select[Any]:
    """Of these purchase orders; a subcontract's header has none that every company's database has."""
    header = purchase_orders.c
    return sa.select(header.recnum, *(header[name] for name in STATED)).where(header.recnum.in_(parents))


def with_numbers(kind: CommitmentKind, numbers: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether a record has one of these numbers, which are as `normalise.compared` gives them."""
    header = HEADERS[kind]
    column = header.c.ctcnum if kind is CommitmentKind.SUBCONTRACT else header.c.ordnum
    return sa.func.upper(sa.func.ltrim(sa.func.rtrim(column))).in_(numbers)  # TRIM came with SQL Server 2017


def select_records(
    kind: CommitmentKind, source: Source, optional: frozenset[str], chosen: sa.ColumnElement[bool] | None = None
) -> sa.Select[Any]:
    """All records of a kind with the totals of their lines, or only the chosen ones. The columns are the same for both
    kinds: those of `sage100_records.READERS`, in their order.
    """
    header = HEADERS[kind]
    of_lines = None if chosen is None else sa.select(header.c.recnum).where(chosen)
    if kind is CommitmentKind.SUBCONTRACT:
        lines = _totals(
            source, subcontract_lines, {"amount": "amount", "changed": "change", "invoiced": "billed"}, of_lines
        )
        number, contract_date = header.c.ctcnum, header.c.condte
        description = header.c.dscrpt if "subcon.dscrpt" in optional else sa.literal("")
        changed, invoiced = lines.c.changed, lines.c.invoiced
    else:
        lines = _totals(source, purchase_order_lines, {"amount": "extttl"}, of_lines)
        number, contract_date, description = header.c.ordnum, header.c.orddte, header.c.dscrpt
        changed, invoiced = sa.literal(0), header.c.rcvdte  # on the header, unlike on a line, this is an amount
    query = sa.select(
        *(header.c.recnum, header.c["_idnum"], number, header.c.jobnum, header.c.vndnum, description),
        *(header.c.status, contract_date, lines.c.amount, changed, invoiced, header.c.upddte, header.c.insdte),
        *(lines.c.line_count, lines.c.amount_check, lines.c.code_check, lines.c.type_check),
    ).select_from(header.outerjoin(lines, lines.c.parent == header.c.recnum))
    return query if chosen is None else query.where(chosen)


def select_records_of(kind: CommitmentKind, source: Source, optional: frozenset[str]) -> sa.Select[Any]:
    """The records of a kind with the ids that it is executed with, as `Source.spellings` gives them. Made once for each
    kind of database: it takes longer to make than to ask.
    """
    key = (kind, type(source), optional)
    if key not in _of_ids:
        wanted = sa.bindparam("ids", type_=sa.String(), expanding=True)
        chosen = source.id_in(HEADERS[kind].c["_idnum"], wanted)
        _of_ids[key] = select_records(kind, source, optional, chosen)
    return _of_ids[key]


_of_ids: dict[tuple[CommitmentKind, type[Source], frozenset[str]], sa.Select[Any]] = {}


def _totals(source: Source, lines: sa.Table, sums: dict[str, str], of_parents: sa.Select[Any] | None) -> sa.Subquery:
    totals = [source.total(lines.c[column]).label(name) for name, column in sums.items()]
    totals += [
        sa.func.count().label("line_count"),
        source.weighted(lines.c[sums["amount"]], 2, lines.c.linnum).label("amount_check"),
        source.weighted(lines.c.cstcde, 3, lines.c.linnum).label("code_check"),
        source.weighted(lines.c.csttyp, 0, lines.c.linnum).label("type_check"),
    ]
    query = sa.select(lines.c.recnum.label("parent"), *totals).group_by(lines.c.recnum)
    if of_parents is not None:  # else a look-up of one record would add up everybody's lines
        query = query.where(lines.c.recnum.in_(of_parents))
    return query.subquery("totals")
