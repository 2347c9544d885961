"""Unlink anyway: two persons sever a link whose record the ERP refuses to delete; every refusal in its words."""

import sqlite3
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from commitments.models import Commitment
from directory.models import Activity, CompanyMember, Level, ProjectMember, User
from directory.refusals import LacksPrivilege, NotAllowed
from erpintegrations.models import Presence, SyncLink, UnlinkOverride
from erpintegrations.refusals import (
    AlreadyUnlinked,
    ChangedMeanwhile,
    ErpNotReachable,
    OverrideNotPossible,
    PresenceUnknown,
    ReasonRequired,
    UndoNotPossible,
)
from erpintegrations.selectors.overrides import waiting_by_link, waiting_overrides
from erpintegrations.services.undo_unlink import can_undo, undo_unlink
from erpintegrations.services.unlink_anyway import ask_to_unlink_anyway, consent_to_unlink_anyway, decline, withdraw
from erpintegrations.services.unlink_commitment import unlink_commitment

REASON = "Invoiced by mistake on the wrong commitment."


@pytest.fixture
def invoiced(linked, sage_company):
    """Subcontract SC-7, on which 200 is invoiced in Sage, and recorded so."""
    link = linked("SC-7", invoiced_amount=200)
    sage_company.bill(link.erp_id, 200)
    return link


@pytest.fixture
def ask(admin, access_of, now):
    return lambda link, reason=REASON, by=None: ask_to_unlink_anyway(
        link=link, access=access_of(by or admin), reason=reason, now=now
    )


@pytest.fixture
def consent(approver, access_of, now):
    return lambda override, by=None, answer="", **more: consent_to_unlink_anyway(
        override=override, access=access_of(by or approver), answer=answer, now=now, **more
    )


def assert_still_linked(link):
    link = SyncLink.objects.get(pk=link.pk)
    assert link.is_open
    assert not link.left_in_erp
    assert link.linked_commitment.erp_status == Commitment.ErpStatus.SYNCED


pytestmark = pytest.mark.django_db


# ---- It goes ---------------------------------------------------------------------------------------------------------


def test_with_the_consent_of_another_person_it_is_unlinked_and_left_in_the_erp(invoiced, ask, consent, approver, now):
    revision = invoiced.linked_commitment.revision
    link = consent(ask(invoiced), answer="Agreed.")

    assert (link.closed_at, link.closed_by, link.close_reason) == (now, approver, REASON)
    assert link.left_in_erp
    assert link.presence == Presence.PRESENT
    commitment = link.linked_commitment
    assert commitment.erp_status == Commitment.ErpStatus.NOT_SENT
    assert commitment.revision == link.closed_commitment_revision == revision + 1
    assert UnlinkOverride.objects.get().state == "consented"


def test_the_history_names_both_and_the_reason(invoiced, ask, consent, story):
    consent(ask(invoiced))
    assert story() == ["unlink_anyway_asked", "unlink_anyway_consented", "unlinked"]
    entry = Activity.objects.get(verb="unlinked")
    assert (entry.actor.name, entry.reason) == ("Ada Approver", REASON)
    assert entry.before == {"erp_number": "SC-7", "presence": "In the ERP", "erp_status": "Synced"}
    assert entry.after == {
        "erp_status": "Not sent",
        "left_in_erp": True,
        "asked_by": "Alma Admin",
        "consented_by": "Ada Approver",
    }


def test_nothing_in_the_erp_is_touched(invoiced, ask, consent, sage_company):
    before = sage_company.path.read_bytes()
    consent(ask(invoiced))
    assert sage_company.path.read_bytes() == before


def test_it_keeps_the_moment_as_of_which_the_record_is_known(invoiced, ask, consent, now):
    assert consent(ask(invoiced)).checked_at == now


def test_when_the_erp_does_not_answer_in_time_what_is_recorded_decides(invoiced, ask, consent, sage_company, impatient):
    override = ask(invoiced)
    holder = sqlite3.connect(sage_company.path, isolation_level=None)
    try:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        link = consent(override)
    finally:
        holder.close()
    assert link.left_in_erp
    assert link.checked_at is None


def test_undo_links_it_again(invoiced, ask, consent, approver, access_of, now):
    link = consent(ask(invoiced))
    assert can_undo(link)
    reopened = undo_unlink(link=link, access=access_of(approver), now=now)
    assert (reopened.is_open, reopened.left_in_erp) == (True, False)
    assert_still_linked(link)


