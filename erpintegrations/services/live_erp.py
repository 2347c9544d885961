"""One question to the live ERP, outside any transaction, answered by the right company or not at all.

Services alone import this.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from directory.models import Company
from erpintegrations.connectors import Connector
from erpintegrations.connectors.base import CommitmentKind, ErpDetail, ErpIdentity, LookUp, NeedsAttention, Retryable
from erpintegrations.connectors.errors import ask_within
from erpintegrations.encryption import SecretUnreadable
from erpintegrations.models import ErpConnection, SyncLink
from erpintegrations.sync.identity import require_same_identity

SECONDS = 5.0


def connection_of(company: Company) -> ErpConnection:
    """The company's connection; its secret is opened only when the ERP is really asked."""
    return ErpConnection.objects.get(company=company)


def ask_about(connection: ErpConnection, links: Collection[SyncLink]) -> LookUp:
    """This function will ask the ERP once for these links' records and jobs, for `SECONDS` at most.

    Raises Retryable when the ERP cannot be reached or takes too long, and NeedsAttention when what answers proves
    nothing, such as another company's database, or when the connection's secret cannot be read.
    """
    identity, connector = open_erp(connection)
    answer = connector.look_up(
        [link.erp_id for link in links],
        job_ids={link.erp_job_id for link in links if link.erp_job_id},
        timeout_seconds=SECONDS,
    )
    require_same_identity(identity, answer.identity, erp=connection.wording.short_label)
    return answer


def find_numbers(connection: ErpConnection, numbers: Mapping[CommitmentKind, Collection[str]]) -> list[ErpDetail]:
    """This function will read the records of each kind that have one of these numbers, in any job, void ones too.

    Takes `SECONDS` at most. Raises Retryable and NeedsAttention as `ask_about` does, and Retryable while our
    counterparts are another company's.
    """
    _require_own_counterparts(connection)
    identity, connector = open_erp(connection)

    def ask() -> tuple[ErpIdentity, list[ErpDetail]]:
        who = connector.identity()
        asked = [(kind, wanted) for kind, wanted in numbers.items() if wanted]
        return who, [detail for kind, wanted in asked for detail in connector.find_by_number(kind, wanted)]

    answered_by, found = ask_within(SECONDS, ask)
    require_same_identity(identity, answered_by, erp=connection.wording.short_label)
    return found


def read_records(
    connection: ErpConnection, erp_ids: Collection[str], *, seconds: float = SECONDS
) -> dict[str, ErpDetail]:
    """This function will read these records with their lines, by their ids; one that is not there is left out.

    Takes so many seconds at most. Raises Retryable and NeedsAttention as `find_numbers` does.
    """
    _require_own_counterparts(connection)
    identity, connector = open_erp(connection)

    def ask() -> tuple[ErpIdentity, dict[str, ErpDetail]]:
        return connector.identity(), connector.details(erp_ids)

    answered_by, found = ask_within(seconds, ask)
    require_same_identity(identity, answered_by, erp=connection.wording.short_label)
    return found


def _require_own_counterparts(connection: ErpConnection) -> None:
    if connection.identity is not None and connection.has_foreign_counterparts:
        erp = connection.wording.short_label
        raise Retryable(
            f"Another {erp} company answers since the connection was changed, and our projects, vendors and codes have "
            "not been compared with its own yet.",
            remedy="Wait for the next sync, or ask an administrator of ERP Integrations to use Sync now.",
            cause="counterparts are another company's",
        )


def open_erp(connection: ErpConnection) -> tuple[ErpIdentity, Connector]:
    """Who must answer, and the way to ask. Raises NeedsAttention when no sync has completed yet, or no key fits."""
    identity = connection.identity
    if identity is None:
        raise NeedsAttention(
            f"No sync of this connection has completed yet, so that any {connection.wording.short_label} company "
            "could answer.",
            remedy="Wait for the first sync, or ask an administrator of ERP Integrations to use Sync now.",
            cause="connection has no identity yet",
        )
    try:
        connector = connection.connector()
    except SecretUnreadable:
        raise NeedsAttention(
            "The stored database URL of the connection cannot be read.",
            remedy="Ask whoever runs this site to put back the encryption key that it was stored with, or enter the "
            "database URL again in the connection's settings.",
            cause="no encryption key fits",
            out_of_reach=True,
        ) from None
    return identity, connector
