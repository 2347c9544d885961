"""A link's life in any order: what accountants do in Sage, what syncs see of it, and what people click here.

A simple model says what must be recorded and what must happen; the real services work on a real company file, which
is also broken and mended. Invariants: only a person's unlink closes a link; nothing is unlinked while its record is in
Sage and Sage can be reached; one open link per commitment and per record; a failed sync changes nothing; the history
never shrinks.
"""

from __future__ import annotations

import datetime
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import transaction
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
from directory.models import Activity, Level
from erpintegrations.models import GONE, Presence, SyncLink, SyncRun
from erpintegrations.refusals import (
    AlreadyUnlinked,
    CommitmentStillInErp,
    ErpNotReachable,
    PresenceUnknown,
    ReasonRequired,
    UndoNotPossible,
)
from erpintegrations.services.check_link import check_link
from erpintegrations.services.link_commitment import link_commitments
from erpintegrations.services.run_sync import open_run, perform_sync
from erpintegrations.services.undo_unlink import can_undo, undo_unlink
from erpintegrations.services.unlink_commitment import unlink_commitment
from tests.connectors.builder import SageCompany
from tests.factories import (
    CommitmentFactory,
    CompanyFactory,
    CompanyMemberFactory,
    ErpConnectionFactory,
    ProjectFactory,
    ProjectMemberFactory,
    UserFactory,
)

LINKS = 2
START = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
PURCHASE_ORDER = 0
which = st.integers(min_value=0, max_value=LINKS - 1)


@dataclass
class Modeled:
    """What must be true of one commitment: in Sage, as recorded here, and whether it is linked."""

    kind: str
    number: str
    link_id: int
    commitment_id: int
    erp_id: str
    in_sage: str = "present"  # present · void · absent
    recorded: str = Presence.UNKNOWN
    linked: bool = True
    changed_since: bool = False
    unlinks: int = 0
    undone: int = 0


