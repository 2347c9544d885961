"""Unlink: what goes, what is refused and in which words, also against the live ERP's own word."""

import datetime
import shutil
import sqlite3

import pytest
from structlog.testing import capture_logs

from commitments.models import Commitment
from directory.models import Activity, CompanyMember, ProjectMember
from directory.refusals import LacksPrivilege, NotAllowed
from erpintegrations.models import Presence, SyncLink
from erpintegrations.refusals import (
    AlreadyUnlinked,
    CommitmentStillInErp,
    ErpForbidsDeletion,
    ErpNotReachable,
    PresenceUnknown,
    ReasonRequired,
)
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.connectors.builder import SageCompany
from tests.factories import CommitmentFactory, SyncLinkFactory, SyncRunFactory
from tests.services.conftest import RED, next_sync_is_due

pytestmark = pytest.mark.django_db

HOW_TO_DELETE = "In Sage, open 6-7-1 Subcontracts and choose Edit ▸ Delete Subcontract."


@pytest.fixture
def unlink(approver, access_of, now):
    def act(link, reason="", by=None):
        return unlink_commitment(link=link, access=access_of(by or approver), reason=reason, now=now)

    return act


def assert_nothing_changed(link):
    before = (link.presence, link.version, link.checked_at)
    link.refresh_from_db()
    assert link.is_open
    assert (link.presence, link.version, link.checked_at) == before
    assert link.commitment.erp_status == Commitment.ErpStatus.SYNCED
    assert not Activity.objects.exclude(verb="linked").exists()


# ---- It goes ---------------------------------------------------------------------------------------------------------


def test_a_deleted_commitment_is_unlinked_and_not_sent(unlink, deleted_link, approver, now):
    revision = deleted_link.commitment.revision
    link = unlink(deleted_link, reason=" wrong vendor ")

    assert (link.closed_at, link.closed_by, link.close_reason) == (now, approver, "wrong vendor")
    assert link.presence == Presence.DELETED
    commitment = Commitment.objects.get(pk=link.commitment_id)
    assert commitment.erp_status == Commitment.ErpStatus.NOT_SENT
    assert commitment.revision == revision + 1 == link.closed_commitment_revision


def test_the_history_tells_who_what_when_and_why(unlink, deleted_link, approver, now):
    unlink(deleted_link, reason="wrong vendor")
    entry = Activity.objects.exclude(verb="linked").get()
    assert (entry.verb, entry.actor, entry.at, entry.reason) == ("unlinked", approver, now, "wrong vendor")
    assert (entry.subject_type, entry.subject_id) == ("commitment", deleted_link.commitment_id)
    assert entry.subject_label == "Subcontract SC-1042 Concrete"
    assert entry.before == {"erp_number": "SC-1042", "presence": "Deleted", "erp_status": "Synced"}
    assert entry.after == {"erp_status": "Not sent"}


def test_a_voided_purchase_order_is_unlinked_though_its_row_is_still_there(unlink, linked, sage_company):
    link = linked("PO-7", kind="purchase_order", presence=Presence.VOIDED)
    sage_company.void(link.erp_id)
    assert not unlink(link).is_open


def test_unlinking_keeps_the_moment_as_of_which_the_deletion_is_known(unlink, deleted_link, now):
    assert unlink(deleted_link).checked_at == now


def test_nothing_in_the_erp_is_touched(unlink, deleted_link, sage_company):
    before = sage_company.path.read_bytes()
    unlink(deleted_link)
    assert sage_company.path.read_bytes() == before


# ---- What is recorded refuses it -------------------------------------------------------------------------------------


def test_a_commitment_that_is_still_in_the_erp_is_refused_in_the_exact_words(unlink, link):
    with pytest.raises(CommitmentStillInErp) as refused:
        unlink(link)
    assert refused.value.message == RED
    assert refused.value.remedy == f"{HOW_TO_DELETE} No hourly sync is scheduled. Check now asks at once."
    assert_nothing_changed(link)


