"""The Synced list as CSV and for Excel: the rows of the filter, in the list's order, with figures that are figures."""

from __future__ import annotations

import csv
import datetime
import io
import re
import tracemalloc
import zipfile
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commitments.models import Commitment
from directory.activity import Entry, record_many
from directory.models import SubjectType, Verb
from erpintegrations import spreadsheets
from erpintegrations.models import Presence, SyncLink
from erpintegrations.selectors import keyset
from erpintegrations.selectors.keyset import READ_AT_ONCE
from erpintegrations.selectors.synced_list import open_links
from erpintegrations.web import history, synced_file
from tests.factories import CommitmentFactory, SyncLinkFactory

HEADINGS = [
    "Number",
    "Title",
    "Type",
    "Project",
    "Vendor",
    "Amount",
    "Sage number",
    "Sage amount",
    "Changed by change orders",
    "Invoiced",
    "State in Sage",
    "Since (UTC)",
    "Differs in",
]
SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SINCE = datetime.datetime(2026, 11, 2, 8, 30, 15, 999_999, tzinfo=datetime.UTC)


@pytest.fixture
def links(connection, project):
    def link(number: str, **fields):
        commitment = CommitmentFactory(project=project, number=number, title=fields.pop("title", "Work"))
        return SyncLinkFactory(connection=connection, commitment=commitment, **fields)

    drifted = {"amount": Decimal("100.00"), "erp_amount": Decimal("250.50"), "presence_changed_at": SINCE}
    return [
        link("SC-2", **drifted, presence=Presence.PRESENT, title="=1+1"),
        link("SC-1", amount=Decimal("-5.00"), presence=Presence.UNKNOWN, presence_changed_at=None),
        link("SC-3", amount=Decimal("7.00"), erp_amount=Decimal("7.00"), presence=Presence.DELETED),
    ]


@pytest.fixture
def csv_address(company) -> str:
    return reverse("synced_csv", args=[company.slug])


@pytest.fixture
def excel_address(company) -> str:
    return reverse("synced_excel", args=[company.slug])


def content_of(answer) -> bytes:
    return b"".join(answer.streaming_content)


def csv_rows(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content_of(answer).decode("utf-8-sig"))))


def excel_cells(answer) -> dict[str, tuple[str, str]]:
    """Of each cell, the kind that Excel takes it for, and its text."""
    with zipfile.ZipFile(io.BytesIO(content_of(answer))) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  our own file
    found = {}
    for cell in sheet.iter(f"{SPACE}c"):
        assert cell.find(f"{SPACE}f") is None, "a formula"
        found[cell.get("r", "")] = cell.get("t", "number"), "".join(cell.itertext())
    return found


def test_the_csv_has_the_rows_of_the_list_in_its_order(client, viewer, links, csv_address):
    client.force_login(viewer)
    answer = client.get(csv_address)
    assert answer.streaming
    assert "synced-" in answer["Content-Disposition"]
    rows = csv_rows(answer)
    assert list(rows[0]) == HEADINGS
    assert [row["Number"] for row in rows] == ["SC-1", "SC-2", "SC-3"]
    unknown, drifted, deleted = rows
    assert (drifted["Title"], drifted["Amount"], drifted["Sage amount"]) == ("'=1+1", "100.00", "250.50")
    assert (drifted["Since (UTC)"], drifted["Differs in"]) == ("2026-11-02 08:30:15", "amount")
    assert (unknown["Amount"], unknown["Sage amount"], unknown["Since (UTC)"]) == ("-5.00", "", "")
    assert (deleted["State in Sage"], deleted["Sage amount"], deleted["Differs in"]) == ("Deleted", "", "")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "Slab;=1+1", "Slab|@x", "Two\n=lines", "\t=1", "a\r=b"]
)
def test_no_spreadsheet_finds_a_formula_whatever_it_separates_cells_by(text):
    guarded = spreadsheets.without_formulas(text)
    for cell in re.split(r"[;|\t\r\n]", guarded):
        assert not cell.startswith(("=", "+", "-", "@"))
    assert guarded.replace("'", "") == text


def test_a_row_that_moves_back_in_the_order_meanwhile_comes_once(links, monkeypatch):
    monkeypatch.setattr(keyset, "READ_AT_ONCE", 1)
    rows = keyset.every_row(open_links(links[0].company), "number")
    first = next(rows)
    SyncLink.objects.filter(pk=first.pk).update(number="SC-9")
    assert [row.pk for row in rows] == [link.pk for link in (links[0], links[2])]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"order": "-number"}, ["SC-3", "SC-2", "SC-1"]),
        ({"state": "deleted"}, ["SC-3"]),
        ({"q": "sc-2", "tick": "gone", "at": "broken"}, ["SC-2"]),
    ],
)
def test_search_filters_and_order_of_the_address_hold_for_the_files_too(
    client, viewer, links, csv_address, excel_address, query, numbers
):
    client.force_login(viewer)
    assert [row["Number"] for row in csv_rows(client.get(csv_address, query))] == numbers
    cells = excel_cells(client.get(excel_address, query))
    assert [text for place, (_, text) in cells.items() if place[0] == "A"][1:] == numbers


