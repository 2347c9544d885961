"""Check now: ask the ERP about one link at once, so that nobody waits for the hour."""

from __future__ import annotations

import datetime

import structlog

from directory.access import CompanyAccess
from directory.models import Level
from directory.refusals import Refusal
from erpintegrations.connectors.base import ErpError, Wording
from erpintegrations.models import SyncLink
from erpintegrations.refusals import ChangedMeanwhile, ErpNotReachable
from erpintegrations.services.links import already_unlinked, current_link, name_of
from erpintegrations.services.live_erp import connection_of
from erpintegrations.services.observations import presence_label, record_observations
from erpintegrations.services.single_look import look_at

logger = structlog.get_logger(__name__)


def check_link(*, link: SyncLink, access: CompanyAccess, now: datetime.datetime) -> SyncLink:
    """This function will ask the ERP about one link's record and record the answer, as of the moment of asking.

    Raises NotAllowed; AlreadyUnlinked; ErpNotReachable when no answer came that proves anything, also when the record
    is one of many that are suddenly missing; ChangedMeanwhile when a sync or somebody else recorded something while the
    ERP was asked, which then stands.
    """
    access.require_erp_integrations(Level.STANDARD)
    current = current_link(link, access)
    if not current.is_open:
        raise already_unlinked(current, access, now)
    connection = connection_of(access.company)
    try:
        seen = look_at(connection, current)
    except ErpError as error:
        logger.warning("The ERP could not be asked about a link", link_id=current.pk, cause=error.cause)
        raise ErpNotReachable(error.problem, remedy=error.remedy) from None
    if not record_observations([seen], checked_at=now, actor=access.user):
        raise _what_happened(current_link(link, access), access, connection.wording, now)
    return current


def _what_happened(link: SyncLink, access: CompanyAccess, wording: Wording, now: datetime.datetime) -> Refusal:
    if not link.is_open:
        return already_unlinked(link, access, now)
    return ChangedMeanwhile(
        f"While {wording.short_label} was asked, a sync or somebody else recorded something newer for "
        f"{name_of(link)}: {presence_label(link.presence)}.",
        remedy="That was kept, and this answer was not recorded. Check now asks again.",
    )
