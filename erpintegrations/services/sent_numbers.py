"""Whether the numbers that an export was sent with are still its counterparts'. Services alone import this."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from commitments.models import ScheduleOfValuesLine
from erpintegrations.models import ErpConnection, Export, FoundMaster
from erpintegrations.models.counterparts import COUNTERPARTS

Kind = FoundMaster.Kind
Sent = tuple[str, int | None, str]
"""A kind of master, which of ours, and the number that was sent for it."""


def numbers_no_longer_good(connection: ErpConnection, exports: Collection[Export]) -> dict[int, str]:
    """This function will say in a sentence, by the export's id, which number is no longer its counterpart's. Six
    queries at most.
    """
    sent = {export.pk: list(_sent(export, lines)) for export, lines in _with_lines(exports)}
    good = _good(connection, [one for numbers in sent.values() for one in numbers])
    erp = connection.wording.short_label
    return {
        pk: f"{COUNTERPARTS[kind].theirs.capitalize()} {number}, as it was sent, is no longer linked to its "
        f"{COUNTERPARTS[kind].ours} here, or no longer in {erp}."
        for pk, numbers in sent.items()
        for kind, ours_id, number in numbers[::-1]  # the first one is told
        if (kind, ours_id, number) not in good
    }


def _with_lines(exports: Collection[Export]) -> Iterator[tuple[Export, list[tuple[int, int]]]]:
    """With the cost code and the cost type of each line, in their order."""
    lines: dict[int | None, list[tuple[int, int]]] = {}
    ids = [export.commitment_id for export in exports if export.commitment_id is not None]
    rows = ScheduleOfValuesLine.objects.filter(commitment_id__in=ids).order_by("position", "id")
    for commitment_id, code, kind in rows.values_list("commitment_id", "cost_code_id", "cost_type_id"):
        lines.setdefault(commitment_id, []).append((code, kind))
    for export in exports:
        yield export, lines.get(export.commitment_id, [])


def _sent(export: Export, lines: list[tuple[int, int]]) -> Iterator[Sent]:
    commitment, document = export.commitment, export.document
    if commitment is None:
        return
    yield Kind.JOB, commitment.project_id, document["jobnum"]
    yield Kind.VENDOR, commitment.vendor_id, document["vndnum"]
    for (code, kind), line in zip(lines, document["lines"], strict=False):
        yield Kind.COST_CODE, code, line["cstcde"]
        yield Kind.COST_TYPE, kind, line["csttyp"]


def _good(connection: ErpConnection, sent: Collection[Sent]) -> set[Sent]:
    good: set[Sent] = set()
    for kind, counterpart in COUNTERPARTS.items():
        ours_id: Any = f"{counterpart.ours_field}_id"
        ours = {ours for of, ours, _ in sent if of == kind}
        links = counterpart.link.objects.filter(connection=connection, gone_at=None, **{f"{ours_id}__in": ours})
        good |= {(kind, pk, erp_id) for pk, erp_id in links.values_list(ours_id, "erp_id")}
    return good