def test_in_excel_amounts_and_moments_are_figures_and_nothing_is_a_formula(client, viewer, links, excel_address):
    client.force_login(viewer)
    answer = client.get(excel_address)
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    cells = excel_cells(answer)
    assert [cells[f"{column}1"][1] for column in "ABCDEFGHIJKLM"] == HEADINGS
    assert cells["B3"] == ("inlineStr", "=1+1")
    assert (cells["F3"], cells["H3"]) == (("number", "100.00"), ("number", "250.50"))
    kind, days = cells["L3"]
    assert kind == "number"
    since = datetime.datetime(1899, 12, 30, tzinfo=datetime.UTC) + datetime.timedelta(days=float(days))
    assert abs(since - SINCE.replace(microsecond=0)) < datetime.timedelta(seconds=1)
    assert "H2" not in cells, "what is not known yet is no zero"


def test_a_filter_that_is_not_understood_makes_no_file(client, viewer, links, csv_address, company):
    client.force_login(viewer)
    answer = client.get(csv_address, {"state": "lost"}, follow=True)
    assert answer.redirect_chain[0][0].startswith(reverse("erp_synced", args=[company.slug]))
    assert "No file was made: this filter in its address cannot be understood: State in Sage." in answer.text


@pytest.mark.parametrize("route", ["synced_excel", "history_excel"])
def test_more_rows_than_excel_is_given_are_refused(client, viewer, links, company, monkeypatch, route):
    client.force_login(viewer)
    client.get(reverse("history_excel", args=[company.slug]))
    for module in (history, synced_file):
        monkeypatch.setattr(module, "MOST_ROWS_OF_EXCEL", 2)
    if route == "history_excel":
        _tell(company, 3)
    answer = client.get(reverse(route, args=[company.slug]), follow=True)
    assert "No Excel file was made: it would have more than 100,000 rows. Narrow the list down" in answer.text


def _tell(company, count: int) -> None:
    record_many(
        Entry(
            company_id=company.pk,
            project_id=None,
            verb=Verb.LINKED,
            subject_type=SubjectType.COMMITMENT,
            subject_id=n,
            subject_label=f"SC-{n}",
            at=SINCE,
        )
        for n in range(count)
    )


def test_the_history_is_there_for_excel_too(client, viewer, company):
    _tell(company, 2)
    client.force_login(viewer)
    cells = excel_cells(client.get(reverse("history_excel", args=[company.slug])))
    assert cells["B1"] == ("inlineStr", "When (UTC)")
    assert [cells["E2"][1], cells["E3"][1]] == ["SC-1", "SC-0"]
    assert cells["B2"][0] == "number"


def test_links_are_read_so_many_at_a_time_in_a_memory_that_does_not_grow(client, viewer, links, csv_address):
    """The same statements a batch: none for each row, and no row twice where many share the order's value."""
    first = links[0]
    many = {"project": first.project, "vendor": first.vendor}
    commitments = Commitment.objects.bulk_create(
        CommitmentFactory.build(company=first.company, number=f"PO-{n}", **many) for n in range(2 * READ_AT_ONCE)
    )
    same = {"company": first.company, "connection": first.connection, "vendor_name": first.vendor_name, **many}
    SyncLink.objects.bulk_create(
        SyncLink(commitment=each, number=each.number, erp_id=each.number, amount=0, linked_at=SINCE, **same)
        for each in commitments
    )
    client.force_login(viewer)
    with CaptureQueriesContext(database) as queries:
        rows = csv_rows(client.get(csv_address, {"order": "vendor_name"}))
    assert len({row["Number"] for row in rows}) == len(rows) == 2 * READ_AT_ONCE + 3
    reads = [query["sql"] for query in queries if 'FROM "erpintegrations_synclink"' in query["sql"]]
    assert len(reads) <= 8, "some for the page's filters, and at most two a batch"


def test_an_excel_file_of_many_rows_is_written_in_little_memory():
    rows = ([f"SC-{n}", Decimal("1.50"), SINCE, None] for n in range(5_000))
    tracemalloc.start()
    with spreadsheets.write_excel(["Number", "Amount", "Since", "Nothing"], rows) as file:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(file.read()) > 50_000
    assert peak < 3_000_000
