"""What a commitment was linked to before and is back in Sage: when it keeps the commitment from being exported."""

import pytest

from commitments.models import Commitment
from directory.access import access_for
from directory.models import Level
from erpintegrations.models import Export, Presence, SyncLink, UnlinkedRecord
from erpintegrations.services.adopt_record import adopt_record
from erpintegrations.services.unlink_anyway import ask_to_unlink_anyway, consent_to_unlink_anyway
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.factories import CompanyMemberFactory, ProjectMemberFactory
from tests.services.exporting_stage import ExportStage

pytestmark = pytest.mark.django_db
State = Export.State


@pytest.fixture
def stage(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "bridge")


def restored(stage):
    """SC-7, exported, deleted, unlinked, and back by a backup: its export, and its record as a sync lists it."""
    export = stage.perform(stage.accepted("SC-7"))
    link = export.link
    stage.sage.delete(link.erp_id)
    SyncLink.objects.filter(pk=link.pk).update(presence=Presence.DELETED)
    unlink_commitment(link=SyncLink.objects.get(pk=link.pk), access=stage.access, now=stage.clock())
    stage.key_in("SC-7", erp_id=link.erp_id)
    record = UnlinkedRecord.objects.create(
        company=stage.connection.company,
        connection=stage.connection,
        erp_id=link.erp_id,
        kind="subcontract",
        number="SC-7",
        first_seen_at=stage.clock(),
    )
    return export, record


def export_as(number, export, stage):
    """The same commitment once more, corrected to another number."""
    Commitment.objects.filter(pk=export.commitment_id).update(number=number)
    return stage.perform(stage.accept(Commitment.objects.get(pk=export.commitment_id)))


def leave_in_sage(link, stage):
    """Invoiced, and unlinked by two persons."""
    stage.sage.bill(link.erp_id, 200)
    SyncLink.objects.filter(pk=link.pk).update(invoiced_amount=200)
    asker = CompanyMemberFactory(
        company=stage.connection.company, erp_integrations_level=Level.ADMIN, can_push_to_accounting=True
    ).user
    ProjectMemberFactory(project=stage.project, user=asker, commitments_level=Level.ADMIN)
    access = access_for(asker, stage.connection.company)
    override = ask_to_unlink_anyway(link=link, access=access, reason="It is invoiced.", now=stage.clock())
    consent_to_unlink_anyway(override=override, access=stage.access, now=stage.clock())


def test_a_former_record_that_was_linked_again_and_left_in_sage_keeps_nothing_from_being_exported(stage):
    export, record = restored(stage)
    adopted = adopt_record(record=record, commitment=export.commitment, access=stage.access, now=stage.clock())
    leave_in_sage(adopted, stage)

    again = export_as("SC-7A", export, stage)

    assert (again.state, again.problem) == (State.LINKED, "")


def test_a_former_record_that_became_another_commitments_keeps_nothing_from_being_exported(stage):
    export, record = restored(stage)
    other = stage.books.commitment("SC-8", stage.project)
    adopted = adopt_record(record=record, commitment=other, access=stage.access, now=stage.clock())

    again = export_as("SC-7A", export, stage)
    assert again.state == State.LINKED

    leave_in_sage(adopted, stage)
    stage.sage.delete(again.link.erp_id)
    SyncLink.objects.filter(pk=again.link.pk).update(presence=Presence.DELETED)
    unlink_commitment(link=SyncLink.objects.get(pk=again.link.pk), access=stage.access, now=stage.clock())
    once_more = export_as("SC-7B", export, stage)
    assert once_more.state == State.LINKED
