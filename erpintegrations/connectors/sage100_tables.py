"""The tables that `sage100` reads, whether a database has them, and the queries. Only `sage100` imports this.

Columns have no types here: what a driver hands over is made plain by `normalise`, the same for every database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
OPTIONAL: dict[str, tuple[str, ...]] = {"subcon": ("dscrpt",), "pcorln": ("dscrpt",)}

_metadata = sa.MetaData()


def _table(name: str) -> sa.Table:
    return sa.Table(name, _metadata, *map(sa.Column, (*REQUIRED[name], *OPTIONAL.get(name, ()))))


jobs, vendors, cost_codes, cost_types = (_table(name) for name in ("actrec", "actpay", "cstcde", "csttyp"))
subcontracts, subcontract_lines = _table("subcon"), _table("sbcnln")
purchase_orders, purchase_order_lines = _table("pchord"), _table("pcorln")
HEADERS = {CommitmentKind.SUBCONTRACT: subcontracts, CommitmentKind.PURCHASE_ORDER: purchase_orders}
LINES = {CommitmentKind.SUBCONTRACT: subcontract_lines, CommitmentKind.PURCHASE_ORDER: purchase_order_lines}


def check_tables(connection: sa.Connection, schema: str | None) -> frozenset[str]:
    """This function will see that every table and column is there, and say which optional "table.column" are.

    Raises NeedsAttention, which names what is missing.
    """
    inspector = sa.inspect(connection)
    present: set[str] = set()
    for table, columns in REQUIRED.items():
        if not inspector.has_table(table, schema=schema):
            raise NeedsAttention(
                f"The ERP database has no table {table}.",
                remedy="Check that the database URL in the connection's settings names the company's own database, "
                "and that the login may read all of its tables.",
                cause=f"missing table {table}",
            )
        found = {column["name"].lower() for column in inspector.get_columns(table, schema=schema)}
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


def any_row(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table.c.recnum).limit(1)


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
        ]
    else:
        own = [
            (lines.c.dscrpt if "pcorln.dscrpt" in optional else sa.literal("")).label("description"),
            lines.c.linqty.label("quantity"),
            lines.c.linprc.label("price"),
            lines.c.rcvdte.label("received"),  # on a line, unlike on the header, this is a quantity
            lines.c.extttl.label("amount"),
        ]
    query = sa.select(lines.c.recnum.label("parent"), lines.c.linnum, lines.c.cstcde, lines.c.csttyp, *own)
    return query.where(lines.c.recnum.in_(parents)).order_by(lines.c.recnum, lines.c.linnum)


def with_ids(kind: CommitmentKind, source: Source, erp_ids: Iterable[str]) -> sa.ColumnElement[bool]:
    return source.id_in(HEADERS[kind].c["_idnum"], erp_ids)


def with_numbers(kind: CommitmentKind, numbers: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether a record has one of these numbers, which are trimmed and in capitals."""
    header = HEADERS[kind]
    column = header.c.ctcnum if kind is CommitmentKind.SUBCONTRACT else header.c.ordnum
    return sa.func.upper(sa.func.trim(column)).in_(numbers)


def select_records(
    kind: CommitmentKind, source: Source, optional: frozenset[str], chosen: sa.ColumnElement[bool] | None = None
) -> sa.Select[Any]:
    """All records of a kind with the totals of their lines, or only the chosen ones. One shape for both kinds."""
    header = HEADERS[kind]
    of_lines = None if chosen is None else sa.select(header.c.recnum).where(chosen)
    if kind is CommitmentKind.SUBCONTRACT:
        has_description = "subcon.dscrpt" in optional
        lines = _totals(
            source, subcontract_lines, {"amount": "amount", "changed": "change", "invoiced": "billed"}, of_lines
        )
        own = [
            header.c.ctcnum.label("number"),
            (header.c.dscrpt if has_description else sa.literal("")).label("description"),
            header.c.condte.label("contract_date"),
            lines.c.changed,
            lines.c.invoiced,
        ]
    else:
        lines = _totals(source, purchase_order_lines, {"amount": "extttl"}, of_lines)
        own = [
            header.c.ordnum.label("number"),
            header.c.dscrpt.label("description"),
            header.c.orddte.label("contract_date"),
            sa.literal(0).label("changed"),
            header.c.rcvdte.label("invoiced"),  # on the header, unlike on a line, this is an amount
        ]
    query = sa.select(
        *(header.c["_idnum"].label("erp_id"), header.c.recnum, header.c.jobnum, header.c.vndnum, header.c.status),
        *(header.c.insdte, header.c.upddte, lines.c.amount, *own),
        *(lines.c.line_count, lines.c.amount_check, lines.c.code_check, lines.c.type_check),
    ).select_from(header.outerjoin(lines, lines.c.parent == header.c.recnum))
    return query if chosen is None else query.where(chosen)


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
