"""Send to ERP, Re-send and Retrieve: what is checked, what is kept, what is refused, and who wins a race."""

import datetime
import sqlite3
import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from commitments.models import Commitment
from directory.models import Activity, Level, ProjectMember
from directory.refusals import NotAllowed
from erpintegrations.models import CostCodeLink, CostTypeLink, ErpConnection, Export, JobLink, SyncLink, VendorLink
from erpintegrations.refusals import AlreadyAnswered, CannotSend, ErpNotReachable, ErpStatusForbids
from erpintegrations.services.answer_export import accept_exports, reject_exports
from erpintegrations.services.send_to_erp import retrieve_from_erp, send_to_erp
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.connectors.builder import Line
from tests.exporting import Books
from tests.factories import CommitmentFactory, ErpConnectionFactory, LineFactory, ProjectFactory, VendorFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(connection, sage_company):
    return Books(connection, sage_company)


@pytest.fixture
def commitment(books, project):
    return books.commitment("SC-7", project, amount=Decimal("12500.00"))


@pytest.fixture
def send(manager, access_of, now):
    def act(commitment, by=manager):
        return send_to_erp(commitment=commitment, access=access_of(by), now=now)

    return act


@pytest.fixture
def faults(send):
    """What is wrong with a commitment, as the person reads it."""

    def read(commitment):
        with pytest.raises(CannotSend) as refused:
            send(commitment)
        assert not Export.objects.exists()
        return [str(fault) for fault in refused.value.faults]

    return read


def status_of(commitment):
    return Commitment.objects.get(pk=commitment.pk).erp_status


# ---- What is sent ----------------------------------------------------------------------------------------------------


def test_a_subcontract_is_kept_as_sage_would_store_it(send, commitment, books, project, manager, now):
    export = send(commitment)
    export.refresh_from_db()
    assert (export.state, export.sent_by, export.sent_at, export.erp_number) == ("ready", manager, now, "")
    assert export.document == {
        "kind": "subcontract",
        "ctcnum": "SC-7",
        "dscrpt": "Concrete",
        "vndnum": str(books.vendor_number),
        "jobnum": str(books.job_of(project)),
        "condte": commitment.contract_date.isoformat(),
        "rtnrte": "0",
        "lines": [
            {"linnum": 1, "dscrpt": "Footings and slab", "cstcde": "3300", "csttyp": "4", "amount": "12500.00"},
        ],
    }
    assert (export.number, export.vendor_name, export.amount) == ("SC-7", "Acme Concrete", Decimal("12500.00"))
    assert status_of(commitment) == "ready_to_export"


def test_a_purchase_order_is_kept_with_quantities_and_prices(send, books, project):
    order = books.commitment("PO-7", project, kind="purchase_order", title="  Rebar   and mesh ", amount=Decimal(600))
    order.lines.update(quantity=Decimal("2.5000"), unit_cost=Decimal("240.0000"))
    document = send(order).document
    assert document["ordnum"] == "PO-7"
    assert document["dscrpt"] == "Rebar and mesh"
    assert document["orddte"] == order.contract_date.isoformat()
    (line,) = document["lines"]
    assert (line["linqty"], line["linprc"], line["extttl"]) == ("2.5", "240", "600.00")


def test_the_history_tells_who_sent_it(send, commitment, manager):
    send(commitment)
    entry = Activity.objects.get(verb="sent")
    assert (entry.actor, entry.subject_id) == (manager, commitment.pk)
    assert (entry.before, entry.after) == ({"erp_status": "Not sent"}, {"erp_status": "Ready to export"})


def test_the_revision_counts_the_sending(send, commitment):
    export = send(commitment)
    assert Commitment.objects.get().revision == commitment.revision + 1 == export.commitment_revision


def test_it_is_sent_again_after_a_rejection_and_after_a_retrieval(send, commitment, approver, manager, access_of, now):
    first = send(commitment)
    reject_exports(exports=[first], access=access_of(approver), reason="Wrong job.", now=now)
    second = send(commitment)
    retrieve_from_erp(commitment=commitment, access=access_of(manager), now=now)
    third = send(commitment)
    assert [export.state for export in Export.objects.order_by("id")] == ["rejected", "retrieved", "ready"]
    assert len({first.key, second.key, third.key}) == 3


def test_it_is_sent_again_after_unlink(send, linked, books, project, sage_company, approver, access_of, now, job):
    link = linked("SC-1042")
    sage_company.delete(link.erp_id)
    SyncLink.objects.update(presence="deleted")
    link.refresh_from_db()
    commitment = link.commitment
    commitment.vendor = books.vendor
    commitment.save()
    LineFactory(commitment=commitment, cost_code=books.code, cost_type=books.type)
    commitment.lines.exclude(cost_code=books.code).delete()
    books.job_of(project)
    unlink_commitment(link=link, access=access_of(approver), now=now)
    assert send(commitment).state == "ready"


