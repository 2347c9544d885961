"""An export that accounting accepted, and what may be done until it is found in Sage."""

from __future__ import annotations

import pytest

from erpintegrations.models import Export, SyncRun
from erpintegrations.services.decide_export import decide_candidate
from erpintegrations.services.read_back import check_export
from erpintegrations.services.run_sync import open_run, perform_sync
from tests.services.exporting_stage import ExportStage


@pytest.fixture
def stage(connection, sage_company, project, access_of, approver) -> ExportStage:
    return ExportStage(connection, sage_company, project, access_of(approver), "entry_sheet")


@pytest.fixture
def bridged(stage) -> ExportStage:
    """The same, where a bridge writes."""
    stage.connection.export_method = "bridge"
    stage.connection.save(update_fields=["export_method"])
    return stage


@pytest.fixture
def awaiting(stage) -> Export:
    """SC-7, accepted, not keyed in yet."""
    return stage.perform(stage.accepted("SC-7"))


@pytest.fixture
def check(stage, access_of, manager):
    """Check now, by somebody with Standard on ERP Integrations."""

    def run(export: Export) -> Export:
        return check_export(export=export, access=access_of(manager), now=stage.clock())

    return run


@pytest.fixture
def sync(stage):
    def run() -> SyncRun:
        waiting, _ = open_run(connection=stage.connection, trigger="schedule", by=None, now=stage.clock())
        return perform_sync(run_id=waiting.pk, clock=stage.clock, retry_waits=())

    return run


@pytest.fixture
def decide(stage):
    def run(export: Export, *, link_it: bool, reason: str = "It is the same.", access=None, **more) -> Export:
        return decide_candidate(
            export=export,
            access=access or stage.access,
            link_it=link_it,
            reason=reason,
            **{"is_anothers": not link_it, "seen_version": export.version, **more},
            now=stage.clock(),
            bridge_of=stage.bridge,
        )

    return run
