"""Accept, Reject and Retry: who may, under which number, what is refused in which words, and who wins a race."""

import pytest
from django_q.models import OrmQ

from commitments.models import Commitment
from directory.models import Activity, CompanyMember
from directory.refusals import LacksPrivilege, NotAllowed
from erpintegrations.models import ErpConnection, Export, RejectionMail
from erpintegrations.refusals import AlreadyAnswered, ErpNotReachable, NumberNotPossible, ReasonRequired
from erpintegrations.services.answer_export import accept_exports, reject_exports, retry_exports
from tests.connectors.builder import Line
from tests.exporting import Books
from tests.factories import ExportFactory, ProjectFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(connection, sage_company):
    return Books(connection, sage_company)


@pytest.fixture
def sent(books, project, manager):
    """Exports of new commitments: `sent("SC-7")`, `sent("SC-8", state="failed")`."""
    return lambda number, **fields: books.export(number, project, manager, **fields)


@pytest.fixture
def accept(accountant, access_of, now):
    def act(*exports, by=accountant, **numbers):
        given = {export.pk: numbers.get("number", export.number) for export in exports}
        return accept_exports(exports=exports, access=access_of(by), numbers=given, now=now)

    return act


@pytest.fixture
def reject(accountant, access_of, now):
    def act(*exports, by=accountant, reason="Wrong job."):
        return reject_exports(exports=exports, access=access_of(by), reason=reason, now=now)

    return act


@pytest.fixture
def retry(accountant, access_of, now):
    def act(*exports, by=accountant):
        return retry_exports(exports=exports, access=access_of(by), now=now)

    return act


def refusal_of(outcomes):
    (outcome,) = outcomes
    assert not outcome.done
    return outcome.refusal


def status_of(export):
    return Commitment.objects.get(pk=export.commitment_id).erp_status


def queued():
    return sorted((queued.task["func"].rpartition(".")[2], *queued.task["args"]) for queued in OrmQ.objects.all())


# ---- Accept ----------------------------------------------------------------------------------------------------------


def test_an_accepted_export_goes_on_its_way(accept, sent, accountant, now):
    export = sent("SC-7")
    (outcome,) = accept(export, number=" 1042 ")
    assert outcome.done
    accepted = outcome.export
    assert (accepted.state, accepted.erp_number) == ("accepted", "1042")
    assert (accepted.answered_by, accepted.answered_at) == (accountant, now)
    assert status_of(export) == "exporting"
    assert queued() == [("export_commitment", export.pk)]
    entry = Activity.objects.get(verb="accepted")
    assert entry.after == {"erp_status": "Exporting", "erp_number": "1042"}
    assert (entry.actor, entry.subject_id) == (accountant, export.commitment_id)


@pytest.mark.parametrize("number", ["", "   ", "\t"])
def test_the_number_cannot_be_blank(accept, sent, number):
    refusal = refusal_of(accept(sent("SC-7"), number=number))
    assert (type(refusal), refusal.message) == (NumberNotPossible, "Commitment ID can't be blank.")
    assert refusal.remedy == "Enter the number that it gets in Sage."


def test_the_number_can_be_too_long_for_the_connected_database(accept, sent):
    export = sent("SC-7")
    refusal = refusal_of(accept(export, number="1" * 21))
    assert refusal.message == "Commitment ID is too long. Maximum 20 characters."
    assert (status_of(export), queued()) == ("ready_to_export", [])
    assert accept(export, number="1" * 20)[0].done


def test_the_number_can_be_too_long_for_the_published_limit(accept, sent, sage_company):
    export = sent("SC-7")
    sage_company.path.unlink()
    assert refusal_of(accept(export, number="1" * 13)).message == "Commitment ID is too long. Maximum 12 characters."


def test_the_number_must_be_printable(accept, sent):
    refusal = refusal_of(accept(sent("SC-7"), number="10\x0042"))
    assert refusal.message == "Commitment ID has characters that cannot be printed."


def test_the_number_must_be_free_in_sage(accept, sent, sage_company, books):
    job = sage_company.add_job("Mill")
    sage_company.add_subcontract("1042", job, books.vendor_number, lines=[Line(10)])
    refusal = refusal_of(accept(sent("SC-7"), number="1042"))
    assert refusal.message == (
        f"1042 is the number of a subcontract that is in Sage already (job {job}, vendor {books.vendor_number}, "
        "4-Current, 10.00)."
    )
    assert refusal.remedy == "Enter another number."


