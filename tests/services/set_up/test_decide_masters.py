"""What is to become of each of the ERP's jobs, vendors and codes: one by one, or all that are undecided at once."""

from __future__ import annotations

import pytest

from directory.models import Activity
from directory.refusals import NotAllowed
from erpintegrations.models import FoundMaster, VendorLink
from erpintegrations.refusals import ChangedMeanwhile, SetUpNotPossible
from tests.factories import VendorFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(set_up, sage_company):
    """Vendor 1 of Sage, which nothing here is like."""
    sage_company.add_vendor("Acme")
    set_up.read()
    return set_up.row(1)


def history() -> list[tuple[str, dict]]:
    return list(Activity.objects.filter(verb="set_up_decided").order_by("id").values_list("subject_label", "after"))


class TestOneByOne:
    @pytest.mark.parametrize("decision", ["create", "leave"])
    def test_is_kept_and_told(self, set_up, acme, decision):
        set_up.decide(1, decision)
        assert set_up.states() == {"1": decision}
        label = {"create": "To be created", "leave": "Left"}[decision]
        assert history() == [("Vendor 1 Acme", {"decision": label})]

    def test_to_be_linked_names_which(self, set_up, acme):
        ours = VendorFactory(company=set_up.company, name="Acme Concrete")
        set_up.decide(1, "link", ours=ours)
        assert (set_up.row(1).state, set_up.row(1).chosen_id) == ("link", ours.pk)
        assert history() == [("Vendor 1 Acme", {"decision": "To be linked", "linked_to": "Acme Concrete"})]

    def test_another_decision_forgets_which(self, set_up, acme):
        set_up.decide(1, "link", ours=VendorFactory(company=set_up.company))
        set_up.decide(1, "create")
        assert set_up.row(1).chosen_id is None

    def test_only_an_administrator_decides(self, set_up, acme, approver, access_of):
        with pytest.raises(NotAllowed):
            set_up.decide(1, "create", access=access_of(approver))
        with pytest.raises(NotAllowed):
            set_up.decide_all(access=access_of(approver))
        assert set_up.states() == {"1": "undecided"}

    def test_a_number_that_is_taken_here_is_not_created(self, set_up, acme):
        VendorFactory(company=set_up.company, number="1", name="Zenith")
        with pytest.raises(SetUpNotPossible, match="The number 1 is taken here, by the vendor “Zenith”"):
            set_up.decide(1, "create")

    def test_what_is_gone_is_not_created(self, set_up, acme, sage_company):
        sage_company.run("UPDATE actpay SET recnum = 2")
        set_up.read()
        with pytest.raises(SetUpNotPossible, match="1 Acme is no longer in Sage"):
            set_up.decide(1, "create")
        set_up.decide(1, "leave")

    def test_ours_that_is_linked_is_not_linked_twice(self, set_up, acme):
        ours = VendorFactory(company=set_up.company, name="Zenith")
        VendorLink.objects.create(
            company=set_up.company, connection=set_up.connection, erp_id="7", erp_name="Zenith", vendor=ours
        )
        with pytest.raises(SetUpNotPossible, match="Zenith is linked already, to 7 Zenith"):
            set_up.decide(1, "link", ours=ours)

    def test_ours_that_is_chosen_is_not_chosen_twice(self, set_up, acme, sage_company):
        sage_company.add_vendor("Acme again")
        set_up.read()
        ours = VendorFactory(company=set_up.company, name="Zenith")
        set_up.decide(1, "link", ours=ours)
        with pytest.raises(SetUpNotPossible, match="Zenith is chosen already, for another vendor"):
            set_up.decide(2, "link", ours=ours)

    def test_one_of_another_company_is_not_there(self, set_up, acme):
        with pytest.raises(SetUpNotPossible, match="The vendor to link it to is not there"):
            set_up.decide(1, "link", ours=VendorFactory())

    def test_what_is_brought_in_is_decided(self, set_up, acme):
        set_up.decide(1, "create")
        set_up.bring_in()
        with pytest.raises(SetUpNotPossible, match="1 Acme is brought in already"):
            set_up.decide(1, "leave")

    def test_somebody_else_was_faster(self, set_up, acme):
        set_up.decide(1, "leave")
        with pytest.raises(ChangedMeanwhile, match="Somebody else decided about 1 Acme, or brought it in"):
            set_up.decide(1, "create", row=acme)
        assert set_up.states() == {"1": "leave"}


class TestNamesThatAreMuchAlike:
    """A wrong vendor is a wrong payee."""

    @pytest.mark.parametrize(
        ("theirs", "short", "ours"),
        [("Johnson Electric of Texas LLC", "Johnson", "Johnson"), ("A+ Plumbing", "A+", "A Plumbing")],
    )
    def test_wait_for_a_person_who_can_link_them(self, set_up, sage_company, theirs, short, ours):
        sage_company.run(f"INSERT INTO actpay (recnum, vndnme, shtnme) VALUES (1, '{theirs}', '{short}')")
        ours = VendorFactory(company=set_up.company, name=ours, number="V-1")
        set_up.read()

        outlook = set_up.outlook()
        set_up.decide_all()

        assert (outlook.link, outlook.create, outlook.stay) == (0, 0, 1)
        assert (set_up.row(1).state, set_up.row(1).suggested_id) == ("undecided", ours.pk)


