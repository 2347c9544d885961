"""Bringing in what was decided: each once, whatever happens in between, and what cannot be is left with the reason."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from commitments.models import Vendor
from directory.models import Activity, CompanyMember, Level, Project, ProjectMember
from erpintegrations.models import FoundMaster, VendorLink
from erpintegrations.refusals import BringInNotPossible
from erpintegrations.services import bring_in as runner
from erpintegrations.services.keep_house import copy_renamed
from tests.factories import VendorFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def vendors(set_up, sage_company):
    """So many vendors of Sage, all to be created."""

    def add(count: int) -> None:
        for n in range(count):
            sage_company.add_vendor(f"Vendor {n}")
        set_up.read()
        set_up.decide_all()

    return add


def reason(set_up, erp_id) -> str:
    row = set_up.row(erp_id)
    assert row.state == "leave"
    return row.problem


def test_creates_and_links_them(set_up, vendors):
    vendors(3)
    done = set_up.bring_in()
    assert (done.state, done.done_count, done.left_count) == ("done", 3, 0)
    assert set_up.ours() == [("1", "Vendor 0"), ("2", "Vendor 1"), ("3", "Vendor 2")]
    assert set_up.links() == {"1": "Vendor 0", "2": "Vendor 1", "3": "Vendor 2"}
    assert set(set_up.states().values()) == {"brought_in"}
    assert VendorLink.objects.filter(linked_by=set_up.admin, erp_name="Vendor 0").count() == 1


@pytest.mark.parametrize(("kind", "number"), [("cost_code", "3.3"), ("cost_type", "4")])
def test_of_every_kind(set_up, sage_company, kind, number):
    sage_company.add_cost_code("3.300", "Concrete")
    sage_company.add_cost_type(4, "Concrete")
    set_up.read()
    set_up.decide_all(kind)
    set_up.bring_in(kind)
    assert set_up.ours(kind) == [(number, "Concrete")]
    assert set_up.links(kind) == {number: "Concrete"}


def test_links_to_ours_what_is_to_be_linked(set_up, sage_company):
    sage_company.add_vendor("Acme, Inc.")
    ours = VendorFactory(company=set_up.company, number="77", name="ACME, INC.")
    set_up.read()
    set_up.decide_all()
    set_up.bring_in()
    assert set_up.ours() == [("77", "ACME, INC.")]
    link = VendorLink.objects.get()
    assert (link.erp_id, link.vendor, link.erp_name) == ("1", ours, "Acme, Inc.")


def test_who_asked_gets_on_the_team_of_new_projects(set_up, approver):
    set_up.read()
    set_up.decide_all("job")
    set_up.bring_in("job")
    project = Project.objects.get(name="Another job")
    (member,) = ProjectMember.objects.filter(project=project)
    assert (member.user, member.commitments_level) == (set_up.admin, Level.ADMIN)
    entry = Activity.objects.get(verb="level_changed")
    assert (entry.project, entry.after) == (project, {"commitments_level": "Admin"})


def test_nothing_is_brought_in_for_who_left_meanwhile(set_up):
    set_up.read()
    set_up.decide_all("job")
    asked = set_up.request("job")
    CompanyMember.objects.filter(user=set_up.admin).delete()
    assert set_up.perform(asked).problem == "Alma Admin, who started it, may not do this any more."
    assert not ProjectMember.objects.filter(project__name="Another job").exists()
    assert set_up.links("job") == {}


def test_one_without_a_name_is_called_by_its_short_name_or_number(set_up, sage_company):
    sage_company.add_vendor("Acme")
    sage_company.add_vendor("Zenith")
    sage_company.run("UPDATE actpay SET vndnme = ''", "UPDATE actpay SET shtnme = '' WHERE recnum = 2")
    set_up.read()
    set_up.decide_all()
    set_up.bring_in()
    assert set_up.ours() == [("1", "Acme"), ("2", "2")]


class TestIsLeft:
    def test_when_its_number_was_taken_meanwhile(self, set_up, vendors):
        vendors(2)
        VendorFactory(company=set_up.company, number="1", name="Zenith")
        done = set_up.bring_in()
        assert (done.state, done.done_count, done.left_count) == ("done", 1, 1)
        assert reason(set_up, 1) == "The number 1 is taken here, by the vendor “Zenith”."
        assert set_up.links() == {"2": "Vendor 1"}

    def test_when_ours_was_deleted_or_linked_meanwhile(self, set_up, sage_company):
        for name in ("Acme", "Zenith"):
            sage_company.add_vendor(name)
        set_up.read()
        acme, zenith = (VendorFactory(company=set_up.company, name=name) for name in ("A", "Z"))
        set_up.decide(1, "link", ours=acme)
        set_up.decide(2, "link", ours=zenith)
        acme.delete()
        VendorLink.objects.create(company=set_up.company, connection=set_up.connection, erp_id="9", vendor=zenith)
        set_up.bring_in()
        assert reason(set_up, 1) == "The vendor that it was to be linked to was deleted."
        assert reason(set_up, 2) == "Z is linked already, to 9 in Sage."

    def test_when_it_is_gone_meanwhile(self, set_up, vendors, sage_company):
        vendors(1)
        sage_company.run("UPDATE actpay SET recnum = 2")
        set_up.read()
        set_up.bring_in()
        assert reason(set_up, 1) == "It is no longer in Sage."

    def test_when_its_number_is_too_long(self, set_up, sage_company):
        sage_company.add_cost_code("123456789012.345")
        set_up.read()
        FoundMaster.objects.filter(kind="cost_code").update(erp_id="1" * 21)
        set_up.decide_all("cost_code")
        set_up.bring_in("cost_code")
        (row,) = set_up.rows("cost_code")
        assert row.problem == "Its number is longer than the 20 characters that there is room for here."

    def test_and_can_be_decided_and_brought_in_again(self, set_up, vendors):
        vendors(1)
        ours = VendorFactory(company=set_up.company, number="1", name="Zenith")
        set_up.bring_in()
        set_up.decide(1, "link", ours=ours)
        assert set_up.row(1).problem == ""
        set_up.bring_in()
        assert set_up.links() == {"1": "Zenith"}


class TestWhateverHappens:
    def test_a_second_time_there_is_nothing_to_bring_in(self, set_up, vendors):
        vendors(2)
        set_up.bring_in()
        with pytest.raises(BringInNotPossible, match="There is nothing to bring in of the vendors"):
            set_up.request()

    @pytest.mark.parametrize("after", [0, 1, 2])
    def test_killed_between_two_batches_it_goes_on(self, set_up, vendors, monkeypatch, after):
        vendors(7)
        monkeypatch.setattr(runner, "BATCH_SIZE", 3)
        asked = set_up.request()
        write, calls = runner.WORKS["vendor"].write, []

        def killed(bring_in, rows, now):
            done = write(bring_in, rows, now)
            calls.append(done)
            if len(calls) > after:
                raise SystemExit
            return done

        with monkeypatch.context() as patched:
            patched.setitem(runner.WORKS, "vendor", runner.StepWork(*_reading(), write=killed))
            with pytest.raises(SystemExit):
                set_up.perform(asked)
        assert Vendor.objects.filter(company=set_up.company).count() == VendorLink.objects.count() == 3 * after

        done = set_up.perform(asked)

        assert (done.state, done.done_count) == ("done", 7)
        assert len(set_up.ours()) == len(set_up.links()) == 7

    def test_what_somebody_decided_otherwise_meanwhile_is_left_to_them(self, set_up, vendors):
        vendors(2)
        asked = set_up.request()
        set_up.decide(1, "leave")
        done = set_up.perform(asked)
        assert (done.done_count, done.left_count) == (1, 0)
        assert set_up.states() == {"1": "leave", "2": "brought_in"}

    def test_what_was_linked_by_other_means_is_not_created(self, set_up, vendors):
        vendors(1)
        ours = VendorFactory(company=set_up.company)
        VendorLink.objects.create(company=set_up.company, connection=set_up.connection, erp_id="1", vendor=ours)
        assert set_up.bring_in().done_count == 1
        assert list(Vendor.objects.filter(company=set_up.company)) == [ours]

    def test_statements_are_per_batch_and_not_per_row(self, set_up, sage_company, vendors):
        def statements():
            asked = set_up.request()
            with CaptureQueriesContext(database) as queries:
                set_up.perform(asked)
            return len(queries)

        vendors(1)
        one = statements()
        with sage_company.engine.begin() as connection:
            rows = [{"recnum": n, "vndnme": f"V {n}", "shtnme": ""} for n in range(10, 3010)]
            connection.exec_driver_sql(
                "INSERT INTO actpay (recnum, vndnme, shtnme) VALUES (:recnum, :vndnme, :shtnme)", rows
            )
        set_up.read()
        set_up.decide_all()
        batches = 3000 / runner.BATCH_SIZE
        assert statements() < one + 40 * batches

    def test_names_are_copied_to_links_without_a_statement_for_each_vendor(self, set_up, vendors):
        vendors(40)
        set_up.bring_in()
        with CaptureQueriesContext(database) as queries:
            copy_renamed(since=set_up.now)
        assert len(queries) == 2


def _reading():
    work = runner.WORKS["vendor"]
    return work.count, work.read


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_many_who_start_it_and_many_who_do_it_bring_each_in_once(self, set_up, vendors, at_once, access_of, admin):
        vendors(20)

        def start():
            asked = runner.request_bring_in(
                connection=set_up.connection, step="vendor", access=access_of(admin), now=set_up.now
            )
            return runner.perform_bring_in(bring_in_id=asked.pk, retry_waits=(0.1, 0.2, 0.5)).state

        results = at_once(*[start] * 4)

        assert [result for result in results if not isinstance(result, BringInNotPossible)] == ["done"] * sum(
            result == "done" for result in results
        )
        assert "done" in results
        assert len(set_up.ours()) == len(set_up.links()) == 20

    def test_a_vendor_that_somebody_enters_at_the_same_moment_is_not_doubled(self, set_up, vendors, at_once):
        vendors(10)
        asked = set_up.request()
        at_once(
            lambda: runner.perform_bring_in(bring_in_id=asked.pk, retry_waits=(0.1, 0.2, 0.5)),
            lambda: Vendor.objects.create(company=set_up.company, number="5", name="By hand"),
        )
        numbers = [number for number, _ in set_up.ours()]
        assert sorted(numbers, key=int) == [str(n) for n in range(1, 11)]
        assert len(set_up.links()) + FoundMaster.objects.exclude(problem="").count() >= 9
