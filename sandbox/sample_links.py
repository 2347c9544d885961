"""The sample company's links to Sage: its projects, vendors and codes, and the commitments that were exported."""

from __future__ import annotations

import datetime
from decimal import Decimal

from directory.models import User
from erpintegrations.connectors.base import Master
from erpintegrations.models import CostCodeLink, CostTypeLink, ErpConnection, JobLink, VendorLink
from erpintegrations.services.link_commitment import link_commitments
from sandbox import sample_names as names
from sandbox.sample_plan import Plan

LINKED = tuple(datetime.timedelta(weeks=weeks, hours=-2 * weeks) for weeks in (6, 4, 3, 1))


def link_masters(connection: ErpConnection, by: User, now: datetime.datetime) -> None:
    """This function will link every project, vendor, cost code and cost type with its own in Sage, by number."""
    there, company = connection.connector().masters(), connection.company
    jobs, vendors = _by_number(there.jobs), _by_number(there.vendors)
    codes, types = _by_number(there.cost_codes), _by_number(there.cost_types)

    def columns(master: Master) -> dict[str, object]:
        return {
            "company": company,
            "connection": connection,
            "erp_id": master.erp_id,
            "erp_name": master.name,
            "linked_at": now,
            "linked_by": by,
        }

    JobLink.objects.bulk_create(
        JobLink(project=project, **columns(jobs[Decimal(names.JOB_OF_PROJECT[project.number])]))
        for project in company.projects.all()
    )
    VendorLink.objects.bulk_create(
        VendorLink(vendor=vendor, **columns(vendors[Decimal(vendor.number)])) for vendor in company.vendors.all()
    )
    CostCodeLink.objects.bulk_create(
        CostCodeLink(cost_code=code, **columns(codes[Decimal(code.code)])) for code in company.cost_codes.all()
    )
    CostTypeLink.objects.bulk_create(
        CostTypeLink(cost_type=kind, **columns(types[Decimal(kind.code)])) for kind in company.cost_types.all()
    )


def link_exported(connection: ErpConnection, plan: Plan, by: User, now: datetime.datetime) -> None:
    """This function will link what was exported with its record, in a few goes over the past weeks."""
    with connection.connector().reading() as reading:
        records = {(str(record.kind), record.number): record for record in reading.records()}
    ours = connection.company.commitments.select_related("project", "vendor")
    commitments = {(commitment.kind, commitment.number): commitment for commitment in ours}
    keys = sorted((planned.contract_date, planned.kind, planned.number) for planned in plan.linked)
    share = -(-len(keys) // len(LINKED))
    for turn, ago in enumerate(LINKED):
        pairs = [
            (commitments[kind, number], records[kind, number])
            for _, kind, number in keys[turn * share : (turn + 1) * share]
        ]
        link_commitments(connection=connection, pairs=pairs, by=by, now=now - ago)


def _by_number(masters: tuple[Master, ...]) -> dict[Decimal, Master]:
    """Cost codes are written with more or fewer decimals; as numbers they are the same."""
    return {Decimal(master.erp_id): master for master in masters}
