"""Records of the ERP without a link, the commitments here without one, and which of them may belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from commitments.models import Commitment
from directory.models import Company
from erpintegrations.models import ErpConnection, Export, FoundMaster, SyncLink, UnlinkedRecord, VendorLink
from erpintegrations.selectors.erp_names import JOB, VENDOR, erp_names
from erpintegrations.selectors.spellings import spellings

# What nothing is under way for: the ERP knows nothing of it.
ADOPTABLE = (Commitment.ErpStatus.NOT_SENT, Commitment.ErpStatus.REJECTED)
LOOKED_AT = 500
SUGGESTED = 20
CHOICES = 20
ORDERS = {"number": "Number", "vendor_id": "Vendor", "amount": "Amount"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A record and a commitment that look alike, and in what."""

    record: UnlinkedRecord
    commitment: Commitment
    same: tuple[str, ...]

    @property
    def rank(self) -> tuple[int, str, int]:
        weight = {"number": 4, "vendor": 2, "amount": 1}
        return (-sum(weight[name] for name in self.same), self.commitment.number, self.commitment.pk)

    @property
    def words(self) -> str:
        if not self.same:
            return ""
        *first, last = self.same
        return f"Same {', '.join(first)} and {last}" if first else f"Same {last}"


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """One row: vendor and job by number and name, and what people here know of the record, if anything."""

    record: UnlinkedRecord
    vendor: str
    job: str
    note: str


def unlinked_records(company: Company, search: str = "", kind: str = "") -> QuerySet[UnlinkedRecord]:
    """Every word of the search must occur in the number, the description, or the name of vendor or job."""
    rows = UnlinkedRecord.objects.filter(company=company, **({"kind": kind} if kind else {}))
    for word in search.split():
        found = (Q(number__icontains=one) | Q(description__icontains=one) for one in spellings(word))
        named = FoundMaster.objects.filter(reduce(or_, (Q(name__icontains=one) for one in spellings(word))))
        vendors, jobs = (named.filter(company=company, kind=of).values("erp_id") for of in (VENDOR, JOB))
        rows = rows.filter(reduce(or_, found) | Q(vendor_id__in=vendors) | Q(job_id__in=jobs))
    return rows


def adoptable_commitments(company: Company) -> QuerySet[Commitment]:
    return Commitment.objects.filter(company=company, erp_status__in=ADOPTABLE).select_related("project", "vendor")


def suggestions(connection: ErpConnection) -> list[Suggestion]:
    """The best pairs of the latest commitments without a link. Three queries, whatever the size of the company.

    The same number suggests a pair, and so do the same vendor and amount together.
    """
    commitments = list(adoptable_commitments(connection.company).order_by("-id")[:LOOKED_AT])
    if not commitments:
        return []
    vendors = _vendors_in_erp(connection, {commitment.vendor_id for commitment in commitments})
    numbers = {form for commitment in commitments for form in _forms(commitment.number)}
    linked = [commitment for commitment in commitments if commitment.vendor_id in vendors]
    records = UnlinkedRecord.objects.filter(connection=connection).filter(
        Q(number__in=numbers)
        | Q(
            vendor_id__in={vendors[commitment.vendor_id] for commitment in linked},
            amount__in={commitment.amount for commitment in linked},
        )
    )
    found = _pairs(list(records.order_by("number", "id")[:LOOKED_AT]), commitments, vendors)
    return sorted(found, key=lambda suggestion: suggestion.rank)[:SUGGESTED]


