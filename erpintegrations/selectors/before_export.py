"""What there was of a commitment before it was sent this time: how it was sent before, and what it was in the ERP."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from erpintegrations.amounts import money
from erpintegrations.models import Export, SyncLink, UnlinkedRecord
from erpintegrations.selectors.after_unlink import left_in_erp
from erpintegrations.selectors.sent_documents import SentLine, header_facts, names_of, sent_lines
from erpintegrations.selectors.stories import FieldChange


@dataclass(frozen=True, slots=True)
class BeforeExport:
    """`export` is how it was sent before, `link` its last link that was closed; `left` are records that stay there.

    `changes` tell what is sent now from what was sent then. `still_there` is the number of a record which that was held
    against when it was rejected, and which is still in the ERP without a link.
    """

    export: Export | None
    link: SyncLink | None
    left: list[SyncLink]
    changes: list[FieldChange]
    still_there: str = ""


def before_export(export: Export) -> BeforeExport:
    """Six queries at most."""
    if export.commitment is None:
        return BeforeExport(None, None, [], [])
    exports = Export.objects.filter(commitment=export.commitment_id, pk__lt=export.pk)
    earlier = exports.select_related("answered_by").order_by("-pk").first()
    links = SyncLink.objects.filter(commitment=export.commitment_id, closed_at__lte=export.sent_at)
    return BeforeExport(
        export=earlier,
        link=links.select_related("closed_by").order_by("-closed_at", "-pk").first(),
        left=list(left_in_erp(export.commitment)),
        changes=_changes(earlier, export) if earlier else [],
        still_there=_still_there(earlier) if earlier else "",
    )


def _still_there(earlier: Export) -> str:
    """As the last completed sync found it."""
    if not earlier.candidate:
        return ""
    listed = UnlinkedRecord.objects.filter(connection=earlier.connection_id, erp_id=earlier.candidate["erp_id"])
    return listed.values_list("number", flat=True).first() or ""


def _changes(was: Export, now: Export) -> list[FieldChange]:
    """Of the documents, as they were sent: field by field and line by line."""
    names = names_of([was, now])
    sides = [
        {fact.label: " ".join(filter(None, (fact.shown, fact.note))) for fact in header_facts(one, names, as_sent=True)}
        for one in (was, now)
    ]
    pairs = [(label, sides[0].get(label), sides[1].get(label)) for label in dict.fromkeys([*sides[0], *sides[1]])]
    pairs.append(("Total", money(was.amount), money(now.amount)))
    pairs += [
        (f"Line {place}", _words(one), _words(other))
        for place, (one, other) in enumerate(zip_longest(sent_lines(was, names), sent_lines(now, names)), start=1)
    ]
    return [(label, before, after) for label, before, after in pairs if before != after]


def _words(line: SentLine | None) -> str | None:
    if line is None:
        return None
    figures = f"{line.quantity} × {line.price}" if line.quantity else ""
    return ", ".join(filter(None, (line.description, line.cost_code, line.cost_type, figures, money(line.amount))))
