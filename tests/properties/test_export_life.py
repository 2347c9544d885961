"""An export's life in any order: sent, taken back, accepted, rejected, written, keyed in, killed in the middle, found.

The real services work on a real company file and its bridge; workers die, answers are lost, Sage and the bridge go
away. Invariants: one commitment, at most one living record in Sage; one open link per commitment and per record; what
the commitment says is what its export is. In the end, when everything is back, nothing that was written is lost.
"""

from __future__ import annotations

import datetime
import tempfile
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from commitments.models import Commitment
from directory.access import access_for
from directory.models import Level
from directory.refusals import Refusal
from erpintegrations.models import ErpConnection, Export, SyncLink, SyncRun
from erpintegrations.refusals import NumberNotPossible
from erpintegrations.services.answer_export import accept_exports, reject_exports, retry_exports
from erpintegrations.services.decide_export import decide_candidate
from erpintegrations.services.export_commitment import LEASE, perform_export
from erpintegrations.services.keep_house import hand_on_exports
from erpintegrations.services.read_back import check_export
from erpintegrations.services.run_sync import open_run, perform_sync
from erpintegrations.services.send_to_erp import retrieve_from_erp, send_to_erp
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.bridging import DeskBridge, Killed
from tests.connectors.builder import Line, SageCompany
from tests.exporting import Books
from tests.factories import (
    CompanyFactory,
    CompanyMemberFactory,
    ErpConnectionFactory,
    ProjectFactory,
    ProjectMemberFactory,
    UserFactory,
)

COMMITMENTS = 2
which = st.integers(min_value=0, max_value=COMMITMENTS - 1)
State = Export.State
ErpStatus = Commitment.ErpStatus
ERP_STATUS = {
    State.READY: ErpStatus.READY_TO_EXPORT,
    State.ACCEPTED: ErpStatus.EXPORTING,
    State.WRITING: ErpStatus.EXPORTING,
    State.AWAITING: ErpStatus.EXPORTING,
    State.NEEDS_DECISION: ErpStatus.EXPORTING,
    State.FAILED: ErpStatus.FAILED_TO_EXPORT,
}
FAILURES = ["", "", "before", "after", "late", "killed before", "killed after"]


