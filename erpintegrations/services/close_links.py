"""The transaction that closes links whose records are gone, and all that goes with it, for `unlink_commitment` alone.

Unlink is waited for, so these are few statements, each written out: Django takes several times as long to build one as
the database takes to perform it.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from commitments.models import Commitment
from directory.activity import Entry, record_many
from directory.models import SubjectType, User, Verb
from erpintegrations.models import GONE, SyncLink, UnlinkOverride
from erpintegrations.services.bulk import update_rows
from erpintegrations.services.links import lines_to_keep, linked_state, unlinked_state
from erpintegrations.services.observations import batches, commitment_label

WRITTEN = (
    "closed_at",
    "closed_by",
    "close_reason",
    "close_token",
    "closed_commitment_revision",
    "closed_lines",
    "checked_at",
    "version",
)
# The links that are open and gone, with their commitments that are synced. Both stay as this finds them until the end
# of the transaction: PostgreSQL locks their rows, in one order for everybody, and looks again at a row that it waited
# for; SQLite's transactions, which begin IMMEDIATE, let in one writer at a time.
_LOCK = """
    SELECT link.id, link.version, commitment.revision
    FROM erpintegrations_synclink link JOIN commitments_commitment commitment ON commitment.id = link.commitment_id
    WHERE link.id IN ({places}) AND link.closed_at IS NULL AND link.presence IN ({gone}) AND commitment.erp_status = %s
    ORDER BY link.id
"""
_AND_LOCK = "FOR NO KEY UPDATE"
_MOVE = """
    UPDATE commitments_commitment SET erp_status = %s, revision = revision + 1, updated_at = %s
    WHERE id IN ({places}) AND erp_status = %s
"""
# What somebody asked to unlink anyway is unlinked now, without anybody's consent.
_END_REQUESTS = """
    UPDATE erpintegrations_unlinkoverride
    SET state = %s, answered_at = %s, answered_by_id = %s, answer = 'It was unlinked without it.'
    WHERE link_id IN ({places}) AND state = %s
"""


@dataclass(frozen=True, slots=True)
class Closing:
    """Who closes links, why and when; `known_at` is as of when their records are known to be gone, if it is known."""

    by: User
    reason: str
    now: datetime.datetime
    known_at: datetime.datetime | None


def close_links(links: Sequence[SyncLink], closing: Closing) -> frozenset[int]:
    """This function will close the links that are as they were read, set their commitments to not sent, and tell the
    history: all in one transaction.

    The answer holds the ids of those that it closed. They and their commitments then hold what was written.
    """
    token = uuid.uuid4()
    closed: list[tuple[SyncLink, dict[str, Any]]] = []
    with transaction.atomic():
        for batch in batches(sorted(links, key=lambda link: link.pk)):
            closed += _close(batch, token, closing)
        record_many(_entry(link, closing) for link, _ in closed)
    for link, columns in closed:
        _show(link, columns, closing)
    return frozenset(link.pk for link, _ in closed)


def _close(links: list[SyncLink], token: uuid.UUID, closing: Closing) -> list[tuple[SyncLink, dict[str, Any]]]:
    """Those that it closed, with the columns that it wrote."""
    unchanged = _lock(links)
    if not unchanged:
        return []
    commitments = [link.linked_commitment for link in unchanged]
    _move(commitments, closing)
    lines = lines_to_keep(commitments)
    closed = [(link, _columns(link, lines[link.linked_commitment.pk], token, closing)) for link in unchanged]
    rows = [(*columns.values(), link.pk) for link, columns in closed]
    _require_all(update_rows(SyncLink, WRITTEN, rows, while_null="closed_at"), rows)
    _end_requests(unchanged, closing)
    return closed


def _lock(links: Collection[SyncLink]) -> list[SyncLink]:
    """Those that are as they were read, and whose commitments are, too."""
    lock = _AND_LOCK if connection.features.has_select_for_update else ""
    query = _LOCK.format(places=_places(links), gone=_places(GONE)) + lock
    with connection.cursor() as cursor:
        cursor.execute(query, [*(link.pk for link in links), *map(str, GONE), Commitment.ErpStatus.SYNCED.value])
        found = {pk: (version, revision) for pk, version, revision in cursor.fetchall()}
    return [link for link in links if found.get(link.pk) == (link.version, link.linked_commitment.revision)]


def _move(commitments: Collection[Commitment], closing: Closing) -> None:
    statuses = Commitment.ErpStatus
    moved = _run(
        _MOVE.format(places=_places(commitments)),
        [statuses.NOT_SENT.value, _moment(closing), *(each.pk for each in commitments), statuses.SYNCED.value],
    )
    _require_all(moved, commitments)


def _end_requests(links: Collection[SyncLink], closing: Closing) -> None:
    states = UnlinkOverride.State
    _run(
        _END_REQUESTS.format(places=_places(links)),
        [
            *(states.WITHDRAWN.value, _moment(closing), closing.by.pk),
            *(link.pk for link in links),
            states.WAITING.value,
        ],
    )


def _columns(link: SyncLink, lines: list[Any], token: uuid.UUID, closing: Closing) -> dict[str, Any]:
    values = (
        closing.now,
        closing.by.pk,
        closing.reason,
        token,
        link.linked_commitment.revision + 1,  # Undo works until the commitment's revision is another
        lines,
        _known_at(link, closing.known_at),
        link.version + 1,
    )
    return dict(zip(WRITTEN, values, strict=True))


def _known_at(link: SyncLink, known_at: datetime.datetime | None) -> datetime.datetime | None:
    """No sync looks at a closed link: keep as of when its record was known, which Undo then restores."""
    if known_at is None or known_at < (link.reopened_at or link.linked_at) or known_at < link.linked_at:
        return link.checked_at
    return max(known_at, link.checked_at or known_at)


def _show(link: SyncLink, columns: dict[str, Any], closing: Closing) -> None:
    """Have the link, and its commitment, hold what was written."""
    for name, value in columns.items():
        setattr(link, name, closing.by if name == "closed_by" else value)
    commitment = link.linked_commitment
    commitment.erp_status = Commitment.ErpStatus.NOT_SENT
    commitment.revision += 1
    commitment.updated_at = closing.now


def _entry(link: SyncLink, closing: Closing) -> Entry:
    return Entry(
        company_id=link.company_id,
        project_id=link.project_id,
        verb=Verb.UNLINKED,
        subject_type=SubjectType.COMMITMENT,
        subject_id=link.linked_commitment.pk,
        subject_label=commitment_label(link),
        at=closing.now,
        actor=closing.by,
        reason=closing.reason,
        before=linked_state(link),
        after=unlinked_state(),
    )


def _run(statement: str, values: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def _moment(closing: Closing) -> Any:
    """As the driver takes it."""
    return connection.ops.adapt_datetimefield_value(closing.now)


def _places(values: Collection[Any]) -> str:
    return ", ".join("%s" for _ in values)


def _require_all(written: int, rows: Collection[Any]) -> None:
    if written != len(rows):
        raise RuntimeError("A locked row was written by somebody else.")
