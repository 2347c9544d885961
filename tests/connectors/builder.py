"""A small Sage company for tests: `SageCompany(path)` makes the file, its methods do what accountants do.

Every method commits at once. Records are told apart by their `_idnum`, which the methods that add them return in the
canonical form in which the product keeps it. Knows the sample tables, nothing of the product.

    company = SageCompany(tmp_path / "company.sqlite3")
    job, vendor = company.add_job("Town hall"), company.add_vendor("Acme Concrete")
    erp_id = company.add_subcontract("SC-1", job, vendor, lines=[Line(1000), Line(500, billed=200)])
    company.delete(erp_id)
"""

from __future__ import annotations

import datetime
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sandbox.sage_tables import (
    actpay,
    actrec,
    company_engine,
    create_company,
    cstcde,
    csttyp,
    pchord,
    pcorln,
    sbcnln,
    subcon,
)

CONTRACT_DATE = datetime.date(2026, 3, 2)
INSERTED = datetime.datetime(2026, 3, 2, 8, 30)  # noqa: DTZ001  Sage's clock has no zone
LINES_OF = {"subcon": sbcnln, "pchord": pcorln}


@dataclass(frozen=True)
class Line:
    """A line of either kind. `change` and `billed` are only on a subcontract's."""

    amount: Decimal | str | int
    change: Decimal | str | int = 0
    billed: Decimal | str | int = 0
    cost_code: Decimal | str | int = 0
    cost_type: int = 0
    description: str = ""

    @property
    def coded(self) -> dict[str, Any]:
        return {"cstcde": Decimal(self.cost_code), "csttyp": self.cost_type, "dscrpt": self.description}


