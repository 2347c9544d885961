"""What rarely happens, at the worst of moments: a bridge that refuses, an old page, a backup, a person who leaves."""

from __future__ import annotations

import datetime

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from directory.access import access_for
from directory.models import CompanyMember, Level
from directory.refusals import Refusal
from erpintegrations.models import SyncLink, UnlinkOverride
from erpintegrations.services.decide_export import decide_candidate
from tests.properties.export_stage import State, which
from tests.properties.link_rules import LinkRules

PAUSE = datetime.timedelta(minutes=2)


class RareRules(LinkRules):
    # ---- The bridge refuses --------------------------------------------------------------------------------------

    @precondition(lambda self: self.is_in(State.ACCEPTED, State.WRITING))
    @rule(n=which, fails=st.sampled_from(["", "killed promised"]))
    def work_while_the_bridge_refuses(self, n: int, fails: str) -> None:
        """The vendor is not there for a moment."""
        self.sage.run("UPDATE actpay SET recnum = recnum + 100")
        self._work(n, fails)
        self.sage.run("UPDATE actpay SET recnum = recnum - 100")

    @precondition(lambda self: self.is_in(State.ACCEPTED))
    @rule(n=which)
    def refuse_it_while_it_is_late_and_write_it_under_another_number(self, n: int) -> None:
        self._work(n, "late")
        self.time_goes_by()
        self.work_while_the_bridge_refuses(n, "")
        self.reject(n)
        self.export_anew(n)
        self.bridge.arrive()

    @precondition(lambda self: self.is_in(State.ACCEPTED))
    @rule(n=which)
    def key_it_in_while_it_is_late_and_write_it_under_another_number(self, n: int) -> None:
        """Just as it was sent; and get rid of that record before the late one arrives."""
        self._work(n, "late")
        export = self.export(n)
        if export is not None and export.state == State.ACCEPTED and not self.is_in_use(export.erp_number):
            self.keyed_in[self.add_to_sage(export.erp_number)] = self.commitments[n]
        self.time_goes_by()
        self._work(n, "")
        self.unlink_after_deleting(n)
        self.export_anew(n)
        self.bridge.arrive()

    @precondition(lambda self: self.is_in(State.ACCEPTED))
    @rule(n=which)
    def forget_what_never_arrived(self, n: int) -> None:
        """Another record has its number while it is tried again, and is gone after that."""
        self._work(n, "before")
        self.take_its_number_for_something_else(n)
        self.time_goes_by()
        self._work(n, "")
        self.delete_what_is_nobodys()
        self.sync()
        self._work(n, "")
        export = self.export(n)
        if export is not None and export.method == export.Method.BRIDGE:
            assert export.state != State.AWAITING or self.own_records(n), "it waits for what nobody writes"

    def time_goes_by(self) -> None:
        """Until the next attempt is due, and nobody makes it yet."""
        self.now += PAUSE

    # ---- A page that is old --------------------------------------------------------------------------------------

    @precondition(lambda self: self.is_in(State.NEEDS_DECISION))
    @rule(n=which, link_it=st.booleans(), seen=st.booleans())
    def decide_about_a_record_that_another_one_took_the_place_of(self, n: int, link_it: bool, seen: bool) -> None:
        """`seen` by a sync before the person decides, on the page that they opened before."""
        export = self.export(n)
        if export is None or export.state != State.NEEDS_DECISION:
            return
        self.sage.delete(export.candidate["erp_id"])
        if self.is_in_use(export.erp_number):
            return
        other = self.add_to_sage(export.erp_number, "3")
        if seen:
            self.sync()
        try:
            decide_candidate(
                export=export,
                access=self.access,
                link_it=link_it,
                is_anothers=True,
                reason="As I saw it.",
                seen_version=export.version,
                now=self.clock(),
                bridge_of=self.bridge,
            )
        except Refusal:
            pass
        else:
            raise AssertionError("a person decided about a record that they never saw")
        assert not SyncLink.objects.filter(erp_id=other).exists()

    # ---- A backup ------------------------------------------------------------------------------------------------

    @precondition(lambda self: SyncLink.objects.exclude(closed_at=None).exists())
    @rule(n=which)
    def restore_beside_another(self, n: int) -> None:
        """A backup brings back what the commitment was linked to before, whatever it has in Sage by now."""
        links = SyncLink.objects.filter(commitment_id=self.commitments[n], left_in_erp=False).exclude(closed_at=None)
        link = links.order_by("closed_at").last()
        if link is None or self.is_in_use(link.erp_number) or self.last_links()[link.erp_id] != link:
            return
        open_link = self.open_link(n)
        self.add_to_sage(link.erp_number, erp_id=link.erp_id)
        self.restored[link.erp_id] = open_link.pk if open_link else None

    @precondition(lambda self: SyncLink.objects.filter(closed_at=None).exists())
    @rule(n=which)
    def bring_its_former_record_back_before_it_is_read_back(self, n: int) -> None:
        self.unlink_after_deleting(n)
        self.correct(n)
        self._send(n)
        self.accept(n, False)
        self._work(n, "late")
        export = self.export(n)
        if export is None or not export.is_open or self.is_in_use(export.erp_number):
            return
        self.restore_beside_another(n)
        if export.state == State.AWAITING:
            self.keyed_in[self.add_to_sage(export.erp_number)] = self.commitments[n]
        self.bridge.arrive()
        self.time_goes_by()
        self._work(n, "")
        self.sync()

    # ---- A person who leaves -------------------------------------------------------------------------------------

    @precondition(lambda self: not self.asker_may or UnlinkOverride.objects.exists())
    @rule()
    def the_asker_loses_admin_or_is_given_it_again(self) -> None:
        self.asker_may = not self.asker_may
        level = Level.ADMIN if self.asker_may else Level.STANDARD
        CompanyMember.objects.filter(user=self.admin.user).update(erp_integrations_level=level)
        access = access_for(self.admin.user, self.company)
        assert access is not None
        self.admin = access

    @precondition(lambda self: SyncLink.objects.filter(closed_at=None).exists())
    @rule(n=which)
    def consent_to_what_was_asked_by_one_who_lost_admin(self, n: int) -> None:
        self.ask_about_an_invoiced_one(n)
        if self.asker_may:
            self.the_asker_loses_admin_or_is_given_it_again()
        self.consent(n, False)
