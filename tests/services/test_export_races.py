"""Exports under several hands at the same moment, each on a database connection of its own."""

from __future__ import annotations

import pytest

from erpintegrations.models import Export, SyncLink
from erpintegrations.refusals import AlreadyAnswered, ChangedMeanwhile, NumberNotPossible
from erpintegrations.services.answer_export import reject_exports
from erpintegrations.services.decide_export import decide_candidate
from erpintegrations.services.export_commitment import perform_export
from erpintegrations.services.read_back import check_export, read_back
from tests.services.exporting_stage import ExportStage

pytestmark = pytest.mark.django_db(transaction=True)
State = Export.State


@pytest.fixture
def stage(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "bridge")


@pytest.fixture
def sheet(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "entry_sheet")


def test_of_several_workers_one_writes(stage, at_once):
    export = stage.accepted("SC-7")

    results = at_once(
        *[lambda: perform_export(export_id=export.pk, clock=stage.clock, bridge_of=stage.bridge) for _ in range(4)]
    )

    assert all(isinstance(result, Export) for result in results), results
    assert stage.bridge.asked.count("submit") == 1
    assert len(stage.in_sage("SC-7")) == 1
    assert SyncLink.objects.get().exports.get() == export


def test_of_a_sync_and_several_persons_one_links(sheet, at_once):
    export = sheet.perform(sheet.accepted("SC-7"))
    sheet.key_in("SC-7")
    now = sheet.clock()

    results = at_once(
        lambda: read_back(connection=sheet.connection, now=now),
        *[lambda: check_export(export=export, access=sheet.access, now=now) for _ in range(3)],
    )

    for result in results:
        assert not isinstance(result, Exception) or isinstance(result, AlreadyAnswered), result
    assert SyncLink.objects.filter(commitment=export.commitment).count() == 1
    export.refresh_from_db()
    assert export.state == State.LINKED


def test_of_linking_and_rejecting_one_wins(sheet, at_once):
    export = sheet.perform(sheet.accepted("SC-7"))
    sheet.key_in("SC-7", "1")
    now = sheet.clock()
    export = check_export(export=export, access=sheet.access, now=now)

    results = at_once(
        *[
            lambda link_it=link_it: decide_candidate(
                export=export,
                access=sheet.access,
                link_it=link_it,
                is_anothers=True,
                reason="So it is.",
                seen_version=export.version,
                now=now,
            )
            for link_it in (True, False, True, False)
        ]
    )

    decided = [result for result in results if isinstance(result, Export)]
    assert len(decided) == 1, results
    assert {type(result) for result in results} <= {Export, AlreadyAnswered, ChangedMeanwhile, NumberNotPossible}
    export.refresh_from_db()
    assert SyncLink.objects.count() == (export.state == State.LINKED)


def test_what_is_rejected_while_it_is_found_is_one_or_the_other(sheet, at_once):
    export = sheet.perform(sheet.accepted("SC-7"))
    now = sheet.clock()

    at_once(
        lambda: reject_exports(exports=[export], access=sheet.access, reason="No.", now=now),
        lambda: sheet.key_in("SC-7"),
        lambda: read_back(connection=sheet.connection, now=now),
    )

    export.refresh_from_db()
    assert export.state in (State.LINKED, State.REJECTED, State.AWAITING)
    assert SyncLink.objects.count() == (export.state == State.LINKED)
