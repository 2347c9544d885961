"""What is locked in which ERP status: every status with every field, tried on the use case itself."""

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest

from commitments.editing import HEADER_FIELDS, locked_fields, update_commitment
from commitments.models import Commitment
from commitments.refusals import CommitmentLocked
from tests.factories import VendorFactory

FREE = ("not_sent", "rejected")
SENT = {
    "ready_to_export": "It was sent to the ERP and waits for accounting to accept it. "
    "Retrieve it from the ERP to change it.",
    "exporting": "It is being exported to the ERP. Wait until the export has ended.",
    "failed_to_export": "Its export to the ERP failed, and can be retried as it was sent. "
    "Have accounting reject it to change it.",
}
SYNCED = "It is synced with the ERP. Unlink it to change this."
FREE_WHILE_SYNCED = {
    "contract_date", "start_date", "estimated_completion_date", "description", "inclusions", "exclusions",
}  # fmt: skip
LABELS = {
    "number": "Number",
    "title": "Title",
    "vendor": "Contract company",
    "status": "Status",
    "accounting_method": "Accounting method",
    "default_retainage_percent": "Default retainage",
    "lines": "Schedule of values",
}
LINE_CHANGES = {
    "line description": {"description": "Other"},
    "line quantity": {"quantity": Decimal(9)},
    "line unit": {"unit_of_measure": "EA"},
    "line unit cost": {"unit_cost": Decimal(9)},
}
HEADER_CHANGES = {
    "number": "SC-2000",
    "title": "Other",
    "status": "approved",
    "accounting_method": "amount_based",
    "default_retainage_percent": Decimal(7),
    "contract_date": datetime.date(2026, 1, 5),
    "start_date": datetime.date(2026, 1, 5),
    "estimated_completion_date": datetime.date(2026, 1, 5),
    "description": "Other",
    "inclusions": "Other",
    "exclusions": "Other",
}
CHANGES = [*HEADER_CHANGES, "vendor", *LINE_CHANGES, "added line", "removed line", "moved line"]


def changed(what, header, lines, line, company):
    if what in HEADER_CHANGES:
        return replace(header, **{what: HEADER_CHANGES[what]}), lines
    if what == "vendor":
        return replace(header, vendor=VendorFactory(company=company).pk), lines
    if what in LINE_CHANGES:
        return header, [replace(lines[0], **LINE_CHANGES[what]), lines[1]]
    return header, {"added line": [*lines, line()], "removed line": lines[:1], "moved line": lines[::-1]}[what]


@pytest.mark.parametrize("erp_status", Commitment.ErpStatus.values)
@pytest.mark.parametrize("what", CHANGES)
def test_the_lock_matrix(what, erp_status, draft, as_it_is, line, company, access, now):
    draft.erp_status = erp_status
    draft.save()
    header, lines = changed(what, *as_it_is(draft), line, company)
    field = what if what in HEADER_FIELDS else "lines"

    def save():
        return update_commitment(
            commitment=draft, seen_revision=1, header=header, lines=lines, access=access, now=now
        ).revision

    if erp_status in FREE or (erp_status == "synced" and field in FREE_WHILE_SYNCED):
        assert save() == 2
        assert field not in locked_fields(draft)
        return
    with pytest.raises(CommitmentLocked) as refusal:
        save()
    if erp_status in SENT:
        assert str(refusal.value) == f"Subcontract SC-1042 is locked. {SENT[erp_status]}"
        assert locked_fields(draft)[field] == SENT[erp_status]
    else:
        assert str(refusal.value) == f"Locked: {LABELS[field]}. {SYNCED}"
        assert locked_fields(draft)[field] == SYNCED
    assert refusal.value.fields == (field,)
    draft.refresh_from_db()
    assert (draft.revision, draft.lines.count()) == (1, 2)


def test_the_matrix_names_every_field(draft):
    assert {*HEADER_CHANGES, "vendor", "delivery_date"} == set(HEADER_FIELDS)


@pytest.mark.parametrize("erp_status", SENT)
def test_the_delivery_date_of_a_purchase_order_is_locked_once_sent(draft, erp_status):
    Commitment.objects.update(kind="purchase_order", erp_status=erp_status)
    draft.refresh_from_db()
    assert "delivery_date" in locked_fields(draft)


def test_what_is_locked_is_not_judged_by_todays_rules(draft, as_it_is, access, now):
    """A synced commitment of old with a line that nobody could enter today: its description can still be written."""
    draft.lines.update(description="")
    Commitment.objects.update(erp_status="synced")
    header, lines = as_it_is(draft)

    saved = update_commitment(
        commitment=draft,
        seen_revision=1,
        header=replace(header, description="Other"),
        lines=lines,
        access=access,
        now=now,
    )

    assert saved.revision == 2
