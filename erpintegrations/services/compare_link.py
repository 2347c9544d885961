"""Compare: a linked commitment next to its record, as the ERP holds it at this moment. Nothing is written."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import structlog

from erpintegrations.connectors.base import ErpError
from erpintegrations.models import SyncLink
from erpintegrations.refusals import ErpNotReachable
from erpintegrations.selectors.freshness import freshness_of
from erpintegrations.selectors.side_by_side import SideBySide, compare_with_record, compare_with_recorded
from erpintegrations.services.live_erp import read_records

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinkComparison:
    """Both sides, and as of when the ERP's is known. `why_recorded` says why only what is recorded is shown."""

    sides: SideBySide
    as_of: datetime.datetime | None
    is_live: bool
    is_missing: bool = False
    why_recorded: ErpNotReachable | None = None


def compare_link(*, link: SyncLink, now: datetime.datetime) -> LinkComparison:
    """This function will read the link's record with its lines, for a few seconds at most, and lay both sides out.

    When the ERP cannot be asked, or the record is not there, what is recorded is shown instead. Only Check now and the
    sync record anything. Raises ValueError for a link whose commitment was deleted.
    """
    commitment = link.linked_commitment
    try:
        detail = read_records(link.connection, [link.erp_id]).get(link.erp_id)
    except ErpError as error:
        logger.warning("A link's record could not be read to be compared", link_id=link.pk, cause=error.cause)
        return _recorded(link, why=ErpNotReachable(error.problem, remedy=error.remedy))
    if detail is None:
        return _recorded(link, is_missing=True)
    sides = compare_with_record(commitment, link.connection, detail, is_linked=True)
    return LinkComparison(sides, as_of=now, is_live=True)


def _recorded(link: SyncLink, *, is_missing: bool = False, why: ErpNotReachable | None = None) -> LinkComparison:
    return LinkComparison(
        compare_with_recorded(link.linked_commitment, link),
        as_of=freshness_of(link.connection).as_of(link),
        is_live=False,
        is_missing=is_missing,
        why_recorded=why,
    )
