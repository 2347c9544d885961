"""Refused since a row is not any more what it was when it was read: each in its words, and nothing is written."""

import pytest
from django.db.models import F

from commitments.models import Commitment
from erpintegrations.models import BringIn, Export, SyncLink, UnlinkOverride
from erpintegrations.refusals import BringInNotPossible, ChangedMeanwhile, NumberNotPossible
from erpintegrations.services import live_erp
from erpintegrations.services.answer_export import accept_exports, reject_exports
from erpintegrations.services.send_to_erp import send_to_erp
from erpintegrations.services.unlink_anyway import ask_to_unlink_anyway, consent_to_unlink_anyway
from tests.between import before_reading
from tests.exporting import Books

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(connection, sage_company):
    return Books(connection, sage_company)


@pytest.fixture
def meanwhile(monkeypatch):
    """Lets something happen after the ERP was asked for numbers, and before anything is written."""

    def arrange(happening):
        find = live_erp.find_numbers

        def find_then_happen(*args):
            found = find(*args)
            happening()
            return found

        monkeypatch.setattr(live_erp, "find_numbers", find_then_happen)

    return arrange


def test_a_number_that_another_commitment_is_given_at_the_same_moment(
    books, project, manager, accountant, access_of, now, meanwhile
):
    other, export = (books.export(number, project, manager) for number in ("SC-6", "SC-7"))
    meanwhile(
        lambda: Export.objects.filter(pk=other.pk).update(
            state="accepted", erp_number="ab-1", answered_by=accountant, answered_at=now
        )
    )

    (outcome,) = accept_exports(exports=[export], access=access_of(accountant), numbers={export.pk: "AB-1"}, now=now)

    assert isinstance(outcome.refusal, NumberNotPossible)
    assert outcome.refusal.message == "AB-1 was given to another commitment at the same moment."
    assert outcome.refusal.remedy == "Enter another number."
    assert (outcome.export.state, outcome.export.erp_number) == ("ready", "")


def test_an_answer_to_what_somebody_else_changes_at_the_same_moment(
    books, project, manager, accountant, access_of, now, meanwhile
):
    export = books.export("SC-7", project, manager, state="failed")
    meanwhile(lambda: Export.objects.update(version=F("version") + 1))

    (outcome,) = reject_exports(exports=[export], access=access_of(accountant), reason="No.", now=now)

    assert isinstance(outcome.refusal, ChangedMeanwhile)
    assert outcome.refusal.message == "Somebody else changed Subcontract SC-7 at the same moment."
    assert outcome.refusal.remedy == (
        "Nothing was changed by you. Reload the page to see it as it is now, then try again."
    )
    assert outcome.export.state == "failed"


def test_sending_what_somebody_else_edits_at_the_same_moment(books, project, manager, access_of, now, meanwhile):
    commitment = books.commitment("SC-7", project)
    meanwhile(lambda: Commitment.objects.update(title="Rebar", revision=F("revision") + 1))

    with pytest.raises(ChangedMeanwhile) as refused:
        send_to_erp(commitment=commitment, access=access_of(manager), now=now)

    assert refused.value.message == "Somebody else changed Subcontract SC-7 at the same moment."
    assert refused.value.remedy == (
        "Nothing was sent or retrieved. Reload the page to see it as it is now, then try again."
    )
    assert not Export.objects.exists()


def test_consenting_to_something_else_than_what_was_shown(linked, sage_company, admin, approver, access_of, now):
    link = linked("SC-7", invoiced_amount=200)
    sage_company.bill(link.erp_id, 200)
    override = ask_to_unlink_anyway(link=link, access=access_of(admin), reason="It is invoiced.", now=now)
    SyncLink.objects.update(invoiced_amount=300, version=F("version") + 1)

    with pytest.raises(ChangedMeanwhile) as refused:
        consent_to_unlink_anyway(override=override, access=access_of(approver), seen_version=link.version, now=now)

    assert refused.value.message == "Somebody else changed Subcontract SC-7 at the same moment: nothing was done."
    assert refused.value.remedy == "Reload the page to see it as it is now, then try again."
    assert (SyncLink.objects.get().is_open, UnlinkOverride.objects.get().state) == (True, "waiting")


def test_starting_what_somebody_else_started_and_ended_at_the_same_moment(stage):
    stage.subcontract()
    stage.read()
    stage.request()
    ends = lambda: BringIn.objects.update(state="done", finished_at=stage.clock())  # noqa: E731

    with pytest.raises(BringInNotPossible) as refused, before_reading(BringIn, ends):
        stage.request()

    assert refused.value.message == "Somebody else started the same at this moment."
    assert refused.value.remedy == "Look at what it did."
    assert BringIn.objects.count() == 1