# ---- What is refused -------------------------------------------------------------------------------------------------


def test_only_the_projects_administrator_sends(send, commitment, accountant, manager, project):
    with pytest.raises(NotAllowed, match="This needs Admin on the Commitments tool of project 2401 Riverside Clinic"):
        send(commitment, by=accountant)
    ProjectMember.objects.filter(user=manager).update(commitments_level=Level.STANDARD)
    with pytest.raises(NotAllowed, match="you have Standard"):
        send(commitment)
    assert status_of(commitment) == "not_sent"


def test_all_faults_are_told_at_once(faults, connection, project):
    """Nothing of it has a counterpart in the ERP."""
    vendor = VendorFactory(company=connection.company, name="Northern Concrete")
    draft = CommitmentFactory(
        project=project,
        number="SC-2024-000000000012-A",
        title="T" * 60,
        status="draft",
        vendor=vendor,
        lines=False,
        contract_date=None,
    )
    LineFactory(commitment=draft, description="D" * 51)
    line = draft.lines.get()
    assert faults(draft) == [
        "Status: It is Draft, and only an Approved commitment can be sent. Set it to Approved.",
        "Contract date: It is empty, and Sage needs it. Enter it.",
        "Number: It has 22 characters, and Sage keeps 20: “SC-2024-000000000012” is all that it would store. "
        "Shorten it.",
        f"Title: It has 60 characters, and Sage keeps 50: “{'T' * 50}” is all that it would store. Shorten it.",
        "Vendor: Northern Concrete is not linked to a vendor in Sage. "
        "Ask an administrator of ERP Integrations to link it.",
        "Project: 2401 Riverside Clinic is not linked to a job in Sage. "
        "Ask an administrator of ERP Integrations to link it.",
        f"Line 1, Description: It has 51 characters, and Sage keeps 50: “{'D' * 50}” is all that it would store. "
        "Shorten it.",
        f"Line 1, Cost code: {line.cost_code} is not linked to a cost code in Sage. "
        "Ask an administrator of ERP Integrations to link it.",
        f"Line 1, Cost type: {line.cost_type} is not linked to a cost type in Sage. "
        "Ask an administrator of ERP Integrations to link it.",
    ]


def test_how_many_faults_there_are_is_said(send, commitment):
    Commitment.objects.update(status="draft")
    with pytest.raises(CannotSend) as refused:
        send(commitment)
    assert refused.value.message == "Subcontract SC-7 was not sent to Sage: 1 thing has to be corrected first."


def test_it_needs_a_line(faults, commitment):
    commitment.lines.all().delete()
    assert faults(commitment) == ["Schedule of values: It has no line, and Sage needs at least one. Add it."]


def test_an_amount_that_sage_cannot_hold_is_told(faults, commitment):
    Commitment.objects.update(amount=Decimal("10000000000.00"))
    commitment.lines.update(amount=Decimal("10000000000.00"))
    told = "10,000,000,000.00 is more than Sage can hold: 9,999,999,999.99 at most. Lower it."
    assert faults(commitment) == [f"Amount: {told}", f"Line 1, Amount: {told}"]


def test_a_closed_job_is_told(faults, books, commitment, sage_company):
    job = JobLink.objects.get().erp_id
    sage_company.run(f"UPDATE actrec SET status = 6 WHERE recnum = {job}")
    assert faults(commitment) == [
        f"Project: 2401 Riverside Clinic is job {job} in Sage, whose status is 6-Closed. "
        "Have accounting set it to Current, or choose another project."
    ]


def test_counterparts_that_are_gone_from_sage_are_told(faults, books, commitment, sage_company):
    sage_company.run("DELETE FROM actpay", "DELETE FROM cstcde")
    vendor = VendorLink.objects.get().erp_id
    who = "Ask an administrator of ERP Integrations to link it anew."
    assert faults(commitment) == [
        f"Vendor: Acme Concrete is linked to vendor {vendor}, which is no longer in Sage. {who}",
        f"Line 1, Cost code: 03-300 Concrete is linked to cost code 3300, which is no longer in Sage. {who}",
    ]


@pytest.mark.parametrize("number", ["SC-7", "sc-7", "SC-7 "])
def test_a_number_that_lives_in_another_job_is_refused(faults, books, commitment, sage_company, number):
    job = sage_company.add_job("Mill")
    sage_company.add_subcontract(number, job, books.vendor_number, lines=[Line(5000)])
    assert faults(commitment) == [
        f"Number: {number.strip()} is the number of a subcontract that is in Sage already "
        f"(job {job}, vendor {books.vendor_number}, 4-Current, 5,000.00). Choose another number."
    ]


