"""Reading the whole ERP side and comparing it with the links: the part of a sync that talks to the ERP.

Called by services, outside any transaction. Nothing here writes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from erpintegrations.connectors.base import Connector, ErpIdentity
from erpintegrations.models import SyncRun
from erpintegrations.sync.compare import Comparison, OpenLinks, Plan
from erpintegrations.sync.identity import require_same_identity
from erpintegrations.sync.unlinked import Known, UnlinkedComparison, UnlinkedPlan

ASKED_AT_ONCE = 500

Phase = SyncRun.Phase


class Beat(Protocol):
    """Told of every bit of progress; raises LeaseLost when the work has become somebody else's."""

    def __call__(self, phase: str, done: int = 0, total: int = 0) -> None: ...


@dataclass(frozen=True, slots=True)
class Found:
    """What one complete reading means, and who answered. `unlinked` is None when nobody asked for it."""

    plan: Plan
    identity: ErpIdentity
    unlinked: UnlinkedPlan | None = None


def read_and_compare(
    connector: Connector,
    load_links: Callable[[], OpenLinks],
    *,
    expected: ErpIdentity | None,
    beat: Beat,
    load_unlinked: Callable[[], Known] | None = None,
) -> Found:
    """This function will read every record once, ask again for the missing ones, and say what that means.

    With `load_unlinked`, also what it means for the list of records without a link.

    Raises Retryable and NeedsAttention, also when another company answers than `expected`; whatever `beat` raises.
    """
    erp = connector.wording.label
    beat(Phase.CONNECTING)
    unlinked = UnlinkedComparison(load_unlinked()) if load_unlinked else None
    comparison = Comparison(load_links(), unlinked.feed if unlinked else None)
    with connector.reading() as reading:
        identity = reading.identity
        require_same_identity(expected, identity, erp=erp)
        job_ids = set(reading.job_ids)
        beat(Phase.READING, 0, reading.counted)

        def choose(fingerprints: Sequence[str]) -> Sequence[int]:
            others = comparison.settle(fingerprints)
            return unlinked.settle(fingerprints, others) if unlinked else others

        for records in reading.batches(choose):
            if records:
                comparison.feed(records)
            beat(Phase.READING, comparison.plan.records_read, reading.counted)
        if comparison.missing():
            comparison.plan.newest_seen = reading.last_change()
    _ask_again(connector, comparison, job_ids, identity, beat)
    beat(Phase.COMPARING)
    return Found(comparison.finish(job_ids), identity, unlinked.finish() if unlinked else None)


def _ask_again(
    connector: Connector, comparison: Comparison, job_ids: set[str], identity: ErpIdentity, beat: Beat
) -> None:
    """A record may have been written anew while the others were read: only two answers in a row prove its absence."""
    missing = comparison.missing()
    for start in range(0, len(missing), ASKED_AT_ONCE):
        beat(Phase.ASKING_AGAIN, start, len(missing))
        asked = missing[start : start + ASKED_AT_ONCE]
        answer = connector.look_up(
            [link.erp_id for link in asked], job_ids={link.job_id for link in asked if link.job_id}
        )
        require_same_identity(identity, answer.identity, erp=connector.wording.label)
        comparison.feed(list(answer.records.values()))
        job_ids |= answer.job_ids