class ExportLife(RuleBasedStateMachine):
    @initialize(method=st.sampled_from(["bridge", "entry_sheet"]))
    def set_the_stage(self, method: str) -> None:
        self.transaction = transaction.atomic()  # each example leaves nothing behind
        self.transaction.__enter__()
        self.folder = tempfile.TemporaryDirectory()
        self.sage = SageCompany(Path(self.folder.name) / "company.sqlite3")
        self.sage.add_subcontract("OTHER", self.sage.add_job("Another job"))
        self.bridge = DeskBridge(self.sage)
        self.now = timezone.now()
        company = CompanyFactory()
        self.project = ProjectFactory(company=company)
        person = UserFactory()
        CompanyMemberFactory(
            company=company, user=person, erp_integrations_level=Level.STANDARD, can_push_to_accounting=True
        )
        ProjectMemberFactory(project=self.project, user=person, commitments_level=Level.ADMIN)
        access = access_for(person, company)
        assert access is not None
        self.access = access
        connection = ErpConnectionFactory(company=company, database_url=self.sage.database_url, export_method=method)
        identity = connection.connector().identity()
        ErpConnection.objects.filter(pk=connection.pk).update(
            server=identity.server, database=identity.database, erp_company=identity.company
        )
        self.connection = ErpConnection.objects.get(pk=connection.pk)
        self.books = Books(self.connection, self.sage)
        self.commitments = [self.books.commitment(f"SC-{n}", self.project).pk for n in range(COMMITMENTS)]
        # Which commitment a record was keyed in for; those that the bridge wrote are known by their export's key.
        self.keyed_in: dict[str, int] = {}
        self.keys: dict[str, int | None] = {}
        for n in range(COMMITMENTS):
            self._send(n)
            self.accept(n, False)

    # ---- Small help ----------------------------------------------------------------------------------------------

    def clock(self) -> datetime.datetime:
        self.now += datetime.timedelta(milliseconds=1)
        return self.now

    def commitment(self, n: int) -> Commitment:
        return Commitment.objects.get(pk=self.commitments[n])

    def export(self, n: int) -> Export | None:
        return Export.objects.filter(commitment_id=self.commitments[n]).order_by("-pk").first()

    def state(self, n: int) -> str:
        export = self.export(n)
        return export.state if export else ""

    def living(self) -> dict[str, tuple[str, str]]:
        """By id, the number and amount of each subcontract in Sage."""
        with self.sage.engine.connect() as database:
            rows = database.exec_driver_sql(
                "SELECT lower(_idnum), ctcnum, (SELECT sum(amount) FROM sbcnln WHERE sbcnln.recnum = subcon.recnum) "
                "FROM subcon"
            ).all()
        return {row[0]: (row[1], str(row[2])) for row in rows}

    def owned(self) -> dict[str, int]:
        """The living records that were made for a commitment of ours, with its id."""
        owners = dict(self.keyed_in)
        # An export that failed for certain has another key: what was written under the old one is still its own.
        self.keys |= {str(export.key): export.commitment_id for export in Export.objects.all()}
        with self.sage.engine.connect() as database:
            database.exec_driver_sql("ATTACH ? AS backup", (f"{self.sage.path}.deleted",))
            if database.exec_driver_sql("SELECT 1 FROM backup.sqlite_master WHERE name = 'bridge_keys'").first():
                for key, identity in database.exec_driver_sql("SELECT key, identity FROM backup.bridge_keys"):
                    if identity:
                        owners[identity.lower()] = self.keys[key]
        living = self.living()
        return {erp_id: owner for erp_id, owner in owners.items() if erp_id in living and owner}

    def own_record(self, n: int) -> str | None:
        return next((erp_id for erp_id, owner in self.owned().items() if owner == self.commitments[n]), None)

    def is_in(self, *states: str) -> bool:
        """Whether any commitment's export is; a rule that would do nothing is not worth a step."""
        return any(self.state(n) in states for n in range(COMMITMENTS))

    # ---- What people do here -------------------------------------------------------------------------------------

    @rule(n=which)
    def send(self, n: int) -> None:
        self._send(n)

    @precondition(lambda self: not self.is_in(*Export.OPEN) or self.is_in("", State.REJECTED, State.RETRIEVED))
    @rule(n=which, other=st.booleans())
    def send_and_accept(self, n: int, other: bool) -> None:
        self._send(n)
        self.accept(n, other)

    def _send(self, n: int) -> None:
        commitment = self.commitment(n)
        sendable = commitment.erp_status in (ErpStatus.NOT_SENT, ErpStatus.REJECTED)
        is_free = commitment.number not in {number for number, _ in self.living().values()}
        try:
            send_to_erp(commitment=commitment, access=self.access, now=self.clock())
        except Refusal:
            assert not (sendable and is_free and not self._on_its_way(commitment.number))
        else:
            assert sendable
            assert is_free

    def _on_its_way(self, number: str) -> bool:
        return any(
            number in (export.number, export.erp_number) for export in Export.objects.filter(state__in=Export.OPEN)
        )

    @precondition(lambda self: self.is_in(State.READY))
    @rule(n=which)
    def retrieve(self, n: int) -> None:
        was = self.state(n)
        try:
            retrieve_from_erp(commitment=self.commitment(n), access=self.access, now=self.clock())
        except Refusal:
            assert was != State.READY
        else:
            assert was == State.READY

    @precondition(lambda self: self.is_in(State.READY))
    @rule(n=which, other=st.booleans())
    def accept(self, n: int, other: bool) -> None:
        export = self.export(n)
        if export is None or export.state != State.READY:
            return
        numbers = {export.pk: f"{export.number}-X" if other else export.number}
        accept_exports(exports=[export], access=self.access, numbers=numbers, now=self.clock())

    @rule(n=which)
    def reject(self, n: int) -> None:
        export = self.export(n)
        if export is None:
            return
        own = self.own_record(n)
        (outcome,) = reject_exports(
            exports=[export], access=self.access, reason="Wrong.", now=self.clock(), bridge_of=self.bridge
        )
        if outcome.done:
            assert own is None, "a commitment was set free whose record lives in Sage"

    @precondition(lambda self: self.is_in(State.FAILED))
    @rule(n=which)
    def retry(self, n: int) -> None:
        export = self.export(n)
        if export is not None:
            (outcome,) = retry_exports(exports=[export], access=self.access, now=self.clock())
            assert outcome.done == (export.state == State.FAILED)

    @precondition(lambda self: self.is_in(State.REJECTED, State.RETRIEVED, State.LINKED))
    @rule(n=which)
    def correct(self, n: int) -> None:
        """Under another number, as after a number that was in use."""
        commitment = self.commitment(n)
        if commitment.erp_status in (ErpStatus.NOT_SENT, ErpStatus.REJECTED):
            number = commitment.number.removesuffix("b") if commitment.number.endswith("b") else f"{commitment.number}b"
            Commitment.objects.filter(pk=commitment.pk).update(number=number, revision=commitment.revision + 1)

    @precondition(lambda self: self.is_in(State.NEEDS_DECISION))
    @rule(n=which, link_it=st.booleans())
    def decide(self, n: int, link_it: bool) -> None:
        export = self.export(n)
        if export is None or export.state != State.NEEDS_DECISION:
            return
        own = self.own_record(n)
        if own in self.keyed_in and not link_it:
            return  # a person deletes in Sage first what was keyed in wrong: the page says so
        try:
            decide_candidate(
                export=export,
                access=self.access,
                link_it=link_it,
                reason="So it is.",
                now=self.clock(),
                bridge_of=self.bridge,
            )
        except NumberNotPossible:
            assert own is not None
        except Refusal:
            pass
        else:
            assert link_it or own is None

    @rule(n=which)
    def check_now(self, n: int) -> None:
        export = self.export(n)
        if export is not None:
            with suppress(Refusal):
                check_export(export=export, access=self.access, now=self.clock())

    @precondition(lambda self: self.is_in(State.LINKED))
    @rule(n=which)
    def unlink_after_deleting(self, n: int) -> None:
        """The way that the product is for."""
        link = SyncLink.objects.filter(commitment_id=self.commitments[n], closed_at=None).first()
        if link is None:
            return
        self.sage.delete(link.erp_id)
        self.sync()
        link.refresh_from_db()
        unlink_commitment(link=link, access=self.access, reason="Wrong vendor.", now=self.clock())

    # ---- What accountants do -------------------------------------------------------------------------------------

    @precondition(lambda self: self.connection.export_method == "entry_sheet" and self.is_in(State.AWAITING))
    @rule(n=which, amount=st.sampled_from(["10000", "10000", "10001"]))
    def key_in(self, n: int, amount: str) -> None:
        export = self.export(n)
        waits = export is not None and export.state == State.AWAITING and export.method == "entry_sheet"
        if export is None or not waits or self.own_record(n) or self._in_use(export.erp_number):
            return
        self.keyed_in[self._add(export.erp_number, amount)] = self.commitments[n]

    @rule(n=which)
    def take_its_number_for_something_else(self, n: int) -> None:
        number = self.commitment(n).number
        if not self._in_use(number):
            self._add(number, "5")

    def _in_use(self, number: str) -> bool:
        return number in {used for used, _ in self.living().values()}

    def _add(self, number: str, amount: str) -> str:
        line = Line(amount, cost_code="3300", cost_type=4)
        return self.sage.add_subcontract(
            number, self.books.job_of(self.project), self.books.vendor_number, lines=[line]
        )

    @rule(n=which)
    def delete_in_sage(self, n: int) -> None:
        own = self.own_record(n)
        if own is not None:
            self.sage.delete(own)

    @rule()
    def delete_what_is_nobodys(self) -> None:
        linked = set(SyncLink.objects.filter(closed_at=None).values_list("erp_id", flat=True))
        owned = self.owned()
        for erp_id, (number, _) in self.living().items():
            if number != "OTHER" and erp_id not in owned and erp_id not in linked:
                self.sage.delete(erp_id)

    @rule(n=which, amount=st.sampled_from(["10000", "9999"]))
    def change_in_sage(self, n: int, amount: str) -> None:
        own = self.own_record(n)
        if own is not None:
            self.sage.change_line(own, 1, amount=Decimal(amount))

    @precondition(lambda self: SyncLink.objects.exclude(closed_at=None).exists())
    @rule(n=which)
    def restore_in_sage(self, n: int) -> None:
        """A backup brings back the record of a link that was closed, while the commitment has no other."""
        link = SyncLink.objects.filter(commitment_id=self.commitments[n]).exclude(closed_at=None).last()
        if link is None or self.own_record(n) or self._in_use(link.erp_number) or link.erp_id in self.living():
            return
        if self.state(n) in (State.WRITING, State.ACCEPTED) and self.export(n).written_at:  # type: ignore[union-attr]
            return  # while the bridge writes, nobody can keep a backup from being restored
        line = Line("10000", cost_code="3300", cost_type=4)
        job = self.books.job_of(self.project)
        self.sage.add_subcontract(link.erp_number, job, self.books.vendor_number, lines=[line], erp_id=link.erp_id)
        self.keyed_in[link.erp_id] = self.commitments[n]

    # ---- What the product does -----------------------------------------------------------------------------------

    @precondition(lambda self: self.is_in(State.ACCEPTED, State.WRITING))
    @rule(n=which, fails=st.sampled_from(FAILURES), twice=st.booleans())
    def work(self, n: int, fails: str, twice: bool) -> None:
        self._work(n, fails)
        if twice:
            self._work(n, "")

    @precondition(lambda self: self.is_in(State.ACCEPTED, State.WRITING))
    @rule(n=which)
    def work_while_sage_is_away(self, n: int) -> None:
        away = self.sage.path.with_suffix(".away")
        self.sage.path.rename(away)
        self._work(n, "away")
        away.rename(self.sage.path)

    @precondition(lambda self: self.is_in(State.ACCEPTED, State.WRITING))
    @rule(n=which)
    def work_while_the_bridge_is_away(self, n: int) -> None:
        self._work(n, "away")

    def _work(self, n: int, fails: str) -> None:
        export = self.export(n)
        if export is None:
            return
        self.bridge.fails = fails
        OrmQ.objects.all().delete()
        with suppress(Killed):
            perform_export(export_id=export.pk, clock=self.clock, bridge_of=self.bridge)
        self.bridge.fails = ""

    @precondition(lambda self: self.is_in(State.ACCEPTED, State.WRITING))
    @rule(n=which, fails=st.sampled_from(["before", "after", "late"]))
    def wear_out_every_attempt(self, n: int, fails: str) -> None:
        """An answer is lost, and then the bridge stays away until nobody tries any more; then it is back."""
        self._work(n, fails)
        for _ in range(12):
            self.now += datetime.timedelta(hours=2)
            self._work(n, "away")
        self.now += datetime.timedelta(hours=2)
        self._work(n, "")

    @precondition(lambda self: self.bridge.late)
    @rule()
    def what_was_late_arrives(self) -> None:
        self.bridge.arrive()

    @precondition(lambda self: self.is_in(State.ACCEPTED))
    @rule(n=which)
    def reject_what_is_late_and_write_it_under_another_number(self, n: int) -> None:
        """The one order of things in which only the bridge knows; too rare to be left to chance."""
        self.wear_out_every_attempt(n, "late")
        self.reject(n)
        self.correct(n)
        self._send(n)
        self.accept(n, False)
        self._work(n, "")
        self.bridge.arrive()

    @rule(minutes=st.sampled_from([2, 10, 90]))
    def time_passes(self, minutes: int) -> None:
        self.now += datetime.timedelta(minutes=minutes)
        self.house_is_kept()

    def house_is_kept(self) -> None:
        OrmQ.objects.all().delete()
        for export_id in hand_on_exports(now=self.clock()):
            perform_export(export_id=export_id, clock=self.clock, bridge_of=self.bridge)

    @rule()
    def sync(self) -> None:
        run, _ = open_run(connection=self.connection, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=self.clock())
        run = perform_sync(run_id=run.pk, clock=self.clock, retry_waits=())
        assert run.state == SyncRun.State.COMPLETED, run.problem

    # ---- What always holds ---------------------------------------------------------------------------------------

    @invariant()
    def one_commitment_has_at_most_one_living_record_in_sage(self) -> None:
        if not hasattr(self, "commitments"):
            return
        owners = list(self.owned().values())
        assert len(owners) == len(set(owners)), "a duplicate was made"

    @invariant()
    def links_and_states_agree(self) -> None:
        for n in range(len(getattr(self, "commitments", []))):
            export, status = self.export(n), self.commitment(n).erp_status
            still_open = SyncLink.objects.filter(commitment_id=self.commitments[n], closed_at=None)
            assert still_open.count() == (status == ErpStatus.SYNCED)
            if export is not None and export.is_open:
                assert status == ERP_STATUS[State(export.state)]
            elif status == ErpStatus.SYNCED:
                assert export is not None
                assert (export.state, export.link) == (State.LINKED, still_open.get())
            else:
                assert status in (ErpStatus.NOT_SENT, ErpStatus.REJECTED)

    def teardown(self) -> None:
        if not hasattr(self, "transaction"):
            return
        try:
            self._nothing_is_lost()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)
            self.folder.cleanup()

    def _nothing_is_lost(self) -> None:
        """Everything is back, and time goes by: what the bridge wrote is linked, or a person is asked about it."""
        self.bridge.arrive()
        for _ in range(3):
            self.now += LEASE + datetime.timedelta(hours=2)
            self.house_is_kept()
        self.sync()
        self.one_commitment_has_at_most_one_living_record_in_sage()
        for n in range(COMMITMENTS):
            own = self.own_record(n)
            if own is None or own in self.keyed_in:
                continue
            linked = SyncLink.objects.filter(commitment_id=self.commitments[n], erp_id=own, closed_at=None).exists()
            assert linked or self.state(n) in (State.NEEDS_DECISION, State.FAILED), "a record was lost"


@pytest.mark.slow
@pytest.mark.django_db
def test_an_export_never_makes_a_duplicate_and_loses_nothing():
    run_state_machine_as_test(
        ExportLife,
        settings=settings(
            max_examples=50,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
