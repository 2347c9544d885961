"""The sample company: the numbers that are promised, what each person may do, and loading it a second time."""

from __future__ import annotations

import datetime
from collections import Counter

import pytest

from commitments.models import Commitment, ScheduleOfValuesLine, Vendor
from directory.access import access_for
from directory.models import Activity, Level, User, Verb
from directory.privilege import may_grant
from erpintegrations.models import CostCodeLink, CostTypeLink, Export, JobLink, SyncLink, SyncRun, VendorLink
from erpintegrations.models.rejection_mail import RejectionMail
from erpintegrations.selectors.adoption import suggestions
from erpintegrations.selectors.drift import drift_of
from erpintegrations.services.answer_export import retry_exports
from erpintegrations.services.export_commitment import perform_export
from erpintegrations.services.send_to_erp import send_to_erp
from sandbox import sage_records, sample_company
from sandbox.sage_desk import PURCHASE_ORDER, SUBCONTRACT
from sandbox.sample_plan import DRIFTS, Drift, Fate, make_plan
from tests.sandbox.conftest import NOW


def test_it_has_the_promised_projects_vendors_and_commitments(sample):
    assert sample.projects.count() == 3
    assert Vendor.objects.filter(company=sample).count() == 40
    assert Counter(Commitment.objects.values_list("kind", flat=True)) == {"subcontract": 120, "purchase_order": 80}
    assert Counter(Commitment.objects.values_list("erp_status", flat=True)) == {
        "synced": 150,
        "not_sent": 44,
        "ready_to_export": 3,
        "rejected": 1,
        "exporting": 1,
        "failed_to_export": 1,
    }
    assert len(set(Commitment.objects.filter(erp_status="not_sent").values_list("status", flat=True))) > 6


def test_every_state_of_a_link_shows_at_once(sample):
    links = SyncLink.objects.filter(company=sample, closed_at=None)
    assert Counter(links.values_list("presence", flat=True)) == {
        "present": 139,
        "deleted": 6,
        "voided": 3,
        "purged": 2,
    }
    assert links.exclude(invoiced_amount=0).count() == 5
    assert links.exclude(invoiced_amount=0).exclude(presence="present").count() == 0
    assert links.exclude(changed_amount=0).count() == 0


def test_the_history_tells_it_in_order(sample):
    first, second = SyncRun.objects.order_by("id")
    assert (first.state, second.state) == ("completed", "completed")
    assert first.present_count == 150
    assert (second.deleted_count, second.voided_count, second.purged_count) == (6, 3, 2)
    assert second.queued_at == NOW
    assert second.queued_at - first.queued_at == datetime.timedelta(hours=1)
    linked = SyncLink.objects.order_by("linked_at").values_list("linked_at", flat=True)
    assert linked.last() < first.started_at
    assert NOW - linked.first() > datetime.timedelta(weeks=5)
    moments = list(Activity.objects.order_by("id").values_list("at", flat=True))
    assert moments == sorted(moments)
    assert moments[-1] < NOW + datetime.timedelta(minutes=2)


def test_amounts_agree_line_by_line_and_with_sage(sample):
    for commitment in Commitment.objects.prefetch_related("lines"):
        assert commitment.amount == sum(line.amount for line in commitment.lines.all())
        assert len(commitment.title) <= 30
        assert len(commitment.number) <= 12
    for line in ScheduleOfValuesLine.objects.all():
        assert line.amount == line.quantity * line.unit_cost
    for link in SyncLink.objects.filter(presence="present"):
        assert link.number == link.erp_number
        assert (link.amount == link.erp_amount) is (DRIFTS.get(link.number) is not Drift.AMOUNT)


def test_sage_has_records_of_its_own_and_a_job_to_remove(sample, settings):
    path = settings.SANDBOX_ERP_PATH
    ours = set(Commitment.objects.values_list("number", flat=True))
    numbers = {
        record.number
        for kind in (SUBCONTRACT, PURCHASE_ORDER)
        for page in range(1, 6)
        for record in sage_records.list_records(path, kind, page=page).rows
    }
    assert len(numbers - ours) == 13
    assert [job.name for job, _ in sage_records.removable_jobs(path)] == ["Fairview Garage"]
    assert len(sage_records.list_deleted(path)) == 8


def test_three_linked_records_have_drifted_in_sage(sample):
    drifted = {link.number: drift_of(link) for link in SyncLink.objects.filter(closed_at=None) if drift_of(link)}
    assert drifted == {"SC-1011": ("amount", "lines"), "SC-1014": ("vendor",), "SC-1019": ("lines",)}


def test_every_project_vendor_and_code_has_its_own_in_sage(sample):
    assert [model.objects.count() for model in (JobLink, VendorLink, CostTypeLink)] == [3, 40, 5]
    assert CostCodeLink.objects.count() == sample.cost_codes.count()
    vendor = VendorLink.objects.select_related("vendor").first()
    assert (vendor.erp_id, vendor.erp_name) == (vendor.vendor.number, vendor.vendor.name)


