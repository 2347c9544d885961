"""Sightings: what the ERP holds under an export's number, and how near that is to what was exported.

Nothing is written here; `read_back` says what follows. Services alone import this.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import structlog

from erpintegrations.connectors.base import CommitmentKind, ErpDetail, ErpError, ErpRecord
from erpintegrations.connectors.bridge import BridgeReceipt
from erpintegrations.models import ErpConnection, Export, SyncLink
from erpintegrations.refusals import ErpNotReachable
from erpintegrations.services import live_erp
from erpintegrations.services.documents import document_to_write
from erpintegrations.services.exports import name_of
from erpintegrations.services.former_records import living_beside
from erpintegrations.services.links import last_links
from erpintegrations.services.sent_numbers import numbers_no_longer_good
from erpintegrations.sync.matching import Match, Nearness, match, same_number

logger = structlog.get_logger(__name__)

LEFT_OUT = {"why": "", "seen_at": ""}


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the ERP holds under an export's number, as of `seen_at`.

    `candidate` is the record nearest to what was exported that no commitment is linked to; `unlinked_before` that a
    person unlinked it once; `linked` is the link of a record which has the number and belongs to another commitment.
    `not_ours` are the running numbers of records that have the number and can be this one's no more: those of other
    commitments, and void ones. `beside` says in a sentence which other record of the commitment is in the ERP, too;
    `unfit` which number that it was sent with is no longer its counterpart's.
    """

    export: Export
    seen_at: datetime.datetime
    candidate: ErpDetail | None = None
    match: Match | None = None
    unlinked_before: SyncLink | None = None
    others: int = 0
    linked: SyncLink | None = None
    not_ours: frozenset[int] = frozenset()
    beside: str = ""
    unfit: str = ""

    @property
    def is_there(self) -> bool:
        """It is in the ERP, beyond doubt: nobody has to decide."""
        return (
            self.match is not None
            and self.match.nearness == Nearness.EXACT
            and self.unlinked_before is None
            and not self.others
            and not self.beside
            and not self.unfit
        )

    @property
    def needs_decision(self) -> bool:
        return self.candidate is not None and not self.is_there

    @property
    def is_free(self) -> bool:
        return self.candidate is None and self.linked is None

    def is_living(self, receipt: BridgeReceipt | None) -> bool:
        """What the bridge wrote for the export is in the ERP, and may be its own."""
        return receipt is not None and receipt.exists and receipt.recnum not in self.not_ours

    def is_another(self, receipt: BridgeReceipt | None) -> bool:
        """What the bridge wrote for the export is in the ERP, and is not what was found."""
        if receipt is None or not self.is_living(receipt):
            return False
        if self.candidate is None:
            return True
        if receipt.recnum is None or self.candidate.recnum is None:
            return not same_number(receipt.erp_number, self.candidate.record.number)
        return receipt.recnum != self.candidate.recnum

    def with_another(self, receipt: BridgeReceipt) -> Sighting:
        """The same, beside what the bridge wrote."""
        erp = self.export.connection.wording.short_label
        return replace(self, beside=f"The bridge wrote {receipt.erp_number} for it, which is in {erp}, too.")


def look_for(connection: ErpConnection, exports: Collection[Export], *, now: datetime.datetime) -> list[Sighting]:
    """This function will ask the ERP once for these exports' numbers, and say what it found. Outside any transaction.

    Raises Retryable, NeedsAttention.
    """
    numbers = {
        kind: sorted({export.erp_number for export in exports if export.kind == kind}) for kind in CommitmentKind
    }
    found = live_erp.find_numbers(connection, numbers)
    links = last_links(connection, [detail.record.erp_id for detail in found])
    unfit = numbers_no_longer_good(connection, exports)
    seen = [replace(_sighting(export, found, links, now), unfit=unfit.get(export.pk, "")) for export in exports]
    return _with_former_records(connection, seen)


def look_for_one(export: Export, *, now: datetime.datetime) -> Sighting:
    """Raises ErpNotReachable."""
    try:
        (sighting,) = look_for(export.connection, [export], now=now)
    except ErpError as error:
        logger.warning("The ERP could not be asked about an export", export_id=export.pk, cause=error.cause)
        raise ErpNotReachable(error.problem, remedy=error.remedy) from None
    return sighting


