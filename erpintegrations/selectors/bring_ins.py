"""What is being brought in, or was, as pages show it."""

from __future__ import annotations

from django.db.models import QuerySet

from directory.models import Company
from erpintegrations.models import BringIn, ErpConnection


def bring_ins_of(company: Company) -> QuerySet[BringIn]:
    return BringIn.objects.filter(company=company).select_related("requested_by", "stopped_by")


def open_bring_in(connection: ErpConnection) -> BringIn | None:
    """The one that is waiting or worked on, of any step."""
    return bring_ins_of(connection.company).filter(connection=connection, state__in=BringIn.OPEN).first()


def last_bring_in(connection: ErpConnection, step: str) -> BringIn | None:
    """The latest of a step that has ended."""
    ended = bring_ins_of(connection.company).filter(connection=connection, step=step)
    return ended.exclude(state__in=BringIn.OPEN).order_by("-id").first()