def test_undo_stops_where_the_commitment_was_changed(invoiced, ask, consent, approver, access_of, now):
    link = consent(ask(invoiced))
    Commitment.objects.update(revision=99)
    with pytest.raises(UndoNotPossible):
        undo_unlink(link=link, access=access_of(approver), now=now)


# ---- Who may ---------------------------------------------------------------------------------------------------------


def test_asking_needs_admin_on_erp_integrations(invoiced, ask, approver):
    with pytest.raises(NotAllowed, match="This needs Admin on the company's ERP Integrations tool; you have Standard"):
        ask(invoiced, by=approver)
    assert not UnlinkOverride.objects.exists()


def test_asking_needs_the_rights_of_unlink(invoiced, ask, admin):
    CompanyMember.objects.filter(user=admin).update(can_push_to_accounting=False)
    with pytest.raises(LacksPrivilege):
        ask(invoiced)


def test_nobody_consents_to_their_own_request(invoiced, ask, consent, admin):
    override = ask(invoiced)
    with pytest.raises(NotAllowed) as refused:
        consent(override, by=admin)
    assert refused.value.message == "You asked for this yourself: another person must answer."
    assert refused.value.remedy == ("Ask somebody else who may unlink commitments of this project, or withdraw it.")
    assert_still_linked(invoiced)


@pytest.mark.parametrize("person", ["manager", "accountant", "viewer"])
def test_consenting_needs_the_rights_of_unlink(invoiced, ask, consent, request, person):
    override = ask(invoiced)
    with pytest.raises(NotAllowed):
        consent(override, by=request.getfixturevalue(person))
    assert_still_linked(invoiced)


@pytest.mark.parametrize("is_recorded", [True, False], ids=["a sync has seen it", "nobody has seen it"])
def test_nobody_consents_to_more_than_was_shown(invoiced, ask, consent, sage_company, is_recorded):
    override = ask(invoiced)
    shown = SyncLink.objects.get(pk=invoiced.pk).version
    sage_company.bill(invoiced.erp_id, 900)
    if is_recorded:
        SyncLink.objects.filter(pk=invoiced.pk).update(invoiced_amount=900, version=shown + 1)
    with pytest.raises(ChangedMeanwhile):
        consent(override, seen_version=shown)
    assert not consent(override, seen_version=SyncLink.objects.get(pk=invoiced.pk).version).is_open


@pytest.mark.parametrize("lost", ["the company", "the account", "the project", "Admin", "the privilege"])
def test_it_takes_two_when_the_asker_may_not_ask_any_more(
    invoiced, ask, consent, approver, access_of, admin, now, lost
):
    override = ask(invoiced)
    member = CompanyMember.objects.filter(user=admin)
    {
        "the company": member.delete,
        "the account": lambda: User.objects.filter(pk=admin.pk).update(is_active=False),
        "the project": ProjectMember.objects.filter(user=admin).delete,
        "Admin": lambda: member.update(erp_integrations_level=Level.STANDARD),
        "the privilege": lambda: member.update(can_push_to_accounting=False),
    }[lost]()
    with pytest.raises(OverrideNotPossible) as refused:
        consent(UnlinkOverride.objects.get(pk=override.pk))
    assert refused.value.message == ("Alma Admin, who asked for it, may not unlink Subcontract SC-7 anyway any more.")
    assert refused.value.remedy == "Decline it. Somebody who may can then ask anew."
    assert_still_linked(invoiced)
    declined = decline(override=override, access=access_of(approver), answer="She left.", now=now)
    assert declined.state == "declined"


def test_only_the_asker_withdraws(invoiced, ask, approver, access_of, now):
    override = ask(invoiced)
    with pytest.raises(NotAllowed) as refused:
        withdraw(override=override, access=access_of(approver), now=now)
    assert refused.value.message == "Only Alma Admin, who asked for it, can withdraw this."
    assert refused.value.remedy == "Whoever may consent can decline it instead."


def test_who_may_answer_sees_it_waiting_and_the_asker_their_own(invoiced, ask, admin, approver, manager, access_of):
    override = ask(invoiced)
    assert waiting_overrides(access_of(approver)).to_answer == [override]
    assert waiting_overrides(access_of(admin)).own == [override]
    assert waiting_overrides(access_of(admin)).to_answer == []
    assert waiting_overrides(access_of(manager)).to_answer == []


