"""What a commitment's page says of its way into the ERP: sent by whom, how it stands, and what keeps it from that."""

from __future__ import annotations

from dataclasses import dataclass

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.models import Level
from erpintegrations.connectors import Wording
from erpintegrations.models import ErpConnection, Export, SyncLink
from erpintegrations.selectors.exports import BADGES, next_step
from erpintegrations.selectors.numbers import taken_as_recorded
from erpintegrations.selectors.references import references_of
from erpintegrations.selectors.send_faults import Fault, faults_before_sending
from erpintegrations.selectors.widths import widths_of

SENDABLE = (Commitment.ErpStatus.NOT_SENT, Commitment.ErpStatus.REJECTED)


@dataclass(frozen=True, slots=True)
class SendPanel:
    """`faults` is what is known without asking the ERP; `button` is empty where nothing can be sent now."""

    wording: Wording
    export: Export | None
    badge_icon: str
    badge_tone: str
    next_step: str
    faults: list[Fault]
    button: str
    may_send: bool
    may_retrieve: bool
    shows_export: bool

    @property
    def is_rejected(self) -> bool:
        return self.export is not None and self.export.state == Export.State.REJECTED


def send_panel(commitment: Commitment, access: CompanyAccess) -> SendPanel | None:
    """None when the company has no connection, or there is nothing to say: it is synced, and was not exported here."""
    connection = ErpConnection.objects.filter(company=access.company).first()
    if connection is None:
        return None
    export = (
        Export.objects.filter(commitment=commitment).select_related("sent_by", "answered_by").order_by("-id").first()
    )
    is_sendable = commitment.erp_status in SENDABLE
    if export is None and not is_sendable:
        return None
    may_act = access.commitments_level(commitment.project_id) >= Level.ADMIN
    icon, tone = BADGES[Export.State(export.state)] if export else ("", "quiet")
    faults = _known_faults(commitment, connection) if is_sendable and may_act else []
    sent_before = export is not None or SyncLink.objects.filter(commitment=commitment).exists()
    return SendPanel(
        wording=connection.wording,
        export=export,
        badge_icon=icon,
        badge_tone=tone,
        next_step=next_step(export, connection.wording) if export else "",
        faults=faults,
        button=("Re-send to ERP" if sent_before else "Send to ERP") if is_sendable else "",
        may_send=is_sendable and may_act and not faults,
        may_retrieve=may_act and export is not None and export.state == Export.State.READY,
        shows_export=access.erp_integrations_level >= Level.READ_ONLY,
    )


def _known_faults(commitment: Commitment, connection: ErpConnection) -> list[Fault]:
    """Eight queries, whatever the number of lines."""
    lines = list(commitment.lines.select_related("cost_code", "cost_type").order_by("position", "id"))
    return faults_before_sending(
        commitment=commitment,
        lines=lines,
        references=references_of(commitment, lines, connection),
        wording=connection.wording,
        widths=widths_of(connection),
        taken=taken_as_recorded(commitment, connection),
    )