@pytest.mark.parametrize("state", Export.NUMBERED)
def test_the_number_must_not_be_on_its_way(accept, sent, now, state):
    lease = {"lease_token": "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d", "lease_expires_at": now}
    other = sent("SC-6", state=state, erp_number="AB-1", **(lease if state == "writing" else {}))
    refusal = refusal_of(accept(sent("SC-7"), number="ab-1"))
    assert refusal.message == (
        "AB-1 is the number of subcontract SC-6 of 2401 Riverside Clinic, which is on its way to Sage "
        f"({other.get_state_display().lower()})."
    )


def test_of_two_selected_with_one_number_the_first_gets_it(accept, sent):
    first, second = accept(sent("SC-7"), sent("SC-8"), number="1042")
    assert first.done
    assert second.refusal.message == "1042 is given to another of the selected commitments."


def test_when_sage_is_not_reachable_nothing_is_accepted(accept, sent, sage_company):
    export = sent("SC-7")
    sage_company.path.unlink()
    refusal = refusal_of(accept(export))
    assert isinstance(refusal, ErpNotReachable)
    assert refusal.message.startswith("Whether its number is free in Sage could not be checked: ")
    assert refusal.remedy == "Nothing was changed. Try again in a minute."
    assert (Export.objects.get().state, status_of(export)) == ("ready", "ready_to_export")


def test_who_lacks_the_privilege_does_not_accept_reject_or_retry(accept, reject, retry, sent, manager):
    for number, act in enumerate((accept, reject, retry)):
        refusal = refusal_of(act(sent(f"SC-{number}"), by=manager))
        assert isinstance(refusal, LacksPrivilege)
        assert refusal.message == "This needs the privilege 'Can Push to Accounting', which your account does not have."


def test_who_only_reads_does_not_either(accept, sent, viewer):
    CompanyMember.objects.filter(user=viewer).update(can_push_to_accounting=True)
    refusal = refusal_of(accept(sent("SC-7"), by=viewer))
    assert type(refusal) is NotAllowed
    assert refusal.message.startswith("This needs Standard on the company's ERP Integrations tool; you have Read Only.")


def test_a_second_approver_is_told_who_was_first(accept, sent, approver):
    export = sent("SC-7")
    accept(export)
    refusal = refusal_of(accept(export, by=approver))
    assert isinstance(refusal, AlreadyAnswered)
    assert refusal.message.startswith("Anna Accountant already accepted Subcontract SC-7 just now")
    assert refusal.remedy == "Nothing was changed. It is “Accepted” now."
    assert refusal_of(accept(export)).message.startswith("You already accepted")


def test_another_companys_exports_do_not_exist(accept, sent):
    with pytest.raises(Export.DoesNotExist):
        accept(sent("SC-7"), ExportFactory())


def test_each_of_many_has_its_own_outcome(accept, sent, sage_company, job):
    sage_company.add_subcontract("SC-3", job)
    exports = [sent("SC-1"), sent("SC-2", state="rejected"), sent("SC-3"), sent("SC-4")]
    outcomes = accept(*exports)
    assert [outcome.export.pk for outcome in outcomes] == [export.pk for export in exports]
    assert [outcome.done for outcome in outcomes] == [True, False, False, True]
    assert len(queued()) == 2


# ---- Reject ----------------------------------------------------------------------------------------------------------


def test_a_rejected_commitment_can_be_edited_again(reject, sent, accountant, now):
    export = sent("SC-7")
    (outcome,) = reject(export, reason="  The vendor is wrong.  ")
    rejected = outcome.export
    assert (rejected.state, rejected.reject_reason) == ("rejected", "The vendor is wrong.")
    assert (rejected.answered_by, rejected.finished_at) == (accountant, now)
    assert status_of(export) == "rejected"
    assert Activity.objects.get(verb="rejected").reason == "The vendor is wrong."
    assert queued() == [("send_rejection_mail", RejectionMail.objects.get().pk)]


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_rejection_needs_a_reason(reject, sent, reason):
    with pytest.raises(ReasonRequired, match="A rejection needs a reason"):
        reject(sent("SC-7"), reason=reason)


def test_a_failed_one_can_be_rejected(reject, sent):
    export = sent("SC-7", state="failed")
    assert reject(export)[0].done
    assert status_of(export) == "rejected"


def test_what_is_accepted_already_is_not_rejected(reject, sent):
    refusal = refusal_of(reject(sent("SC-7", state="accepted")))
    assert isinstance(refusal, AlreadyAnswered)
    assert "already accepted Subcontract SC-7" in refusal.message


