"""Keeping the suggestions up to date: which of ours each of the ERP's masters may be. Services alone import this."""

from __future__ import annotations

from collections.abc import Iterable

from erpintegrations.models import ErpConnection, FoundMaster
from erpintegrations.models.counterparts import COUNTERPARTS, Counterpart
from erpintegrations.services.bulk import update_rows
from erpintegrations.sync.likeness import Ours, Suggestion, Theirs, suggest

State = FoundMaster.State


def refresh_suggestions(connection: ErpConnection, kinds: Iterable[str] = tuple(COUNTERPARTS)) -> None:
    """This function will compare what is not brought in with what is ours, and write what differs. Call it in a
    transaction. Four queries a kind when nothing differs, whatever the size of the company.
    """
    for kind in kinds:
        _refresh(connection, COUNTERPARTS[kind])


def _refresh(connection: ErpConnection, counterpart: Counterpart) -> None:
    rows = FoundMaster.objects.filter(connection=connection, kind=counterpart.kind)
    chosen = set(rows.filter(state=State.LINK).values_list("chosen_id", flat=True))
    rows = rows.exclude(state__in=(State.LINK, State.BROUGHT_IN))
    rows = rows.only("erp_id", "name", "short_name", "likeness", "suggested_id")
    found = {row.pk: row for row in rows.iterator(chunk_size=5000)}
    theirs = (Theirs(row.pk, row.erp_id, row.name, row.short_name) for row in found.values())
    suggestions = suggest(theirs, _ours(connection, counterpart, chosen)) if found else {}
    changed = [found[pk] for pk, suggestion in suggestions.items() if _apply(found[pk], suggestion)]
    columns = ("likeness", "suggested_id")
    update_rows(FoundMaster, columns, ((row.likeness, row.suggested_id, row.pk) for row in changed))


def _apply(row: FoundMaster, suggestion: Suggestion) -> bool:
    """Whether it differs."""
    if (row.likeness, row.suggested_id) == (suggestion.likeness, suggestion.ours):
        return False
    row.likeness, row.suggested_id = suggestion.likeness, suggestion.ours
    return True


def _ours(connection: ErpConnection, counterpart: Counterpart, chosen: set[int | None]) -> list[Ours]:
    links = counterpart.link.objects.filter(connection=connection, gone_at=None)
    taken = chosen | set(links.values_list(f"{counterpart.ours_field}_id", flat=True))
    rows = counterpart.model.objects.filter(company_id=connection.company_id)
    columns = rows.values_list("pk", counterpart.number_field, "name")
    return [Ours(pk, number, name, pk in taken) for pk, number, name in columns.iterator(chunk_size=5000)]
