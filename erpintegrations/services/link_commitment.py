"""Link: make pairs of a commitment here and its counterpart in the ERP, many at once."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import F

from commitments.models import Commitment
from directory.activity import Entry, record_many
from directory.models import SubjectType, Verb
from erpintegrations.connectors.base import ErpRecord
from erpintegrations.models import ErpConnection, Presence, SyncLink
from erpintegrations.refusals import LinkNotPossible
from erpintegrations.services.links import linked_state, unlinked_state
from erpintegrations.services.list_unlinked import take_off_list
from erpintegrations.services.observations import batches, columns_of_record, commitment_label

if TYPE_CHECKING:
    from directory.models import User

Pair = tuple[Commitment, ErpRecord]

RELOAD = "Nothing was linked. Reload the page to see what is linked now, then try again."


@dataclass(frozen=True, slots=True)
class Expected:
    """What the ERP's record should hold from now on: where it holds something else, the two sides have drifted."""

    vendor_id: str
    lines_digest: str


def link_commitments(
    *,
    connection: ErpConnection,
    pairs: Iterable[Pair],
    by: User | None,
    now: datetime.datetime,
    seen_at: datetime.datetime | None = None,
    expected: Mapping[int, Expected] | None = None,
    reason: str = "",
    verb: Verb = Verb.LINKED,
) -> list[SyncLink]:
    """This function will link each commitment to its ERP record, all of them or none, and set them to synced.

    What the ERP holds counts as not looked at, so that the next sync records it; unless the records were read just now,
    at `seen_at`. `expected` says by commitment what the record should hold; what it holds now, where nothing is said.
    `by` is None when the product does it itself.
    `verb` is how the history calls it. Raises LinkNotPossible when a commitment or a record is linked already, a
    commitment was edited, sent or taken back since it was read, or the two do not belong together.
    """
    chosen = list(pairs)
    _check(connection, chosen)
    links = [_link(connection, commitment, record, by, now) for commitment, record in chosen]
    for link, (commitment, record) in zip(links, chosen, strict=True):
        _expect(link, record, (expected or {}).get(commitment.pk), seen_at)
    try:
        with transaction.atomic():
            SyncLink.objects.bulk_create(links, batch_size=500)
            _move_on([commitment for commitment, _ in chosen], now)
            take_off_list(connection, [record.erp_id for _, record in chosen])
            record_many(
                _entry(link, commitment, by, now, verb, reason)
                for link, (commitment, _) in zip(links, chosen, strict=True)
            )
    except IntegrityError:  # the constraints decide when two link at once
        raise LinkNotPossible(
            "Somebody else linked one of these commitments, or its record in the ERP, at the same moment.",
            remedy=RELOAD,
        ) from None
    for link, (commitment, _) in zip(links, chosen, strict=True):
        commitment.erp_status = Commitment.ErpStatus.SYNCED
        commitment.revision += 1
        link.commitment = commitment
    return links


def _check(connection: ErpConnection, pairs: list[Pair]) -> None:
    for commitment, record in pairs:
        if commitment.company_id != connection.company_id:
            raise LinkNotPossible(
                f"{commitment.short_label()} belongs to another company than this connection.",
                remedy="Choose a commitment of the connection's own company.",
            )
        if commitment.kind != record.kind:
            raise LinkNotPossible(
                f"{commitment.short_label()} cannot be linked to {record.number} in {connection.wording.short_label}: "
                "one is a subcontract, the other a purchase order.",
                remedy="Choose a record of the same type.",
            )
    _refuse_linked(connection, pairs)


def _refuse_linked(connection: ErpConnection, pairs: list[Pair]) -> None:
    """Each commitment and each record once, and none of them linked already."""
    commitments = Counter(commitment.pk for commitment, _ in pairs)
    records = Counter(record.erp_id for _, record in pairs)
    of_connection = SyncLink.objects.filter(connection=connection, closed_at=None)
    linked_commitments = {pk for pk, count in commitments.items() if count > 1}
    linked_records = {erp_id for erp_id, count in records.items() if count > 1}
    for pks in batches(commitments):
        linked = SyncLink.objects.filter(commitment_id__in=pks, closed_at=None)
        linked_commitments |= set(linked.values_list("commitment_id", flat=True))
    for erp_ids in batches(records):
        linked_records |= set(of_connection.filter(erp_id__in=erp_ids).values_list("erp_id", flat=True))
    for commitment, record in pairs:
        if commitment.pk in linked_commitments:
            raise LinkNotPossible(f"{commitment.short_label()} is linked already.", remedy="Unlink it first.")
        if record.erp_id in linked_records:
            raise LinkNotPossible(
                f"{record.number} in {connection.wording.short_label} is linked already, to another commitment.",
                remedy="Unlink that one first, or choose another record.",
            )


def _move_on(commitments: list[Commitment], now: datetime.datetime) -> None:
    """Each as it was read: one that was edited, sent or taken back meanwhile is not linked too."""
    as_read: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for commitment in commitments:
        as_read[commitment.erp_status, commitment.revision].append(commitment.pk)
    for (status, revision), all_pks in sorted(as_read.items()):
        if status == Commitment.ErpStatus.SYNCED:
            raise LinkNotPossible("One of these commitments is synced already.", remedy=RELOAD)
        for pks in batches(all_pks):
            moved = Commitment.objects.filter(pk__in=pks, erp_status=status, revision=revision).update(
                erp_status=Commitment.ErpStatus.SYNCED, revision=F("revision") + 1, updated_at=now
            )
            if moved != len(pks):
                raise LinkNotPossible("One of these commitments was changed, sent or linked meanwhile.", remedy=RELOAD)


def _link(
    connection: ErpConnection, commitment: Commitment, record: ErpRecord, by: User | None, now: datetime.datetime
) -> SyncLink:
    return SyncLink(
        company_id=connection.company_id,
        connection=connection,
        commitment=commitment,
        project_id=commitment.project_id,
        vendor_id=commitment.vendor_id,
        kind=commitment.kind,
        number=commitment.number,
        title=commitment.title,
        project_name=str(commitment.project),
        vendor_name=commitment.vendor.name,
        amount=commitment.amount,
        erp_id=record.erp_id,
        presence=Presence.UNKNOWN,
        linked_at=now,
        linked_by=by,
        **columns_of_record(record),
    )


def _expect(link: SyncLink, record: ErpRecord, expected: Expected | None, seen_at: datetime.datetime | None) -> None:
    link.expected_vendor_id = expected.vendor_id[:30] if expected else link.erp_vendor_id
    link.expected_lines_digest = expected.lines_digest[:64] if expected else link.erp_lines_digest
    if seen_at is not None:
        link.presence = Presence.VOIDED if record.is_void else Presence.PRESENT
        link.presence_changed_at = link.checked_at = seen_at


def _entry(
    link: SyncLink, commitment: Commitment, by: User | None, now: datetime.datetime, verb: Verb, reason: str
) -> Entry:
    return Entry(
        company_id=link.company_id,
        project_id=link.project_id,
        verb=verb,
        subject_type=SubjectType.COMMITMENT,
        subject_id=commitment.pk,
        subject_label=commitment_label(link),
        at=now,
        actor=by,
        actor_label="ERP Integrations",
        reason=reason,
        before=unlinked_state(commitment.erp_status),
        after=linked_state(link),
    )