def suggestions_for(record: UnlinkedRecord, connection: ErpConnection, search: str = "") -> list[Suggestion]:
    """Commitments for one record, the likeliest first; with a search, those that it finds. Two queries."""
    rows = adoptable_commitments(connection.company).filter(kind=record.kind)
    if search:
        for word in search.split():
            columns = ("number", "title", "vendor__name", "project__name", "project__number")
            fits = (Q(**{f"{column}__icontains": one}) for column in columns for one in spellings(word))
            rows = rows.filter(reduce(or_, fits))
    else:
        theirs = record.vendor_id or "-"
        ours = VendorLink.objects.filter(connection=connection, erp_id=theirs, gone_at=None).values("vendor_id")
        rows = rows.filter(Q(number__iexact=record.number) | Q(vendor_id__in=ours, amount=record.amount))
    commitments = list(rows.order_by("-id")[:CHOICES])
    vendors = _vendors_in_erp(connection, {commitment.vendor_id for commitment in commitments})
    found = [Suggestion(record, one, _same(record, one, vendors)) for one in commitments]
    return sorted(found, key=lambda suggestion: suggestion.rank)


def listed_records(connection: ErpConnection, records: Sequence[UnlinkedRecord]) -> list[ListedRecord]:
    """As their rows show them. Three queries."""
    names = erp_names(connection.pk, {VENDOR: [one.vendor_id for one in records], JOB: [one.job_id for one in records]})
    notes = _notes(connection, {record.erp_id for record in records})
    return [
        ListedRecord(
            record=record,
            vendor=names.named(VENDOR, record.vendor_id),
            job=names.named(JOB, record.job_id),
            note=notes.get(record.erp_id, ""),
        )
        for record in records
    ]


def _notes(connection: ErpConnection, erp_ids: set[str]) -> dict[str, str]:
    """Of those that people here know: by a link that two persons closed, or an export that it was held against."""
    rejected = Export.objects.filter(
        connection=connection, state=Export.State.REJECTED, candidate__erp_id__in=sorted(erp_ids)
    )
    notes = {export.candidate["erp_id"]: f"Rejected as {export.number}" for export in rejected.order_by("id")}
    left = SyncLink.objects.filter(connection=connection, erp_id__in=erp_ids, left_in_erp=True, closed_at__isnull=False)
    return notes | {link.erp_id: f"Left by Unlink anyway, from {link.number}" for link in left.order_by("id")}


def _pairs(records: list[UnlinkedRecord], commitments: list[Commitment], vendors: dict[int, str]) -> list[Suggestion]:
    by_number: dict[tuple[str, str], list[Commitment]] = {}
    by_vendor: dict[tuple[str, str, object], list[Commitment]] = {}
    for commitment in commitments:
        by_number.setdefault((commitment.kind, _plain(commitment.number)), []).append(commitment)
        if commitment.vendor_id in vendors:
            key = (commitment.kind, vendors[commitment.vendor_id], commitment.amount)
            by_vendor.setdefault(key, []).append(commitment)
    found = []
    for record in records:
        alike = {
            commitment.pk: commitment
            for commitment in (
                *by_number.get((record.kind, _plain(record.number)), []),
                *by_vendor.get((record.kind, record.vendor_id, record.amount), []),
            )
        }
        found += [Suggestion(record, one, _same(record, one, vendors)) for one in alike.values()]
    return found


def _same(record: UnlinkedRecord, commitment: Commitment, vendors: dict[int, str]) -> tuple[str, ...]:
    same = {
        "number": _plain(record.number) == _plain(commitment.number),
        "vendor": bool(record.vendor_id) and vendors.get(commitment.vendor_id) == record.vendor_id,
        "amount": record.amount == commitment.amount,
    }
    return tuple(name for name, is_same in same.items() if is_same)


def _vendors_in_erp(connection: ErpConnection, vendor_ids: set[int]) -> dict[int, str]:
    links = VendorLink.objects.filter(connection=connection, vendor_id__in=vendor_ids, gone_at=None)
    return dict(links.values_list("vendor_id", "erp_id"))


def _plain(number: str) -> str:
    """As the ERP compares numbers: without regard to case and to blanks around them."""
    return number.strip().upper()


def _forms(number: str) -> set[str]:
    return {number, number.strip(), number.strip().upper(), number.strip().lower()}
