"""The Synced list: its first page in each order, a page in the middle of each, searches, and each filter.

The floor renders the same HTML from the same values in memory: no query, no session, no rights. Django's own
administration shows the same table, in the same order, with the same columns, search and number of rows, but of all
companies, with fewer filters and without anything that could be done with a row; it asks only for the 50 rows too. It
is judged where the table is large: of small ones, both spend their time on the 50 rows, of which ours show more.

What a page costs must not grow with the table: it is held against the same page of a company with 1,000 links, which
is in the same database. The number that is searched is one of the longest, so that it is in no other one and both
companies' pages show a single row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from django.db.models.functions import Length
from django.test import override_settings
from django.urls import reverse

from benchmarks.data import make_synced_company
from benchmarks.harness import Against, Case, Way
from benchmarks.visitor import Visitor
from directory.models import Company
from erpintegrations.models import Presence, SyncLink
from erpintegrations.selectors.keyset import Cursor
from erpintegrations.selectors.synced_list import open_links
from erpintegrations.web.filters import CAN_BE_UNLINKED, CANNOT_BE_DELETED, DRIFTED
from erpintegrations.web.sorting import ORDER

SIZES = (1_000, 100_000, 1_000_000)
SKIPPED = ""
SMALL = 1_000
# A page takes some hundredths of a second, which all else on the machine disturbs; the administration's, seconds.
RUNS, ADMINS_RUNS = 15, 3
JUDGED_FROM = 1_000_000
RARE = 25
COLUMNS = ("number", "title", "kind", "project_name", "vendor_name", "amount", "erp_number", "presence")
RARE_STATES = (Presence.DELETED, Presence.VOIDED, Presence.PURGED, Presence.UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Page:
    """The parameters of a page's address, and of the administration's page that shows the same rows, if it can."""

    name: str
    ours: dict[str, str]
    admins: dict[str, str] | None = None


def cases(size: int, folder: Path) -> Iterator[Case]:
    small, large = (_visitor(folder, name, links) for name, links in (("Small", SMALL), ("Builders", size)))
    with override_settings(ROOT_URLCONF="benchmarks.urls"):
        admins = Visitor(Company.objects.create(name="Nobody", slug="nobody"))
        for page, same in zip(_pages(large.company), _pages(small.company), strict=True):
            address = _address(large, page.ours)
            ours = Way("page", partial(large.get, address))
            against = [Against(Way("rendered from memory", large.from_memory(address)), target=3)]
            if size > SMALL:
                at_small = partial(small.get, _address(small, same.ours))
                against.append(Against(Way(f"the same of {SMALL:,} links", at_small), target=1.3))
            yield Case(page.name, size, ours=ours, against=against, runs=RUNS)
            if page.admins is not None:
                there = f"{reverse('benchmark:erpintegrations_synclink_changelist')}?{urlencode(page.admins)}"
                target = 0.25 if size >= JUDGED_FROM else None
                admins_page = Way("Django's administration", partial(admins.get, there))
                yield Case(page.name, size, ours=ours, against=[Against(admins_page, target=target)], runs=ADMINS_RUNS)


def _visitor(folder: Path, name: str, size: int) -> Visitor:
    company = make_synced_company(size, folder, name=name).company
    _give_states(company, size)
    return Visitor(company)


def _give_states(company: Company, size: int) -> None:
    """A few of each state, as many in a large company as in a small one, and spread over the whole list."""
    count = max(1, min(RARE, size // 40))
    kinds = len(RARE_STATES) + 2
    pks = list(open_links(company).values_list("pk", flat=True)[:: max(1, size // (count * kinds))])
    for place, presence in enumerate(RARE_STATES):
        SyncLink.objects.filter(pk__in=pks[place::kinds][:count]).update(presence=presence)
    SyncLink.objects.filter(pk__in=pks[kinds - 2 :: kinds][:count]).update(erp_amount=1)
    SyncLink.objects.filter(pk__in=pks[kinds - 1 :: kinds][:count]).update(invoiced_amount=1)


def _pages(company: Company) -> Iterator[_Page]:
    links = open_links(company)
    count = links.count()
    for place, column in enumerate(COLUMNS, start=1):
        yield _Page(f"First page by {column}", {ORDER: column}, {"o": f"{place}"})
    for place, column in enumerate(COLUMNS, start=1):
        middle = links.order_by(f"-{column}", "-id")[count // 2]
        cursor = Cursor(str(getattr(middle, column)), middle.pk).encode()
        deep = {"o": f"-{place}", "p": str(count // 2 // 50 + 1)}
        yield _Page(f"Page in the middle by {column}, descending", {ORDER: f"-{column}", "at": cursor}, deep)
    some = links.annotate(length=Length("number")).latest("length", "id")
    for name, words in (
        ("one number", some.number),
        ("a vendor's name", some.vendor_name),
        ("a word that all have", "Work"),
        ("two letters", "PO"),
        ("a word that none has", "Zebra"),
    ):
        yield _Page(f"Search for {name}", {"q": words}, {"q": words})
    for state in (*Presence.values, CAN_BE_UNLINKED, CANNOT_BE_DELETED, DRIFTED):
        there = {"presence__exact": state} if state in Presence.values else None
        yield _Page(f"Filter by state {state}", {"state": state}, there)
    yield _Page("Filter by type", {"type": "purchase_order"}, {"kind__exact": "purchase_order"})
    yield _Page("Filter by project", {"project": str(some.project_id)})
    yield _Page("Filter by vendor", {"vendor": str(some.vendor_id)})
    both = {"type": some.kind, "project": str(some.project_id), ORDER: "-amount"}
    yield _Page("Filter by type and project, by amount", both)


def _address(visitor: Visitor, parameters: dict[str, str]) -> str:
    return f"{reverse('erp_synced', args=[visitor.company.slug])}?{urlencode(parameters)}"
