"""Comparing links and records that are all at hand, in one step."""

from __future__ import annotations

from collections.abc import Collection

from erpintegrations.connectors.base import ErpRecord
from erpintegrations.models import GONE, Presence
from erpintegrations.sync.compare import FINGERPRINT, Comparison, LinkState, OpenLinks, Plan


def in_memory(links: Collection[LinkState]) -> OpenLinks:
    """Links whose states need not be loaded."""
    present = {link.values[FINGERPRINT]: link.id for link in links if link.presence == Presence.PRESENT}
    present.pop("", None)
    settled = set(present.values())
    by_record, by_id = {link.erp_id: link for link in links}, {link.id: link for link in links}
    return OpenLinks(
        present,
        unsettled=[link.id for link in links if link.presence not in GONE and link.id not in settled],
        gone=sum(link.presence in GONE for link in links),
        of_records=lambda erp_ids: [by_record[erp_id] for erp_id in erp_ids if erp_id in by_record],
        of_ids=lambda ids: [by_id[id] for id in ids],
    )


def compare(links: Collection[LinkState], records: Collection[ErpRecord], job_ids: Collection[str]) -> Plan:
    """What one reading means that needs no second question."""
    records = list(records)
    comparison = Comparison(in_memory(list(links)))
    comparison.feed([records[place] for place in comparison.settle([record.fingerprint for record in records])])
    moments = [record.updated_at for record in records if record.updated_at]
    comparison.plan.newest_seen = max(moments, default=None)
    return comparison.finish(job_ids)
