"""What people, accountants, workers and syncs do to an export, in any order: the rules of its state machine."""

from __future__ import annotations

import datetime
from contextlib import suppress
from decimal import Decimal

from django_q.models import OrmQ
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from commitments.models import Commitment
from directory.refusals import Refusal
from erpintegrations.models import Export, SyncLink, SyncRun
from erpintegrations.refusals import NumberNotPossible
from erpintegrations.services.answer_export import accept_exports, reject_exports, retry_exports
from erpintegrations.services.decide_export import decide_candidate
from erpintegrations.services.export_commitment import perform_export
from erpintegrations.services.keep_house import hand_on_exports
from erpintegrations.services.read_back import check_export
from erpintegrations.services.run_sync import open_run, perform_sync
from erpintegrations.services.send_to_erp import retrieve_from_erp, send_to_erp
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.bridging import Killed
from tests.properties.export_stage import COMMITMENTS, ErpStatus, ExportStage, State, which

FAILURES = ["", "", "before", "after", "late", "killed before", "killed after", "killed promised"]


class ExportRules(ExportStage):
    def first_steps(self, linked: bool) -> None:
        """Each commitment is on its way; or it is in Sage already, which by chance takes many steps."""
        for n in range(COMMITMENTS):
            self._send(n)
            self.accept(n, False)
            if linked:
                self._work(n, "")
                self.key_in(n, "10000")
                self.check_now(n)

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
        is_free = not self.is_in_use(commitment.number)  # a record that was left in Sage has its number still
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
        number = f"{export.number}-X" if other else export.number
        was_in_use = self.is_in_use(number)
        (outcome,) = accept_exports(exports=[export], access=self.access, numbers={export.pk: number}, now=self.clock())
        assert not (outcome.done and was_in_use), "a number was given that lives in Sage"

    @rule(n=which)
    def reject(self, n: int) -> None:
        export = self.export(n)
        if export is None:
            return
        made = self.made_for_its_export(n)
        (outcome,) = reject_exports(
            exports=[export], access=self.access, reason="Wrong.", now=self.clock(), bridge_of=self.bridge
        )
        if outcome.done:
            assert not made, "a commitment was set free whose record lives in Sage"

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
        self._decide(n, export, link_it)

    def _decide(self, n: int, export: Export, link_it: bool) -> None:
        """The person tells the truth: what was made for this commitment is not said to be another one's."""
        own, made = self.own_records(n), self.made_for_its_export(n)
        try:
            decided = decide_candidate(
                export=export,
                access=self.access,
                link_it=link_it,
                is_anothers=export.candidate["erp_id"] not in own,
                reason="So it is.",
                seen_version=export.version,
                now=self.clock(),
                bridge_of=self.bridge,
            )
        except NumberNotPossible:
            assert own
        except Refusal:
            pass
        else:
            assert link_it or not made
            self.chosen |= {decided.link_id} if decided.link_id else set()

    @rule(n=which)
    def check_now(self, n: int) -> None:
        export = self.export(n)
        if export is not None:
            with suppress(Refusal):
                check_export(export=export, access=self.access, now=self.clock())

    @precondition(lambda self: SyncLink.objects.filter(closed_at=None).exists())
    @rule(n=which)
    def unlink_after_deleting(self, n: int) -> None:
        """The way that the product is for."""
        link = self.open_link(n)
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
        if export is None or not waits or self.own_record(n) or self.is_in_use(export.erp_number):
            return
        self.keyed_in[self.add_to_sage(export.erp_number, amount)] = self.commitments[n]

    @rule(n=which)
    def take_its_number_for_something_else(self, n: int) -> None:
        number = self.commitment(n).number
        if not self.is_in_use(number):
            self.add_to_sage(number, "5")

    @rule(n=which)
    def delete_in_sage(self, n: int) -> None:
        own = self.own_record(n)
        if own is not None:
            self.sage.delete(own)

    @rule()
    def delete_what_is_nobodys(self) -> None:
        """What was left there on purpose, too."""
        for erp_id in self.living().keys() - self.owned().keys():
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
        links = SyncLink.objects.filter(commitment_id=self.commitments[n]).exclude(closed_at=None)
        link = links.order_by("closed_at").last()
        if link is None or self.own_record(n) or self.is_in_use(link.erp_number) or link.erp_id in self.living():
            return
        if self.last_links()[link.erp_id] != link:
            return  # it became another commitment's since
        if self.state(n) in (State.WRITING, State.ACCEPTED) and self.export(n).written_at:  # type: ignore[union-attr]
            return  # while the bridge writes, nobody can keep a backup from being restored
        self.add_to_sage(link.erp_number, erp_id=link.erp_id)
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
            export = perform_export(export_id=export.pk, clock=self.clock, bridge_of=self.bridge)
            if "linked to before" in export.problem:
                assert self.own_record(n), "a record that is not its own keeps it from being exported"
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
        self.export_anew(n)
        self.bridge.arrive()

    @precondition(lambda self: self.is_in(State.ACCEPTED))
    @rule(n=which)
    def link_another_record_while_its_own_is_late(self, n: int) -> None:
        """And get rid of that one later, so that nothing but a promise of the bridge keeps the late one away."""
        self._work(n, "late")
        self.take_its_number_for_something_else(n)
        self.now += datetime.timedelta(minutes=2)
        self._work(n, "")
        self.decide(n, True)
        self.unlink_after_deleting(n)
        self.bridge.arrive()
        self.export_anew(n)

    def export_anew(self, n: int) -> None:
        """Under another number than before."""
        self.correct(n)
        self._send(n)
        self.accept(n, False)
        self._work(n, "")

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