class SageCompany:
    """A company's file, and what its accountants do to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            create_company(path)
        self.engine = company_engine(path)

    @property
    def database_url(self) -> str:
        url = sa.URL.create("sqlite", database=str(self.path))
        return url.render_as_string(hide_password=False)

    def add_job(self, name: str = "Town hall", *, status: int = 4) -> int:
        """Add a job; its number, which the product knows as text."""
        return self._insert(actrec, jobnme=name, shtnme=name[:30], status=status)

    def add_vendor(self, name: str = "Acme Concrete") -> int:
        return self._insert(actpay, vndnme=name, shtnme=name[:30])

    def add_cost_code(self, code: str, name: str = "Concrete") -> str:
        with self.engine.begin() as connection:
            connection.execute(cstcde.insert().values(recnum=Decimal(code), cdenme=name))
        return code

    def add_cost_type(self, number: int, name: str = "Subcontract") -> int:
        return self._insert(csttyp, recnum=number, typnme=name)

    def change_line(self, erp_id: str, line: int, /, **columns: Any) -> None:
        """Change a line by hand; only its own columns, as a person in Sage's grid would."""
        with self.engine.begin() as connection:
            for table in (subcon, pchord):
                recnums = sa.select(table.c.recnum).where(table.c["_idnum"] == erp_id)
                lines = LINES_OF[table.name]
                values = {name: value for name, value in columns.items() if name in lines.c}
                if values:
                    connection.execute(
                        lines.update().where(lines.c.recnum.in_(recnums), lines.c.linnum == line).values(**values)
                    )

    def add_subcontract(
        self, number: str, job: int, vendor: int = 0, *, lines: Sequence[Line] = (Line(1000),), **columns: Any
    ) -> str:
        erp_id, header = self._header(columns)
        header = {"ctcnum": number, "jobnum": job, "vndnum": vendor, "condte": CONTRACT_DATE, **header}
        with self.engine.begin() as connection:
            recnum = connection.execute(subcon.insert().values(header)).inserted_primary_key[0]
            for linnum, line in enumerate(lines, start=1):
                amount, change, billed = (Decimal(value) for value in (line.amount, line.change, line.billed))
                values = {"amount": amount, "change": change, "cntrct": amount + change, "billed": billed}
                values["remain"] = values["cntrct"] - billed
                connection.execute(sbcnln.insert().values(recnum=recnum, linnum=linnum, **line.coded, **values))
        return erp_id

    def add_purchase_order(
        self,
        number: str,
        job: int,
        vendor: int = 0,
        *,
        lines: Sequence[Line] = (Line(1000),),
        received: Decimal | str | int = 0,
        **columns: Any,
    ) -> str:
        """Add a purchase order; `received` is the amount received so far, which only its header has."""
        erp_id, header = self._header(columns)
        total = sum((Decimal(line.amount) for line in lines), Decimal(0))
        money = {"rcvdte": Decimal(received), "subttl": total, "pchttl": total, "pchbal": total - Decimal(received)}
        header = {"ordnum": number, "jobnum": job, "vndnum": vendor, "orddte": CONTRACT_DATE, **money, **header}
        with self.engine.begin() as connection:
            recnum = connection.execute(pchord.insert().values(header)).inserted_primary_key[0]
            for linnum, line in enumerate(lines, start=1):
                values = {"linqty": 1, "linprc": line.amount, "extttl": line.amount}
                connection.execute(pcorln.insert().values(recnum=recnum, linnum=linnum, **line.coded, **values))
        return erp_id

    def add_many(self, count: int, job: int, *, lines: int = 2) -> list[str]:
        """Add many subcontracts of 100.00 a line at once, for tests of size."""
        with self.engine.begin() as connection:
            first = (connection.scalar(sa.select(sa.func.max(subcon.c.recnum))) or 0) + 1
            recnums = range(first, first + count)
            ids = [str(uuid.uuid4()) for _ in recnums]
            headers = [
                {"recnum": recnum, "_idnum": erp_id.upper(), "ctcnum": f"M-{recnum}", "jobnum": job}
                for recnum, erp_id in zip(recnums, ids, strict=True)
            ]
            connection.execute(subcon.insert(), headers)
            hundred = dict.fromkeys(("amount", "cntrct", "remain"), Decimal(100))
            pairs = itertools.product(recnums, range(1, lines + 1))
            connection.execute(sbcnln.insert(), [{"recnum": r, "linnum": n, **hundred} for r, n in pairs])
        return ids

    def bill(self, erp_id: str, amount: Decimal | str | int) -> None:
        """Invoice so much on the subcontract's first line, which keeps Sage from deleting it."""
        with self.engine.begin() as connection:
            recnum = connection.scalar(sa.select(subcon.c.recnum).where(subcon.c["_idnum"] == erp_id))
            connection.execute(
                sbcnln.update().where(sbcnln.c.recnum == recnum, sbcnln.c.linnum == 1).values(billed=amount)
            )

    def delete(self, erp_id: str) -> None:
        """6-7-1, Edit ▸ Delete Subcontract: the row and its lines are gone. A purchase order's, too."""
        with self.engine.begin() as connection:
            for table in (subcon, pchord):
                recnums = sa.select(table.c.recnum).where(table.c["_idnum"] == erp_id)
                lines = LINES_OF[table.name]
                connection.execute(lines.delete().where(lines.c.recnum.in_(recnums)))
                connection.execute(table.delete().where(table.c["_idnum"] == erp_id))

    def void(self, erp_id: str) -> None:
        """6-6-1, Edit ▸ Void: the purchase order stays, as 5-Void."""
        with self.engine.begin() as connection:
            connection.execute(pchord.update().where(pchord.c["_idnum"] == erp_id).values(status=5))

    def purge_job(self, job: int) -> None:
        """Remove Refused/Closed Jobs: the job goes, together with its commitments."""
        with self.engine.begin() as connection:
            for table in (subcon, pchord):
                lines = LINES_OF[table.name]
                recnums = sa.select(table.c.recnum).where(table.c.jobnum == job)
                connection.execute(lines.delete().where(lines.c.recnum.in_(recnums)))
                connection.execute(table.delete().where(table.c.jobnum == job))
            connection.execute(actrec.delete().where(actrec.c.recnum == job))

    def run(self, *statements: str) -> None:
        """Do to the file whatever no accountant can: raw SQL, one connection, committed."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def _header(self, columns: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        erp_id = str(columns.pop("erp_id", None) or uuid.uuid4()).lower()
        return erp_id, {"_idnum": erp_id.upper(), "insdte": INSERTED, **columns}

    def _insert(self, table: sa.Table, **values: Any) -> int:
        with self.engine.begin() as connection:
            return int(connection.execute(table.insert().values(values)).inserted_primary_key[0])
