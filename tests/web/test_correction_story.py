"""The chapters of a case, each told as it happened: seen, away and back, corrected, sent and exported again."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from commitments.models import Commitment
from erpintegrations.models import Export, SyncLink
from erpintegrations.services.check_link import check_link
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.services.unlink_anyway import ask_to_unlink_anyway, consent_to_unlink_anyway
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.services.exporting_stage import ExportStage
from tests.web.editing.forms import edit_address, form_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(connection, sage_company, project, access_of, approver) -> ExportStage:
    """Where commitments are exported by a bridge: `case.perform(case.accepted("SC-7"))`."""
    return ExportStage(connection, sage_company, project, access_of(approver), "bridge")


@pytest.fixture
def chapters(client, viewer):
    def read(commitment_id: int) -> list[str]:
        client.force_login(viewer)
        project_id = Commitment.objects.get(pk=commitment_id).project_id
        page = client.get(reverse("correction", args=["harbor-point", project_id, commitment_id]))
        return [chapter.summary for chapter in page.context["correction"].chapters]

    return read


def noticed(link, case) -> SyncLink:
    return check_link(link=link, access=case.access, now=case.clock())


def deleted_and_noticed(link, case) -> SyncLink:
    case.sage.delete(link.erp_id)
    return noticed(link, case)


def left_in_sage(link, case, asker) -> None:
    """Invoiced there, and unlinked by two persons."""
    case.sage.bill(link.erp_id, 200)
    link = noticed(link, case)
    override = ask_to_unlink_anyway(link=link, access=asker, reason="It is invoiced.", now=case.clock())
    consent_to_unlink_anyway(override=override, access=case.access, now=case.clock())


def corrected(client, by, commitment_id: int) -> Commitment:
    """By the page's own form, under another number."""
    commitment = Commitment.objects.get(pk=commitment_id)
    client.force_login(by)
    form = form_of(client.get(edit_address(commitment)))
    assert client.post(edit_address(commitment), {**form, "number": "SC-7A", "save": "1"}).status_code == 302
    return Commitment.objects.get(pk=commitment_id)


def test_from_the_deletion_to_the_second_export(case, chapters, client, approver):
    export = case.perform(case.accepted("SC-7"))
    link = deleted_and_noticed(export.link, case)
    unlink_commitment(link=link, access=case.access, now=case.clock())
    commitment = corrected(client, approver, export.commitment_id)
    again = case.perform(case.accept(commitment))
    assert again.state == Export.State.LINKED

    told = chapters(commitment.pk)

    assert told[told.index("Exported as SC-7") :] == [
        "Exported as SC-7",
        "Deleted in Sage",
        "Unlinked from SC-7",
        "Corrected",
        "Sent to ERP again",
        "Accepted by accounting",
        "Written to the ERP",
        "Exported again as SC-7A",
    ]


def test_what_was_edited_and_sent_at_first_is_neither_corrected_nor_sent_again(case, chapters, client, approver):
    commitment = case.books.commitment("SC-7", case.project)
    commitment = corrected(client, approver, commitment.pk)
    case.perform(case.accept(commitment))

    assert not {"Corrected", "Sent to ERP again"} & set(chapters(commitment.pk))


def test_what_a_backup_brings_back_is_back(case, chapters):
    export = case.perform(case.accepted("SC-7"))
    link = deleted_and_noticed(export.link, case)
    case.key_in("SC-7", erp_id=link.erp_id)
    noticed(link, case)

    assert chapters(export.commitment_id)[-2:] == ["Deleted in Sage", "Back in Sage"]


def test_what_was_never_looked_for_is_seen(case, chapters, connection):
    commitment = case.books.commitment("SC-7", case.project)
    erp_id = case.key_in("SC-7")
    record = connection.connector().look_up([erp_id]).records[erp_id]
    an_hour_ago = timezone.now() - datetime.timedelta(hours=1)
    (link,) = link_commitments(connection=connection, pairs=[(commitment, record)], by=None, now=an_hour_ago)
    noticed(link, case)

    assert chapters(commitment.pk) == ["Exported as SC-7", "Seen in Sage"]


def test_what_two_persons_unlinked_is_left_there(case, chapters, admin, access_of):
    export = case.perform(case.accepted("SC-7"))
    left_in_sage(export.link, case, access_of(admin))

    assert chapters(export.commitment_id)[-1] == "Unlinked from SC-7, left in Sage"
