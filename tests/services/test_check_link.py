"""Check now: the ERP is asked about one record at once, and the answer is recorded as of that moment."""

import datetime
import sqlite3

import pytest
from cryptography.fernet import Fernet
from django.db.models import F

from directory.models import Activity
from directory.refusals import NotAllowed
from erpintegrations.models import ErpConnection, Presence, SyncLink
from erpintegrations.refusals import AlreadyUnlinked, ChangedMeanwhile, ErpNotReachable
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.services import check_link as module
from erpintegrations.services.check_link import check_link
from erpintegrations.services.unlink_commitment import unlink_commitment

pytestmark = pytest.mark.django_db


@pytest.fixture
def check(approver, access_of, now):
    def act(link, by=None, at=None):
        return check_link(link=link, access=access_of(by or approver), now=at or now)

    return act


def changes():
    return [
        (entry.verb, entry.before, entry.after, entry.actor.name)
        for entry in Activity.objects.exclude(verb="linked").order_by("id").select_related("actor")
    ]


# ---- What it finds ---------------------------------------------------------------------------------------------------


def test_a_record_that_is_there_is_known_as_of_now_without_a_word_in_the_history(check, link, connection, now):
    checked = check(link)
    assert (checked.presence, checked.checked_at) == (Presence.PRESENT, now)
    assert freshness_of(connection).as_of(checked) == now
    assert changes() == []


def test_a_deleted_record_is_recorded_in_the_persons_name(check, link, sage_company, now):
    sage_company.delete(link.erp_id)
    checked = check(link)
    assert (checked.presence, checked.checked_at, checked.presence_changed_at) == (Presence.DELETED, now, now)
    assert changes() == [("presence_changed", {"presence": "In the ERP"}, {"presence": "Deleted"}, "Ada Approver")]


def test_a_voided_purchase_order_is_recorded_with_its_status(check, linked, sage_company):
    link = linked("PO-7", kind="purchase_order")
    sage_company.void(link.erp_id)
    checked = check(link)
    assert (checked.presence, checked.erp_status) == (Presence.VOIDED, "5-Void")


def test_a_record_whose_job_is_gone_too_was_purged(check, link, sage_company, job):
    sage_company.purge_job(job)
    assert check(link).presence == Presence.PURGED


def test_a_job_that_is_removed_later_does_not_turn_a_deletion_into_history(check, deleted_link, sage_company, job):
    sage_company.purge_job(job)
    assert check(deleted_link).presence == Presence.DELETED


def test_a_record_that_is_back_is_present_again(check, deleted_link, sage_company, job):
    sage_company.add_subcontract("SC-1042", job, erp_id=deleted_link.erp_id)
    assert check(deleted_link).presence == Presence.PRESENT
    assert changes()[0][1:3] == ({"presence": "Deleted"}, {"presence": "In the ERP"})


def test_a_changed_amount_is_recorded_and_told(check, link, sage_company):
    sage_company.bill(link.erp_id, 250)
    assert check(link).invoiced_amount == 250
    assert changes() == [("amount_changed", {"invoiced_amount": "0.00"}, {"invoiced_amount": "250.00"}, "Ada Approver")]


def test_a_link_that_nobody_has_looked_at_becomes_known(check, linked):
    assert check(linked("SC-7", presence=Presence.UNKNOWN)).presence == Presence.PRESENT


def test_after_a_check_unlink_goes_through_without_waiting_for_the_hour(
    check, link, sage_company, approver, access_of, now
):
    sage_company.delete(link.erp_id)
    check(link)
    assert not unlink_commitment(link=link, access=access_of(approver), now=now).is_open


def test_standard_on_erp_integrations_is_enough(check, link, accountant, manager):
    for person in (accountant, manager):
        assert check(link, by=person).presence == Presence.PRESENT


# ---- What it refuses -------------------------------------------------------------------------------------------------


def test_read_only_is_not_enough(check, link, viewer):
    with pytest.raises(NotAllowed) as refused:
        check(link, by=viewer)
    assert refused.value.message == ("This needs Standard on the company's ERP Integrations tool; you have Read Only.")
    assert refused.value.remedy == "Ask an administrator of Harbor Point Builders to raise your level."