def test_a_deletion_that_no_sync_has_noticed_is_refused_with_since_when_and_until_when(
    unlink, link, connection, sage_company, now
):
    half_past = now - datetime.timedelta(minutes=30)
    SyncRunFactory(connection=connection, queued_at=half_past, read_at=half_past)
    next_sync_is_due(now + datetime.timedelta(minutes=30))
    sage_company.delete(link.erp_id)
    with pytest.raises(CommitmentStillInErp) as refused:
        unlink(link)
    assert refused.value.message == RED
    assert refused.value.remedy.startswith(f"{HOW_TO_DELETE} Last looked at 30 minutes ago (")
    assert "The next sync is due in 30 minutes (" in refused.value.remedy
    assert_nothing_changed(link)


def test_a_later_sync_that_failed_is_named(unlink, link, connection, now):
    SyncRunFactory(connection=connection, read_at=now - datetime.timedelta(minutes=30))
    SyncRunFactory(connection=connection, failed=True)
    with pytest.raises(CommitmentStillInErp) as refused:
        unlink(link)
    assert "The last sync did not complete, so it has not been looked at since." in refused.value.remedy


def test_a_recorded_deletion_stands_though_the_last_sync_failed(unlink, deleted_link, connection):
    SyncRunFactory(connection=connection, failed=True)
    assert not unlink(deleted_link).is_open


def test_an_invoiced_commitment_is_refused_with_what_to_do_instead(unlink, linked):
    link = linked("SC-7", invoiced_amount=200)
    with pytest.raises(ErpForbidsDeletion) as refused:
        unlink(link)
    assert refused.value.message == RED
    assert refused.value.remedy.startswith(
        "But Sage itself refuses to delete it, because 200.00 is invoiced: have accounting reverse its invoices and "
        "change orders first, or correct it with a change order. Or have an Admin of ERP Integrations ask for Unlink "
        "anyway, which takes two persons."
    )
    assert_nothing_changed(link)


@pytest.mark.parametrize(
    ("amounts", "because"),
    [
        ({"invoiced_amount": 1234}, "because 1,234.00 is invoiced:"),
        ({"changed_amount": 500}, "because change orders add 500.00:"),
        ({"changed_amount": -500}, "because change orders take away 500.00:"),
        ({"invoiced_amount": 1234, "changed_amount": 5}, "because 1,234.00 is invoiced and change orders add 5.00:"),
    ],
)
def test_why_the_erp_refuses_is_said_in_amounts(unlink, linked, amounts, because):
    with pytest.raises(ErpForbidsDeletion) as refused:
        unlink(linked("SC-7", **amounts))
    assert because in refused.value.remedy


def test_the_red_message_of_a_purchase_order_reads_as_one(unlink, linked):
    with pytest.raises(CommitmentStillInErp) as refused:
        unlink(linked("PO-7", kind="purchase_order"))
    assert str(refused.value).startswith(
        f"{RED} In Sage, a purchase order is voided rather than deleted: "
        "open 6-6-1 Purchase Orders and choose Edit ▸ Void."
    )
    with pytest.raises(ErpForbidsDeletion) as refused:
        unlink(linked("PO-8", kind="purchase_order", invoiced_amount=7))
    assert str(refused.value).startswith(f"{RED} But Sage itself refuses to void it, because 7.00 is invoiced:")


def test_a_commitment_that_no_sync_has_looked_for_is_refused(unlink, linked):
    link = linked("SC-7", presence=Presence.UNKNOWN)
    with pytest.raises(PresenceUnknown) as refused:
        unlink(link)
    assert refused.value.message == ("No completed sync has looked for this commitment in Sage 100 Contractor® yet.")
    assert refused.value.remedy == "No hourly sync is scheduled. Check now asks at once."
    assert_nothing_changed(link)


# ---- Purged with its job ---------------------------------------------------------------------------------------------


@pytest.fixture
def purged_link(link, sage_company, job):
    sage_company.purge_job(job)
    SyncLink.objects.filter(pk=link.pk).update(presence=Presence.PURGED)
    link.refresh_from_db()
    return link


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_commitment_purged_with_its_job_needs_a_reason(unlink, purged_link, reason):
    with pytest.raises(ReasonRequired) as refused:
        unlink(purged_link, reason=reason)
    assert refused.value.message == (
        "Subcontract SC-1042 was removed from Sage together with its job, so unlinking it needs a reason."
    )
    assert refused.value.remedy == "Say why it is to be unlinked, and click Unlink again."
    assert_nothing_changed(purged_link)


