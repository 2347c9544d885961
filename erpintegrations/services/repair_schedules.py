"""Mend the schedules by hand: what the housekeeping does each minute by itself, while task processes are running."""

from __future__ import annotations

import datetime

import structlog

from directory.access import CompanyAccess
from directory.models import Level
from erpintegrations.schedules import ensure_schedules

logger = structlog.get_logger(__name__)


def repair_schedules(*, access: CompanyAccess, now: datetime.datetime) -> list[str]:
    """This function will make the schedules that are missing, mend the broken ones, and say what it did.

    Twice does no harm. Raises NotAllowed without Admin on ERP Integrations.
    """
    access.require_erp_integrations(Level.ADMIN)
    done = ensure_schedules(now=now)
    for sentence in done:
        logger.warning("A schedule was mended by hand", what=sentence, user_id=access.user.pk)
    return done