def test_a_few_exports_are_under_way(sample):
    exports = {export.number: export for export in Export.objects.all()}
    assert {number: str(export.state) for number, export in exports.items()} == {
        "SC-1016": "ready",
        "SC-1040": "ready",
        "PO-2016": "ready",
        "SC-1064": "rejected",
        "PO-2036": "failed",
        "SC-1088": "awaiting",
    }
    assert {export.sent_by.name for export in exports.values()} == {"Morgan Chen"}
    assert exports["SC-1088"].answered_by.name == "Dana Whitfield"
    assert (exports["SC-1088"].method, exports["SC-1088"].erp_number) == ("entry_sheet", "SC-1088")
    assert exports["PO-2036"].problem == "The ERP database file is not there."
    assert "cost code" in exports["SC-1064"].reject_reason
    assert RejectionMail.objects.get().state == "sent"


def test_what_failed_can_be_retried_and_then_awaits_read_back(sample):
    access = access_for(User.objects.get(email="accountant@example.com"), sample)
    failed = Export.objects.get(state="failed")
    later = NOW + datetime.timedelta(minutes=5)
    (outcome,) = retry_exports(exports=[failed], access=access, now=later)
    assert outcome.refusal is None
    assert perform_export(export_id=failed.pk, clock=lambda: later).state == "awaiting"


@pytest.mark.parametrize("number", ["SC-1112", "PO-2056", "PO-2076"])
def test_the_other_approved_ones_can_be_sent_as_they_are(sample, number):
    access = access_for(User.objects.get(email="manager@example.com"), sample)
    commitment = sample.commitments.get(number=number)
    assert send_to_erp(commitment=commitment, access=access, now=NOW).state == "ready"


def test_a_few_records_in_sage_wait_to_be_adopted(sample):
    suggested = {
        (suggestion.record.number, suggestion.commitment.number): suggestion.same
        for suggestion in suggestions(sample.erp_connection)
    }
    assert suggested == {
        ("SC-1004", "SC-1004"): ("number", "vendor", "amount"),
        ("SC-1020", "SC-1020"): ("number", "vendor"),
        ("GL-88213", "PO-2008"): ("vendor", "amount"),
    }


@pytest.mark.parametrize(
    ("email", "erp", "commitments", "has_privilege", "may_unlink"),
    [
        ("approver@example.com", Level.STANDARD, Level.ADMIN, True, True),
        ("manager@example.com", Level.STANDARD, Level.ADMIN, False, False),
        ("accountant@example.com", Level.STANDARD, Level.READ_ONLY, True, False),
        ("viewer@example.com", Level.READ_ONLY, Level.READ_ONLY, False, False),
        ("admin@example.com", Level.ADMIN, Level.ADMIN, True, True),
    ],
)
def test_each_person_may_what_is_said_of_them(sample, email, erp, commitments, has_privilege, may_unlink):
    user = User.objects.get(email=email)
    access = access_for(user, sample)
    assert user.check_password("demo")
    assert (access.erp_integrations_level, access.has_privilege) == (erp, has_privilege)
    for project in sample.projects.all():
        assert access.commitments_level(project.pk) == commitments
        assert (access.why_not_unlink(project.pk, str(project)) is None) is may_unlink
    assert may_grant(user) is (email == "admin@example.com")


def test_staff_work_in_the_admin_alone(sample):
    staff = User.objects.get(email="staff@example.com")
    assert access_for(staff, sample) is None
    assert may_grant(staff)
    assert not staff.is_superuser
    assert staff.has_perms(["directory.change_companymember", "directory.change_privilegerequest"])
    granted = Activity.objects.filter(verb=Verb.PRIVILEGE_GRANTED)
    assert {entry.actor for entry in granted} == {staff}
    assert granted.count() == 3


def test_loading_again_changes_nothing(sample, settings):
    before = settings.SANDBOX_ERP_PATH.read_bytes(), Activity.objects.count()
    assert not sample_company.load(now=NOW + datetime.timedelta(days=1))
    assert (settings.SANDBOX_ERP_PATH.read_bytes(), Activity.objects.count()) == before


def test_loading_again_says_when_sages_file_is_lost(sample, settings):
    settings.SANDBOX_ERP_PATH.unlink()
    said = []
    assert not sample_company.load(now=NOW, say=said.append)
    assert "missing" in said[0]
    assert not settings.SANDBOX_ERP_PATH.exists()


def test_it_is_the_same_every_time():
    assert make_plan(NOW.date()) == make_plan(NOW.date())
    plan = make_plan(NOW.date())
    assert Counter(planned.fate for planned in plan.linked) == {
        Fate.NONE: 134,
        Fate.DELETED: 6,
        Fate.VOIDED: 3,
        Fate.PURGED: 2,
        Fate.INVOICED: 5,
    }
