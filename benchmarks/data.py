"""Companies of any size, made fast: one here, and its counterpart with just as many records in a Sage-shaped file.

Every third record is a purchase order, each record has two lines, and jobs and vendors are as many as a company of
that size would have. The numbers are the same each time; ids are random, as theirs are.
"""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from django.core.management.color import no_style
from django.db import connection
from django.utils import timezone

from benchmarks.bulk import write_copies
from commitments.models import Commitment, Vendor
from directory.models import Company, Project
from erpintegrations.connectors.base import ErpRecord
from erpintegrations.models import ErpConnection, JobLink, Presence, SyncLink, VendorLink
from erpintegrations.services.observations import columns_of_record
from erpintegrations.sync.compare import VALUE_FIELDS
from sandbox.sage_tables import create_company

INSERTED = "2026-03-02 08:30:00.000000"
UPDATED = "2026-04-{:02} 11:{:02}:00.000000"
OF_ONE_JOB = 200
OF_ONE_VENDOR = 20
BATCH = 5000


@dataclass(frozen=True, slots=True)
class SyncedCompany:
    """A company here, the file that its connection reads, and how many records that has."""

    connection: ErpConnection
    sage: Path
    size: int

    @property
    def company(self) -> Company:
        return self.connection.company


def make_synced_company(size: int, folder: Path, *, name: str = "Builders", is_linked: bool = True) -> SyncedCompany:
    """This function will make both sides, with each record linked and known to be there, or with no link at all."""
    sage = folder / f"{name}.sqlite3"
    make_sage_company(size, sage)
    company = Company.objects.create(name=name, slug=name.lower())
    erp = ErpConnection.objects.create(company=company, database_url=f"sqlite:///{sage}")
    synced = SyncedCompany(erp, sage, size)
    if is_linked:
        _link_all(synced)
        with erp.connector().reading() as reading:
            identity = reading.identity
        erp.server, erp.database, erp.erp_company = identity.server, identity.database, identity.company
        erp.save()
    _analyze()
    return synced