def test_a_commitment_purged_with_its_job_goes_with_a_reason(unlink, purged_link):
    assert unlink(purged_link, reason="The job is over.").close_reason == "The job is over."


# ---- Who may ---------------------------------------------------------------------------------------------------------


def test_without_the_privilege_it_is_refused_with_the_way_to_request_it(unlink, deleted_link, manager):
    with pytest.raises(LacksPrivilege) as refused:
        unlink(deleted_link, by=manager)
    assert refused.value.message == (
        "This needs the privilege 'Can Push to Accounting', which your account does not have."
    )
    assert refused.value.remedy == "Request it; an administrator grants it in the Company Directory."
    assert_nothing_changed(deleted_link)


def test_without_admin_on_the_project_it_is_refused(unlink, deleted_link, accountant):
    with pytest.raises(NotAllowed) as refused:
        unlink(deleted_link, by=accountant)
    assert refused.value.message == (
        "This needs Admin on the Commitments tool of project 2401 Riverside Clinic; you have Read Only."
    )
    assert_nothing_changed(deleted_link)


def test_without_standard_on_erp_integrations_it_is_refused(unlink, deleted_link, approver):
    CompanyMember.objects.filter(user=approver).update(erp_integrations_level=1)
    with pytest.raises(NotAllowed, match="This needs Standard on the company's ERP Integrations tool"):
        unlink(deleted_link)
    assert_nothing_changed(deleted_link)


def test_rights_on_another_project_do_not_count(unlink, deleted_link, approver):
    ProjectMember.objects.filter(user=approver).delete()
    with pytest.raises(NotAllowed, match="you have None"):
        unlink(deleted_link)
    assert_nothing_changed(deleted_link)


def test_another_companys_link_does_not_exist(unlink):
    foreign = SyncLinkFactory(presence=Presence.DELETED)
    with pytest.raises(SyncLink.DoesNotExist):
        unlink(foreign)
    assert_nothing_changed(foreign)


# ---- The live ERP has the last word ----------------------------------------------------------------------------------


def test_a_record_that_is_back_is_never_unlinked_and_recorded_as_present(
    unlink, deleted_link, sage_company, job, approver, now, story
):
    sage_company.add_subcontract("SC-1042", job, erp_id=deleted_link.erp_id)
    with pytest.raises(CommitmentStillInErp) as refused:
        unlink(deleted_link)
    assert refused.value.message == RED
    assert refused.value.remedy.startswith("It is back in Sage: it was found there just now (")
    assert refused.value.remedy.endswith(HOW_TO_DELETE)
    deleted_link.refresh_from_db()
    assert (deleted_link.presence, deleted_link.checked_at) == (Presence.PRESENT, now)
    assert deleted_link.is_open
    assert story() == ["presence_changed"]
    entry = Activity.objects.get(verb="presence_changed")
    assert (entry.actor, entry.before, entry.after) == (approver, {"presence": "Deleted"}, {"presence": "In the ERP"})


def test_a_record_that_is_back_and_invoiced_says_why_the_erp_will_not_delete_it(
    unlink, deleted_link, sage_company, job
):
    sage_company.add_subcontract("SC-1042", job, erp_id=deleted_link.erp_id)
    sage_company.bill(deleted_link.erp_id, 300)
    with pytest.raises(ErpForbidsDeletion) as refused:
        unlink(deleted_link)
    assert refused.value.message == RED
    assert refused.value.remedy.startswith("It is back in Sage: it was found there just now (")
    assert " But Sage itself refuses to delete it, because 300.00 is invoiced: " in refused.value.remedy


