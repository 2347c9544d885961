"""The index of the Synced list's search: it finds exactly what the columns hold, whatever was written before."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erpintegrations.models import SyncLink, link_search
from erpintegrations.selectors import link_search as search
from erpintegrations.selectors.link_search import count_at_least, with_words
from erpintegrations.selectors.spellings import anywhere
from erpintegrations.services.keep_house import copy_renamed
from tests.factories import VendorFactory
from tests.web.synced_stage import erp_fixture, link_fixture, numbers, page_fixture  # noqa: F401  the fixtures erp, link and page

pytestmark = pytest.mark.django_db
# Wildcards and quotes of both databases and of FTS5, letters that change their number or their kind when they are
# folded, an accent of its own, what is no letter, and one outside the first plane.
LETTERS = "aAbBsS10-_%\\'\"*^():.,+öÖßſKİıéΣσςÀ\u0301—🏗"
NAMES = ["Rebar 10%", 'Ö"stlicher_Anbau', "STRASSE Straße", "SC-100", "a\\b'c", "σίσυφοΣ", "e\u0301té ÉTÉ", "İstanbul"]
texts = st.one_of(st.sampled_from(NAMES), st.text(LETTERS + " ", min_size=1, max_size=12))
words = st.one_of(
    st.sampled_from(NAMES).flatmap(lambda name: st.sampled_from([name, name.lower(), name.upper(), name[1:5]])),
    st.text(LETTERS, min_size=1, max_size=5),
).map(str.split)
searches = st.lists(words, min_size=1, max_size=2).map(lambda parts: [word for part in parts for word in part])
columns = st.sampled_from(link_search.SEARCHED)
changes = st.lists(
    st.tuples(st.sampled_from(["update", "save", "bulk", "close", "again"]), st.integers(0, 5), columns, texts),
    max_size=5,
)


@pytest.fixture
def links(link, company):
    """Six links with odd names in all columns."""
    made = [link(f"{name} {n}", title=NAMES[n], erp_number=NAMES[-n]) for n, name in enumerate(NAMES[:6])]
    SyncLink.objects.filter(company=company).update(vendor_name="Bay's Concrete & Söhne")
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            # So few would be read one by one, and the index would not be looked at. What is deferred keeps it from
            # being made.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return [SyncLink.objects.get(pk=each.pk) for each in made]


@pytest.fixture
def closed(approver):
    """The columns of a link that a person closed."""
    return {
        "presence": "deleted",
        "closed_at": timezone.now(),
        "closed_by": approver,
        "close_token": uuid.uuid4(),
        "closed_commitment_revision": 1,
    }


@contextmanager
def undone():
    """What is written in here is rolled back: the index has to go back with it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def write(how: str, link: SyncLink, column: str, text: str) -> None:
    link = SyncLink.objects.get(commitment=link.commitment_id)
    setattr(link, column, text)
    if how == "update":
        SyncLink.objects.filter(pk=link.pk).update(**{column: text})
    elif how == "save":
        link.save()
    elif how == "bulk":
        SyncLink.objects.bulk_update([link], [column, "amount"])
    else:
        link.delete()
        SyncLink.objects.bulk_create([link])


def found(searched):
    return set(with_words(SyncLink.objects.filter(closed_at=None), searched).links.values_list("pk", flat=True))


def held(searched):
    """By the columns themselves, as a search without an index goes."""
    rows = SyncLink.objects.filter(closed_at=None)
    for word in searched:
        rows = rows.filter(anywhere(word, link_search.SEARCHED))
    return set(rows.values_list("pk", flat=True))


def names(searched):
    return sorted(SyncLink.objects.filter(pk__in=found(searched)).values_list("title", flat=True))


def warned():
    return "erpintegrations.W004" in {message.id for message in run_checks(tags=[Tags.database], databases=["default"])}


class TestFindsWhatTheColumnsHold:
    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(writes=changes, searched=st.lists(searches, min_size=1, max_size=6))
    def test_whatever_was_written(self, links, closed, writes, searched):
        with undone():
            for how, place, column, text in writes:
                if how == "close":
                    SyncLink.objects.filter(pk=links[place].pk).update(**closed)
                else:
                    write(how, links[place], column, text)
            for each in searched:
                assert found(each) == held(each), each
        for each in searched:
            assert found(each) == held(each), each

    def test_every_part_of_every_name(self, links):
        parts = {
            name[start:end] for name in NAMES for start in range(len(name)) for end in range(start + 1, len(name) + 1)
        }
        for part in parts:
            searched = part.split()
            assert found(searched) == held(searched), part
        assert found(["concrete", "söhne"]) == {link.pk for link in links}

    def test_after_a_vendor_and_a_project_were_renamed(self, page, link, project):
        vendor = link("SC-1").vendor
        link("SC-2", vendor=VendorFactory(company=project.company))
        type(vendor).objects.filter(pk=vendor.pk).update(name="Zebra Crossings")
        type(project).objects.filter(pk=project.pk).update(name="Lighthouse")
        copy_renamed(since=None)
        assert numbers(page("?q=zebra")) == ["SC-1"]
        assert numbers(page("?q=lighthouse")) == ["SC-1", "SC-2"]
        assert found(["bayshore"]) == set()

    def test_after_one_was_unlinked_and_that_was_undone(self, page, link, closed):
        row = SyncLink.objects.filter(pk=link("SC-1", title="Lighthouse").pk)
        row.update(**closed)
        assert found(["lighthouse"]) == set()
        row.update(**dict.fromkeys(set(closed) - {"presence"}))
        assert numbers(page("?q=lighthouse")) == ["SC-1"]


