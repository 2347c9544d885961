"""Setting up the sample company: all of it or nothing, and only in the sandbox."""

from __future__ import annotations

import logging

import pytest
from django.core.management import CommandError, call_command

from directory.models import Company, User
from erpintegrations.models import Export, SyncLink
from sandbox import sample_company
from sandbox.sample_company import SampleCompanyRefused
from tests.sandbox.conftest import NOW


@pytest.mark.parametrize("step", ["Writing", "Loading", "Syncing"])
def test_an_interrupted_set_up_leaves_nothing_and_is_begun_again(db, tmp_path, settings, step):
    settings.SANDBOX_ERP_PATH = tmp_path / "sample-company.sqlite3"

    def interrupt(said: str) -> None:
        if said.startswith(step):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample_company.load(now=NOW, say=interrupt)
    assert not Company.objects.exists()
    assert not User.objects.exists()
    assert sample_company.load(now=NOW)
    assert SyncLink.objects.filter(presence="present").count() == 139


def test_the_failure_that_it_stages_alarms_nobody(db, tmp_path, settings, caplog):
    settings.SANDBOX_ERP_PATH = tmp_path / "sample-company.sqlite3"
    sample_company.load(now=NOW)
    assert Export.objects.get(state="failed").problem == "The ERP database file is not there."
    assert [entry.message for entry in caplog.records if entry.levelno >= logging.WARNING] == []


def test_it_is_refused_without_the_sandbox(db, tmp_path, settings):
    settings.SANDBOX = False
    settings.SANDBOX_ERP_PATH = tmp_path / "sample-company.sqlite3"
    with pytest.raises(SampleCompanyRefused, match="SANDBOX=1"):
        sample_company.load(now=NOW)
    with pytest.raises(CommandError, match="SANDBOX=1"):
        call_command("load_sample_company")
    assert list(tmp_path.iterdir()) == []
    assert not User.objects.exists()
