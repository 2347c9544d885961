"""What the lists of exports and an export's own page show: what was sent, how it stands, and whose step is next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from commitments.models import CostCode, CostType
from directory.access import CompanyAccess
from directory.models import Activity, Company, CompanyMember, Level, SubjectType
from directory.refusals import LacksPrivilege, NotAllowed
from erpintegrations.connectors import Wording
from erpintegrations.models import CostCodeLink, CostTypeLink, ErpConnection, Export

NAMED = 5
State = Export.State
ON_THEIR_WAY = (State.ACCEPTED, State.WRITING, State.AWAITING, State.NEEDS_DECISION)
BADGES = {
    State.READY: ("clock", "info"),
    State.RETRIEVED: ("undo", "quiet"),
    State.REJECTED: ("close", "warn"),
    State.ACCEPTED: ("send", "info"),
    State.WRITING: ("sync", "info"),
    State.AWAITING: ("clock", "info"),
    State.NEEDS_DECISION: ("warning", "warn"),
    State.FAILED: ("error", "bad"),
    State.LINKED: ("link", "good"),
}
UNLINKED_SINCE = ("Unlinked since", "unlink", "quiet")
HEADER_LABELS = {
    "ctcnum": "Number",
    "ordnum": "Number",
    "dscrpt": "Description",
    "vndnum": "Vendor",
    "jobnum": "Job",
    "condte": "Contract date",
    "orddte": "Order date",
    "rtnrte": "Retainage rate",
}


@dataclass(frozen=True, slots=True)
class SentLine:
    """One line of the schedule of values as it was sent; quantity and price only of a purchase order."""

    number: int
    description: str
    cost_code: str
    cost_type: str
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One export as its row shows it. `not_allowed` says why this person may not answer it, None when they may."""

    export: Export
    lines: list[SentLine]
    number: str
    not_allowed: NotAllowed | None
    shows_commitment: bool

    @property
    def may_answer(self) -> bool:
        return self.not_allowed is None

    @property
    def lacks_only_privilege(self) -> bool:
        return isinstance(self.not_allowed, LacksPrivilege)


def exports_in(company: Company, *states: str) -> QuerySet[Export]:
    return Export.objects.filter(company=company, state__in=states).select_related("sent_by")


def exports_of(company: Company) -> QuerySet[Export]:
    """All, with what an export's own page shows."""
    return Export.objects.filter(company=company).select_related(
        "sent_by", "answered_by", "connection", "project", "commitment", "link"
    )


def export_rows(exports: Iterable[Export], *, access: CompanyAccess, connection: ErpConnection) -> list[ExportRow]:
    """No query."""
    not_allowed = access.why_not_accounting()
    return [
        ExportRow(
            export=export,
            lines=sent_lines(export),
            number=prefilled_number(export, connection),
            not_allowed=not_allowed,
            shows_commitment=access.commitments_level(export.project_id) >= Level.READ_ONLY,
        )
        for export in exports
    ]


def prefilled_number(export: Export, connection: ErpConnection) -> str:
    """What the field for the number in the ERP begins with."""
    return export.number if connection.use_commitment_number else ""


def sent_lines(export: Export) -> list[SentLine]:
    return [
        SentLine(
            number=line["linnum"],
            description=line["dscrpt"],
            cost_code=line["cstcde"],
            cost_type=line["csttyp"],
            quantity=Decimal(line["linqty"]) if "linqty" in line else None,
            price=Decimal(line["linprc"]) if "linprc" in line else None,
            amount=Decimal(line["extttl"] if "extttl" in line else line["amount"]),
        )
        for line in export.document.get("lines", [])
    ]


def code_names(export: Export) -> dict[str, dict[str, str]]:
    """Our names of the cost codes and types that the document gives by their number in the ERP. Two queries."""
    lines = export.document.get("lines", [])
    codes = CostCodeLink.objects.filter(
        connection=export.connection_id, erp_id__in={line["cstcde"] for line in lines}
    ).values_list("erp_id", "cost_code_id")
    types = CostTypeLink.objects.filter(
        connection=export.connection_id, erp_id__in={line["csttyp"] for line in lines}
    ).values_list("erp_id", "cost_type_id")
    code_of = CostCode.objects.in_bulk([pk for _, pk in codes])
    type_of = CostType.objects.in_bulk([pk for _, pk in types])
    return {
        "codes": {erp_id: str(code_of[pk]) for erp_id, pk in codes},
        "types": {erp_id: str(type_of[pk]) for erp_id, pk in types},
    }


def header_facts(export: Export) -> list[tuple[str, str, str]]:
    """(label, the ERP's field name, value) of the document's header."""
    return [
        (HEADER_LABELS[name], name, str(export.document[name])) for name in HEADER_LABELS if name in export.document
    ]


def export_history(export: Export) -> QuerySet[Activity]:
    """What the history tells of this export: its commitment's entries from when it was sent until it ended."""
    entries = Activity.objects.filter(
        company_id=export.company_id,
        subject_type=SubjectType.COMMITMENT,
        subject_id=export.commitment_id or 0,
        at__gte=export.sent_at,
    )
    return entries.filter(at__lte=export.finished_at) if export.finished_at else entries


def approvers_of(company: Company) -> list[str]:
    """A few who may accept and reject, by name."""
    return list(
        CompanyMember.objects.filter(
            company=company,
            erp_integrations_level__gte=Level.STANDARD,
            can_push_to_accounting=True,
            user__is_active=True,
        )
        .order_by("user__name", "id")
        .values_list("user__name", flat=True)[:NAMED]
    )


def state_badge(export: Export) -> tuple[str, str, str]:
    """(label, icon, tone). Its link must be loaded with it."""
    if _was_unlinked(export):
        return UNLINKED_SINCE
    return (export.get_state_display(), *BADGES[State(export.state)])


def next_step(export: Export, wording: Wording) -> str:
    """What has to happen next, in a sentence or two."""
    erp = wording.short_label
    if _was_unlinked(export):
        return "Nothing more here: it was linked, and unlinked since. The commitment's page leads on."
    if export.state == State.AWAITING and export.method == Export.Method.ENTRY_SHEET:
        return f"Key it into {erp} from its entry sheet. The next sync finds it there and links it."
    return {
        State.READY: "Accounting accepts it under a number, or rejects it with a reason.",
        State.RETRIEVED: "It was taken back by its sender. When it is corrected, it can be sent again.",
        State.REJECTED: "It can be edited again. When it is corrected, it can be sent again.",
        State.ACCEPTED: "It waits for a task process to bring it on its way, usually for some seconds.",
        State.WRITING: f"It is being brought into {erp}.",
        State.AWAITING: f"It was written. The next sync finds it in {erp} and links it.",
        State.NEEDS_DECISION: f"{erp} holds a record under its number that differs: somebody has to decide.",
        State.FAILED: "Retry it once the cause is gone, or reject it, so that its sender can correct it.",
        State.LINKED: f"Nothing more: it is in {erp}, and linked.",
    }[State(export.state)]


def _was_unlinked(export: Export) -> bool:
    return export.state == State.LINKED and export.link is not None and not export.link.is_open


def on_their_way_counts(company: Company) -> dict[str, int]:
    """How many are on their way, and how many of these wait for a decision. Two queries."""
    exports = Export.objects.filter(company=company)
    return {
        "all": exports.filter(state__in=ON_THEIR_WAY).count(),
        "to_decide": exports.filter(state=State.NEEDS_DECISION).count(),
    }
