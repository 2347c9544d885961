"""The commitments step of the set-up: which of the ERP's records can be brought in, and why the others cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Trim, Upper

from commitments.models import Commitment
from erpintegrations.models import (
    BringIn,
    ErpConnection,
    Export,
    FoundMaster,
    JobLink,
    SyncLink,
    UnlinkedRecord,
    VendorLink,
)

Left = UnlinkedRecord.Left

# Known before anybody asks the ERP for a record's lines. The others are found out by trying, and tried again.
KNOWN_BEFORE = (
    *(Left.NO_NUMBER, Left.NOT_AGREED, Left.NO_JOB, Left.NO_VENDOR),
    *(Left.UNLINKED, Left.EXPORTED, Left.NUMBER_TAKEN),
)
# The ERP's numbers of these are unique in the whole company, those of the others in a job.
COMPANY_WIDE = Q(kind=Commitment.Kind.SUBCONTRACT)
REMEDIES = {
    Left.NO_JOB: "Bring the job in, or leave it: its commitments stay in {erp} alone. What has no job needs one there.",
    Left.NO_VENDOR: "Bring the vendor in, then bring these in. What has no vendor needs one in {erp}.",
    Left.NO_CODE: "Bring the cost code or cost type in, then bring these in.",
    Left.NO_NUMBER: "Give it a number in {erp}; the next sync reads it.",
    Left.NOT_AGREED: "Nothing, unless its status in {erp} is wrong: once it is agreed there, the next sync says so.",
    Left.NO_LINES: "Give it lines in {erp}, or link it by hand to a commitment here.",
    Left.NUMBER_TAKEN: "Compare the two: link them by hand if they are the same, else give one of them another number.",
    Left.EXPORTED: "Wait until the export is read back, or decide about it.",
    Left.UNLINKED: "Link it again by hand if it belongs to a commitment here.",
    Left.AMOUNTS: "Look at it in {erp}: put its figures right there, or link it by hand to a commitment here.",
    Left.FIGURE: "Look at it in {erp}: put the figure right there, or link it by hand to a commitment here.",
    Left.CHANGED: "The next sync reads it again; then bring it in.",
}


@dataclass(slots=True)
class Figures:
    """How many records, and the sum of their amounts."""

    count: int = 0
    total: Decimal = Decimal("0.00")

    def add(self, count: int, total: Decimal) -> None:
        self.count += count
        self.total += total


@dataclass(frozen=True, slots=True)
class Reason:
    """Why records are left, and what can be done about it."""

    key: str
    label: str
    remedy: str
    figures: Figures
    is_tried_again: bool


@dataclass(slots=True)
class JobFigures:
    """A job's records: those that will be brought in, and those that are left, of which so many are tried again. `name`
    is blank until it is known.
    """

    job_id: str
    ready: Figures
    left: Figures
    tried: int = 0
    name: str = ""

    @property
    def to_try(self) -> int:
        return self.ready.count + self.tried


@dataclass(frozen=True, slots=True)
class Preview:
    """What bringing in would do now. Of those that are left, so many were `tried`, and are tried again."""

    ready: Figures
    left: Figures
    tried: int
    reasons: tuple[Reason, ...]
    jobs: tuple[JobFigures, ...]

    @property
    def to_try(self) -> int:
        return self.ready.count + self.tried


def records_of(connection: ErpConnection, why: str = "") -> QuerySet[UnlinkedRecord]:
    """The ERP's records without a link, each with `why` it is left, a `Left` or blank; or only those for one reason."""
    rows = UnlinkedRecord.objects.filter(connection=connection).annotate(why=_why(connection))
    return rows.filter(why=why) if why else rows


def records_to_bring_in(bring_in: BringIn) -> QuerySet[UnlinkedRecord]:
    """Those that nothing known stands in the way of, of the job that it is narrowed to."""
    rows = UnlinkedRecord.objects.filter(connection=bring_in.connection).alias(why=_why(bring_in.connection))
    rows = rows.exclude(why__in=KNOWN_BEFORE)
    return rows.filter(job_id=bring_in.job_id) if bring_in.job_id else rows