def test_a_purchase_orders_number_is_no_subcontracts(send, commitment, sage_company, job):
    sage_company.add_purchase_order("SC-7", job)
    assert send(commitment).state == "ready"


def test_the_number_of_a_void_purchase_order_is_free(send, books, project, sage_company, job):
    sage_company.void(sage_company.add_purchase_order("PO-7", job))
    assert send(books.commitment("PO-7", project, kind="purchase_order")).state == "ready"


@pytest.mark.parametrize("state", Export.OPEN)
def test_a_number_that_is_on_its_way_is_refused(send, books, commitment, connection, manager, state):
    mill = ProjectFactory(company=connection.company, number="2402", name="Mill")
    other = books.export("sc-7", mill, manager, state=state, lease_token=uuid.uuid4(), lease_expires_at=timezone.now())
    with pytest.raises(CannotSend) as refused:
        send(commitment)
    (fault,) = refused.value.faults
    assert str(fault) == (
        "Number: sc-7 is the number of subcontract sc-7 of 2402 Mill, which is on its way to Sage "
        f"({other.get_state_display().lower()}). Choose another number."
    )


def test_a_number_of_an_export_that_ended_is_free(send, books, commitment, connection, manager):
    mill = ProjectFactory(company=connection.company, number="2402", name="Mill")
    books.export("SC-7", mill, manager, state="rejected")
    assert send(commitment).state == "ready"


def test_when_sage_is_not_reachable_nothing_is_sent(send, commitment, sage_company):
    sage_company.path.unlink()
    with pytest.raises(ErpNotReachable) as refused:
        send(commitment)
    assert refused.value.message.startswith("Whether number SC-7 is free in Sage could not be checked: ")
    assert refused.value.remedy.startswith("Nothing was sent. Try again in a minute")
    assert status_of(commitment) == "not_sent"
    assert not Activity.objects.exists()


