"""Setting up the sample company: its books in Sage's shape, and everything of it in the product's own database.

All that goes into the product's database does so in one transaction, the two syncs included: a set-up that is killed
leaves nothing there, and the next one writes the books anew and starts over.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction
from sqlalchemy import URL

from commitments.models import Commitment, CostCode, CostType, ScheduleOfValuesLine, Vendor
from directory.models import Company, Project, User
from directory.refusals import Refusal
from erpintegrations.models import ErpConnection, SyncRun
from erpintegrations.services.change_connection import ConnectionSettings, save_connection
from erpintegrations.services.run_sync import open_run, perform_sync
from sandbox import sample_books, sample_people
from sandbox import sample_names as names
from sandbox.sample_exports import send_and_answer
from sandbox.sample_links import link_exported, link_masters
from sandbox.sample_plan import Plan, Planned, make_plan

FOUNDED = datetime.timedelta(weeks=30)
CONNECTED = datetime.timedelta(weeks=7)
FIRST_SYNC = datetime.timedelta(minutes=60)
HAPPENED_IN_SAGE = datetime.timedelta(minutes=25)

Say = Callable[[str], None]


class SampleCompanyRefused(Refusal):
    """The sample company cannot be set up here."""

    code = "sample_company_refused"


def load(*, now: datetime.datetime, say: Say = lambda _: None) -> bool:
    """This function will set up the sample company, unless it is there already; whether it did so.

    Raises SampleCompanyRefused outside the sandbox, and when a sync of the set-up does not complete.
    """
    if not settings.SANDBOX:
        raise SampleCompanyRefused(
            "The sample company belongs to the sandbox, which is switched off here.",
            remedy="Its sign-ins have a well-known password, so it is loaded only with SANDBOX=1.",
        )
    path = Path(settings.SANDBOX_ERP_PATH)
    if is_there():
        if not path.exists():
            say(
                f"The sample company's Sage file is missing. Put {path.name} back, or start over: script/server --fresh"
            )
        return False
    plan = make_plan(now.date())
    say(f"Writing the books of {names.COMPANY_NAME} …")
    sample_books.write_books(path, plan)
    with transaction.atomic():
        if is_there():
            return False
        say("Loading its commitments …")
        company, admin = _load_company(plan, now)
        connection = _connect(company, admin, path, now)
        link_masters(connection, admin, now - CONNECTED)
        link_exported(connection, plan, admin, now)
        say("Syncing twice, with a few exports, and a few deletions in Sage, in between …")
        _sync(connection, now - FIRST_SYNC)
        send_and_answer(company, path, now)
        sample_books.accounting_goes_on(path, plan, now=now - HAPPENED_IN_SAGE)
        _sync(connection, now)
    return True


def is_there() -> bool:
    """Whether it was set up, to the end."""
    return Company.objects.filter(slug=names.COMPANY_SLUG).exists()


def _load_company(plan: Plan, now: datetime.datetime) -> tuple[Company, User]:
    founded = now - FOUNDED
    company = Company.objects.create(name=names.COMPANY_NAME, slug=names.COMPANY_SLUG, created_at=founded)
    for number, name in names.PROJECTS.items():
        Project.objects.create(company=company, number=number, name=name, created_at=founded)
    admin = sample_people.add_people(company, now=founded)
    Vendor.objects.bulk_create(
        Vendor(company=company, number=str(number), name=name, created_at=founded)
        for number, name in plan.vendors.items()
    )
    CostCode.objects.bulk_create(
        CostCode(company=company, code=code, name=name) for code, name in names.COST_CODES.items()
    )
    CostType.objects.bulk_create(
        CostType(company=company, code=str(code), name=name) for code, name in names.COST_TYPES.items()
    )
    _load_commitments(company, plan)
    return company, admin


def _load_commitments(company: Company, plan: Plan) -> None:
    projects = {project.number: project for project in company.projects.all()}
    vendors = {vendor.number: vendor for vendor in company.vendors.all()}
    cost_codes = {cost_code.code: cost_code for cost_code in company.cost_codes.all()}
    cost_types = {cost_type.code: cost_type for cost_type in company.cost_types.all()}
    created = Commitment.objects.bulk_create(
        Commitment(
            company=company,
            project=projects[planned.project],
            kind=planned.kind,
            number=planned.number,
            title=planned.title,
            vendor=vendors[str(planned.vendor)],
            status=planned.status,
            contract_date=None if planned.status == "draft" else planned.contract_date,
            default_retainage_percent=sample_books.RETAINAGE if planned.kind == "subcontract" else 0,
            amount=planned.amount,
            created_at=_morning_of(planned),
        )
        for planned in plan.commitments
    )
    ScheduleOfValuesLine.objects.bulk_create(
        ScheduleOfValuesLine(
            commitment=commitment,
            position=position,
            cost_code=cost_codes[line.cost_code],
            cost_type=cost_types[str(line.cost_type)],
            description=line.description,
            quantity=line.quantity,
            unit_of_measure=line.unit,
            unit_cost=line.unit_cost,
            amount=line.amount,
        )
        for commitment, planned in zip(created, plan.commitments, strict=True)
        for position, line in enumerate(planned.lines, start=1)
    )


def _morning_of(planned: Planned) -> datetime.datetime:
    return datetime.datetime.combine(planned.contract_date, sample_books.WORKING_DAY_STARTS, tzinfo=datetime.UTC)


def _connect(company: Company, by: User, path: Path, now: datetime.datetime) -> ErpConnection:
    connected_at = now - CONNECTED
    return save_connection(
        connection=ErpConnection(company=company, created_at=connected_at),
        settings=ConnectionSettings(label="Sample company"),
        database_url=URL.create("sqlite", database=str(path.resolve())).render_as_string(hide_password=False),
        by=by,
        now=connected_at,
    )


def _sync(connection: ErpConnection, moment: datetime.datetime) -> None:
    """This function will sync as the hourly sync would have done at that moment. Raises SampleCompanyRefused."""
    connection.refresh_from_db()
    # Not through the queue: nobody works on it yet, and the set-up waits for the result.
    run, _ = open_run(connection=connection, trigger=SyncRun.Trigger.SCHEDULE, by=None, now=moment)
    begun = time.monotonic()
    run = perform_sync(run_id=run.pk, clock=lambda: moment + datetime.timedelta(seconds=time.monotonic() - begun))
    if run.state != SyncRun.State.COMPLETED:
        raise SampleCompanyRefused(
            f"A sync of the sample company did not complete: {run.problem}", remedy=f"{run.remedy} Then start again."
        )
