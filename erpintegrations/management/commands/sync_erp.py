"""Sync with the ERP from the command line: the same code as the hourly sync, with its findings printed.

Exit status: 0 completed, 1 failed, 2 needs confirmation; over several companies 1 goes before 2, and 2 before 0.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from erpintegrations.connectors.base import ErpError
from erpintegrations.encryption import SecretUnreadable
from erpintegrations.management.connections import NoSuchConnection, connection_of
from erpintegrations.models import ErpConnection, SyncChange, SyncLink, SyncRun
from erpintegrations.services.apply_plan import NO_NEWS, in_words
from erpintegrations.services.observations import batches, commitment_label
from erpintegrations.services.run_sync import open_run, perform_sync, preview_sync
from erpintegrations.sync.compare import Change, Plan, What

COMPLETED, FAILED, NEEDS_CONFIRMATION = 0, 1, 2
State = SyncRun.State
STATUS = {State.COMPLETED: COMPLETED, State.NEEDS_CONFIRMATION: NEEDS_CONFIRMATION}
COUNTED = (
    ("deleted", What.DELETED),
    ("voided", What.VOIDED),
    ("purged with their job", What.PURGED),
    ("back again", What.RETURNED),
    ("changed", What.CHANGED),
)


class Command(BaseCommand):
    help = "Sync with the ERP now, and print what was found."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", metavar="SLUG", help="only this company; also when its hourly sync is off")
        parser.add_argument("--dry-run", action="store_true", help="read and compare, and record nothing")

    def handle(self, *, company: str | None, dry_run: bool, **options: Any) -> None:
        connections = self._connections(company)
        statuses = {self._preview(connection) if dry_run else self._sync(connection) for connection in connections}
        worst = next((status for status in (FAILED, NEEDS_CONFIRMATION) if status in statuses), COMPLETED)
        if worst:
            raise SystemExit(worst)

    def _connections(self, slug: str | None) -> list[ErpConnection]:
        if slug is not None:
            try:
                return [connection_of(slug)]
            except NoSuchConnection as error:
                self.stderr.write(str(error))
                raise SystemExit(FAILED) from None
        found = list(ErpConnection.objects.select_related("company").filter(is_enabled=True).order_by("company__slug"))
        if not found:
            self.stdout.write("No company has an ERP connection whose hourly sync is on, so there is nothing to do.")
        return found

    def _sync(self, connection: ErpConnection) -> int:
        self._headline(connection)
        now = timezone.now()
        run, _ = open_run(connection=connection, trigger=SyncRun.Trigger.COMMAND, by=None, now=now)
        if run.state == State.RUNNING and run.lease_expires_at and run.lease_expires_at >= now:
            self.stderr.write(f"  Sync run {run.pk} is under way already. Try again when it has ended.")
            return FAILED
        run = perform_sync(run_id=run.pk, on_progress=self._progress())
        self._end_progress()
        if run.is_open:
            self.stderr.write(f"  Sync run {run.pk} was taken by another process. Look at its page for the result.")
            return FAILED
        self._write_run(run)
        return STATUS.get(State(run.state), FAILED)

    def _preview(self, connection: ErpConnection) -> int:
        self._headline(connection)
        try:
            whole = ErpConnection.objects.select_related("company").get(pk=connection.pk)
            preview = preview_sync(connection=whole, on_progress=self._progress())
        except ErpError as error:
            self._end_progress()
            self.stderr.write(f"  Failed: {error.problem} {error.remedy}")
            return FAILED
        except SecretUnreadable as error:
            self.stderr.write(f"  Failed: {error}")
            return FAILED
        self._end_progress()
        plan = preview.found.plan
        self.stdout.write("  Dry run: nothing was recorded.")
        self._write_counts(plan.records_read, plan.links_compared, plan.present, dict(plan.counts()))
        self._write_changes(_lines_of_plan(plan))
        if preview.doubt is None:
            return COMPLETED
        self.stdout.write(f"  A sync would need confirmation: {preview.doubt.problem}")
        return NEEDS_CONFIRMATION

    def _headline(self, connection: ErpConnection) -> None:
        self.stdout.write(f"{connection.company.name} – {connection.wording.label}")

    def _write_run(self, run: SyncRun) -> None:
        seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else 0
        self.stdout.write(f"  Sync run {run.pk}: {run.get_state_display().lower()}, in {seconds:.1f} s.")
        if run.problem:
            stream = self.stderr if run.state == State.FAILED else self.stdout
            stream.write(f"  {run.problem} {run.remedy}")
        if run.state == State.FAILED:
            return
        counts = {what: getattr(run, f"{what}_count") for _, what in COUNTED}
        self._write_counts(run.records_read, run.links_compared, run.present_count, counts)
        changes = SyncChange.objects.filter(run=run).order_by("id").iterator(chunk_size=2000)
        self._write_changes(
            (change.get_what_display(), change.label, change.before, change.after) for change in changes
        )

    def _write_counts(self, read: int, compared: int, present: int, counts: dict[What, int]) -> None:
        self.stdout.write(f"  {read:,} records read; {compared:,} linked, {present:,} of them there.")
        news = [f"{counts[what]:,} {words}" for words, what in COUNTED if counts.get(what)]
        self.stdout.write(f"  New: {', '.join(news)}." if news else "  Nothing had changed.")

    def _write_changes(self, lines: Iterable[tuple[str, str, dict[str, str], dict[str, str]]]) -> None:
        for what, label, before, after in lines:
            values = "; ".join(f"{before[name] or '—'} → {after[name] or '—'}" for name in after)
            self.stdout.write(f"    {what:<22} {label}  ({values})")

    def _progress(self) -> Any:
        return self._show_progress if sys.stderr.isatty() else None

    def _show_progress(self, phase: str, done: int = 0, total: int = 0) -> None:
        count = f" {done:,} of {total:,}" if total else ""
        sys.stderr.write(f"\r\x1b[K  {SyncRun.Phase(phase).label}{count}")
        sys.stderr.flush()

    def _end_progress(self) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")


def _lines_of_plan(plan: Plan) -> Iterable[tuple[str, str, dict[str, str], dict[str, str]]]:
    batch: list[Change]
    for batch in batches(change for change in plan.changes if change.what not in NO_NEWS):
        links = SyncLink.objects.in_bulk([change.link.id for change in batch])
        for change in batch:
            label = commitment_label(links[change.link.id])
            yield str(SyncChange.What(change.what.value).label), label, *in_words(change)
