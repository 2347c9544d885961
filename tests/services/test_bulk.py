"""Thousands of rows at once are written just as Django would write each, by a few as by so many that COPY pays."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, transaction
from django.db import connection as database

from directory.bulk import BATCH, MANY, append_rows
from directory.models import Activity
from erpintegrations.models import Presence, SyncLink, UnlinkedRecord
from erpintegrations.services.bulk import insert_new, update_rows
from tests.factories import ErpConnectionFactory, SyncLinkFactory

pytestmark = pytest.mark.django_db

FEW, LOT = 3, MANY + 3
MOMENT = datetime.datetime(2026, 3, 2, 8, 30, 0, 120, tzinfo=datetime.UTC)
ODD = 'Tabs\tand\nlines, "quotes", \\N, \\., {braces}, % and Łódź'
on_postgresql = pytest.mark.skipif(database.vendor != "postgresql", reason="COPY is PostgreSQL's")


@pytest.fixture(params=[FEW, LOT], ids=["a few", "a lot"])
def count(request) -> int:
    return int(request.param)


def listed(connection, **fields) -> dict:
    about = {"company": connection.company, "connection": connection, "kind": "subcontract", "first_seen_at": MOMENT}
    return about | {"number": "SC-1", "description": ODD, "amount": Decimal("-1234.50")} | fields


def insert(connection, rows, columns=("erp_id", "description", "amount")) -> None:
    same = {"company": connection.company_id, "connection": connection.pk, "first_seen_at": MOMENT}
    same |= dict.fromkeys(("job_id", "vendor_id", "status", "left", "left_detail", "fingerprint"), "")
    insert_new(UnlinkedRecord, columns, rows, same=same | {"kind": "subcontract", "number": "SC-1"})


def values_of(**fields) -> list[dict]:
    rows = UnlinkedRecord.objects.filter(**fields).order_by("pk").values()
    return [{name: value for name, value in row.items() if name not in ("id", "erp_id")} for row in rows]


def test_what_is_inserted_is_as_django_would_have_it(count):
    connection = ErpConnectionFactory()
    UnlinkedRecord.objects.create(**listed(connection, erp_id="by Django"))
    insert(connection, ((f"one {n}", ODD, Decimal("-1234.50")) for n in range(count)))
    [expected] = values_of(erp_id="by Django")
    assert values_of(erp_id__startswith="one") == [expected] * count


def test_amounts_are_rounded_to_the_columns_decimals(count):
    connection = ErpConnectionFactory()
    insert(connection, ((f"{n}", "", Decimal("7.5")) for n in range(count)))
    insert(connection, ((f"more {n}", "", Decimal("1E+2")) for n in range(count)))
    assert {str(row.amount) for row in UnlinkedRecord.objects.all()} == {"7.50", "100.00"}


def test_what_is_there_already_is_left_as_it_is(count):
    connection = ErpConnectionFactory()
    UnlinkedRecord.objects.create(**listed(connection, erp_id="1", description="as it was"))
    insert(connection, ((f"{n}", "new", Decimal(0)) for n in range(count)))
    assert UnlinkedRecord.objects.count() == count
    assert UnlinkedRecord.objects.get(erp_id="1").description == "as it was"


def test_more_than_are_held_at_once_are_all_inserted_and_written():
    connection = ErpConnectionFactory()
    insert(connection, ((f"{n}", "", Decimal(n)) for n in range(BATCH + 1)))
    pks = UnlinkedRecord.objects.values_list("pk", flat=True)
    assert update_rows(UnlinkedRecord, ["status"], (("4", pk) for pk in pks)) == BATCH + 1
    assert UnlinkedRecord.objects.filter(status="4").count() == BATCH + 1


def test_nothing_to_write_is_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert update_rows(SyncLink, ["version"], []) == 0
        append_rows(Activity, ["company"], [])


def test_each_row_is_written_with_its_own_values_and_no_other_row(count):
    links = [SyncLinkFactory() for _ in range(count + 1)]
    columns = ("presence", "erp_description", "erp_amount", "checked_at", "closed_lines", "version")
    rows = [("present", f"{ODD} {n}", Decimal(n), MOMENT, [[n, "a"]], n, links[n].pk) for n in range(count)]
    assert update_rows(SyncLink, columns, rows) == count
    written = SyncLink.objects.exclude(pk=links[-1].pk).order_by("pk").values_list(*columns, "pk")
    assert list(written) == rows
    untouched = SyncLink.objects.get(pk=links[-1].pk)
    assert (untouched.erp_description, untouched.version) == (links[-1].erp_description, links[-1].version)


def test_a_row_that_has_a_value_there_meanwhile_is_left_alone_and_not_counted(count):
    links = [SyncLinkFactory() for _ in range(count)]
    SyncLink.objects.filter(pk=links[0].pk).update(checked_at=MOMENT)
    rows = [(Presence.PRESENT, link.pk) for link in links]
    assert update_rows(SyncLink, ["presence"], rows, while_null="checked_at") == count - 1
    assert SyncLink.objects.get(pk=links[0].pk).presence == links[0].presence
    assert SyncLink.objects.filter(presence="present").count() >= count - 1


def test_a_constraint_refuses_all_of_them(count):
    links = [SyncLinkFactory() for _ in range(count)]
    rows = [("present", link.pk) for link in links[:-1]] + [("nowhere", links[-1].pk)]
    before = list(SyncLink.objects.order_by("pk").values())
    with pytest.raises(IntegrityError), transaction.atomic():
        update_rows(SyncLink, ["presence"], rows)
    assert list(SyncLink.objects.order_by("pk").values()) == before


def test_what_is_appended_twice_is_refused(count):
    connection = ErpConnectionFactory()
    names = ("erp_id", "number", "description", "job_id", "vendor_id", "status", "left", "left_detail", "fingerprint")
    columns = ("company", "connection", "kind", "first_seen_at", "amount", *names)
    same = (connection.company_id, connection.pk, "subcontract", MOMENT, Decimal(1))
    rows = [(*same, f"{n % (count - 1)}", *("" for _ in names[1:])) for n in range(count)]
    with pytest.raises(IntegrityError), transaction.atomic():
        append_rows(UnlinkedRecord, columns, rows)
    assert not UnlinkedRecord.objects.exists()


@on_postgresql
def test_a_text_too_long_for_its_column_is_refused(count):
    links = [SyncLinkFactory() for _ in range(count)]
    with pytest.raises(DataError), transaction.atomic():
        update_rows(SyncLink, ["erp_number"], ((51 * "x", link.pk) for link in links))


@on_postgresql
def test_without_the_right_to_make_temporary_tables_all_is_written_none_the_less():
    links = [SyncLinkFactory() for _ in range(LOT)]
    name = database.ops.quote_name(database.settings_dict["NAME"])
    with database.cursor() as cursor:  # of a transaction that is rolled back
        cursor.execute("CREATE ROLE somebody_who_only_writes")
        cursor.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")
        cursor.execute("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO somebody_who_only_writes")
        cursor.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO somebody_who_only_writes")
        cursor.execute("SET LOCAL ROLE somebody_who_only_writes")
        written = update_rows(SyncLink, ["erp_status"], (("4-Current", link.pk) for link in links))
        insert(links[0].connection, ((f"{n}", "", Decimal(n)) for n in range(LOT)))
        cursor.execute("RESET ROLE")
    assert written == UnlinkedRecord.objects.count() == LOT
