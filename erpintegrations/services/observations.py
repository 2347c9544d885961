"""What the ERP was seen to hold for links that were asked for, and what it means in rows and in the history.

Services alone import this. `sync.compare` decides what a record means for a link; a sync, which writes to thousands of
links, does so in `apply_plan`, by the same rows and words.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection, transaction

from directory.activity import Entry, record_many
from directory.models import SubjectType, Verb
from erpintegrations.connectors.base import ErpRecord, LookUp
from erpintegrations.models import Presence, SyncLink
from erpintegrations.services.bulk import update_rows
from erpintegrations.sync.compare import AMOUNT_FIELDS, VALUE_FIELDS, Change, Values, judge, values_of
from erpintegrations.sync.links import state_of

if TYPE_CHECKING:
    from directory.models import User

Item = TypeVar("Item")

BATCH_SIZE = 500
SEEN = ("presence", "presence_changed_at", "checked_at", "version")
LINES = "erp_lines_digest"
LOCK_OPEN = "SELECT id, version FROM erpintegrations_synclink WHERE id IN ({places}) AND closed_at IS NULL ORDER BY id"
TOLD = ("presence", *AMOUNT_FIELDS, "erp_vendor_id", LINES)


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of one link, which is as it was read before: its `version` guards the writing.

    `change` is None when the ERP holds what is recorded already.
    """

    link: SyncLink
    change: Change | None

    @property
    def presence(self) -> str:
        return self.change.presence if self.change else self.link.presence


def observe(link: SyncLink, answer: LookUp) -> Observation:
    """What a look-up, which asked for the link's record and job, says of the link."""
    record = answer.records.get(link.erp_id)
    return Observation(link, judge(state_of(link), record, job_exists=link.erp_job_id in answer.job_ids))


def record_observations(
    observations: Collection[Observation], *, checked_at: datetime.datetime, actor: User
) -> frozenset[int]:
    """This function will write what was seen to the links that are as they were read, and tell their history.

    A link that was closed or written meanwhile is left alone: the answer holds the ids of those written, which then
    hold what was written. `checked_at` is when the ERP was asked for these very links.
    """
    if not observations:
        return frozenset()
    with transaction.atomic():
        unchanged = lock_unchanged([observation.link for observation in observations])
        current = [observation for observation in observations if observation.link.pk in unchanged]
        columns = [_next_version(observation, checked_at) for observation in current]
        for names in (SEEN, (*SEEN, *VALUE_FIELDS)):
            alike = [each for each in zip(current, columns, strict=True) if len(each[1]) == len(names)]
            rows = [(*written.values(), observation.link.pk) for observation, written in alike]
            if rows and update_rows(SyncLink, names, rows, while_null="closed_at") != len(rows):
                raise RuntimeError("A locked link was written by somebody else.")
        entries = [_entry(observation, checked_at, actor) for observation in current if observation.change]
        record_many(entry for entry in entries if entry is not None)
    for observation, written in zip(current, columns, strict=True):
        _show(observation.link, written)
    return unchanged


def lock_unchanged(links: Sequence[SyncLink]) -> frozenset[int]:
    """This function will lock links, in one order for everybody, and say which are open and as they were read.

    Call it first in a transaction. PostgreSQL locks the rows; SQLite's transactions, which begin IMMEDIATE, let in one
    writer at a time, so that there too nothing changes between this reading and the writing that follows.
    """
    versions = {link.pk: link.version for link in links}
    lock = " FOR NO KEY UPDATE" if connection.features.has_select_for_update else ""
    unchanged: set[int] = set()
    for pks in batches(sorted(versions)):
        places = ", ".join("%s" for _ in pks)
        with connection.cursor() as cursor:
            cursor.execute(LOCK_OPEN.format(places=places) + lock, pks)
            unchanged |= {pk for pk, version in cursor.fetchall() if versions[pk] == version}
    return frozenset(unchanged)


def columns_of(values: Values) -> dict[str, Any]:
    """A link's columns with these values. The ERP's clock tells no time zone and is kept as if it were UTC."""
    columns: dict[str, Any] = dict(zip(VALUE_FIELDS, values, strict=True))
    moment = columns["erp_updated_at"]
    return {**columns, "erp_updated_at": moment and moment.replace(tzinfo=datetime.UTC)}


def columns_of_record(record: ErpRecord) -> dict[str, Any]:
    return columns_of(values_of(record))


def told(change: Change) -> tuple[dict[str, str], dict[str, str]]:
    """Before and after of what a commitment's history tells of: its presence, amounts, vendor and lines."""
    return tell({name: pair for name, pair in change.differences().items() if name in TOLD})


def tell(differences: Mapping[str, tuple[object, object]]) -> tuple[dict[str, str], dict[str, str]]:
    """Before and after in plain words. Of lines, whose digest says nothing to anybody, only that they are other ones;
    and not even that where their amounts tell it already.
    """
    lines_before, lines_after = differences.get(LINES, ("", ""))
    plain = {name: pair for name, pair in differences.items() if name != LINES}
    before = {name: words(name, was) for name, (was, _) in plain.items()}
    after = {name: words(name, becomes) for name, (_, becomes) in plain.items()}
    if lines_before and lines_after and not plain.keys() & set(AMOUNT_FIELDS):
        after[LINES] = "Changed"
    return before, after


def verb_of(after: Mapping[str, str]) -> Verb:
    """What a history entry is called that tells of these."""
    if "presence" in after:
        return Verb.PRESENCE_CHANGED
    return Verb.AMOUNT_CHANGED if after.keys() & set(AMOUNT_FIELDS) else Verb.RECORD_CHANGED


def words(name: str, value: object) -> str:
    if name == "presence":
        return presence_label(str(value))
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


def commitment_label(link: SyncLink) -> str:
    """How a history names the commitment: "Subcontract SC-1042 Concrete"."""
    return f"{link.get_kind_display()} {link.number} {link.title}"[:250]


def presence_label(presence: str) -> str:
    return str(Presence(presence).label)


def batches(items: Iterable[Item]) -> Iterable[list[Item]]:
    """So many rows as one statement takes on every database."""
    rows = list(items)
    return (rows[start : start + BATCH_SIZE] for start in range(0, len(rows), BATCH_SIZE))


def _next_version(observation: Observation, checked_at: datetime.datetime) -> dict[str, Any]:
    """The columns that are written, in their order: SEEN, and the values where any of them is another one."""
    link, change = observation.link, observation.change
    is_news = observation.presence != link.presence
    since = checked_at if is_news else link.presence_changed_at
    seen = (observation.presence, since, checked_at, link.version + 1)
    columns: dict[str, Any] = dict(zip(SEEN, seen, strict=True))
    return columns if change is None or change.values == change.link.values else columns | columns_of(change.values)


def _show(link: SyncLink, written: Mapping[str, Any]) -> None:
    """Have the link hold what was written. What the database makes of that is read again when it is asked for."""
    for name, value in written.items():
        setattr(link, name, value)
    link.__dict__.pop("has_drifted", None)


def _entry(observation: Observation, at: datetime.datetime, actor: User) -> Entry | None:
    before, after = told(observation.change) if observation.change else ({}, {})
    if not after:
        return None
    link = observation.link
    return Entry(
        company_id=link.company_id,
        project_id=link.project_id,
        verb=verb_of(after),
        subject_type=SubjectType.COMMITMENT,
        subject_id=link.linked_commitment.pk,
        subject_label=commitment_label(link),
        at=at,
        actor=actor,
        before=before,
        after=after,
    )