# ---- What refuses it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_asking_needs_a_reason(invoiced, ask, reason):
    with pytest.raises(ReasonRequired) as refused:
        ask(invoiced, reason=reason)
    assert refused.value.message.startswith("Unlinking a commitment that stays in the accounting system needs a reason")


def test_a_record_that_can_be_deleted_is_refused_with_how(link, ask):
    with pytest.raises(OverrideNotPossible) as refused:
        ask(link)
    assert refused.value.message == "Sage lets Subcontract SC-1042 be deleted: nothing is invoiced or changed."
    assert refused.value.remedy == (
        "In Sage, open 6-7-1 Subcontracts and choose Edit ▸ Delete Subcontract. Then plain Unlink works."
    )


def test_a_record_that_is_gone_is_refused_because_plain_unlink_works(linked, ask):
    with pytest.raises(OverrideNotPossible) as refused:
        ask(linked("SC-7", presence=Presence.DELETED, invoiced_amount=200))
    assert refused.value.message == ("Subcontract SC-7 is no longer in Sage (deleted), so plain Unlink works.")
    assert refused.value.remedy == "Click Unlink: nobody's consent is needed."


def test_a_record_that_nobody_has_looked_for_is_refused(linked, ask):
    with pytest.raises(PresenceUnknown):
        ask(linked("SC-7", presence=Presence.UNKNOWN, invoiced_amount=200))


def test_asking_twice_is_refused_with_who_asked(invoiced, ask):
    ask(invoiced)
    with pytest.raises(OverrideNotPossible) as refused:
        ask(invoiced)
    assert refused.value.message == (
        f"You already asked to unlink Subcontract SC-7 anyway {refused.value.message.split(' anyway ')[1]}"
    )
    assert refused.value.remedy == (
        "Another person who may unlink it must consent or decline; who asked can withdraw it."
    )


def test_at_the_consent_the_live_erp_decides_that_it_can_be_deleted_now(invoiced, ask, consent, sage_company):
    override = ask(invoiced)
    sage_company.bill(invoiced.erp_id, 0)
    with pytest.raises(OverrideNotPossible, match="Sage lets Subcontract SC-7 be deleted"):
        consent(override)
    assert_still_linked(invoiced)
    assert SyncLink.objects.get(pk=invoiced.pk).invoiced_amount == 0


def test_at_the_consent_the_live_erp_decides_that_it_is_gone(invoiced, ask, consent, sage_company):
    override = ask(invoiced)
    sage_company.delete(invoiced.erp_id)
    with pytest.raises(OverrideNotPossible, match="so plain Unlink works"):
        consent(override)
    assert_still_linked(invoiced)
    assert SyncLink.objects.get(pk=invoiced.pk).presence == Presence.DELETED


def test_another_database_proves_nothing(invoiced, ask, consent, connection):
    override = ask(invoiced)
    connection.server = "elsewhere"
    connection.save()
    with pytest.raises(ErpNotReachable, match="Another server answered"):
        consent(override)
    assert_still_linked(invoiced)


def test_consenting_twice_says_who_did(invoiced, ask, consent):
    override = ask(invoiced)
    consent(override)
    with pytest.raises(OverrideNotPossible) as refused:
        consent(override)
    assert refused.value.message.startswith("You already consented to unlinking Subcontract SC-7 anyway ")
    assert refused.value.remedy == "Look at the commitment's page for where it stands now."


def test_plain_unlink_meanwhile_ends_the_request(invoiced, ask, consent, approver, access_of, sage_company, now):
    override = ask(invoiced)
    sage_company.delete(invoiced.erp_id)
    SyncLink.objects.filter(pk=invoiced.pk).update(presence=Presence.DELETED)
    unlink_commitment(link=invoiced, access=access_of(approver), now=now)
    override.refresh_from_db()
    assert (override.state, override.answer) == ("withdrawn", "It was unlinked without it.")
    with pytest.raises(OverrideNotPossible, match="You already withdrew unlinking Subcontract SC-7 anyway"):
        consent(override)
    assert SyncLink.objects.get(pk=invoiced.pk).left_in_erp is False


def test_a_link_that_is_closed_cannot_be_asked_about(invoiced, ask, consent):
    consent(ask(invoiced))
    with pytest.raises(AlreadyUnlinked, match="Ada Approver already unlinked Subcontract SC-7"):
        ask(invoiced)


# ---- Declined, withdrawn ---------------------------------------------------------------------------------------------


