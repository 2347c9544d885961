"""`manage.py sync_erp`: the same sync, printed, with an exit status for scripts."""

import io

import pytest
from django.core.management import call_command

from erpintegrations.models import SyncLink, SyncRun
from erpintegrations.sync.lease import LEASE, claim
from tests.factories import CompanyFactory, ErpConnectionFactory
from tests.sync.conftest import Clock, presence

pytestmark = pytest.mark.django_db


def sync_erp(*arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors."""
    output, errors, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command("sync_erp", *arguments, stdout=output, stderr=errors)
    except SystemExit as exit:
        status = exit.code
    return status, output.getvalue(), errors.getvalue()


def test_it_prints_every_change_and_ends_with_0(linked):
    link, _ = linked.subcontract("SC-1"), linked.purchase_order("PO-1")
    linked.sync()
    linked.sage.delete(link.erp_id)
    status, output, errors = sync_erp()
    run = SyncRun.objects.first()
    assert (status, errors) == (0, "")
    assert run.trigger == SyncRun.Trigger.COMMAND
    assert "Harbor Point Builders – Sage 100 Contractor®" in output
    assert f"Sync run {run.pk}: completed" in output
    assert "1 records read; 2 linked, 1 of them there." in output
    assert "New: 1 deleted." in output
    assert f"Deleted in the ERP     Subcontract SC-1 {link.title}  (In the ERP → Deleted)" in output
    assert presence(link) == "deleted"


def test_nothing_new_is_said_too(linked):
    linked.subcontract()
    linked.sync()
    assert "Nothing had changed." in sync_erp()[1]


def test_a_dry_run_prints_the_same_and_writes_nothing(linked):
    link, _ = linked.subcontract("SC-1"), linked.subcontract("SC-2")
    linked.sync()
    linked.sage.delete(link.erp_id)
    before, runs = linked.recorded(), SyncRun.objects.count()
    status, output, _ = sync_erp("--dry-run")
    assert status == 0
    assert "Dry run: nothing was recorded." in output
    assert f"Deleted in the ERP     Subcontract SC-1 {link.title}  (In the ERP → Deleted)" in output
    assert (linked.recorded(), SyncRun.objects.count()) == (before, runs)


def test_a_failed_sync_ends_with_1_and_says_why(linked):
    linked.subcontract()
    linked.sage.run("DROP TABLE subcon")
    for arguments in ([], ["--dry-run"]):
        status, _, errors = sync_erp(*arguments)
        assert status == 1
        assert "The ERP database has no table subcon." in errors
        assert "Traceback" not in errors


def test_a_sync_that_needs_confirmation_ends_with_2(linked):
    links = linked.subcontracts(20)
    linked.sync()
    for link in links[:12]:
        linked.sage.delete(link.erp_id)
    status, output, _ = sync_erp("--dry-run")
    assert (status, "A sync would need confirmation: 12 of 20" in output) == (2, True)
    status, output, _ = sync_erp()
    assert status == 2
    assert "needs confirmation" in output
    assert "12 of 20 linked commitments are missing" in output
    assert not SyncLink.objects.filter(presence="deleted").exists()


def test_over_several_companies_a_failure_goes_before_a_confirmation(linked):
    links = linked.subcontracts(20)
    linked.sync()
    for link in links[:12]:
        linked.sage.delete(link.erp_id)
    broken = ErpConnectionFactory()
    status, output, errors = sync_erp()
    assert status == 1
    assert "The ERP database file is not there." in errors
    assert "needs confirmation" in output
    assert broken.company.name in output


def test_one_company_alone(linked):
    other = ErpConnectionFactory()
    linked.subcontract()
    assert sync_erp("--company", linked.company.slug)[0] == 0
    assert not SyncRun.objects.filter(connection=other).exists()


def test_a_company_whose_hourly_sync_is_off_is_synced_only_by_name(linked):
    linked.subcontract()
    linked.connection.is_enabled = False
    linked.connection.save()
    assert "nothing to do" in sync_erp()[1]
    assert not SyncRun.objects.exists()
    assert sync_erp("--company", linked.company.slug)[0] == 0
    assert SyncRun.objects.count() == 1


def test_an_unknown_company_is_named_with_those_that_there_are(linked):
    status, _, errors = sync_erp("--company", "no-such")
    assert (status, errors) == (
        1,
        "There is no company 'no-such'. Companies with an ERP connection: harbor-point.\n",
    )


def test_a_company_without_a_connection_is_told_so():
    CompanyFactory(slug="new-builders")
    assert sync_erp("--company", "new-builders")[::2] == (
        1,
        "The company 'new-builders' has no ERP connection. Set one up first.\n",
    )


def test_a_run_under_way_is_named_and_left_alone(linked):
    from django.utils import timezone

    run = linked.run()
    claim(run.pk, clock=timezone.now)
    status, _, errors = sync_erp()
    assert (status, f"Sync run {run.pk} is under way already." in errors) == (1, True)
    assert SyncRun.objects.count() == 1


def test_a_run_that_waits_or_was_abandoned_is_brought_to_its_end(linked):
    from django.utils import timezone

    linked.subcontract()
    waiting = linked.run()
    assert sync_erp()[0] == 0
    waiting.refresh_from_db()
    assert waiting.state == SyncRun.State.COMPLETED
    abandoned = linked.run()
    claim(abandoned.pk, clock=Clock(timezone.now() - 2 * LEASE))
    assert sync_erp()[0] == 0
    abandoned.refresh_from_db()
    assert (abandoned.state, abandoned.attempts) == (SyncRun.State.COMPLETED, 2)


def test_progress_is_shown_on_a_terminal_alone(linked, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    linked.subcontract()
    terminal, file = Terminal(), io.StringIO()
    monkeypatch.setattr("sys.stderr", terminal)
    sync_erp()
    assert "Reading the ERP 1 of 1" in terminal.getvalue()
    monkeypatch.setattr("sys.stderr", file)
    sync_erp()
    assert file.getvalue() == ""