class TestAllAtOnce:
    @pytest.fixture
    def ours(self, set_up, sage_company):
        """Sage has five vendors: with the same name, the same number, two alike, and two like nothing."""
        for name in ("Acme", "Zenith", "Twin", "New one", "New two"):
            sage_company.add_vendor(name)
        acme = VendorFactory(company=set_up.company, number="77", name="ACME")
        VendorFactory(company=set_up.company, number="2", name="Another")
        for number in ("80", "81"):
            VendorFactory(company=set_up.company, number=number, name="Twin")
        set_up.read()
        return acme

    def test_is_counted_before(self, set_up, ours):
        outlook = set_up.outlook()
        assert (outlook.link, outlook.create, outlook.stay) == (1, 2, 2)
        assert set(set_up.states().values()) == {"undecided"}

    def test_links_what_is_suggested_and_creates_what_is_new(self, set_up, ours):
        done = set_up.decide_all()
        assert (done.link, done.create) == (1, 2)
        assert set_up.states() == {"1": "link", "2": "undecided", "3": "undecided", "4": "create", "5": "create"}
        assert set_up.row(1).chosen_id == ours.pk
        assert history() == [("Vendors", {"to_be_linked": 1, "to_be_created": 2})]

    def test_can_be_the_suggested_ones_alone(self, set_up, ours):
        set_up.decide_all(what="link")
        assert sorted(set_up.states().values()) == ["link", *["undecided"] * 4]

    def test_can_be_to_leave_them(self, set_up, ours):
        set_up.decide_all(what="leave")
        assert set(set_up.states().values()) == {"leave"}
        assert history() == [("Vendors", {"left": 5})]

    def test_can_be_about_those_that_were_left(self, set_up, ours):
        set_up.decide_all(what="leave")
        assert set_up.outlook().total == 0
        done = set_up.decide_all(state="leave")
        assert (done.link, done.create) == (1, 2)
        assert set_up.states() == {"1": "link", "2": "leave", "3": "leave", "4": "create", "5": "create"}

    def test_takes_in_no_more_than_the_list_shows(self, set_up, ours):
        rows = set_up.rows().filter(name__startswith="New")
        set_up.decide_all(rows=rows)
        assert set_up.states()["1"] == "undecided"
        assert set_up.states()["4"] == "create"

    def test_leaves_earlier_decisions_alone(self, set_up, ours):
        set_up.decide(4, "leave")
        set_up.decide_all()
        assert set_up.states()["4"] == "leave"

    def test_what_is_gone_is_not_decided(self, set_up, ours, sage_company):
        sage_company.run("UPDATE actpay SET recnum = 6 WHERE recnum = 5")
        set_up.read()
        set_up.decide_all()
        assert set_up.states()["5"] == "undecided"

    def test_does_nothing_when_something_else_would_be_done_than_was_shown(self, set_up, ours):
        seen = set_up.outlook().token
        VendorFactory(company=set_up.company, name="New one")
        with pytest.raises(ChangedMeanwhile, match="Something changed since you looked: nothing was decided"):
            set_up.decide_all(seen=seen)
        assert set(set_up.states().values()) == {"undecided"}

    def test_does_nothing_when_as_many_others_would_be_decided_as_were_shown(self, set_up, ours, sage_company):
        seen = set_up.outlook().token
        sage_company.run("UPDATE actpay SET vndnme = 'Somebody else' WHERE recnum = 5")
        set_up.read()
        assert set_up.outlook().token != seen
        with pytest.raises(ChangedMeanwhile, match="Something changed since you looked: nothing was decided"):
            set_up.decide_all(seen=seen)
        assert set(set_up.states().values()) == {"undecided"}

    def test_what_was_chosen_by_hand_is_suggested_for_no_other(self, set_up, ours):
        set_up.decide(4, "link", ours=ours)
        set_up.decide_all()
        assert set_up.row(1).state == "create"
        assert FoundMaster.objects.get(chosen_id=ours.pk).erp_id == "4"


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_of_many_who_decide_about_all_one_does(self, set_up, sage_company, at_once):
        for n in range(30):
            sage_company.add_vendor(f"Vendor {n}")
        set_up.read()
        seen = set_up.outlook().token

        results = at_once(*[lambda: set_up.decide_all(seen=seen)] * 4)

        assert sorted(type(result).__name__ for result in results) == [*["ChangedMeanwhile"] * 3, "Outlook"]
        assert list(set_up.states().values()) == ["create"] * 30
        assert len(history()) == 1

    def test_of_two_who_choose_the_same_of_ours_one_gets_it(self, set_up, sage_company, at_once):
        for name in ("Acme", "Acme again"):
            sage_company.add_vendor(name)
        set_up.read()
        ours = VendorFactory(company=set_up.company, name="Zenith")

        results = at_once(*[lambda erp_id=erp_id: set_up.decide(erp_id, "link", ours=ours) for erp_id in (1, 2)])

        assert sorted(type(result).__name__ for result in results) == ["FoundMaster", "SetUpNotPossible"]
        assert sorted(set_up.states().values()) == ["link", "undecided"]