class TestCounting:
    @pytest.fixture(autouse=True)
    def few(self, monkeypatch):
        monkeypatch.setattr(search, "COUNT_LIMIT", 55)

    @pytest.fixture
    def many(self, link):
        """Sixty, of which every second is of X1."""
        for n in range(60):
            link(f"{n:03}", title=("X1", "X2")[n % 2])

    def test_what_an_index_does_not_find_is_counted_so_far(self, page, many, link):
        for n in range(60, 90):
            link(f"{n:03}", title="X2")
        for query, words in (
            ("?q=X2", "50 of 50+ commitments"),
            ("?q=X", "50 of 55+ commitments"),
            ("?q=X&order=-number", "50 of 55+ commitments"),
            ("?q=X1", "30 commitments"),
        ):
            assert page(query).context["position"] == words, query

    def test_each_order_counts_from_its_own_beginning(self, many):
        links = SyncLink.objects.filter(closed_at=None)
        found = links.filter(number__gte="050")
        assert count_at_least(found, links, "number", descending=False) == 5
        assert count_at_least(found, links, "number", descending=True) == 10
        assert count_at_least(found, links, "title", descending=False) == 5
        assert count_at_least(found, found, "number", descending=True) is None


class TestWithoutTheIndex:
    def test_the_search_finds_the_same_and_the_check_says_so(self, links):
        assert not warned()
        before = names(["rebar"])
        link_search.drop(database)
        assert not link_search.is_there(database)
        assert names(["rebar"]) == before == ["Rebar 10%"]
        assert warned()
        call_command("index_search", stdout=StringIO())
        assert not warned()
        assert names(["rebar"]) == before

    @pytest.mark.skipif(database.vendor != "sqlite", reason="PostgreSQL keeps its own indexes")
    def test_one_that_lost_a_trigger_is_not_asked(self, links):
        with database.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER {link_search.TRIGGERS[1]}")
        SyncLink.objects.filter(pk=links[0].pk).update(title="Lighthouse")
        assert names(["lighthouse"]) == ["Lighthouse"]
        assert warned()

    @pytest.mark.skipif(database.vendor != "sqlite", reason="a SQLite that makes no virtual table")
    def test_a_sqlite_that_cannot_have_it_goes_without(self, links):
        def without_virtual_tables(action, *_):
            return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_CREATE_VTABLE else sqlite3.SQLITE_OK

        database.connection.set_authorizer(without_virtual_tables)
        try:
            problem = link_search.create(database)
        finally:
            database.connection.set_authorizer(None)
        assert problem == "not authorized"
        assert names(["rebar"]) == ["Rebar 10%"]
        SyncLink.objects.filter(pk=links[0].pk).update(title="Lighthouse")
        assert names(["lighthouse"]) == ["Lighthouse"]

    @pytest.mark.skipif(database.vendor != "postgresql", reason="roles are PostgreSQL's")
    def test_a_role_that_may_not_create_the_extension_goes_without(self, links):
        with database.cursor() as cursor:
            cursor.execute("DROP EXTENSION pg_trgm CASCADE")
            cursor.execute("CREATE ROLE somebody_else")
            cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO somebody_else")
            cursor.execute("SET LOCAL ROLE somebody_else")
        problem = link_search.create(database)
        assert "permission denied to create extension" in problem
        assert names(["rebar"]) == ["Rebar 10%"]
        with database.cursor() as cursor:
            cursor.execute("RESET ROLE")
        assert warned()

    @pytest.mark.skipif(database.vendor != "postgresql", reason="an extension is PostgreSQL's")
    def test_what_the_administrator_has_to_run_is_said(self, links):
        with database.cursor() as cursor:
            cursor.execute("DROP EXTENSION pg_trgm CASCADE")
            cursor.execute("CREATE ROLE somebody_else")
            cursor.execute("SET LOCAL ROLE somebody_else")
        with pytest.raises(CommandError, match=r"administrator run in it: CREATE EXTENSION .* manage.py index_search"):
            call_command("index_search")