def test_a_failed_one_whose_fate_is_unknown_is_not_rejected(reject, sent, sage_company):
    export = sent("SC-7", state="failed")
    sage_company.path.unlink()
    assert isinstance(refusal_of(reject(export)), ErpNotReachable)
    assert status_of(export) == "failed_to_export"


def test_a_ready_one_is_rejected_whether_sage_answers_or_not(reject, sent, sage_company):
    export = sent("SC-7")
    sage_company.path.unlink()
    assert reject(export)[0].done


# ---- Retry -----------------------------------------------------------------------------------------------------------


def test_a_failed_one_is_tried_again_under_its_number_and_key(retry, sent):
    export = sent("SC-7", state="failed", erp_number="1042", problem="Timed out.", remedy="Retry.")
    (outcome,) = retry(export)
    retried = outcome.export
    assert (retried.state, retried.erp_number, retried.key) == ("accepted", "1042", export.key)
    assert (retried.problem, retried.remedy) == ("", "")
    assert status_of(export) == "exporting"
    assert queued() == [("export_commitment", export.pk)]
    assert Activity.objects.get(verb="export_retried").after == {"erp_status": "Exporting"}


@pytest.mark.parametrize("state", ["ready", "accepted", "awaiting", "rejected"])
def test_only_a_failed_one_is_tried_again(retry, sent, state):
    assert isinstance(refusal_of(retry(sent("SC-7", state=state))), AlreadyAnswered)
    assert queued() == []


# ---- Races -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_two_approvers_one_answers_and_the_other_is_told(sent, approver, accountant, access_of, at_once, now):
    export = sent("SC-7")
    first, second = access_of(approver), access_of(accountant)
    (accepted,), (rejected,) = at_once(
        lambda: accept_exports(exports=[export], access=first, numbers={export.pk: "SC-7"}, now=now),
        lambda: reject_exports(exports=[export], access=second, reason="No.", now=now),
    )
    assert accepted.done != rejected.done
    lost = rejected if accepted.done else accepted
    winner = "Ada Approver already accepted" if accepted.done else "Anna Accountant already rejected"
    assert lost.refusal.message.startswith(f"{winner} Subcontract SC-7")
    assert Activity.objects.filter(verb__in=["accepted", "rejected"]).count() == 1
    assert status_of(export) == ("exporting" if accepted.done else "rejected")


@pytest.mark.django_db(transaction=True)
def test_a_double_click_accepts_once(sent, accountant, access_of, at_once, now):
    export, access = sent("SC-7"), access_of(accountant)
    results = at_once(
        *[lambda: accept_exports(exports=[export], access=access, numbers={export.pk: "SC-7"}, now=now)] * 3
    )
    assert sorted(outcome.done for (outcome,) in results) == [False, False, True]
    assert queued() == [("export_commitment", export.pk)]
    assert Activity.objects.filter(verb="accepted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_commitments_never_get_one_number(sent, approver, accountant, access_of, at_once, now):
    accesses = {sent("SC-7"): access_of(approver), sent("SC-8"): access_of(accountant)}
    results = at_once(
        *[
            lambda export=export, access=access: accept_exports(
                exports=[export], access=access, numbers={export.pk: "1042"}, now=now
            )
            for export, access in accesses.items()
        ]
    )
    outcomes = [outcome for (outcome,) in results]
    assert sorted(outcome.done for outcome in outcomes) == [False, True]
    (lost,) = [outcome for outcome in outcomes if not outcome.done]
    assert isinstance(lost.refusal, NumberNotPossible)
    assert lost.refusal.message.startswith("1042 ")
    assert status_of(lost.export) == "ready_to_export"


@pytest.mark.django_db(transaction=True)
def test_a_double_click_retries_once(sent, accountant, access_of, at_once, now):
    export, access = sent("SC-7", state="failed"), access_of(accountant)
    results = at_once(*[lambda: retry_exports(exports=[export], access=access, now=now)] * 2)
    assert sorted(outcome.done for (outcome,) in results) == [False, True]
    assert len(queued()) == 1


def test_several_projects_go_together(accept, sent, books, connection, manager):
    mill = ProjectFactory(company=connection.company, number="2402", name="Mill")
    assert all(outcome.done for outcome in accept(sent("SC-7"), books.export("SC-8", mill, manager)))


def test_the_widths_are_read_once_a_day(accept, sent):
    accept(sent("SC-7"))
    assert ErpConnection.objects.get().text_widths["number"] == 20
