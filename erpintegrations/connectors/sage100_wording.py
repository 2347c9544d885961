"""How pages speak of Sage 100 Contractor: its names, what to do there, and its entry screens.

Imported by `connectors` and `sage100` alone.
"""

from __future__ import annotations

from erpintegrations.connectors.base import CommitmentKind, EntryScreen, Standing, Wording

WORDING = Wording(
    label="Sage 100 Contractor®",
    short_label="Sage",
    how_to_delete={
        CommitmentKind.SUBCONTRACT: "In Sage, open 6-7-1 Subcontracts and choose Edit ▸ Delete Subcontract.",
        CommitmentKind.PURCHASE_ORDER: "In Sage, a purchase order is voided rather than deleted: open 6-6-1 Purchase "
        "Orders and choose Edit ▸ Void.",
    },
    why_refused={
        CommitmentKind.SUBCONTRACT: "Sage itself refuses to delete it, because {amounts}: have accounting reverse its "
        "invoices and change orders first, or correct it with a change order.",
        CommitmentKind.PURCHASE_ORDER: "Sage itself refuses to void it, because {amounts}: have accounting reverse its "
        "invoices first, or correct it with a change order.",
    },
    purge_name="Remove Refused/Closed Jobs",
    # In the order in which Sage's own help has them filled in.
    entry_screens={
        CommitmentKind.SUBCONTRACT: EntryScreen(
            name="6-7-1 Subcontracts",
            boxes=(
                ("jobnum", "Job"),
                ("vndnum", "Vendor"),
                ("ctcnum", "Subcontract#"),
                ("dscrpt", "Description"),
                ("condte", "Contract Date"),
                ("rtnrte", "Retention"),
            ),
            columns=(
                ("dscrpt", "Description"),
                ("cstcde", "Cost Code"),
                ("csttyp", "Cost Type"),
                ("amount", "Original Contract"),
            ),
        ),
        CommitmentKind.PURCHASE_ORDER: EntryScreen(
            name="6-6-1 Purchase Orders",
            boxes=(
                ("ordnum", "Order#"),
                ("orddte", "Order Date"),
                ("vndnum", "Vendor"),
                ("dscrpt", "Description"),
                ("jobnum", "Job"),
            ),
            columns=(
                ("dscrpt", "Description"),
                ("linqty", "Quantity"),
                ("linprc", "Price"),
                ("extttl", "Total"),
                ("cstcde", "Cost Code"),
                ("csttyp", "Cost Type"),
            ),
        ),
    },
    # Not among them: a bid and what was refused; an order in review or in dispute, a void one, and a master order, of
    # which only the orders made from it bind anybody.
    standings={
        CommitmentKind.SUBCONTRACT: {
            "3-Contract": Standing.AGREED,
            "4-Current": Standing.AGREED,
            "5-Complete": Standing.FINISHED,
            "6-Closed": Standing.FINISHED,
        },
        CommitmentKind.PURCHASE_ORDER: {"1-Open": Standing.AGREED, "4-Closed": Standing.FINISHED},
    },
)
