"""Exports on their way, as people see them: the entry sheet, Check now, and the decision about a near match."""

from __future__ import annotations

import csv
import html
import io
import re

import pytest
from django.urls import reverse
from django.utils.formats import date_format

from directory.models import User
from erpintegrations.models import Export, SyncLink
from erpintegrations.services.read_back import check_export
from erpintegrations.services.read_masters import read_masters
from tests.connectors.builder import Line
from tests.services.exporting_stage import ExportStage
from tests.web.stage import signed_in

pytestmark = pytest.mark.django_db
State = Export.State


@pytest.fixture
def stage(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "entry_sheet")


@pytest.fixture
def export(stage) -> Export:
    """SC-7, accepted as 2401-07, not keyed in yet."""
    return stage.perform(stage.accepted("SC-7", erp_number="2401-07"))


@pytest.fixture
def near(stage, export) -> Export:
    """Keyed in under its number, for another vendor."""
    stage.key_in("2401-07", vendor=999)
    return check_export(export=export, access=stage.access, now=stage.clock())


@pytest.fixture
def open_page(approver):
    def get(route: str, export: Export, by: User = approver):
        return signed_in(by).get(reverse(route, args=["harbor-point", export.pk]))

    return get


@pytest.fixture
def click(approver):
    def post(route: str, export: Export, by: User = approver, **data: str):
        return signed_in(by).post(reverse(route, args=["harbor-point", export.pk]), data, follow=True)

    return post


def text_of(answer) -> str:
    return " ".join(html.unescape(answer.content.decode()).split())


# ---- The entry sheet -------------------------------------------------------------------------------------------------


def test_the_sheet_is_in_the_order_and_words_of_sages_own_screen(stage, export, open_page):
    text = text_of(open_page("entry_sheet", export))

    labels = ["<dt>Job</dt>", "<dt>Vendor</dt>", "<dt>Subcontract#</dt>", "<dt>Description</dt>", "<dt>Contract Date"]
    places = [text.index(label) for label in labels]
    assert places == sorted(places)
    assert "Sage 100 Contractor®, 6-7-1 Subcontracts" in text
    assert "2401-07" in text[places[2] : places[3]]
    assert "Acme Concrete" in text[places[1] : places[2]]


def test_a_purchase_orders_sheet_is_that_of_its_screen(stage, open_page):
    order = stage.perform(stage.accepted("PO-7", kind="purchase_order"))

    text = text_of(open_page("entry_sheet", order))

    assert "6-6-1 Purchase Orders" in text
    places = [text.index(f">{label}</th>") for label in ("Quantity", "Price", "Total", "Cost Code", "Cost Type")]
    assert places == sorted(places)


def test_figures_are_as_people_read_them_with_the_erps_names_and_the_total_below(stage, export, open_page):
    read_masters(connection=stage.connection, now=stage.clock())

    text = text_of(open_page("entry_sheet", export))

    assert ">10,000.00<" in text
    assert "3300 <span" in text
    assert "Total of the lines</th>" in text
    assert f"<dd>{date_format(export.commitment.contract_date, 'M j, Y')}</dd>" in text


def test_all_that_wait_are_on_one_page_until_they_are_keyed_in(stage, export, viewer):
    other = stage.accepted("SC-8")
    done = stage.perform(stage.accepted("SC-9"))
    stage.key_in("SC-9")
    check_export(export=done, access=stage.access, now=stage.clock())

    page = signed_in(viewer).get(reverse("entry_sheets", args=["harbor-point"]))

    assert [sheet.export for sheet in page.context["sheets"]] == [export, other]
    assert "2 commitments, 20,000.00 in all." in text_of(page)


def test_all_sheets_take_as_many_queries_as_one(stage, export, approver, query_count, client):
    client.force_login(approver)
    one = query_count(reverse("entry_sheets", args=["harbor-point"]))
    stage.accepted("SC-8"), stage.accepted("SC-9")

    assert query_count(reverse("entry_sheets", args=["harbor-point"])) == one


