"""Reading jobs, vendors and codes: differences alone are written; what is missing is marked if it can be believed."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from directory.models import Activity, Project
from directory.refusals import NotAllowed
from erpintegrations.connectors.base import NeedsAttention, Retryable
from erpintegrations.models import ErpConnection, FoundMaster, JobLink, SyncRun, VendorLink
from erpintegrations.refusals import SyncNotPossible
from erpintegrations.services.decide_sync import accept_gone_masters
from erpintegrations.services.read_masters import read_masters
from erpintegrations.services.run_sync import open_run, perform_sync
from tests.factories import ProjectFactory, VendorFactory

pytestmark = pytest.mark.django_db


def doubt(set_up) -> str:
    return ErpConnection.objects.get(pk=set_up.connection.pk).masters_doubt


def test_keeps_what_there_is_of_each_kind(set_up, sage_company):
    sage_company.add_vendor("Acme Concrete")
    sage_company.add_cost_code("3.300", "Concrete")
    sage_company.add_cost_type(4, "Subcontract")

    result = set_up.read()

    assert set_up.names("job") == {"1": "Another job"}
    assert set_up.names("vendor") == {"1": "Acme Concrete"}
    assert set_up.names("cost_code") == {"3.3": "Concrete"}
    assert set_up.names("cost_type") == {"4": "Subcontract"}
    assert set_up.row(1, "job").status == "4-Current"
    assert result.counts["new"] == 4


def test_is_listed_in_the_order_of_the_numbers(set_up, sage_company):
    for code in ("10", "9", "3.25", "3.3"):
        sage_company.add_cost_code(code)
    set_up.read()
    assert [row.erp_id for row in set_up.rows("cost_code")] == ["3.25", "3.3", "9", "10"]


def test_a_reading_that_finds_nothing_new_writes_the_moment_alone(set_up, sage_company):
    for n in range(30):
        sage_company.add_vendor(f"Vendor {n}")
    set_up.read()
    set_up.decide_all()
    set_up.bring_in()
    set_up.read()
    before = list(FoundMaster.objects.order_by("pk").values())

    with CaptureQueriesContext(database) as queries:
        set_up.read()

    writes = [one["sql"] for one in queries if one["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert len(writes) == 1
    assert "masters_read_at" in writes[0]
    assert list(FoundMaster.objects.order_by("pk").values()) == before


def test_takes_a_statement_for_many_and_not_for_each(set_up, sage_company):
    def statements():
        with CaptureQueriesContext(database) as queries:
            set_up.read()
        return len(queries)

    sage_company.add_vendor("One")
    statements()
    sage_company.add_vendor("Two")
    one_more = statements()
    for n in range(200):
        sage_company.add_vendor(f"Vendor {n}")
    assert statements() <= one_more + 5


def test_a_new_name_and_a_new_status_are_kept_and_a_decision_stays(set_up, sage_company):
    vendor = sage_company.add_vendor("Acme")
    set_up.read()
    set_up.decide(vendor, "leave")
    sage_company.run("UPDATE actpay SET vndnme = 'Acme Concrete'", "UPDATE actrec SET status = 6")

    result = set_up.read()

    assert set_up.names() == {"1": "Acme Concrete"}
    assert set_up.states() == {"1": "leave"}
    assert set_up.row(1, "job").status == "6-Closed"
    assert result.counts["changed"] == 2


class TestWhatIsMissing:
    @pytest.fixture
    def vendors(self, set_up, sage_company):
        numbers = [sage_company.add_vendor(f"Vendor {n}") for n in range(40)]
        set_up.read()
        set_up.decide_all()
        set_up.bring_in()
        return numbers

    def test_is_marked_and_never_deleted(self, set_up, sage_company, vendors):
        sage_company.run("DELETE FROM actpay WHERE recnum = 1")
        result = set_up.read()
        assert set_up.row(1).gone_at == VendorLink.objects.get(erp_id="1").gone_at is not None
        assert ("1", "Vendor 0") in set_up.ours()
        assert result.counts["gone"] == 1
        assert FoundMaster.objects.filter(gone_at=None, kind="vendor").count() == 39

    def test_is_there_again_when_it_is_back(self, set_up, sage_company, vendors):
        sage_company.run("UPDATE actpay SET recnum = 999 WHERE recnum = 1")
        set_up.read()
        sage_company.run("UPDATE actpay SET recnum = 1 WHERE recnum = 999")
        result = set_up.read()
        assert set_up.row(1).gone_at is VendorLink.objects.get(erp_id="1").gone_at is None
        assert result.counts["back"] == 1

    @pytest.mark.parametrize(
        ("where", "sentence"),
        [
            ("recnum > 20", "20 of 40 vendors are missing from Sage all at once."),
            ("1 = 1", "Sage answered without any vendors, though 40 should be in it."),
        ],
    )
    def test_all_at_once_proves_nothing(self, set_up, sage_company, vendors, where, sentence):
        sage_company.run(f"DELETE FROM actpay WHERE {where}")
        set_up.read()
        assert doubt(set_up) == sentence
        assert not FoundMaster.objects.exclude(gone_at=None).exists()
        assert not VendorLink.objects.exclude(gone_at=None).exists()

    def test_all_at_once_is_marked_once_a_person_says_so(self, set_up, sage_company, vendors):
        sage_company.run("DELETE FROM actpay WHERE recnum > 20")
        set_up.read()
        run = accept_gone_masters(connection=set_up.connection, access=set_up.access, now=set_up.now)
        assert not FoundMaster.objects.exclude(gone_at=None).exists(), "nobody who waits for a page reads the ERP"
        assert perform_sync(run_id=run.pk, retry_waits=()).state == "completed"
        assert doubt(set_up) == ""
        assert FoundMaster.objects.exclude(gone_at=None).count() == 20
        assert VendorLink.objects.exclude(gone_at=None).count() == 20
        assert Activity.objects.filter(verb="masters_read").latest("id").actor == set_up.admin

    def test_a_doubt_about_vendors_keeps_no_job_from_being_read(self, set_up, sage_company, vendors):
        sage_company.run("DELETE FROM actpay")
        sage_company.add_job("Town hall")
        set_up.read()
        assert sorted(set_up.names("job").values()) == ["Another job", "Town hall"]

    def test_only_an_administrator_may_say_so(self, set_up, vendors, approver, access_of):
        with pytest.raises(NotAllowed):
            accept_gone_masters(connection=set_up.connection, access=access_of(approver), now=set_up.now)

    def test_not_while_a_sync_is_under_way_which_would_not_do_it(self, set_up, vendors):
        run, _ = open_run(connection=set_up.connection, trigger="schedule", by=None, now=set_up.now)
        with pytest.raises(SyncNotPossible) as refused:
            accept_gone_masters(connection=set_up.connection, access=set_up.access, now=set_up.now)
        assert refused.value.message == (f"Sync run {run.pk} is under way, so nothing can be marked as gone right now.")
        assert refused.value.remedy == (
            "Wait until it has ended: if jobs, vendors or codes are still missing then, say so again."
        )

    def test_a_number_that_is_used_again_is_another_one(self, set_up, sage_company, vendors):
        sage_company.run("DELETE FROM actpay WHERE recnum = 1")
        set_up.read()
        sage_company.run("INSERT INTO actpay (recnum, vndnme, shtnme) VALUES (1, 'Zenith Crane Hire', 'Zenith')")
        set_up.read()
        assert set_up.links()["1"] == "Vendor 0"
        assert VendorLink.objects.get(erp_id="1").gone_at is not None
        assert (set_up.row(1).state, set_up.row(1).name) == ("undecided", "Zenith Crane Hire")


class TestNamesOfOurs:
    @pytest.fixture
    def acme(self, set_up, sage_company):
        sage_company.add_vendor("Acme")
        set_up.read()
        set_up.decide_all()
        set_up.bring_in()
        (vendor,) = set_up.company.vendors.all()
        return vendor

    def test_follow_the_erp(self, set_up, sage_company, acme):
        updated_at = acme.updated_at
        sage_company.run("UPDATE actpay SET vndnme = 'Acme Concrete'")
        set_up.read()
        acme.refresh_from_db()
        assert (acme.name, VendorLink.objects.get().erp_name) == ("Acme Concrete", "Acme Concrete")
        assert acme.updated_at != updated_at
        (told,) = Activity.objects.filter(verb="master_renamed")
        assert (told.subject_label, told.before, told.after) == (
            "Vendor 1",
            {"name": "Acme"},
            {"name": "Acme Concrete"},
        )

    def test_stay_when_somebody_renamed_it_here(self, set_up, sage_company, acme):
        acme.name = "Acme, our favorite"
        acme.save()
        sage_company.run("UPDATE actpay SET vndnme = 'Acme Concrete'")
        set_up.read()
        acme.refresh_from_db()
        assert (acme.name, VendorLink.objects.get().erp_name) == ("Acme, our favorite", "Acme Concrete")

    def test_stay_when_the_erp_has_none_any_more(self, set_up, sage_company, acme):
        sage_company.run("UPDATE actpay SET vndnme = '', shtnme = ''")
        set_up.read()
        acme.refresh_from_db()
        assert acme.name == "Acme"

    def test_of_one_that_is_deleted_here_the_decision_is_open_again(self, set_up, acme):
        acme.delete()
        set_up.read()
        assert set_up.states() == {"1": "undecided"}


def test_what_was_linked_by_other_means_counts_as_brought_in(set_up, sage_company):
    number = sage_company.add_vendor("Acme")
    vendor = VendorFactory(company=set_up.company)
    VendorLink.objects.create(company=set_up.company, connection=set_up.connection, erp_id=str(number), vendor=vendor)
    set_up.read()
    assert set_up.states() == {"1": "brought_in"}


class TestSuggestions:
    @pytest.fixture
    def suggested(self, set_up):
        def read() -> dict[str, tuple[str, int | None]]:
            set_up.read()
            return {row.erp_id: (row.likeness, row.suggested_id) for row in set_up.rows()}

        return read

    def test_the_same_number_and_name_come_first(self, set_up, sage_company, suggested):
        sage_company.add_vendor("Acme, Inc.")
        VendorFactory(company=set_up.company, number="77", name="ACME INC")
        ours = VendorFactory(company=set_up.company, number="001", name="Acme Inc")
        assert suggested() == {"1": ("same", ours.pk)}

    def test_the_same_name_will_do(self, set_up, sage_company, suggested):
        sage_company.add_vendor("Acme, Inc.")
        ours = VendorFactory(company=set_up.company, number="77", name="ACME, INC.")
        assert suggested() == {"1": ("name", ours.pk)}

    def test_the_same_number_with_another_name_is_for_a_person_to_see(self, set_up, sage_company, suggested):
        sage_company.add_vendor("Acme")
        ours = VendorFactory(company=set_up.company, number="1", name="Zenith")
        assert suggested() == {"1": ("number", ours.pk)}

    def test_two_of_ours_with_the_name_are_a_tie(self, set_up, sage_company, suggested):
        sage_company.add_vendor("Acme")
        for number in ("77", "78"):
            VendorFactory(company=set_up.company, number=number, name="Acme")
        assert suggested() == {"1": ("several", None)}

    def test_two_of_theirs_with_the_name_of_ours_are_a_tie(self, set_up, sage_company, suggested):
        for _ in range(2):
            sage_company.add_vendor("Acme")
        VendorFactory(company=set_up.company, number="77", name="Acme")
        assert suggested() == {"1": ("several", None), "2": ("several", None)}

    def test_what_is_linked_is_not_suggested_and_its_number_is_taken(self, set_up, sage_company, suggested):
        sage_company.add_vendor("Acme")
        other = str(sage_company.add_vendor("Another one"))
        ours = VendorFactory(company=set_up.company, number="1", name="Acme")
        VendorLink.objects.create(company=set_up.company, connection=set_up.connection, erp_id=other, vendor=ours)
        assert suggested()["1"] == ("taken", None)

    def test_what_is_linked_to_one_that_is_gone_may_be_linked_anew(self, set_up, sage_company, suggested):
        sage_company.add_vendor("Acme")
        ours = VendorFactory(company=set_up.company, number="77", name="Acme")
        VendorLink.objects.create(company=set_up.company, connection=set_up.connection, erp_id="999", vendor=ours)
        assert suggested() == {"1": ("name", ours.pk)}
        set_up.decide(1, "link", ours=ours)
        set_up.bring_in()
        assert (set_up.links(), VendorLink.objects.get().gone_at) == ({"1": "Acme"}, None)

    def test_nothing_is_suggested_from_another_company(self, set_up, sage_company, suggested):
        sage_company.add_vendor("Acme")
        VendorFactory(number="1", name="Acme")
        assert suggested() == {"1": ("none", None)}


class TestWithEachSync:
    def sync(self, set_up) -> SyncRun:
        run, _ = open_run(connection=set_up.connection, trigger="schedule", by=None, now=set_up.now)
        return perform_sync(run_id=run.pk, retry_waits=())

    def test_masters_are_read(self, set_up, sage_company):
        sage_company.add_vendor("Acme")
        assert self.sync(set_up).state == "completed"
        assert set_up.names() == {"1": "Acme"}
        assert ErpConnection.objects.get(pk=set_up.connection.pk).masters_read_at is not None

    def test_masters_that_cannot_be_read_do_not_fail_it(self, set_up, sage_company):
        sage_company.run("INSERT INTO csttyp (recnum, typnme) VALUES ('x', 'damaged')")
        run = self.sync(set_up)
        assert (run.state, run.problem) == ("completed", "")
        assert not FoundMaster.objects.exists()

    def test_a_closed_job_of_ours_keeps_its_link(self, set_up, sage_company):
        project = ProjectFactory(company=set_up.company)
        JobLink.objects.create(company=set_up.company, connection=set_up.connection, erp_id="1", project=project)
        sage_company.run("UPDATE actrec SET status = 6")
        self.sync(set_up)
        assert (set_up.row(1, "job").state, set_up.row(1, "job").status) == ("brought_in", "6-Closed")
        assert Project.objects.get(pk=project.pk).name == project.name


def test_an_older_reading_never_overwrites_a_later_one(set_up, sage_company):
    earlier = set_up.now
    set_up.read()
    sage_company.add_vendor("Acme")
    with pytest.raises(Retryable, match="a later sync was faster"):
        read_masters(connection=set_up.connection, now=earlier)
    assert set_up.names() == {}


def test_another_database_is_refused(set_up):
    ErpConnection.objects.filter(pk=set_up.connection.pk).update(server="elsewhere")
    with pytest.raises(NeedsAttention, match="Another server answered"):
        set_up.read()
    assert not FoundMaster.objects.exists()
