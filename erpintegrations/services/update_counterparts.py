"""What a reading of the masters means for those that are brought in: names that changed there, what is gone or back.

Services alone import this.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from directory.activity import Entry, record_many
from directory.models import SubjectType, Verb
from erpintegrations.connectors.base import Master
from erpintegrations.models import ErpConnection, FoundMaster
from erpintegrations.models.counterparts import Counterpart
from erpintegrations.models.masters import MasterLink, erp_name_of
from erpintegrations.services.bulk import update_rows
from erpintegrations.services.observations import batches

State = FoundMaster.State


class _Known(NamedTuple):
    """What a link says of its record in the ERP."""

    pk: int
    erp_id: str
    erp_name: str
    gone_at: datetime.datetime | None

    def is_of(self, master: Master) -> bool:
        """As `MasterLink.is_of`."""
        return self.erp_name == erp_name_of(master)


def update_counterparts(
    connection: ErpConnection,
    counterpart: Counterpart,
    there: Mapping[str, Master],
    *,
    now: datetime.datetime,
    marks_gone: bool,
) -> Counter[str]:
    """This function will write what differs to the links of one kind and to ours. Call it in a transaction.

    Ours follows a new name in the ERP as long as it is called as the ERP called it before: a name that somebody gave it
    here stays. In another of the ERP's companies, and of what was gone, another name is another record: what has its
    number is to be decided about.
    """
    links = counterpart.link.objects.filter(connection=connection).order_by()
    known = [_Known(*row) for row in links.values_list(*_Known._fields).iterator(chunk_size=5000)]
    by_name = connection.has_foreign_counterparts
    others = {link.erp_id for link in known if link.erp_id in there and _is_another(link, there, by_name)}
    differing = [link.pk for link in known if _differs(link, there, others, marks_gone=marks_gone)]
    # Whoever types a name of ours at this moment waits until it is written, or is waited for.
    rows = links.select_related(counterpart.ours_field).select_for_update(of=(counterpart.ours_field,), no_key=True)
    changed = [link for pks in batches(differing) for link in rows.filter(pk__in=pks)]
    for link in changed:
        link.gone_at = None if link.erp_id in there and link.erp_id not in others else now
    renamed = _rename(connection, counterpart, [link for link in changed if link.gone_at is None], there, now)
    update_rows(counterpart.link, ["erp_name", "gone_at"], ((link.erp_name, link.gone_at, link.pk) for link in changed))
    _follow_links(connection, counterpart, {link.erp_id for link in known} - others)
    return Counter(renamed=renamed)


def _is_another(link: _Known, there: Mapping[str, Master], by_name: bool) -> bool:
    """Whether what has its number in the ERP now is another record."""
    return (by_name or link.gone_at is not None) and not link.is_of(there[link.erp_id])


def _differs(link: _Known, there: Mapping[str, Master], others: Collection[str], *, marks_gone: bool) -> bool:
    """Whether it is to be written."""
    master = there.get(link.erp_id)
    if master is None:
        return link.gone_at is None and marks_gone
    if link.erp_id in others:
        return link.gone_at is None
    return link.gone_at is not None or not link.is_of(master)


def _rename(
    connection: ErpConnection,
    counterpart: Counterpart,
    links: list[MasterLink],
    there: Mapping[str, Master],
    now: datetime.datetime,
) -> int:
    renamed, entries = [], []
    for link in links:
        ours = getattr(link, counterpart.ours_field)
        before, link.erp_name = link.erp_name, erp_name_of(there[link.erp_id])
        name = counterpart.name_of(link.erp_name)
        if name and name != ours.name == counterpart.name_of(before):
            entries.append(_entry(connection, f"{counterpart.theirs.capitalize()} {link.erp_id}", ours.name, name, now))
            ours.name, ours.updated_at = name, now
            renamed.append(ours)
    columns = [name for name in ("name", "updated_at") if any(f.name == name for f in counterpart.model._meta.fields)]
    update_rows(counterpart.model, columns, ([getattr(ours, name) for name in (*columns, "pk")] for ours in renamed))
    record_many(entries)
    return len(renamed)


def _entry(connection: ErpConnection, what: str, before: str, after: str, now: datetime.datetime) -> Entry:
    return Entry(
        company_id=connection.company_id,
        verb=Verb.MASTER_RENAMED,
        subject_type=SubjectType.CONNECTION,
        subject_id=connection.pk,
        subject_label=what,
        at=now,
        before={"name": before},
        after={"name": after},
    )


def _follow_links(connection: ErpConnection, counterpart: Counterpart, linked: set[str]) -> None:
    """What has a link is brought in; what had one and has none, because ours was deleted or is another one's, is to be
    decided anew.
    """
    rows = FoundMaster.objects.filter(connection=connection, kind=counterpart.kind)
    found = rows.order_by().values_list("pk", "erp_id", "state").iterator(chunk_size=5000)
    states = {erp_id: (pk, state == State.BROUGHT_IN) for pk, erp_id, state in found}
    come = [pk for erp_id, (pk, is_in) in states.items() if erp_id in linked and not is_in]
    left = [pk for erp_id, (pk, is_in) in states.items() if erp_id not in linked and is_in]
    for pks in batches(come):
        rows.filter(pk__in=pks).update(state=State.BROUGHT_IN, chosen_id=None, problem="")
    for pks in batches(left):
        rows.filter(pk__in=pks, state=State.BROUGHT_IN).update(state=State.UNDECIDED)
