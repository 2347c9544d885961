"""The set-up: how far each step is, and what the ERP has of jobs, vendors and codes next to ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Q, QuerySet

from erpintegrations.models import ErpConnection, FoundMaster, StandingDecision, SyncLink
from erpintegrations.models.counterparts import COUNTERPARTS, Counterpart
from erpintegrations.models.link import GONE
from erpintegrations.selectors.set_up_commitments import records_of
from erpintegrations.selectors.spellings import spellings

State, Likeness = FoundMaster.State, FoundMaster.Likeness
CHOICES = 20


@dataclass(slots=True)
class MasterFigures:
    """How many of one kind the ERP has, by what became of them. Those that are gone count as gone alone; `alike` are
    those of the undecided that something here is like.
    """

    kind: str
    states: Counter[str] = field(default_factory=Counter)
    gone: int = 0
    alike: int = 0

    @property
    def found(self) -> int:
        return self.states.total()

    @property
    def brought_in(self) -> int:
        return self.states[State.BROUGHT_IN]

    @property
    def decided(self) -> int:
        """Wait to be brought in."""
        return self.states[State.CREATE] + self.states[State.LINK]

    @property
    def undecided(self) -> int:
        return self.states[State.UNDECIDED]

    @property
    def left(self) -> int:
        return self.states[State.LEAVE]

    @property
    def is_done(self) -> bool:
        return bool(self.found) and not self.undecided and not self.decided


@dataclass(frozen=True, slots=True)
class FoundRow:
    """One of the ERP's, and ours that it is linked to, is to be linked to, or may be; `likeness` says why it may be."""

    found: FoundMaster
    linked: Any
    chosen: Any
    suggested: Any

    @property
    def can_be_created(self) -> bool:
        """As far as is known: number and name are free here."""
        return self.found.likeness in (Likeness.NONE, Likeness.NAME, Likeness.ALIKE, Likeness.SEVERAL)


@dataclass(frozen=True, slots=True)
class CommitmentFigures:
    """How many subcontracts and purchase orders of the ERP are linked and there, linked and gone, wait, or are left."""

    linked: int
    waiting: int
    left: int
    gone: int

    @property
    def found(self) -> int:
        return self.linked + self.waiting + self.left


def master_figures(connection: ErpConnection) -> dict[str, MasterFigures]:
    """Of each kind, in the order of the steps. One query."""
    figures = {kind: MasterFigures(kind) for kind in COUNTERPARTS}
    rows = FoundMaster.objects.filter(connection=connection).order_by()
    counted = rows.values_list("kind", "state").annotate(
        there=Count("pk", filter=Q(gone_at=None)),
        gone=Count("pk", filter=Q(gone_at__isnull=False)),
        alike=Count("pk", filter=Q(gone_at=None, state=State.UNDECIDED) & ~Q(likeness=Likeness.NONE)),
    )
    for kind, state, there, gone, alike in counted:
        figures[kind].states[state] += there
        figures[kind].gone += gone
        figures[kind].alike += alike
    return figures


def undecided_masters(connection: ErpConnection) -> int:
    """How many jobs, vendors and codes wait for a decision. One query."""
    return FoundMaster.objects.filter(connection=connection, state=State.UNDECIDED, gone_at=None).count()


def standing_decisions(connection: ErpConnection) -> dict[str, StandingDecision]:
    """Of each kind for which there is one. One query."""
    decisions = StandingDecision.objects.filter(connection=connection).select_related("chosen_by")
    return {decision.kind: decision for decision in decisions}


def new_masters(connection: ErpConnection, kind: str) -> QuerySet[FoundMaster]:
    """Those that are to be created by themselves: none without a standing decision, none while the last reading is
    doubted, and none that one of ours is like.
    """
    decisions = StandingDecision.objects.filter(connection=connection, kind=kind, connection__masters_doubt="")
    decision = decisions.first()
    if decision is None:
        return FoundMaster.objects.none()
    new = found_masters(connection, kind).filter(first_seen_at__gt=decision.chosen_at, gone_at=None)
    return new.filter(state=State.UNDECIDED, likeness=Likeness.NONE)


def commitment_figures(connection: ErpConnection) -> CommitmentFigures:
    """Two queries."""
    linked = SyncLink.objects.filter(connection=connection, closed_at=None).aggregate(
        there=Count("pk", filter=~Q(presence__in=GONE)), gone=Count("pk", filter=Q(presence__in=GONE))
    )
    unlinked = records_of(connection).aggregate(
        waiting=Count("pk", filter=Q(why="")), left=Count("pk", filter=~Q(why=""))
    )
    return CommitmentFigures(linked["there"], unlinked["waiting"], unlinked["left"], linked["gone"])


def found_masters(connection: ErpConnection, kind: str) -> QuerySet[FoundMaster]:
    return FoundMaster.objects.filter(connection=connection, kind=kind)


def statuses_of(connection: ErpConnection, kind: str) -> list[str]:
    """Those that there are in the ERP; only jobs have one."""
    rows = found_masters(connection, kind).exclude(status="").order_by("status")
    return list(rows.values_list("status", flat=True).distinct())


def with_ours(connection: ErpConnection, counterpart: Counterpart, rows: Sequence[FoundMaster]) -> list[FoundRow]:
    """Each with ours beside it. Two queries."""
    links = counterpart.link.objects.filter(connection=connection, erp_id__in=[row.erp_id for row in rows])
    linked = {
        link.erp_id: getattr(link, counterpart.ours_field) for link in links.select_related(counterpart.ours_field)
    }
    wanted = {pk for row in rows for pk in (row.chosen_id, row.suggested_id) if pk is not None}
    ours = counterpart.model.objects.filter(company=connection.company_id).in_bulk(wanted)
    return [
        FoundRow(
            found=row,
            linked=linked.get(row.erp_id),
            chosen=ours.get(row.chosen_id) if row.state == State.LINK else None,
            suggested=ours.get(row.suggested_id),
        )
        for row in rows
    ]


def candidates(found: FoundMaster, counterpart: Counterpart, search: str = "") -> list[Any]:
    """Ours that it may be linked to: what looks alike, or what a search finds. One query."""
    link = _link_name(counterpart)
    rows = counterpart.model.objects.filter(
        Q(**{link: None}) | Q(**{f"{link}__gone_at__isnull": False}), company=found.company_id
    )
    number = counterpart.number_field
    if not search:
        names = [Q(name__iexact=name) for name in (found.name, found.short_name) if name]
        alike = reduce(or_, names, Q(pk=found.suggested_id) | Q(**{f"{number}__iexact": found.erp_id}))
        return list(rows.filter(alike).order_by(number, "pk")[:CHOICES])
    for word in search.split():
        columns = (number, "name")
        fits = (Q(**{f"{column}__icontains": one}) for column in columns for one in spellings(word))
        rows = rows.filter(reduce(or_, fits))
    return list(rows.order_by(number, "pk")[:CHOICES])


def _link_name(counterpart: Counterpart) -> str:
    """How ours calls its link: the related name."""
    return str(counterpart.link._meta.get_field(counterpart.ours_field).related_query_name())
