"""Why an export fails for good, or is not rejected, and what to do: the sentences beside those of the main ways."""

import pytest
from cryptography.fernet import Fernet

from erpintegrations.models import ErpConnection, Export
from erpintegrations.services.answer_export import reject_exports
from erpintegrations.services.export_commitment import LEASE, MOST_ATTEMPTS, perform_export
from tests.bridging import Killed
from tests.services.exporting_stage import ExportStage

pytestmark = pytest.mark.django_db
State = Export.State


@pytest.fixture
def stage(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "bridge")


@pytest.fixture
def sheet(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "entry_sheet")


def perform_with_its_own_bridge(export, stage) -> Export:
    """Not the one of the tests, but the one that the connection names."""
    return perform_export(export_id=export.pk, clock=stage.clock)


def why_not_rejected(export, stage):
    (outcome,) = reject_exports(
        exports=[export], access=stage.access, reason="No.", now=stage.clock(), bridge_of=stage.bridge
    )
    assert outcome.refusal is not None
    return outcome.refusal.message, outcome.refusal.remedy


# ---- What fails ------------------------------------------------------------------------------------------------------


def test_one_whose_workers_die_again_and_again_ends_as_failed(stage):
    export = stage.accepted("SC-7")
    for _ in range(MOST_ATTEMPTS):
        stage.bridge.fails = "killed before"
        with pytest.raises(Killed):
            stage.perform(export)
        stage.forward(seconds=LEASE.total_seconds() + 1)

    export = stage.perform(export)

    assert export.state == State.FAILED
    assert export.problem == "It was tried several times, and did not get through."
    assert export.remedy == ("Ask whoever runs this site to look at the log of the task process, then retry.")
    assert stage.in_sage("SC-7") == []


def test_a_connection_without_the_address_of_a_bridge(stage):
    export = perform_with_its_own_bridge(stage.accepted("SC-7"), stage)

    assert export.state == State.FAILED
    assert export.problem == "The connection has no address of a bridge."
    assert export.remedy == (
        "Have the bridge's address and secret in the connection's settings compared with those of the bridge."
    )
    assert stage.in_sage("SC-7") == []


def test_a_secret_of_the_bridge_that_no_key_opens(stage, settings):
    url = stage.connection.database_url
    ErpConnection.objects.update(bridge_url="http://127.0.0.1:9/bridge", bridge_secret="a-long-shared-secret")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    ErpConnection.objects.update(database_url=url)

    export = perform_with_its_own_bridge(stage.accepted("SC-7"), stage)

    assert export.state == State.FAILED
    assert export.problem == "The stored secret of the bridge cannot be read."
    assert export.remedy == (
        "Ask whoever runs this site to put back the encryption key that it was stored with, or enter the secret again "
        "in the connection's settings."
    )


# ---- What is not rejected, since it is in Sage -----------------------------------------------------------------------


def test_what_was_keyed_in_with_other_values(sheet):
    export = sheet.perform(sheet.accepted("SC-7"))
    sheet.key_in("SC-7", "9999")

    assert why_not_rejected(export, sheet) == (
        "SC-7 is in Sage with other values than Subcontract SC-7 was exported with, so it was not rejected.",
        "Lay both sides next to each other on its page, and decide there.",
    )
    export.refresh_from_db()
    assert export.state == State.NEEDS_DECISION


def test_what_was_keyed_in_just_as_it_is(sheet):
    export = sheet.perform(sheet.accepted("SC-7"))
    sheet.key_in("SC-7")

    message, remedy = why_not_rejected(export, sheet)

    assert message == "Subcontract SC-7 is in Sage as it was exported, so it was not rejected: it is linked now."
    assert remedy == (
        "To correct it: In Sage, open 6-7-1 Subcontracts and choose Edit ▸ Delete Subcontract. Then unlink it."
    )