def test_declined_it_stays_linked_and_can_be_asked_anew(invoiced, ask, approver, access_of, now, story):
    override = decline(override=ask(invoiced), access=access_of(approver), answer="Reverse the invoice.", now=now)
    assert (override.state, override.answered_by, override.answer) == ("declined", approver, "Reverse the invoice.")
    assert_still_linked(invoiced)
    assert story() == ["unlink_anyway_asked", "unlink_anyway_declined"]
    assert ask(invoiced).state == "waiting"


def test_declining_needs_a_reason(invoiced, ask, approver, access_of, now):
    override = ask(invoiced)
    with pytest.raises(ReasonRequired):
        decline(override=override, access=access_of(approver), answer=" ", now=now)
    assert waiting_by_link([invoiced]) == {invoiced.pk: override}


def test_nobody_declines_their_own(invoiced, ask, admin, access_of, now):
    override = ask(invoiced)
    with pytest.raises(NotAllowed, match="You asked for this yourself"):
        decline(override=override, access=access_of(admin), answer="No.", now=now)


def test_withdrawn_it_cannot_be_consented_to(invoiced, ask, consent, admin, access_of, now, story):
    override = withdraw(override=ask(invoiced), access=access_of(admin), now=now)
    assert override.state == "withdrawn"
    with pytest.raises(OverrideNotPossible, match="Alma Admin already withdrew unlinking"):
        consent(override)
    assert story() == ["unlink_anyway_asked", "unlink_anyway_withdrawn"]
    assert_still_linked(invoiced)


# ---- At once ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_consenting_twice_unlinks_once(self, invoiced, ask, approver, access_of, at_once):
        override, access = ask(invoiced), access_of(approver)
        results = at_once(*[lambda: consent_to_unlink_anyway(override=override, access=access, now=timezone.now())] * 3)
        assert sum(isinstance(result, SyncLink) for result in results) == 1, results
        assert Activity.objects.filter(verb="unlinked").count() == 1
        assert Commitment.objects.get(number="SC-7").erp_status == Commitment.ErpStatus.NOT_SENT

    def test_asking_twice_leaves_one_request(self, invoiced, admin, access_of, at_once):
        access = access_of(admin)
        at_once(*[lambda: ask_to_unlink_anyway(link=invoiced, access=access, reason=REASON, now=timezone.now())] * 3)
        assert UnlinkOverride.objects.filter(state="waiting").count() == 1

    def test_consent_and_withdrawal_do_not_both_happen(self, invoiced, ask, admin, approver, access_of, at_once):
        for _ in range(3):
            override, first, second = ask(invoiced), access_of(approver), access_of(admin)
            at_once(
                lambda o=override, a=first: consent_to_unlink_anyway(override=o, access=a, now=timezone.now()),
                lambda o=override, a=second: withdraw(override=o, access=a, now=timezone.now()),
            )
            override.refresh_from_db()
            link = SyncLink.objects.get(pk=invoiced.pk)
            assert (override.state == "consented") == link.left_in_erp == (not link.is_open)
            if not link.is_open:
                undo_unlink(link=link, access=first, now=timezone.now())

    def test_a_sync_that_finds_it_deleted_meanwhile_and_the_consent_do_not_both_win(
        self, invoiced, ask, approver, access_of, at_once
    ):
        override, access = ask(invoiced), access_of(approver)

        def recorded_as_gone():
            return SyncLink.objects.filter(pk=invoiced.pk, closed_at=None).update(
                presence=Presence.DELETED, version=invoiced.version + 1
            )

        at_once(
            lambda: consent_to_unlink_anyway(override=override, access=access, now=timezone.now()), recorded_as_gone
        )
        link = SyncLink.objects.get(pk=invoiced.pk)
        assert not (link.left_in_erp and link.presence != Presence.PRESENT)


def test_the_database_itself_refuses_a_consent_by_the_asker(invoiced, ask):
    override = ask(invoiced)
    with pytest.raises(IntegrityError), transaction.atomic():
        UnlinkOverride.objects.filter(pk=override.pk).update(state="consented", answered_by=override.asked_by)


def test_the_database_itself_refuses_a_close_that_is_neither_gone_nor_left(invoiced, approver, now):
    with pytest.raises(IntegrityError), transaction.atomic():
        SyncLink.objects.filter(pk=invoiced.pk).update(
            closed_at=now, closed_by=approver, close_token=uuid.uuid4(), closed_commitment_revision=1
        )