def test_the_csv_has_the_same(export, open_page):
    answer = open_page("entry_sheet_csv", export)

    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert answer["Content-Disposition"] == 'attachment; filename="entry-sheet-2401-07.csv"'
    assert rows[0] == ["6-7-1 Subcontracts"]
    assert rows[1][:3] == ["Job", "Vendor", "Subcontract#"]
    assert rows[2][2] == "2401-07"
    assert rows[4] == ["Description", "Cost Code", "Cost Type", "Original Contract"]
    assert rows[5] == ["Footings and slab", "3300", "4", "10000.00"]
    assert rows[-1] == ["Total of the lines", "10000.00"]


def test_what_looks_like_a_formula_is_none_in_the_csv(stage, open_page):
    commitment = stage.books.commitment("SC-8", stage.project, title="=HYPERLINK(1)", amount="-5.00")
    export = stage.perform(stage.accept(commitment))

    rows = list(csv.reader(io.StringIO(open_page("entry_sheet_csv", export).content.decode())))

    assert "'=HYPERLINK(1)" in rows[2]
    assert rows[5][3] == "-5.00"


def test_what_was_not_accepted_has_no_sheet(stage, open_page):
    export = stage.accepted("SC-8")
    Export.objects.filter(pk=export.pk).update(state=State.READY)

    assert open_page("entry_sheet", export).status_code == 404
    assert open_page("entry_sheet_csv", export).status_code == 404


def test_the_sheet_takes_the_same_number_of_queries_whatever_its_length(stage, export, approver, query_count, client):
    client.force_login(approver)
    short = query_count(reverse("entry_sheet", args=["harbor-point", export.pk]))
    Export.objects.filter(pk=export.pk).update(document={**export.document, "lines": export.document["lines"] * 50})

    assert query_count(reverse("entry_sheet", args=["harbor-point", export.pk])) == short


# ---- Check now -------------------------------------------------------------------------------------------------------


def test_check_now_says_that_it_is_not_there_yet(export, click, manager):
    answer = click("export_check", export, by=manager)

    assert "2401-07 is not in Sage yet." in text_of(answer)


def test_check_now_finds_what_was_keyed_in(stage, export, click, manager):
    stage.key_in("2401-07")

    answer = click("export_check", export, by=manager)

    assert "SC-7 was found in Sage as 2401-07, and is linked now." in text_of(answer)
    export.refresh_from_db()
    assert export.state == State.LINKED


def test_check_now_leads_to_the_decision(stage, export, click):
    stage.key_in("2401-07", "1")

    answer = click("export_check", export)

    assert answer.redirect_chain[-1][0] == reverse("export_decide", args=["harbor-point", export.pk])
    assert "Compare both sides, and decide." in text_of(answer)


def test_sage_out_of_reach_is_said(stage, export, click):
    stage.sage.path.rename(stage.sage.path.with_suffix(".away"))

    assert "The ERP database file is not there." in text_of(click("export_check", export))


# ---- The decision ----------------------------------------------------------------------------------------------------


def test_both_sides_are_shown_field_by_field_and_line_by_line(stage, near, open_page):
    text = text_of(open_page("export_decide", near))

    assert "Is 2401-07 in Sage this commitment?" in text
    assert "2401-07 in Sage has other values: vendor." in text
    assert "Differs" in text
    assert text.count("Footings and slab") == 2
    assert 'aria-label="Link SC-7 to 2401-07"' in text


def test_both_sides_have_names_and_amounts_as_people_read_them(stage, near, open_page):
    read_masters(connection=stage.connection, now=stage.clock())

    text = text_of(open_page("export_decide", near))

    assert f"{stage.books.vendor_number} · Acme Concrete" in text
    assert ">10,000.00<" in text
    assert f">{date_format(near.commitment.contract_date, 'M j, Y')}<" in text


