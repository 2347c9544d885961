"""New ones that are created here by themselves, once a person chose so: what nothing here is like, and each once."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django_q.models import OrmQ

from directory.models import Activity, Project, ProjectMember
from directory.refusals import NotAllowed
from erpintegrations.models import BringIn, ErpConnection, FoundMaster, StandingDecision, VendorLink
from erpintegrations.refusals import BringInNotPossible
from erpintegrations.services import bring_in as runner
from erpintegrations.services.bring_in_new_masters import bring_in_new_masters
from erpintegrations.services.change_connection import ConnectionSettings, save_connection
from erpintegrations.services.decide_new_masters import decide_new_masters
from erpintegrations.services.keep_house import keep_house
from tests.factories import VendorFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def choose(set_up):
    def decide(kind="vendor", *, creates=True, **how) -> None:
        decide_new_masters(
            connection=set_up.connection,
            kind=kind,
            creates=creates,
            **{"access": set_up.access, "now": set_up.now, **how},
        )

    return decide


@pytest.fixture
def follow(set_up):
    """What happens within the minutes after a reading."""

    def minute() -> list[BringIn]:
        return [set_up.perform(begun) for begun in bring_in_new_masters(now=set_up.now)]

    return minute


@pytest.fixture
def come(set_up, sage_company):
    """Vendors of Sage with these names, read."""

    def add(*names: str) -> None:
        for name in names:
            sage_company.add_vendor(name)
        set_up.read()

    return add


class TestTheChoice:
    def test_is_off_until_it_is_made(self, set_up, come, follow):
        come("Acme")
        assert follow() == []
        assert set_up.states() == {"1": "undecided"}

    def test_is_told_in_the_history_once(self, set_up, choose):
        for creates in (True, True, False, False):
            choose(creates=creates)
        told = Activity.objects.filter(verb="set_up_decided", subject_label="New vendors").order_by("id")
        assert [entry.after["new_ones"] for entry in told] == ["Created here by themselves", "Listed as undecided"]
        assert {entry.actor for entry in told} == {set_up.admin}

    def test_is_an_administrators(self, choose, approver, access_of):
        with pytest.raises(NotAllowed):
            choose(access=access_of(approver))
        assert not StandingDecision.objects.exists()

    def test_is_of_a_kind_that_there_is_by_a_constraint(self, set_up, admin):
        with pytest.raises(IntegrityError), transaction.atomic():
            StandingDecision.objects.create(
                company=set_up.company, connection=set_up.connection, kind="commitment", chosen_by=admin
            )

    def test_is_for_one_kind_alone(self, set_up, come, choose, follow):
        choose("cost_type")
        come("Acme")
        assert follow() == []

    def test_leaves_to_a_person_what_waited_for_one(self, set_up, come, choose, follow):
        come("Acme")
        choose()
        come("Zenith")
        follow()
        assert set_up.states() == {"1": "undecided", "2": "brought_in"}

    def test_holds_no_more_once_it_is_taken_back(self, set_up, come, choose, follow):
        choose()
        come("Acme")
        (begun,) = bring_in_new_masters(now=set_up.now)
        choose(creates=False)
        assert set_up.perform(begun).done_count == 0
        assert set_up.states() == {"1": "undecided"}

    @pytest.mark.parametrize(("database", "holds"), [("company", True), ("another", False)])
    def test_ends_when_another_database_is_read(self, set_up, choose, database, holds):
        url = "mssql+pymssql://reader:{}@erp.example.com/{}"
        save_connection(
            connection=set_up.connection,
            settings=ConnectionSettings(),
            database_url=url.format("old", "company"),
            by=set_up.admin,
            now=set_up.now,
        )
        choose()
        save_connection(
            connection=ErpConnection.objects.get(),
            settings=ConnectionSettings(),
            database_url=url.format("new", database),
            by=set_up.admin,
            now=set_up.now,
        )
        assert StandingDecision.objects.exists() == holds
        told = Activity.objects.filter(subject_label="New vendors").latest("id").after
        assert told == {"new_ones": "Created here by themselves" if holds else "Listed as undecided"}


class TestWhatIsNew:
    def test_is_created_and_linked_by_nobody_in_particular(self, set_up, come, choose, follow):
        choose()
        come("Acme", "Zenith")
        (done,) = follow()
        assert (done.state, done.done_count, done.begun_by) == ("done", 2, "Set-up")
        assert set_up.links() == {"1": "Acme", "2": "Zenith"}
        assert set(VendorLink.objects.values_list("linked_by", flat=True)) == {None}
        told = Activity.objects.filter(subject_type="bring_in")
        assert {(entry.actor, entry.actor_label) for entry in told} == {(None, "Set-up")}

    def test_of_jobs_puts_nobody_on_the_team(self, set_up, sage_company, choose, follow):
        choose("job")
        sage_company.add_job("Town hall")
        set_up.read()
        follow()
        project = Project.objects.get(name="Town hall")
        assert not ProjectMember.objects.filter(project=project).exists()

    @pytest.mark.parametrize(
        "ours",
        [[("77", "ACME")], [("1", "Zenith")], [("1", "Acme")], [("77", "Acme"), ("78", "Acme")]],
    )
    def test_but_like_something_here_stays_for_a_person(self, set_up, come, choose, follow, ours):
        for number, name in ours:
            VendorFactory(company=set_up.company, number=number, name=name)
        choose()
        come("Acme", "New one")
        follow()
        assert set_up.states() == {"1": "undecided", "2": "brought_in"}

    def test_but_with_a_number_that_is_taken_stays_for_a_person(self, set_up, come, choose, follow):
        taken = VendorFactory(company=set_up.company, number="1", name="Zenith")
        VendorLink.objects.create(company=set_up.company, connection=set_up.connection, erp_id="999", vendor=taken)
        choose()
        come("Acme")
        assert follow() == []
        assert set_up.states() == {"1": "undecided"}

    def test_but_entered_here_meanwhile_stays_for_a_person(self, set_up, come, choose):
        choose()
        come("Acme")
        (begun,) = bring_in_new_masters(now=set_up.now)
        VendorFactory(company=set_up.company, number="77", name="ACME")
        assert set_up.perform(begun).done_count == 0
        assert (set_up.row(1).state, set_up.row(1).likeness) == ("undecided", "name")

    def test_but_gone_again_is_not_created(self, set_up, come, choose, follow, sage_company):
        choose()
        come("Acme", "Zenith")
        sage_company.run("DELETE FROM actpay WHERE recnum = 1")
        set_up.read()
        follow()
        assert set_up.links() == {"2": "Zenith"}

    def test_but_decided_by_a_person_stays_decided(self, set_up, come, choose, follow):
        choose()
        come("Acme", "Zenith", "New one")
        set_up.decide(1, "leave")
        set_up.decide(2, "create")
        follow()
        assert set_up.states() == {"1": "leave", "2": "create", "3": "brought_in"}

    def test_is_not_created_while_the_reading_is_doubted(self, set_up, come, choose, follow, sage_company):
        come(*(f"Vendor {n}" for n in range(30)))
        choose()
        sage_company.run("DELETE FROM actpay WHERE recnum <= 20")
        come("Acme")
        assert follow() == []
        set_up.read(accepts_gone=True)
        follow()
        assert list(set_up.links().values()) == ["Acme"]


class TestWhateverHappens:
    def test_the_housekeeping_begins_it(self, set_up, come, choose):
        choose()
        come("Acme")
        keep_house(now=set_up.now)
        keep_house(now=set_up.now)
        begun = BringIn.objects.get()
        assert (begun.step, begun.total, OrmQ.objects.count()) == ("vendor", 1, 1)

    def test_a_second_time_there_is_nothing_to_do(self, set_up, come, choose, follow):
        choose()
        come("Acme")
        follow()
        assert follow() == []
        set_up.read()
        assert follow() == []
        assert set_up.ours() == [("1", "Acme")]

    def test_one_kind_comes_after_the_other(self, set_up, sage_company, choose, follow):
        for kind in ("job", "cost_type"):
            choose(kind)
        sage_company.add_cost_type(4, "Subcontract")
        set_up.read()
        begun = bring_in_new_masters(now=set_up.now)
        assert [one.step for one in begun] == ["job"]
        set_up.perform(begun[0])
        assert [one.step for one in follow()] == ["cost_type"]

    def test_what_failed_waits_for_the_next_reading(self, set_up, come, choose, follow, monkeypatch):
        def broken(bring_in, rows, now):
            raise RuntimeError("broken")

        choose()
        come("Acme")
        work = runner.WORKS["vendor"]
        with monkeypatch.context() as patched:
            patched.setitem(runner.WORKS, "vendor", runner.StepWork(work.count, work.read, broken))
            assert [one.state for one in follow()] == ["failed"]
        assert follow() == []
        set_up.read()
        assert [one.state for one in follow()] == ["done"]

    @pytest.mark.parametrize("after", [0, 1, 2])
    def test_killed_between_two_batches_it_goes_on(self, set_up, come, choose, monkeypatch, after):
        choose()
        come(*(f"Vendor {n}" for n in range(7)))
        monkeypatch.setattr(runner, "BATCH_SIZE", 3)
        (begun,) = bring_in_new_masters(now=set_up.now)
        work, calls = runner.WORKS["vendor"], []

        def killed(bring_in, rows, now):
            calls.append(work.write(bring_in, rows, now))
            if len(calls) > after:
                raise SystemExit
            return calls[-1]

        with monkeypatch.context() as patched:
            patched.setitem(runner.WORKS, "vendor", runner.StepWork(work.count, work.read, killed))
            with pytest.raises(SystemExit):
                set_up.perform(begun)
        assert len(set_up.ours()) == VendorLink.objects.count() == 3 * after

        assert set_up.perform(begun).done_count == 7
        assert len(set_up.ours()) == len(set_up.links()) == 7

    def test_a_person_is_told_that_it_is_under_way(self, set_up, come, choose):
        choose()
        come("Acme", "Zenith")
        bring_in_new_masters(now=set_up.now)
        set_up.decide(1, "create")
        with pytest.raises(BringInNotPossible, match="under way already; Set-up started it"):
            set_up.request()

    def test_commitments_are_brought_in_by_persons_alone(self, set_up):
        with pytest.raises(IntegrityError), transaction.atomic():
            BringIn.objects.create(company=set_up.company, connection=set_up.connection, step="commitment")


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_many_who_begin_and_do_it_create_each_once(self, set_up, come, choose, at_once):
        choose()
        come(*(f"Vendor {n}" for n in range(20)))
        now = set_up.now

        def minute():
            for begun in bring_in_new_masters(now=now):
                runner.perform_bring_in(bring_in_id=begun.pk, retry_waits=(0.1, 0.2, 0.5))

        results = at_once(*[minute] * 4)

        assert not [result for result in results if isinstance(result, Exception)], results
        assert len(set_up.ours()) == len(set_up.links()) == 20
        assert set(FoundMaster.objects.filter(kind="vendor").values_list("state", flat=True)) == {"brought_in"}

    def test_many_who_choose_it_choose_it_once(self, set_up, choose, at_once):
        access = set_up.access
        results = at_once(*[lambda: choose(access=access)] * 4)
        assert results == [None] * 4
        assert StandingDecision.objects.count() == 1
        assert Activity.objects.filter(verb="set_up_decided").count() == 1
