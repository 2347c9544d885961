"""How long it takes to bring a whole company in: `python -m benchmarks.bring_in [--database URL] [--commitments N] …`.

From an empty company here to all jobs, vendors, codes and commitments of a Sage-shaped file, by the product's own
services, as the task process calls them; each step is timed once. What is brought in is counted and added up in the
end, and must be what the file holds.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.database import Unusable, describe, own_database

COST_CODES, COST_TYPES = 500, 9


def main() -> int:
    """This function will bring a company in, and print how long each step took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bring_in", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--vendors", type=int, default=20_000)
    parser.add_argument("--commitments", type=int, default=50_000)
    parser.add_argument("--database", metavar="URL", help="a PostgreSQL server; without it, a SQLite file is made")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        try:
            with own_database(arguments.database, Path(folder)):
                measure(Path(folder) / "sage.sqlite3", arguments.jobs, arguments.vendors, arguments.commitments)
        except Unusable as problem:
            print(f"benchmarks: {problem}", file=sys.stderr)
            return 2
    return 0


def measure(sage: Path, jobs: int, vendors: int, commitments: int) -> None:
    """This function will make a company of that size, bring it in step by step, and check it. Raises RuntimeError."""
    from benchmarks.data import make_sage_company

    make_sage_company(commitments, sage, jobs_count=jobs, vendors_count=vendors)
    _add_codes(sage)
    company = Newcomer(sage)
    print(f"{describe()}; {', '.join(f'{name} {value}' for name, value in machine.describe().items())}")
    print(f"{jobs:,} jobs, {vendors:,} vendors, {commitments:,} commitments")
    _timed("First sync: lists commitments, reads jobs, vendors and codes", company.sync)
    for kind in ("job", "vendor", "cost_code", "cost_type"):
        _timed(f"Decide about every {kind.replace('_', ' ')}", company.decide, kind)
        _timed(f"Bring in every {kind.replace('_', ' ')}", company.bring_in, kind)
    _timed("Preview of the commitments", company.preview)
    _timed("Bring in every commitment", company.bring_in, "commitment")
    _timed("Next sync, which finds nothing new", company.sync)
    company.check(jobs, vendors, commitments)
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MiB at most")


def _timed(name: str, work: Callable[..., object], *what: object) -> None:
    begun, used = time.monotonic(), time.process_time()
    work(*what)
    seconds, processor = time.monotonic() - begun, time.process_time() - used
    print(f"{seconds:8.1f} s  ({processor:.1f} s of processor)  {name}", flush=True)


def _add_codes(sage: Path) -> None:
    file = sqlite3.connect(sage)
    used = {3.3 + line for line in (1, 2)} | {6.1 + line for line in (1, 2)}
    codes = [*used, *(1000 + number for number in range(COST_CODES - len(used)))]
    with file:
        file.executemany("INSERT INTO cstcde (recnum, cdenme) VALUES (?, ?)", ((c, f"Code {c}") for c in codes))
        types = range(1, COST_TYPES + 1)
        file.executemany("INSERT INTO csttyp (recnum, typnme) VALUES (?, ?)", ((t, f"Type {t}") for t in types))
    file.close()


class Newcomer:
    """A company that has just been connected, and its administrator."""

    def __init__(self, sage: Path) -> None:
        from directory.access import access_for
        from directory.models import Company, CompanyMember, Level, User
        from erpintegrations.models import ErpConnection

        self.sage = sage
        company = Company.objects.create(name="Builders", slug="builders")
        admin = User.objects.create_user("admin@example.com", name="Alma Admin")
        CompanyMember.objects.create(
            company=company, user=admin, erp_integrations_level=Level.ADMIN, can_push_to_accounting=True
        )
        self.connection = ErpConnection.objects.create(company=company, database_url=f"sqlite:///{sage}")
        self.access: Any = access_for(admin, company)

    def sync(self) -> None:
        from benchmarks.syncing import sync

        sync(self.connection.pk)
        self.connection.refresh_from_db()

    def decide(self, kind: str) -> None:
        from django.utils import timezone

        from erpintegrations.models import FoundMaster
        from erpintegrations.services.decide_masters import decide_masters, look_ahead

        rows = FoundMaster.objects.filter(connection=self.connection, kind=kind)
        seen = look_ahead(rows=rows, kind=kind, connection=self.connection).token
        decide_masters(
            rows=rows,
            kind=kind,
            what="all",
            seen=seen,
            connection=self.connection,
            access=self.access,
            now=timezone.now(),
        )

    def bring_in(self, step: str) -> None:
        """All its shifts, one after the other."""
        from django.utils import timezone

        from erpintegrations.services.bring_in import perform_bring_in, request_bring_in

        work = request_bring_in(connection=self.connection, step=step, access=self.access, now=timezone.now())
        while work.is_open:
            work = perform_bring_in(bring_in_id=work.pk)
        if work.state != "done" or work.left_count:
            raise RuntimeError(f"{work} ended as {work.state}, {work.left_count} left. {work.problem}")

    def preview(self) -> None:
        from erpintegrations.selectors.set_up_commitments import preview

        preview(self.connection)

    def check(self, jobs: int, vendors: int, commitments: int) -> None:
        """Raises RuntimeError unless everything is here, to the cent."""
        from django.db.models import Sum

        from commitments.models import Commitment, ScheduleOfValuesLine, Vendor
        from directory.models import Project
        from erpintegrations.models import SyncLink

        found = (Project.objects.count(), Vendor.objects.count(), Commitment.objects.count(), SyncLink.objects.count())
        if found != (jobs, vendors, commitments, commitments):
            raise RuntimeError(f"Not everything was brought in: {found}")
        sums = {
            "here": Commitment.objects.aggregate(sum=Sum("amount"))["sum"],
            "lines": ScheduleOfValuesLine.objects.aggregate(sum=Sum("amount"))["sum"],
            "there": SyncLink.objects.filter(has_drifted=False).aggregate(sum=Sum("erp_amount"))["sum"],
        }
        file = sqlite3.connect(self.sage)
        cents = file.execute(
            "SELECT (SELECT SUM(CAST(ROUND(amount * 100) AS INTEGER)) FROM sbcnln)"
            " + (SELECT SUM(CAST(ROUND(extttl * 100) AS INTEGER)) FROM pcorln)"
        ).fetchone()[0]
        file.close()
        if {round(total * 100) for total in sums.values()} != {cents}:
            raise RuntimeError(f"The amounts differ: {sums}, and {cents} cents in the ERP")


if __name__ == "__main__":
    sys.exit(main())
