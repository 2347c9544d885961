"""What a commitment's page says of its way into the ERP: sent by whom, how it stands, and what keeps it from that."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from commitments.models import Commitment
from directory.access import CompanyAccess
from directory.models import Level
from erpintegrations.connectors import Wording
from erpintegrations.connectors.base import TextWidths
from erpintegrations.models import ErpConnection, Export, SyncLink
from erpintegrations.selectors.exports import next_step, state_badge
from erpintegrations.selectors.numbers import taken_as_recorded, taken_by_exports
from erpintegrations.selectors.references import references_of
from erpintegrations.selectors.send_faults import Fault, faults_before_sending
from erpintegrations.selectors.widths import widths_of

ANY_WIDTH = TextWidths(number=1000, title=1000, line_description=1000, vendor_name=1000)
SENDABLE = (Commitment.ErpStatus.NOT_SENT, Commitment.ErpStatus.REJECTED)


@dataclass(frozen=True, slots=True)
class SendPanel:
    """`faults` is what is known without asking the ERP; `button` is empty where nothing can be sent now.

    What was only last read in the ERP may be another by now, and is asked anew by sending: it warns, and does not take
    the button away.
    """

    wording: Wording
    export: Export | None
    state: str
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
        Export.objects.filter(commitment=commitment)
        .select_related("sent_by", "answered_by", "link")
        .order_by("-id")
        .first()
    )
    is_sendable = commitment.erp_status in SENDABLE
    if export is None and not is_sendable:
        return None
    may_act = access.commitments_level(commitment.project_id) >= Level.ADMIN
    state, icon, tone = state_badge(export) if export else ("", "", "quiet")
    faults, blocking = _known_faults(commitment, connection) if is_sendable and may_act else ([], [])
    sent_before = export is not None or SyncLink.objects.filter(commitment=commitment).exists()
    return SendPanel(
        wording=connection.wording,
        export=export,
        state=state,
        badge_icon=icon,
        badge_tone=tone,
        next_step=next_step(export, connection.wording) if export else "",
        faults=faults,
        button=("Re-send to ERP" if sent_before else "Send to ERP") if is_sendable else "",
        may_send=is_sendable and may_act and not blocking,
        may_retrieve=may_act and export is not None and export.state == Export.State.READY,
        shows_export=access.erp_integrations_level >= Level.READ_ONLY,
    )


def _known_faults(commitment: Commitment, connection: ErpConnection) -> tuple[list[Fault], list[Fault]]:
    """All that is known, and of that what is certain. Eight queries, whatever the number of lines."""
    lines = list(commitment.lines.select_related("cost_code", "cost_type").order_by("position", "id"))
    references = references_of(commitment, lines, connection)
    on_their_way = taken_by_exports(commitment, connection)
    check = partial(faults_before_sending, commitment=commitment, lines=lines, wording=connection.wording)
    widths = widths_of(connection) if connection.text_widths_read_at else ANY_WIDTH
    recorded = [*taken_as_recorded(commitment, connection), *on_their_way]
    return (
        check(references=references, widths=widths, taken=recorded),
        check(references=references.as_linked(), widths=ANY_WIDTH, taken=on_their_way),
    )