def preview(connection: ErpConnection) -> Preview:
    """What there is and what would become of it, by job and by reason. One query."""
    ready, left, tried = Figures(), Figures(), 0
    reasons: dict[str, Figures] = {}
    jobs: dict[str, JobFigures] = {}
    rows = UnlinkedRecord.objects.filter(connection=connection).annotate(why=_why(connection)).order_by()
    for job_id, why, count, total in rows.values_list("job_id", "why").annotate(Count("id"), Sum("amount")):
        job = jobs.setdefault(job_id, JobFigures(job_id, Figures(), Figures()))
        if why:
            reasons.setdefault(why, Figures()).add(count, total)
        if why and why not in KNOWN_BEFORE:
            tried += count
            job.tried += count
        (left if why else ready).add(count, total)
        (job.left if why else job.ready).add(count, total)
    return Preview(
        ready=ready,
        left=left,
        tried=tried,
        reasons=tuple(_reason(connection, left, reasons[left]) for left in Left if left in reasons),
        jobs=tuple(sorted(jobs.values(), key=lambda job: (len(job.job_id), job.job_id))),
    )


def remedy_for(connection: ErpConnection, left: UnlinkedRecord.Left) -> str:
    """What can be done about what is left for this reason."""
    return REMEDIES[left].format(erp=connection.wording.short_label)


def named_jobs(connection: ErpConnection, jobs: Sequence[JobFigures], search: str = "") -> list[JobFigures]:
    """The jobs with their names, as the ERP calls them; those that have each word of a search in number or name.

    One query.
    """
    names = dict(
        FoundMaster.objects.filter(connection=connection, kind=FoundMaster.Kind.JOB).values_list("erp_id", "name")
    )
    for job in jobs:
        job.name = names.get(job.job_id, "")
    wanted = search.casefold().split()
    return [job for job in jobs if all(word in f"{job.job_id} {job.name}".casefold() for word in wanted)]


def _reason(connection: ErpConnection, left: UnlinkedRecord.Left, figures: Figures) -> Reason:
    is_tried_again = left not in KNOWN_BEFORE
    return Reason(left.value, str(left.label), remedy_for(connection, left), figures, is_tried_again)


def _why(connection: ErpConnection) -> Case:
    """Numbers are compared without regard to case and to blanks around them, as the ERP does."""
    number = Upper(Trim(OuterRef("number")))
    jobs = JobLink.objects.filter(connection=connection, erp_id=OuterRef("job_id"), gone_at=None)
    vendors = VendorLink.objects.filter(connection=connection, erp_id=OuterRef("vendor_id"), gone_at=None)
    closed_links = SyncLink.objects.filter(connection=connection, erp_id=OuterRef("erp_id"), closed_at__isnull=False)
    exports = Export.objects.annotate(same=Upper("erp_number")).filter(
        connection=connection, state__in=Export.NUMBERED, kind=OuterRef("kind"), same=number
    )
    commitments = Commitment.objects.annotate(same=Upper("number")).filter(kind=OuterRef("kind"), same=number)
    in_project = commitments.filter(
        project__job_link__connection=connection, project__job_link__erp_id=OuterRef("job_id")
    )
    in_company = commitments.filter(company=connection.company_id)
    return Case(
        When(number="", then=Value(Left.NO_NUMBER)),
        When(~_agreed(connection), then=Value(Left.NOT_AGREED)),
        When(~Exists(jobs), then=Value(Left.NO_JOB)),
        When(~Exists(vendors), then=Value(Left.NO_VENDOR)),
        When(Exists(closed_links), then=Value(Left.UNLINKED)),
        When(Exists(exports), then=Value(Left.EXPORTED)),
        When(COMPANY_WIDE & Exists(in_company), then=Value(Left.NUMBER_TAKEN)),
        When(Exists(in_project), then=Value(Left.NUMBER_TAKEN)),
        default=F("left"),
        output_field=CharField(),
    )


def _agreed(connection: ErpConnection) -> Q:
    """Whose status in the ERP is that of one which the company and its vendor agreed upon."""
    agreed = Q(pk__in=())
    for kind, standings in connection.wording.standings.items():
        agreed |= Q(kind=kind, status__in=list(standings))
    return agreed
