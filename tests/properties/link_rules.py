"""What people decide about links, in any order: adopt a record that only Sage has, and unlink one that stays there."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from directory.access import CompanyAccess
from directory.refusals import Refusal
from erpintegrations.models import Export, SyncLink, UnlinkedRecord, UnlinkOverride
from erpintegrations.services.adopt_record import adopt_record
from erpintegrations.services.undo_unlink import undo_unlink
from erpintegrations.services.unlink_anyway import ask_to_unlink_anyway, consent_to_unlink_anyway, decline, withdraw
from tests.properties.export_rules import ExportRules
from tests.properties.export_stage import ErpStatus, Left, which

WAITING = UnlinkOverride.State.WAITING
the_asker = st.sampled_from([False, True, False])


class LinkRules(ExportRules):
    # ---- Adopt ---------------------------------------------------------------------------------------------------

    @precondition(lambda self: UnlinkedRecord.objects.exists())
    @rule(n=which, place=st.integers(min_value=0, max_value=3))
    def adopt(self, n: int, place: int) -> None:
        """One of those that the last sync listed, whatever became of it since."""
        listed = list(UnlinkedRecord.objects.order_by("pk"))
        self._adopt(n, listed[place % len(listed)])

    @precondition(lambda self: any(self.is_adoptable(n) for n in range(len(self.commitments))))
    @rule(n=which)
    def adopt_what_was_made_in_sage_alone(self, n: int) -> None:
        if not self.is_in_use("BY-HAND"):
            self.add_to_sage("BY-HAND", "7")
        self.sync()
        for record in UnlinkedRecord.objects.filter(number="BY-HAND"):
            self._adopt(n, record)

    def is_adoptable(self, n: int) -> bool:
        return self.commitment(n).erp_status in (ErpStatus.NOT_SENT, ErpStatus.REJECTED)

    def _adopt(self, n: int, record: UnlinkedRecord) -> None:
        is_linked = SyncLink.objects.filter(erp_id=record.erp_id, closed_at=None).exists()
        is_there = record.erp_id in self.living()  # which knows subcontracts alone: others cannot be linked
        has_no_other = self.own_records(n) <= {record.erp_id}
        is_free = is_there and not is_linked and not self._is_of_an_export(record.erp_id)
        possible = self.is_adoptable(n) and is_free and has_no_other
        try:
            link = adopt_record(record=record, commitment=self.commitment(n), access=self.access, now=self.clock())
        except Refusal:
            assert not possible
        else:
            assert possible
            self.chosen.add(link.pk)

    def _is_of_an_export(self, erp_id: str) -> bool:
        """It is under the number of one on its way, or was found for one that waits for a decision."""
        number = self.living()[erp_id].number
        accepted = Export.objects.filter(state__in=Export.NUMBERED, erp_number__iexact=number)
        found = Export.objects.filter(state=Export.State.NEEDS_DECISION, candidate__erp_id=erp_id)
        return accepted.exists() or found.exists()

    # ---- Unlink anyway -------------------------------------------------------------------------------------------

    @precondition(lambda self: SyncLink.objects.filter(closed_at=None).exists())
    @rule(n=which, amount=st.sampled_from([200, 200, 0]))
    def invoice_in_sage(self, n: int, amount: int) -> None:
        own = self.own_record(n)
        if own is not None:
            self.sage.bill(own, amount)

    @precondition(lambda self: SyncLink.objects.filter(closed_at=None, presence="present").exists())
    @rule(n=which, by_admin=st.sampled_from([True, True, False]))
    def ask_to_unlink_anyway(self, n: int, by_admin: bool) -> None:
        link = self.open_link(n)
        if link is None:
            return
        asked = UnlinkOverride.objects.filter(link=link, state=WAITING).exists()
        may = by_admin and self.asker_may
        possible = may and not asked and link.presence == "present" and link.invoiced_amount
        access = self.admin if by_admin else self.access
        try:
            ask_to_unlink_anyway(link=link, access=access, reason="It is invoiced.", now=self.clock())
        except Refusal:
            assert not possible
        else:
            assert possible

    @precondition(lambda self: UnlinkOverride.objects.exists())
    @rule(n=which, by_asker=the_asker)
    def consent(self, n: int, by_asker: bool) -> None:
        override = self._override(n)
        if override is None:
            return
        link, record = override.link, self.living().get(override.link.erp_id)
        recorded = link.is_open and link.presence == "present" and link.invoiced_amount
        stays = recorded and record is not None and record.is_invoiced
        possible = override.state == WAITING and not by_asker and self.asker_may and stays
        try:
            consent_to_unlink_anyway(override=override, access=self._who(by_asker), now=self.clock())
        except Refusal:
            assert not possible
        else:
            assert possible
            self.left[link.pk] = Left(link.erp_id, link.erp_number, self.commitments[n])

    @precondition(lambda self: UnlinkOverride.objects.filter(state=WAITING).exists())
    @rule(n=which, by_asker=the_asker)
    def say_no(self, n: int, by_asker: bool) -> None:
        """Who asked withdraws; who else may answer declines."""
        override = self._override(n)
        if override is None:
            return
        access, was_waiting = self._who(by_asker), override.state == WAITING
        try:
            if by_asker:
                withdraw(override=override, access=access, now=self.clock())
            else:
                decline(override=override, access=access, answer="Reverse the invoice.", now=self.clock())
        except Refusal:
            assert not was_waiting
        else:
            assert was_waiting
            assert override.link.is_open

    def _override(self, n: int) -> UnlinkOverride | None:
        overrides = UnlinkOverride.objects.filter(link__commitment_id=self.commitments[n]).select_related("link")
        return overrides.order_by("pk").last()

    def _who(self, by_asker: bool) -> CompanyAccess:
        return self.admin if by_asker else self.access

    @precondition(lambda self: SyncLink.objects.filter(closed_at=None).exists())
    @rule(n=which)
    def ask_about_an_invoiced_one(self, n: int) -> None:
        self.invoice_in_sage(n, 200)
        self.sync()
        self.ask_to_unlink_anyway(n, True)

    @precondition(lambda self: SyncLink.objects.filter(closed_at=None).exists())
    @rule(n=which)
    def leave_it_in_sage(self, n: int) -> None:
        """All the way, which by chance is rarely gone to its end."""
        self.ask_about_an_invoiced_one(n)
        self.consent(n, True)  # which is refused: one's own request is for another to answer
        self.consent(n, False)

    @precondition(lambda self: bool(self.left))
    @rule(n=which)
    def undo_leaving_it(self, n: int) -> None:
        mine = [pk for pk, left in self.left.items() if left.commitment_id == self.commitments[n]]
        if not mine:
            return
        link = SyncLink.objects.get(pk=max(mine))
        with suppress(Refusal):
            undo_unlink(link=link, access=self.access, now=self.clock())
            del self.left[link.pk]
            self.chosen.add(link.pk)

    @precondition(lambda self: SyncLink.objects.filter(closed_at=None).exists())
    @rule(n=which)
    def link_again_what_came_back_and_leave_it(self, n: int) -> None:
        """The one order of things in which a record is both gone once and left there; too rare to be left to chance."""
        self.unlink_after_deleting(n)
        self.restore_in_sage(n)
        self.sync()
        for record in UnlinkedRecord.objects.filter(erp_id=self.own_record(n) or ""):
            self._adopt(n, record)
            self.leave_it_in_sage(n)
        self.correct(n)
        self.send_and_accept(n, False)
        self._work(n, "")

    @precondition(lambda self: SyncLink.objects.filter(closed_at=None).exists())
    @rule(n=which)
    def bring_back_what_was_left_while_its_number_waits(self, n: int) -> None:
        """Deleted at last, sent again, and back by a backup, just as it was exported: still a person's to link."""
        self.leave_it_in_sage(n)
        self.delete_what_is_nobodys()
        self.send_and_accept(n, False)
        self._work(n, "")
        self.restore_in_sage(n)
        self.sync()

    @precondition(lambda self: SyncLink.objects.filter(closed_at=None).exists())
    @rule(n=which)
    def adopt_another_while_its_own_is_back(self, n: int) -> None:
        self.unlink_after_deleting(n)
        self.restore_in_sage(n)
        self.adopt_what_was_made_in_sage_alone(n)
