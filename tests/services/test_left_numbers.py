"""A number that lives in Sage still, since two persons unlinked its commitment anyway, is given to no other record."""

import pytest

from commitments.models import Commitment
from erpintegrations.models import Export, SyncLink
from erpintegrations.refusals import CannotSend
from erpintegrations.services.send_to_erp import send_to_erp
from erpintegrations.services.unlink_anyway import ask_to_unlink_anyway, consent_to_unlink_anyway
from tests.services.exporting_stage import ExportStage

pytestmark = pytest.mark.django_db
State = Export.State


@pytest.fixture
def stage(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "bridge")


@pytest.fixture
def left_in_sage(stage, admin, access_of) -> Commitment:
    """SC-7, exported, invoiced in Sage, and unlinked by two persons."""
    link = stage.perform(stage.accepted("SC-7")).link
    stage.sage.bill(link.erp_id, 200)
    SyncLink.objects.filter(pk=link.pk).update(invoiced_amount=200)
    override = ask_to_unlink_anyway(link=link, access=access_of(admin), reason="It is invoiced.", now=stage.clock())
    consent_to_unlink_anyway(override=override, access=stage.access, now=stage.clock())
    return Commitment.objects.get(pk=link.commitment_id)


def send_again(commitment, stage):
    return send_to_erp(commitment=commitment, access=stage.access, now=stage.clock())


def test_under_the_number_that_still_lives_in_sage_it_is_not_sent_again(stage, left_in_sage):
    with pytest.raises(CannotSend) as refused:
        send_again(left_in_sage, stage)

    (fault,) = refused.value.faults
    assert str(fault) == (
        f"Number: SC-7 is the number of a subcontract that is in Sage already (job {stage.books.job_of(stage.project)},"
        f" vendor {stage.books.vendor_number}, 4-Current, 10,000.00). Choose another number."
    )
    assert Export.objects.count() == 1
    assert len(stage.in_sage("SC-7")) == 1


def test_under_another_number_it_is(stage, left_in_sage):
    Commitment.objects.filter(pk=left_in_sage.pk).update(number="SC-7A")

    assert send_again(left_in_sage, stage).state == State.READY
