"""Writing what a sync run found: to thousands of links in few statements, or as proposals alone.

Services alone import this.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import F, Q

from directory.activity import Entry, record_many
from directory.bulk import append_rows
from directory.models import SubjectType
from erpintegrations.models import SyncChange, SyncLink, SyncRun
from erpintegrations.services.bulk import update_rows
from erpintegrations.services.history_of_runs import teller_of
from erpintegrations.services.observations import batches, columns_of, commitment_label, tell, told, verb_of
from erpintegrations.sync.compare import VALUE_FIELDS, Change, What

NO_NEWS = frozenset({What.FIRST_SEEN, What.TOUCHED})
WRITTEN = ("presence", "version", *VALUE_FIELDS)
NAMED = ("id", "company_id", "project_id", "commitment_id", "kind", "number", "title", "amount", "version", "presence")
KEPT = ("run", "company", "link", "what", "label", "amount", "before", "after")


def apply_changes(
    changes: Iterable[Change], *, run: SyncRun, read_at: datetime.datetime, now: datetime.datetime
) -> Counter[What]:
    """This function will write changes to their links, and tell of them in the run's changes and in the history.

    Call it in a transaction. A link that was unlinked, written or checked since the reading began is left alone; the
    answer counts what was really written.
    """
    applied: Counter[What] = Counter()
    for batch in batches(sorted(changes, key=lambda change: change.link.id)):
        current = _still_current(batch, read_at)
        _write(current, now)
        _tell(current, run, now)
        applied.update(change.what for change, _ in current)
    return applied


def propose_changes(changes: Iterable[Change], *, run: SyncRun) -> None:
    """This function will keep changes with the run, without writing anything to the links."""
    for batch in batches(change for change in changes if change.what not in NO_NEWS):
        links = SyncLink.objects.only(*NAMED).in_bulk([change.link.id for change in batch])
        append_rows(SyncChange, KEPT, [_row(change, links[change.link.id], run) for change in batch])


def in_words(change: Change) -> tuple[dict[str, str], dict[str, str]]:
    """Before and after of everything that a run tells of a link, as plain words."""
    differences = change.differences()
    for silent in ("erp_updated_at", "erp_fingerprint"):
        differences.pop(silent, None)
    return tell(differences)


def _still_current(batch: list[Change], read_at: datetime.datetime) -> list[tuple[Change, SyncLink]]:
    """PostgreSQL locks the rows until the end; on SQLite the transaction is the only writer from its beginning."""
    by_link = {change.link.id: change for change in batch}
    rows = (
        SyncLink.objects.select_for_update(no_key=True)
        .filter(Q(checked_at=None) | Q(checked_at__lt=read_at), pk__in=by_link, closed_at=None)
        .order_by("pk")
        .only(*NAMED)
    )
    return [(by_link[row.pk], row) for row in rows if row.version == by_link[row.pk].link.version]


def _write(current: list[tuple[Change, SyncLink]], now: datetime.datetime) -> None:
    """Conditional once more, so that nothing depends on the locks alone."""
    same_values: dict[tuple[str, str], list[int]] = defaultdict(list)
    other_values: list[tuple[Any, ...]] = []
    stamped: list[tuple[Any, ...]] = []
    for change, link in current:
        written = (change.presence, link.version + 1, *columns_of(change.values).values())
        if change.values == change.link.values:
            same_values[link.presence, change.presence].append(link.pk)
        elif change.presence == link.presence:
            other_values.append((*written, link.pk))
        else:
            stamped.append((*written, now, link.pk))
    for (before, after), pks in same_values.items():
        links = SyncLink.objects.filter(pk__in=pks, closed_at=None, presence=before)
        _require(
            links.update(presence=after, presence_changed_at=now, version=F("version") + 1),
            len(pks),
        )
    for rows, columns in ((other_values, WRITTEN), (stamped, (*WRITTEN, "presence_changed_at"))):
        if rows:
            _require(update_rows(SyncLink, columns, rows, while_null="closed_at"), len(rows))


def _require(written: int, expected: int) -> None:
    if written != expected:
        raise RuntimeError(f"{written} of {expected} locked links were written; somebody else wrote them.")


def _tell(current: list[tuple[Change, SyncLink]], run: SyncRun, now: datetime.datetime) -> None:
    append_rows(SyncChange, KEPT, [_row(change, link, run) for change, link in current if change.what not in NO_NEWS])
    record_many(_entries(current, run, now))


def _row(change: Change, link: SyncLink, run: SyncRun) -> tuple[Any, ...]:
    """The values of KEPT."""
    label = commitment_label(link)
    return (run.pk, link.company_id, link.pk, change.what.value, label, link.amount, *in_words(change))


def _entries(current: list[tuple[Change, SyncLink]], run: SyncRun, now: datetime.datetime) -> Iterator[Entry]:
    """The history of commitments tells of their presence, amounts, vendor and lines; the rest stays with the run."""
    actor, actor_label = teller_of(run)
    for change, link in current:
        before, after = told(change)
        if not after or link.commitment_id is None:  # an open link always has its commitment
            continue
        yield Entry(
            company_id=link.company_id,
            project_id=link.project_id,
            verb=verb_of(after),
            subject_type=SubjectType.COMMITMENT,
            subject_id=link.commitment_id,
            subject_label=commitment_label(link),
            at=now,
            actor=actor,
            actor_label=actor_label,
            before=before,
            after=after,
            sync_run_id=run.pk,
        )