def test_when_the_erp_does_not_answer_in_time_what_was_recorded_decides(unlink, deleted_link, sage_company, impatient):
    holder = sqlite3.connect(sage_company.path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with capture_logs() as logs:
            link = unlink(deleted_link)
    finally:
        holder.close()
    assert not link.is_open
    assert link.checked_at is None
    assert logs[0]["event"] == "Unlink goes by what is recorded: the ERP cannot be reached"


def test_when_the_erp_is_out_of_reach_what_was_recorded_decides(unlink, deleted_link, sage_company):
    sage_company.path.unlink()
    assert not unlink(deleted_link).is_open


def test_when_the_erp_does_not_answer_a_record_that_is_recorded_as_present_stays_refused(
    unlink, link, sage_company, impatient
):
    sage_company.path.unlink()
    with pytest.raises(CommitmentStillInErp, match="The commitment is still in"):
        unlink(link)
    assert_nothing_changed(link)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.write_bytes(b""), "The ERP database file is empty."),
        (lambda path: path.write_bytes(b"no database" * 1000), "The file that the connection names is not a database."),
    ],
    ids=["empty", "no database"],
)
def test_a_database_that_can_prove_nothing_refuses_with_its_words(unlink, deleted_link, sage_company, damage, words):
    for leftover in ("-wal", "-shm"):
        sage_company.path.with_name(sage_company.path.name + leftover).unlink(missing_ok=True)
    damage(sage_company.path)
    with pytest.raises(ErpNotReachable) as refused:
        unlink(deleted_link)
    assert refused.value.message == words
    assert refused.value.remedy
    assert_nothing_changed(deleted_link)


def test_the_only_commitment_of_a_company_can_be_unlinked_once_its_deletion_is_recorded(
    unlink, deleted_link, sage_company
):
    sage_company.run("DELETE FROM subcon", "DELETE FROM pchord")
    assert not unlink(deleted_link).is_open


def test_another_company_in_its_place_proves_nothing(unlink, deleted_link, sage_company, tmp_path):
    other = SageCompany(tmp_path / "other.sqlite3")
    other.add_subcontract("SC-1", other.add_job())
    for leftover in ("-wal", "-shm"):
        sage_company.path.with_name(sage_company.path.name + leftover).unlink(missing_ok=True)
    other.run("PRAGMA journal_mode = DELETE")
    shutil.copy(other.path, sage_company.path)
    with pytest.raises(ErpNotReachable) as refused:
        unlink(deleted_link)
    assert refused.value.message == (
        "Another company answered than the one this connection to Sage was set up with, so nothing was compared."
    )
    assert refused.value.remedy == (
        "Point the connection at the right database again. If the company was moved on purpose, enter the new database "
        "URL in the connection's settings."
    )
    assert_nothing_changed(deleted_link)


def test_a_connection_that_was_never_read_proves_nothing(unlink, deleted_link, connection):
    type(connection).objects.update(server="", database="", erp_company="")
    with pytest.raises(ErpNotReachable, match="No sync of this connection has completed yet"):
        unlink(deleted_link)
    assert_nothing_changed(deleted_link)


# ---- Twice -----------------------------------------------------------------------------------------------------------


def test_the_second_click_is_told_so(unlink, deleted_link, story):
    unlink(deleted_link)
    with pytest.raises(AlreadyUnlinked) as refused:
        unlink(deleted_link)
    assert refused.value.message.startswith("You already unlinked Subcontract SC-1042 just now (")
    assert refused.value.remedy == "Next, correct the commitment and export it again, or delete it."
    assert story() == ["unlinked"]


def test_the_second_person_is_told_who_was_first(unlink, deleted_link, admin):
    unlink(deleted_link)
    with pytest.raises(AlreadyUnlinked, match="Ada Approver already unlinked Subcontract SC-1042 just now"):
        unlink(deleted_link, by=admin)


def test_a_commitment_that_is_not_synced_any_more_is_left_alone(unlink, deleted_link):
    Commitment.objects.update(erp_status=Commitment.ErpStatus.EXPORTING)
    with pytest.raises(Exception, match="its ERP status is “Exporting”"):
        unlink(deleted_link)
    deleted_link.refresh_from_db()
    assert deleted_link.is_open


def test_a_commitment_can_be_linked_and_unlinked_again_later(unlink, deleted_link, project):
    unlink(deleted_link)
    again = SyncLinkFactory(
        connection=deleted_link.connection, commitment=CommitmentFactory(project=project), presence=Presence.DELETED
    )
    assert not unlink(again).is_open