def test_when_sage_is_silent_the_person_does_not_wait(send, commitment, sage_company, impatient):
    holder = sqlite3.connect(sage_company.path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    before = timezone.now()
    try:
        with pytest.raises(ErpNotReachable):
            send(commitment)
    finally:
        holder.close()
    assert timezone.now() - before < datetime.timedelta(seconds=5)
    assert status_of(commitment) == "not_sent"


def test_with_faults_and_without_sage_all_that_is_known_is_told(send, commitment, sage_company):
    Commitment.objects.update(status="draft")
    sage_company.path.unlink()
    with pytest.raises(CannotSend) as refused:
        send(commitment)
    fields = [fault.field for fault in refused.value.faults]
    assert fields == ["Status", "Number"]
    assert str(refused.value.faults[1]).startswith("Number: Whether it is free could not be checked.")


def test_another_companys_books_prove_nothing(send, commitment, connection):
    ErpConnection.objects.update(erp_company="Other", server="x", database="y")
    with pytest.raises(ErpNotReachable, match="answered than the one this connection to Sage was set up with"):
        send(commitment)


def test_what_is_synced_is_not_sent(send, commitment):
    Commitment.objects.update(erp_status="synced")
    with pytest.raises(ErpStatusForbids, match="Subcontract SC-7 is synced with the ERP already") as refused:
        send(commitment)
    assert refused.value.remedy == "To export it anew, unlink it first."


def test_what_was_sent_is_not_sent_twice(send, commitment, approver, manager):
    send(commitment)
    with pytest.raises(ErpStatusForbids, match="You sent it just now") as refused:
        send(commitment)
    assert refused.value.remedy == "Its ERP status is “Ready to export”; nothing was sent a second time."
    with pytest.raises(ErpStatusForbids, match="Max Manager sent it just now"):
        send(commitment, by=approver)
    assert Export.objects.count() == 1


def test_without_a_connection_nothing_is_sent(manager, access_of, project, now):
    commitment = CommitmentFactory(project=project)
    with pytest.raises(ErpStatusForbids, match="Harbor Point Builders is not connected to an ERP"):
        send_to_erp(commitment=commitment, access=access_of(manager), now=now)


def test_another_companys_commitment_does_not_exist(send, connection):
    with pytest.raises(Commitment.DoesNotExist):
        send(CommitmentFactory())


# ---- The widths in force ---------------------------------------------------------------------------------------------


def test_the_widths_are_learned_from_the_connected_database(send, commitment, connection, now):
    send(commitment)
    connection.refresh_from_db()
    assert connection.text_widths == {"number": 20, "title": 50, "line_description": 50, "vendor_name": 75}
    assert connection.text_widths_read_at == now


def test_widths_of_today_are_not_asked_for_again(faults, commitment, connection, now):
    ErpConnection.objects.update(text_widths={"title": 5}, text_widths_read_at=now - datetime.timedelta(hours=23))
    assert faults(commitment) == [
        "Title: It has 8 characters, and Sage keeps 5: “Concr” is all that it would store. Shorten it."
    ]


def test_widths_of_yesterday_are(send, commitment, connection, now):
    ErpConnection.objects.update(text_widths={"title": 5}, text_widths_read_at=now - datetime.timedelta(hours=24))
    assert send(commitment)


def test_widths_that_were_never_read_are_the_published_limits(send, commitment, sage_company):
    Commitment.objects.update(number="SC-1234567890", title="T" * 31)
    sage_company.path.unlink()
    with pytest.raises(CannotSend) as refused:
        send(commitment)
    assert [str(fault).split(":")[0] for fault in refused.value.faults][:2] == ["Number", "Title"]
    assert "Sage keeps 12: “SC-123456789”" in str(refused.value.faults[0])
    assert "Sage keeps 30" in str(refused.value.faults[1])


# ---- Retrieve --------------------------------------------------------------------------------------------------------


@pytest.fixture
def retrieve(manager, access_of, now):
    def act(commitment, by=manager):
        return retrieve_from_erp(commitment=commitment, access=access_of(by), now=now)

    return act


def test_retrieve_takes_it_back(send, retrieve, commitment, manager):
    send(commitment)
    export = retrieve(commitment)
    assert (export.state, export.answered_by) == ("retrieved", manager)
    assert export.finished_at is not None
    assert status_of(commitment) == "not_sent"
    assert Activity.objects.get(verb="retrieved").after == {"erp_status": "Not sent"}


def test_only_the_projects_administrator_retrieves(send, retrieve, commitment, accountant):
    send(commitment)
    with pytest.raises(NotAllowed, match="This needs Admin on the Commitments tool"):
        retrieve(commitment, by=accountant)


def test_retrieve_comes_too_late(send, retrieve, commitment, approver, access_of, now):
    export = send(commitment)
    accept_exports(exports=[export], access=access_of(approver), numbers={export.pk: "SC-7"}, now=now)
    with pytest.raises(AlreadyAnswered) as refused:
        retrieve(commitment)
    assert refused.value.message.startswith("Ada Approver already accepted Subcontract SC-7 just now")
    assert refused.value.remedy == "Nothing was changed. It is “Accepted” now."


def test_what_was_never_sent_is_not_retrieved(retrieve, commitment):
    with pytest.raises(ErpStatusForbids, match="was not sent to the ERP, so there is nothing to retrieve"):
        retrieve(commitment)


def test_a_second_retrieve_is_told_of_the_first(send, retrieve, commitment):
    send(commitment)
    retrieve(commitment)
    with pytest.raises(AlreadyAnswered, match="You already retrieved Subcontract SC-7"):
        retrieve(commitment)


# ---- Races -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_double_click_sends_once(commitment, manager, access_of, at_once, now):
    access = access_of(manager)
    results = at_once(*[lambda: send_to_erp(commitment=commitment, access=access, now=now)] * 3)
    assert sorted(type(result).__name__ for result in results) == ["ErpStatusForbids", "ErpStatusForbids", "Export"]
    assert Export.objects.count() == Activity.objects.filter(verb="sent").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_retrieve_and_accept_at_once_one_wins(books, project, manager, approver, access_of, at_once, now):
    first, second = access_of(manager), access_of(approver)
    for number in range(5):
        commitment = books.commitment(f"SC-{number}", project)
        export = send_to_erp(commitment=commitment, access=first, now=now)
        retrieved, outcomes = at_once(
            lambda commitment=commitment: retrieve_from_erp(commitment=commitment, access=first, now=now),
            lambda export=export: accept_exports(
                exports=[export], access=second, numbers={export.pk: export.number}, now=now
            ),
        )
        (outcome,) = outcomes
        assert isinstance(retrieved, Export) != outcome.done, (retrieved, outcome)
        if outcome.done:
            assert str(retrieved).startswith(f"Ada Approver already accepted Subcontract SC-{number}")
            assert status_of(commitment) == "exporting"
        else:
            assert str(outcome.refusal).startswith(f"Max Manager already retrieved Subcontract SC-{number}")
            assert status_of(commitment) == "not_sent"
        assert Activity.objects.filter(subject_id=commitment.pk, verb__in=["retrieved", "accepted"]).count() == 1


def test_counterparts_of_another_connection_do_not_count(faults, commitment, connection):
    other = ErpConnectionFactory()
    for model in (JobLink, VendorLink, CostCodeLink, CostTypeLink):
        model.objects.update(connection=other)
    assert len(faults(commitment)) == 4