class LinkLife(RuleBasedStateMachine):
    @initialize()
    def set_the_stage(self) -> None:
        self.transaction = transaction.atomic()  # each example leaves nothing behind
        self.transaction.__enter__()
        self.folder = tempfile.TemporaryDirectory()
        self.sage = SageCompany(Path(self.folder.name) / "company.sqlite3")
        self.sage.add_subcontract("OTHER", self.sage.add_job("Another job"))
        self.job: int | None = self.sage.add_job("Riverside Clinic")
        self.now, self.failing, self.synced_before, self.history = START, False, False, 0
        company = CompanyFactory()
        self.project = ProjectFactory(company=company)
        self.person = UserFactory()
        CompanyMemberFactory(
            company=company, user=self.person, erp_integrations_level=Level.STANDARD, can_push_to_accounting=True
        )
        ProjectMemberFactory(project=self.project, user=self.person, commitments_level=Level.ADMIN)
        access = access_for(self.person, company)
        assert access is not None
        self.access = access
        self.connection = ErpConnectionFactory(company=company, database_url=self.sage.database_url)
        self.commitments = [self._link("subcontract" if n % 2 else "purchase_order", n) for n in range(LINKS)]

    def _link(self, kind: str, n: int) -> Modeled:
        number = f"{'SC' if kind == 'subcontract' else 'PO'}-{n}"
        add = self.sage.add_subcontract if kind == "subcontract" else self.sage.add_purchase_order
        erp_id = add(number, self.job)
        commitment = CommitmentFactory(project=self.project, kind=kind, number=number)
        record = self.connection.connector().look_up([erp_id]).records[erp_id]
        (link,) = link_commitments(connection=self.connection, pairs=[(commitment, record)], by=None, now=self._later())
        return Modeled(kind, number, link.pk, commitment.pk, erp_id)

    def _later(self) -> datetime.datetime:
        self.now += datetime.timedelta(minutes=1)
        return self.now

    def _accountants_work(self) -> bool:
        """Not before the first sync, which would ask a person about a company in which every link is missing."""
        return self.synced_before and not self.failing

    # ---- What accountants do -------------------------------------------------------------------------------------

    @precondition(lambda self: self._accountants_work())
    @rule(n=which)
    def delete_in_sage(self, n: int) -> None:
        self.sage.delete(self.commitments[n].erp_id)
        self.commitments[n].in_sage = "absent"

    @precondition(lambda self: self._accountants_work() and self.commitments[PURCHASE_ORDER].in_sage == "present")
    @rule()
    def void_in_sage(self) -> None:
        self.sage.void(self.commitments[PURCHASE_ORDER].erp_id)
        self.commitments[PURCHASE_ORDER].in_sage = "void"

    @precondition(lambda self: self._accountants_work() and self.job is not None)
    @rule()
    def remove_the_job(self) -> None:
        self.sage.purge_job(self.job)
        self.job = None
        for commitment in self.commitments:
            commitment.in_sage = "absent"

    @precondition(lambda self: self._accountants_work())
    @rule(n=which)
    def restore_in_sage(self, n: int) -> None:
        commitment = self.commitments[n]
        self.sage.delete(commitment.erp_id)
        if self.job is None:  # with its own number, as a restored backup has it
            with self.sage.engine.begin() as database:
                database.exec_driver_sql("INSERT INTO actrec (recnum, jobnme) VALUES (2, 'Riverside Clinic')")
            self.job = 2
        add = self.sage.add_subcontract if commitment.kind == "subcontract" else self.sage.add_purchase_order
        add(commitment.number, self.job, erp_id=commitment.erp_id)
        commitment.in_sage = "present"

    @precondition(lambda self: self._accountants_work())
    @rule(n=which)
    def go_the_way_that_the_product_is_for(self, n: int) -> None:
        self.delete_in_sage(n)
        self.check_now(n)
        self.unlink(n, "wrong vendor")

    @precondition(lambda self: self._accountants_work())
    @rule(n=which)
    def restore_after_it_was_noticed_and_unlink_at_once(self, n: int) -> None:
        """The one order of things in which only the live ERP knows better; too rare to be left to chance."""
        self.delete_in_sage(n)
        self.check_now(n)
        self.restore_in_sage(n)
        self.unlink(n, "The job is over.")

    @precondition(lambda self: not self.failing)
    @rule()
    def take_sage_away(self) -> None:
        self.sage.path.rename(self.sage.path.with_suffix(".away"))
        self.failing = True

    @precondition(lambda self: self.failing)
    @rule()
    def bring_sage_back(self) -> None:
        self.sage.path.with_suffix(".away").rename(self.sage.path)
        self.failing = False

    # ---- What the product does -----------------------------------------------------------------------------------

    @rule()
    def sync(self) -> None:
        before = self._rows()
        run, _ = open_run(connection=self.connection, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=self._later())
        run = perform_sync(run_id=run.pk, clock=self._later, retry_waits=())
        self.connection.refresh_from_db()
        if self.failing:
            assert run.state == SyncRun.State.FAILED
            assert run.problem
            assert run.remedy
            assert self._rows() == before, "a failed sync changed something"
            return
        assert run.state == SyncRun.State.COMPLETED, run.problem
        self.synced_before = True
        for commitment in self.commitments:
            if commitment.linked:
                commitment.recorded = self._what_is_seen(commitment)

    @rule(n=which)
    def check_now(self, n: int) -> None:
        commitment = self.commitments[n]
        try:
            link = check_link(link=self._row(commitment), access=self.access, now=self._later())
        except AlreadyUnlinked:
            assert not commitment.linked
        except ErpNotReachable:
            assert self.failing or not self.synced_before  # the first sync learns who must answer
        else:
            assert commitment.linked
            assert self.synced_before
            assert not self.failing
            commitment.recorded = self._what_is_seen(commitment)
            assert link.checked_at == self.now

    @rule(n=which, reason=st.sampled_from(["", "", "The job is over."]))
    def unlink(self, n: int, reason: str) -> None:
        commitment = self.commitments[n]
        expected = self._why_not_unlinked(commitment, reason)
        try:
            link = unlink_commitment(link=self._row(commitment), access=self.access, reason=reason, now=self._later())
        except (AlreadyUnlinked, CommitmentStillInErp, ErpNotReachable, PresenceUnknown, ReasonRequired) as refusal:
            refused: type[Exception] | None = type(refusal)
        else:
            refused = None
            assert not link.is_open
        assert refused is expected
        if refused is CommitmentStillInErp and commitment.recorded in GONE:
            commitment.recorded = Presence.PRESENT  # asked once more, and found again
        if refused is None:
            commitment.linked, commitment.changed_since = False, False
            commitment.unlinks += 1

    @rule(n=which)
    def undo(self, n: int) -> None:
        commitment = self.commitments[n]
        link = self._row(commitment)
        assert can_undo(link) == (not commitment.linked and not commitment.changed_since)
        try:
            undo_unlink(link=link, access=self.access, now=self._later())
        except UndoNotPossible:
            assert commitment.linked or commitment.changed_since
        else:
            assert not commitment.linked
            commitment.linked = True
            commitment.undone += 1

    @precondition(lambda self: any(not commitment.linked for commitment in self.commitments))
    @rule()
    def edit_what_is_not_linked(self) -> None:
        for commitment in self.commitments:
            if not commitment.linked:
                row = Commitment.objects.get(pk=commitment.commitment_id)
                Commitment.objects.filter(pk=row.pk).update(title="Corrected", revision=row.revision + 1)
                commitment.changed_since = True

    # ---- The model -----------------------------------------------------------------------------------------------

    def _what_is_seen(self, commitment: Modeled) -> str:
        if commitment.in_sage != "absent":
            return Presence.PRESENT if commitment.in_sage == "present" else Presence.VOIDED
        if commitment.recorded in GONE:  # stays as it was first seen to be gone
            return commitment.recorded
        return Presence.DELETED if self.job is not None else Presence.PURGED

    def _why_not_unlinked(self, commitment: Modeled, reason: str) -> type[Exception] | None:
        if not commitment.linked:
            return AlreadyUnlinked
        if commitment.recorded == Presence.UNKNOWN:
            return PresenceUnknown
        if commitment.recorded == Presence.PRESENT:
            return CommitmentStillInErp
        if commitment.recorded == Presence.PURGED and not reason:
            return ReasonRequired
        if self.failing:  # the file is not there: that proves nothing, and is not mere silence
            return ErpNotReachable
        return CommitmentStillInErp if commitment.in_sage == "present" else None

    def _row(self, commitment: Modeled) -> SyncLink:
        return SyncLink.objects.get(pk=commitment.link_id)

    def _rows(self) -> list[tuple]:
        return [*SyncLink.objects.order_by("pk").values_list(), *Commitment.objects.order_by("pk").values_list()]

    # ---- What always holds ---------------------------------------------------------------------------------------

    @invariant()
    def what_is_recorded_is_what_the_model_says(self) -> None:
        links = list(SyncLink.objects.select_related("commitment"))
        still_open = [link for link in links if link.is_open]
        assert len({link.commitment_id for link in still_open}) == len(still_open), "a commitment is linked twice"
        assert len({link.erp_id for link in still_open}) == len(still_open), "a record is linked twice"
        rows = {link.pk: link for link in links}
        for commitment in getattr(self, "commitments", []):
            link = rows[commitment.link_id]
            assert (link.is_open, link.presence) == (commitment.linked, commitment.recorded)
            if link.is_open:
                assert link.commitment.erp_status == Commitment.ErpStatus.SYNCED
            else:
                assert link.commitment.erp_status == Commitment.ErpStatus.NOT_SENT
                assert link.closed_by_id == self.person.pk, "only a person closes a link"
                assert link.presence in GONE

    @invariant()
    def the_history_tells_each_unlink_once_and_never_shrinks(self) -> None:
        told = Counter(Activity.objects.values_list("verb", "subject_id"))
        for commitment in getattr(self, "commitments", []):
            assert told["unlinked", commitment.commitment_id] == commitment.unlinks
            assert told["unlink_undone", commitment.commitment_id] == commitment.undone
        assert told.total() >= getattr(self, "history", 0)
        self.history = told.total()

    def teardown(self) -> None:
        if not hasattr(self, "transaction"):
            return
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)
        self.folder.cleanup()


@pytest.mark.slow
@pytest.mark.django_db
def test_a_link_lives_as_the_model_says():
    run_state_machine_as_test(
        LinkLife,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
