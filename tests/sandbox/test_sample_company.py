"""The sample company: the numbers that are promised, what each person may do, and loading it a second time."""

from __future__ import annotations

import datetime
from collections import Counter

import pytest

from commitments.models import Commitment, ScheduleOfValuesLine, Vendor
from directory.access import access_for
from directory.models import Activity, Level, User, Verb
from directory.privilege import may_grant
from erpintegrations.models import SyncLink, SyncRun
from sandbox import sage_records, sample_company
from sandbox.sage_desk import PURCHASE_ORDER, SUBCONTRACT
from sandbox.sample_plan import Fate, make_plan
from tests.sandbox.conftest import NOW


def test_it_has_the_promised_projects_vendors_and_commitments(sample):
    assert sample.projects.count() == 3
    assert Vendor.objects.filter(company=sample).count() == 40
    assert Counter(Commitment.objects.values_list("kind", flat=True)) == {"subcontract": 120, "purchase_order": 80}
    assert Counter(Commitment.objects.values_list("erp_status", flat=True)) == {"synced": 150, "not_sent": 50}
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
        assert (link.amount, link.number) == (link.erp_amount, link.erp_number)


def test_sage_has_records_of_its_own_and_a_job_to_remove(sample, settings):
    path = settings.SANDBOX_ERP_PATH
    ours = set(Commitment.objects.values_list("number", flat=True))
    numbers = {
        record.number
        for kind in (SUBCONTRACT, PURCHASE_ORDER)
        for page in range(1, 6)
        for record in sage_records.list_records(path, kind, page=page).rows
    }
    assert len(numbers - ours) == 12
    assert [job.name for job, _ in sage_records.removable_jobs(path)] == ["Fairview Garage"]
    assert len(sage_records.list_deleted(path)) == 8


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