def _sighting(
    export: Export, found: Iterable[ErpDetail], links: dict[str, SyncLink], now: datetime.datetime
) -> Sighting:
    document = document_to_write(export)
    same = [
        detail
        for detail in found
        if detail.record.kind == export.kind and same_number(detail.record.number, export.erp_number)
    ]
    living = [detail for detail in same if not detail.record.is_void]
    linked = [links[id] for id in (detail.record.erp_id for detail in living) if id in links and links[id].is_open]
    taken = {link.erp_id for link in linked}
    free = [(match(detail, document), detail) for detail in living if detail.record.erp_id not in taken]
    ours = {detail.record.erp_id for _, detail in free}
    not_ours = frozenset(one.recnum for one in same if one.record.erp_id not in ours and one.recnum is not None)
    if not free:
        return Sighting(export, now, linked=linked[0] if linked else None, not_ours=not_ours)
    best, candidate = min(free, key=lambda one: (one[0].differences, one[1].record.erp_id))
    equals = sum(one.nearness == Nearness.EXACT for one, _ in free)
    others = equals - 1 if best.nearness == Nearness.EXACT else len(free) - 1
    return Sighting(export, now, candidate, best, links.get(candidate.record.erp_id), others, not_ours=not_ours)


def _with_former_records(connection: ErpConnection, sightings: list[Sighting]) -> list[Sighting]:
    found = {
        sighting.export.commitment_id or 0: sighting.candidate.record.erp_id
        for sighting in sightings
        if sighting.candidate is not None
    }
    living = living_beside(connection, found)
    return [
        replace(sighting, beside=former_is_back(sighting.export, former))
        if (former := living.get(sighting.export.commitment_id or 0))
        else sighting
        for sighting in sightings
    ]


def former_is_back(export: Export, former: ErpRecord) -> str:
    erp = export.connection.wording.short_label
    return f"{former.number}, which {name_of(export)} was linked to before, is in {erp} again."


# ---- What a person decides about -------------------------------------------------------------------------------------


def is_as_kept(sighting: Sighting) -> bool:
    """What is kept for a person to decide about is what was found, no matter when, and why it has to be decided."""
    kept, found = sighting.export.candidate, as_candidate(sighting) if sighting.candidate else {}
    return {**kept, **LEFT_OUT} == {**found, **LEFT_OUT}


def as_candidate(sighting: Sighting) -> dict[str, Any]:
    """The record that was found next to what was exported, field by field and line by line, as it is kept and shown."""
    assert sighting.candidate is not None
    assert sighting.match is not None
    found = sighting.candidate.record
    return {
        "erp_id": found.erp_id,
        "number": found.number,
        "status": found.status,
        "why": _why(sighting),
        "seen_at": sighting.seen_at.isoformat(),
        "header": [_cells(one) for one in sighting.match.header],
        "lines": [
            {
                "place": line.place,
                "ours": line.is_ours,
                "theirs": line.is_theirs,
                "differs": line.differs,
                "fields": [_cells(one) for one in line.fields],
            }
            for line in sighting.match.lines
        ],
    }


def _cells(one: Any) -> dict[str, Any]:
    return {
        "field": one.field,
        "ours": one.ours,
        "theirs": one.theirs,
        "differs": one.differs and one.decides,
        "decides": one.decides,
    }


def _why(sighting: Sighting) -> str:
    assert sighting.candidate is not None
    assert sighting.match is not None
    number, erp = sighting.candidate.record.number, sighting.export.connection.wording.short_label
    if sighting.beside or sighting.unfit:
        return sighting.beside or sighting.unfit
    before = sighting.unlinked_before
    if before is not None and before.closed_by is not None:
        return f"{number} in {erp} was unlinked by {before.closed_by.name} before, so that it is not linked by itself."
    if sighting.match.nearness == Nearness.EXACT:
        return f"{sighting.others + 1} records in {erp} are just like it."
    names = [one.field.lower() for one in sighting.match.header if one.differs and one.decides]
    names += ["lines"] if not sighting.match.same_lines else []
    return f"{number} in {erp} has other values: {', '.join(names)}."
