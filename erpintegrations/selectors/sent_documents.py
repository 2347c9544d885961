"""What was sent, as people read it: the header and the lines of an export's document, with the ERP's own names."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format

from erpintegrations.amounts import price, quantity
from erpintegrations.models import Export
from erpintegrations.selectors.erp_names import COST_CODE, COST_TYPE, JOB, VENDOR, ErpNames, erp_names

NUMBERS = ("ctcnum", "ordnum")
KINDS = {"vndnum": VENDOR, "jobnum": JOB, "cstcde": COST_CODE, "csttyp": COST_TYPE}
DATES = ("condte", "orddte")
PERCENTAGES = ("rtnrte",)
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
    quantity: str
    price: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of a document's header. `value` is the ERP's own, `shown` how people read it, `note` its name."""

    field: str
    label: str
    value: str
    shown: str
    note: str = ""
    is_figure: bool = False


def names_of(exports: Iterable[Export]) -> ErpNames:
    """How the ERP calls what these exports of one connection name by number. One query."""
    chosen = list(exports)
    wanted: dict[str, set[str]] = {kind: set() for kind in KINDS.values()}
    for export in chosen:
        for part in (export.document, *export.document.get("lines", [])):
            for field, kind in KINDS.items():
                wanted[kind].add(str(part.get(field, "")))
    return erp_names(chosen[0].connection_id, wanted)


def header_of(export: Export) -> dict[str, Any]:
    """Under the number that it was accepted with, if it was."""
    document = export.document
    return document | {field: export.erp_number for field in NUMBERS if field in document and export.erp_number}


def header_facts(
    export: Export, names: ErpNames, labels: Iterable[tuple[str, str]] = (), *, as_sent: bool = False
) -> list[Fact]:
    """The header's fields that the document has, by default all, in the order of these labels.

    Under the number that it was accepted with, if it was, unless `as_sent`. A vendor and a job whose names were never
    read in the ERP have ours.
    """
    header = export.document if as_sent else header_of(export)
    own = {"vndnum": export.vendor_name, "jobnum": export.project_name}
    return [
        _fact(field, label, str(header[field]), names, own.get(field, ""))
        for field, label in labels or HEADER_LABELS.items()
        if field in header
    ]


def _fact(field: str, label: str, value: str, names: ErpNames, own_name: str) -> Fact:
    shown = value
    if field in DATES and value:
        shown = date_format(datetime.date.fromisoformat(value), "M j, Y")
    elif field in PERCENTAGES:
        shown = f"{value} %"
    return Fact(field, label, value, shown, (names.name(KINDS[field], value) if field in KINDS else "") or own_name)


def sent_lines(export: Export, names: ErpNames | None = None) -> list[SentLine]:
    """No query; with names, cost codes and types have them."""
    named = names or ErpNames(())
    return [
        SentLine(
            number=line["linnum"],
            description=line["dscrpt"],
            cost_code=named.named(COST_CODE, line["cstcde"]),
            cost_type=named.named(COST_TYPE, line["csttyp"]),
            quantity=quantity(Decimal(line["linqty"])) if "linqty" in line else "",
            price=price(Decimal(line["linprc"])) if "linprc" in line else "",
            amount=Decimal(line["extttl"] if "extttl" in line else line["amount"]),
        )
        for line in export.document.get("lines", [])
    ]
