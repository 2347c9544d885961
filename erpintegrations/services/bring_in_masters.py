"""Bringing in jobs, vendors, cost codes and cost types: what a person decided to create or to link, a batch at a time;
or, for nobody in particular, what is new and to be created by itself.

What cannot be brought in is left with the reason, and keeps nothing else from it. `bring_in` alone imports this.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet

from directory.membership import join_projects
from directory.models import CompanyMember, Level
from erpintegrations.models import BringIn, ErpConnection, FoundMaster
from erpintegrations.models.counterparts import COUNTERPARTS, Counterpart
from erpintegrations.selectors.set_up import new_masters
from erpintegrations.services.bring_in_step import BatchDone, StepWork
from erpintegrations.services.suggest_masters import refresh_suggestions

State = FoundMaster.State
DECIDED = (State.CREATE, State.LINK)


def count_decided(bring_in: BringIn) -> int:
    return _to_bring_in(bring_in).count()


def read_decided(bring_in: BringIn, limit: int, now: datetime.datetime) -> Sequence[FoundMaster]:
    return list(_to_bring_in(bring_in).filter(pk__gt=bring_in.position).order_by("pk")[:limit])


def write_decided(bring_in: BringIn, rows: Sequence[FoundMaster], now: datetime.datetime) -> BatchDone:
    """This function will create or find ours for each row and link the two; what another was faster with it leaves."""
    # No reading and no decision comes between.
    ErpConnection.objects.select_for_update(no_key=True).get(pk=bring_in.connection_id)
    if bring_in.requested_by_id is None:
        # What somebody entered here since the ERP was read may be the same.
        refresh_suggestions(bring_in.connection, [bring_in.step])
    batch = _Batch(bring_in, COUNTERPARTS[bring_in.step], now)
    chosen = _to_bring_in(bring_in).filter(pk__in=[row.pk for row in rows])
    current = list(chosen.select_for_update(no_key=True).order_by("pk"))
    done = batch.bring_in(current)
    return BatchDone(done=done, left=len(current) - done, position=rows[-1].pk)


def _to_bring_in(bring_in: BringIn) -> QuerySet[FoundMaster]:
    if bring_in.requested_by_id is None:
        return new_masters(bring_in.connection, bring_in.step)
    return FoundMaster.objects.filter(connection=bring_in.connection_id, kind=bring_in.step, state__in=DECIDED)


class _Batch:
    """One batch of one kind. `problems` says by row why it is left."""

    def __init__(self, bring_in: BringIn, counterpart: Counterpart, now: datetime.datetime) -> None:
        self._bring_in = bring_in
        self._counterpart = counterpart
        self._now = now
        self._erp = bring_in.connection.wording.short_label
        self._ours = counterpart.model.objects.filter(company=bring_in.company_id)
        self._links = counterpart.link.objects.filter(connection=bring_in.connection_id)
        self._problems: dict[int, str] = {}

    def bring_in(self, rows: list[FoundMaster]) -> int:
        """How many are brought in now: those that have a link."""
        living = self._links.filter(gone_at=None, erp_id__in=[row.erp_id for row in rows])
        linked = set(living.values_list("erp_id", flat=True))
        missing = [row for row in rows if row.erp_id not in linked]
        for row in missing:
            if row.gone_at is not None:
                self._problems[row.pk] = f"It is no longer in {self._erp}."
        there = [row for row in missing if row.gone_at is None]
        pairs = [
            *self._chosen([row for row in there if row.state == State.LINK]),
            *self._created([row for row in there if row.state != State.LINK]),
        ]
        self._link(pairs)
        return self._write(rows)

    def _chosen(self, rows: list[FoundMaster]) -> list[tuple[FoundMaster, Any]]:
        column = f"{self._counterpart.ours_field}_id"
        chosen = self._ours.in_bulk([row.chosen_id for row in rows])
        taken = dict(self._links.filter(gone_at=None, **{f"{column}__in": list(chosen)}).values_list(column, "erp_id"))
        pairs = []
        for row in rows:
            ours = chosen.get(row.chosen_id)
            if ours is None:
                self._problems[row.pk] = f"The {self._counterpart.ours} that it was to be linked to was deleted."
            elif ours.pk in taken:
                self._problems[row.pk] = f"{ours} is linked already, to {taken[ours.pk]} in {self._erp}."
            else:
                pairs.append((row, ours))
        return pairs

    def _created(self, rows: list[FoundMaster]) -> list[tuple[FoundMaster, Any]]:
        number = self._counterpart.number_field
        taken = {
            getattr(ours, number): ours for ours in self._ours.filter(**{f"{number}__in": [row.erp_id for row in rows]})
        }
        width = self._counterpart.width(number)
        for row in rows:
            if row.erp_id in taken:
                self._problems[row.pk] = number_is_taken(row, self._counterpart, taken[row.erp_id])
            elif len(row.erp_id) > width:
                self._problems[row.pk] = (
                    f"Its number is longer than the {width} characters that there is room for here."
                )
        free = [row for row in rows if row.pk not in self._problems]
        made = self._counterpart.model.objects.bulk_create(self._new(row) for row in free)
        if self._counterpart.kind == FoundMaster.Kind.JOB:
            self._join(made)
        return list(zip(free, made, strict=True))

    def _new(self, row: FoundMaster) -> Any:
        columns = {self._counterpart.number_field: row.erp_id, "name": self._counterpart.name_of(row.label)}
        return self._counterpart.model(company_id=self._bring_in.company_id, **columns)

    def _join(self, projects: list[Any]) -> None:
        """Who asked for it is put on the new projects' teams, or nobody could see them; unless they left meanwhile. On
        those that come by themselves an administrator puts people.
        """
        members = CompanyMember.objects.select_related("company", "user")
        member = members.filter(company=self._bring_in.company_id, user=self._bring_in.requested_by_id).first()
        if member is not None and projects:
            join_projects(projects=projects, member=member, level=Level.ADMIN, by=member.user, now=self._now)

    def _link(self, pairs: list[tuple[FoundMaster, Any]]) -> None:
        """In the place of what either was linked to before and is gone."""
        in_place = Q(erp_id__in=[row.erp_id for row, _ in pairs])
        in_place |= Q(**{f"{self._counterpart.ours_field}__in": [ours for _, ours in pairs]})
        self._links.filter(in_place, gone_at__isnull=False).delete()
        link = partial(
            self._counterpart.link,
            company_id=self._bring_in.company_id,
            connection_id=self._bring_in.connection_id,
            linked_by_id=self._bring_in.requested_by_id,
            linked_at=self._now,
        )
        self._counterpart.link.objects.bulk_create(
            link(erp_id=row.erp_id, erp_name=row.name or row.short_name, **{self._counterpart.ours_field: ours})
            for row, ours in pairs
        )

    def _write(self, rows: list[FoundMaster]) -> int:
        left = [row for row in rows if row.pk in self._problems]
        for row in left:
            row.state, row.chosen_id, row.problem = State.LEAVE, None, self._problems[row.pk]
        FoundMaster.objects.bulk_update(left, ["state", "chosen_id", "problem"])
        brought_in = [row.pk for row in rows if row.pk not in self._problems]
        FoundMaster.objects.filter(pk__in=brought_in).update(state=State.BROUGHT_IN, chosen_id=None, problem="")
        return len(brought_in)


def number_is_taken(row: FoundMaster, counterpart: Counterpart, ours: Any) -> str:
    return f"The number {row.erp_id} is taken here, by the {counterpart.ours} “{ours.name}”."


MASTER_WORK = StepWork(count=count_decided, read=read_decided, write=write_decided)