def make_sage_company(size: int, path: Path, *, jobs_count: int = 0, vendors_count: int = 0) -> None:
    """This function will make a Sage-shaped file with so many records: two subcontracts to each purchase order.

    Without their counts, jobs and vendors are as many as such a company would have.
    """
    create_company(path)
    random = Random(size)
    jobs = range(1, 1 + (jobs_count or 1 + size // OF_ONE_JOB))
    vendors = range(1, 1 + (vendors_count or 1 + size // OF_ONE_VENDOR))
    orders, subcontracts = range(1, 1 + size // 3), range(1, 1 + size - size // 3)
    file = sqlite3.connect(path)
    with file:
        file.executemany("INSERT INTO actrec (recnum, jobnme) VALUES (?, ?)", ((job, f"Job {job}") for job in jobs))
        file.executemany(
            "INSERT INTO actpay (recnum, vndnme) VALUES (?, ?)", ((vendor, f"Vendor {vendor}") for vendor in vendors)
        )
        file.executemany(
            "INSERT INTO subcon (_idnum, recnum, ctcnum, vndnum, jobnum, condte, dscrpt, insdte, upddte)"
            " VALUES (?, ?, ?, ?, ?, '2026-03-02', ?, ?, ?)",
            (_header(random, "SC", recnum, jobs, vendors) for recnum in subcontracts),
        )
        file.executemany(
            "INSERT INTO pchord (_idnum, recnum, ordnum, vndnum, jobnum, orddte, dscrpt, insdte, upddte)"
            " VALUES (?, ?, ?, ?, ?, '2026-03-02', ?, ?, ?)",
            (_header(random, "PO", recnum, jobs, vendors) for recnum in orders),
        )
        file.executemany(
            "INSERT INTO sbcnln (recnum, linnum, amount, cntrct, remain, cstcde, csttyp) VALUES (?, ?, ?, ?, ?, ?, 4)",
            ((r, n, a := _amount(random), a, a, 3.3 + n) for r in subcontracts for n in (1, 2)),
        )
        file.executemany(
            "INSERT INTO pcorln (recnum, linnum, linqty, linprc, extttl, cstcde, csttyp) VALUES (?, ?, 1, ?, ?, ?, 1)",
            ((r, n, a := _amount(random), a, 6.1 + n) for r in orders for n in (1, 2)),
        )
        made = "(SELECT ROUND(SUM(extttl), 2) FROM pcorln WHERE pcorln.recnum = pchord.recnum)"
        file.execute(f"UPDATE pchord SET subttl = {made}, pchttl = {made}, pchbal = {made}")
    file.execute("ANALYZE")
    file.close()


def _header(random: Random, prefix: str, recnum: int, jobs: range, vendors: range) -> tuple[Any, ...]:
    idnum = str(UUID(int=random.getrandbits(128), version=4)).upper()
    moment = UPDATED.format(random.randint(1, 30), random.randint(0, 59))
    vendor, job = random.choice(vendors), random.choice(jobs)
    return idnum, recnum, f"{prefix}-{recnum}", vendor, job, f"Work {recnum} of {prefix}", INSERTED, moment


def _amount(random: Random) -> float:
    return random.randint(10_000, 9_999_999) / 100


def _link_all(synced: SyncedCompany) -> None:
    """Link every record that the connector reads to a commitment with the same number and amount."""
    company, erp, now = synced.company, synced.connection, timezone.now()
    projects = _numbered(Project, company, synced.size // OF_ONE_JOB + 1)
    vendors = _numbered(Vendor, company, synced.size // OF_ONE_VENDOR + 1)
    commitment = Commitment(company=company, project_id=projects["1"], vendor_id=vendors["1"], kind="subcontract")
    commitment.number, commitment.status, commitment.erp_status = "template", "approved", "synced"
    commitment.contract_date = datetime.date(2026, 3, 2)
    commitment.save()
    link = SyncLink.objects.create(
        company=company,
        connection=erp,
        commitment=commitment,
        project=commitment.project,
        vendor=commitment.vendor,
        kind="subcontract",
        erp_id="template",
        amount=0,
        presence=Presence.PRESENT,
        presence_changed_at=now,
        linked_at=now,
    )
    with erp.connector().reading() as reading:
        records = reading.records()
        while batch := list(islice(records, BATCH)):
            _link(batch, commitment, link, projects, vendors)
    link.delete()
    commitment.delete()
    _bring_in(JobLink, erp, "project", "Job", projects)
    _bring_in(VendorLink, erp, "vendor", "Vendor", vendors)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Commitment]):
            cursor.execute(statement)


def _link(
    records: list[ErpRecord], commitment: Commitment, link: SyncLink, projects: dict[str, int], vendors: dict[str, int]
) -> None:
    first = (Commitment.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    own = [
        (pk, projects[r.job_id], vendors[r.vendor_id], str(r.kind), r.number, r.description, str(r.amount))
        for pk, r in enumerate(records, start=first)
    ]
    write_copies(Commitment, commitment.pk, ("id", "project_id", "vendor_id", "kind", "number", "title", "amount"), own)
    columns = ("commitment_id", "project_id", "vendor_id", "kind", "number", "title", "amount")
    more = ("project_name", "vendor_name", "erp_id", "expected_vendor_id", "expected_lines_digest", *VALUE_FIELDS)
    write_copies(
        SyncLink,
        link.pk,
        (*columns, *more),
        (
            (
                *copied,
                f"Project {r.job_id}",
                f"Vendor {r.vendor_id}",
                r.erp_id,
                r.vendor_id,
                r.lines_digest,
                *_recorded(r),
            )
            for copied, r in zip(own, records, strict=True)
        ),
    )


def _recorded(record: ErpRecord) -> Iterator[Any]:
    for value in columns_of_record(record).values():
        yield value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime.datetime) else str(value)


def _bring_in(model: Any, erp: ErpConnection, ours: str, word: str, numbered: dict[str, int]) -> None:
    """Link jobs or vendors to those of the same number there."""
    rows = (
        model(company=erp.company, connection=erp, erp_id=number, erp_name=f"{word} {number}", **{f"{ours}_id": pk})
        for number, pk in numbered.items()
    )
    model.objects.bulk_create(rows, batch_size=500)


def _numbered(model: Any, company: Company, count: int) -> dict[str, int]:
    name = model.__name__
    rows = (model(company=company, number=str(n), name=f"{name} {n}") for n in range(1, count + 1))
    model.objects.bulk_create(rows, batch_size=500)
    return dict(model.objects.filter(company=company).values_list("number", "pk"))


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