def test_lines_that_only_one_side_has_are_shown_too(stage, export, open_page):
    stage.key_in("2401-07", lines=[Line("4000", cost_code="3300", cost_type=4), Line("6000")])
    near = check_export(export=export, access=stage.access, now=stage.clock())

    assert "Only in Sage" in text_of(open_page("export_decide", near))


def test_it_is_linked(near, click, approver):
    answer = click("export_decide", near, decision="link", reason="Renamed vendor.", seen_version=near.version)

    assert "SC-7 is linked to 2401-07 in Sage." in text_of(answer)
    near.refresh_from_db()
    assert (near.state, near.link.linked_by) == (State.LINKED, approver)


def test_what_is_said_to_be_anothers_is_not_linked(near, click):
    decision = {"decision": "link", "reason": "It is.", "seen_version": near.version, "is_anothers": "on"}
    answer = click("export_decide", near, **decision)

    assert (answer.status_code, SyncLink.objects.count()) == (422, 0)
    assert "Untick this to link it: it cannot be another one's then." in text_of(answer)


def test_it_is_rejected(near, click):
    decision = {"decision": "reject", "reason": "Wrong vendor.", "seen_version": near.version}
    answer = click("export_decide", near, **decision)
    assert answer.status_code == 422
    assert (
        "Tick this to reject. If 2401-07 was made for this commitment, delete it in Sage instead, then use Check now."
        in text_of(answer)
    )

    answer = click("export_decide", near, **decision, is_anothers="on")

    assert "SC-7 rejected. Ada Approver is told by mail." in text_of(answer)
    near.refresh_from_db()
    assert near.reject_reason == "Wrong vendor."


def test_what_was_changed_since_the_page_was_opened_is_not_decided_about(stage, near, open_page, click):
    page = text_of(open_page("export_decide", near))
    shown = re.search(r'name="seen_version" value="(\d+)"', page).group(1)
    stage.sage.run("UPDATE sbcnln SET amount = 1")
    check_export(export=near, access=stage.access, now=stage.clock())

    answer = click("export_decide", near, decision="link", reason="As I saw it.", seen_version=shown)

    assert "What Sage holds under 2401-07 has changed since it was shown." in text_of(answer)
    near.refresh_from_db()
    assert near.state == State.NEEDS_DECISION
    answer = click("export_decide", near, decision="link", reason="No version.")
    assert "has changed since it was shown" in text_of(answer)


def test_without_a_reason_nothing_is_decided_and_the_page_says_so(near, click):
    answer = click("export_decide", near, decision="link", reason=" ")

    assert answer.status_code == 422
    assert "Enter a reason: it is kept in the history." in text_of(answer)
    near.refresh_from_db()
    assert near.state == State.NEEDS_DECISION


def test_who_may_not_decide_sees_both_sides_and_who_can(near, open_page, click, manager):
    answer = open_page("export_decide", near, by=manager)

    assert answer.status_code == 200
    assert "Ada Approver" in text_of(answer)
    assert "Link it</button>" not in text_of(answer)
    assert click("export_decide", near, by=manager, decision="link", reason="x").status_code == 403


def test_when_nothing_is_to_be_decided_the_exports_own_page_is_shown(export, click, approver):
    page = signed_in(approver).get(reverse("export_decide", args=["harbor-point", export.pk]))

    assert page["Location"] == reverse("export_detail", args=["harbor-point", export.pk])


@pytest.mark.parametrize("route", ["export_detail", "entry_sheet"])
def test_the_exports_page_leads_on(near, export, open_page, route):
    text = text_of(open_page(route, near))

    if route == "export_detail":
        assert reverse("export_decide", args=["harbor-point", near.pk]) in text
        assert reverse("entry_sheet", args=["harbor-point", near.pk]) in text
    assert reverse("export_check", args=["harbor-point", near.pk]) in text
