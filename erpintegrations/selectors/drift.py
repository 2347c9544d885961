"""Where the ERP's record of a linked commitment is no longer what was agreed. Pure; the database has the same rule."""

from __future__ import annotations

from erpintegrations.models import Presence, SyncLink


def drift_of(link: SyncLink) -> tuple[str, ...]:
    """Of amount, vendor and lines those that differ, as recorded; the same rule as `SyncLink.has_drifted`."""
    if link.presence != Presence.PRESENT:
        return ()
    differs = {
        "amount": link.erp_amount != link.amount,
        "vendor": bool(link.expected_vendor_id) and link.erp_vendor_id != link.expected_vendor_id,
        "lines": bool(link.expected_lines_digest and link.erp_lines_digest)
        and link.erp_lines_digest != link.expected_lines_digest,
    }
    return tuple(name for name, is_other in differs.items() if is_other)


def in_words(drifted: tuple[str, ...]) -> str:
    """Such as "amount and lines"; empty for none."""
    *first, last = drifted or ("",)
    return f"{', '.join(first)} and {last}" if first else last