def test_an_unlinked_commitment_is_not_asked_for(check, deleted_link, approver, access_of, now):
    unlink_commitment(link=deleted_link, access=access_of(approver), now=now)
    with pytest.raises(AlreadyUnlinked, match="You already unlinked Subcontract SC-1042 just now"):
        check(deleted_link)


def assert_nothing_recorded(link):
    before = (link.presence, link.version, link.checked_at)
    link.refresh_from_db()
    assert (link.presence, link.version, link.checked_at) == before
    assert changes() == []


def test_silence_proves_nothing(check, link, sage_company, impatient):
    sage_company.delete(link.erp_id)
    holder = sqlite3.connect(sage_company.path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(ErpNotReachable) as refused:
            check(link)
    finally:
        holder.close()
    assert refused.value.message in (
        "The ERP database is locked by another program.",
        "The ERP database did not answer within 0.3 seconds.",
    )
    assert "Nothing has been changed. Try again in a minute" in refused.value.remedy
    assert_nothing_recorded(link)


def test_a_table_that_is_missing_proves_nothing(check, link, sage_company):
    sage_company.run("DROP TABLE sbcnln")
    with pytest.raises(ErpNotReachable, match="The ERP database has no table sbcnln"):
        check(link)
    assert_nothing_recorded(link)


def test_an_empty_company_proves_nothing(check, link, sage_company):
    sage_company.run("DELETE FROM subcon", "DELETE FROM pchord")
    with pytest.raises(ErpNotReachable, match="answered without a single commitment, which proves nothing"):
        check(link)
    assert_nothing_recorded(link)


def test_another_company_proves_nothing(check, link, sage_company):
    sage_company.delete(link.erp_id)
    sage_company.run("PRAGMA application_id = 4711")
    with pytest.raises(ErpNotReachable, match="Another company answered"):
        check(link)
    assert_nothing_recorded(link)


def test_a_secret_that_no_key_fits_is_an_error_in_words(check, link, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key()]
    with pytest.raises(ErpNotReachable) as refused:
        check(link)
    assert refused.value.message == "The stored database URL of the connection cannot be read."
    assert_nothing_recorded(link)


def test_a_url_that_names_no_file_is_refused_without_being_repeated(check, link, connection):
    ErpConnection.objects.filter(pk=connection.pk).update(database_url="sqlite://:secret@/nowhere?x=1")
    with pytest.raises(ErpNotReachable) as refused:
        check(link)
    assert "secret" not in str(refused.value)


# ---- What happens meanwhile ------------------------------------------------------------------------------------------


@pytest.fixture
def meanwhile(monkeypatch):
    """Lets something happen after the ERP was asked, and before its answer is recorded."""

    def arrange(happening):
        look = module.look_at

        def look_then_happen(*args):
            seen = look(*args)
            happening()
            return seen

        monkeypatch.setattr(module, "look_at", look_then_happen)

    return arrange


def test_what_a_sync_records_meanwhile_stands(check, link, meanwhile):
    meanwhile(lambda: SyncLink.objects.update(presence=Presence.DELETED, version=F("version") + 1))
    with pytest.raises(ChangedMeanwhile) as refused:
        check(link)
    assert refused.value.message == (
        "While Sage was asked, a sync or somebody else recorded something newer for Subcontract SC-1042: Deleted."
    )
    assert refused.value.remedy == ("That was kept, and this answer was not recorded. Check now asks again.")
    link.refresh_from_db()
    assert (link.presence, link.checked_at) == (Presence.DELETED, None)
    assert changes() == []


def test_who_unlinks_meanwhile_is_named(check, deleted_link, meanwhile, admin, access_of, now):
    meanwhile(lambda: unlink_commitment(link=deleted_link, access=access_of(admin), now=now))
    with pytest.raises(AlreadyUnlinked, match="Alma Admin already unlinked Subcontract SC-1042"):
        check(deleted_link)


def test_a_second_check_is_the_newer_one(check, link, now):
    later = now + datetime.timedelta(minutes=1)
    check(link)
    assert check(link, at=later).checked_at == later
