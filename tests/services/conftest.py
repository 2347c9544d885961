"""The stage of the use cases around a link: one subcontract, linked to its record in a real Sage company."""

import datetime

import pytest
from django.utils import timezone
from django_q.models import Schedule

from directory.models import Activity
from erpintegrations.models import Presence, SyncLink
from erpintegrations.services import live_erp
from erpintegrations.services.link_commitment import link_commitments
from tests.factories import CommitmentFactory
from tests.services.bringing_in import BringingIn

RED = "The commitment is still in Sage 100 Contractor®. Please delete it before retrying."


def next_sync_is_due(at: datetime.datetime) -> None:
    Schedule.objects.update_or_create(
        name="Hourly sync", defaults={"func": "erpintegrations.tasks.sync_all", "next_run": at}
    )


@pytest.fixture
def now():
    """A little ahead of the fixtures, which link "before"."""
    return timezone.now()


@pytest.fixture
def job(sage_company):
    return sage_company.add_job("Riverside Clinic")


@pytest.fixture
def linked(connection, project, sage_company, job):
    """Links a new commitment to a new record in Sage: `linked("SC-1042")`, `linked("PO-7", kind="purchase_order")`."""

    def link(number: str, *, kind: str = "subcontract", **fields) -> SyncLink:
        commitment = CommitmentFactory(project=project, number=number, title="Concrete", kind=kind, amount=1000)
        add = sage_company.add_subcontract if kind == "subcontract" else sage_company.add_purchase_order
        erp_id = add(number, fields.pop("job", job))
        record = connection.connector().look_up([erp_id]).records[erp_id]
        an_hour_ago = timezone.now() - datetime.timedelta(hours=1)
        (link,) = link_commitments(connection=connection, pairs=[(commitment, record)], by=None, now=an_hour_ago)
        fields = {"presence": Presence.PRESENT, **fields}
        SyncLink.objects.filter(pk=link.pk).update(**fields)
        return SyncLink.objects.get(pk=link.pk)

    return link


@pytest.fixture
def link(linked):
    """Subcontract SC-1042, which is in Sage and recorded so."""
    return linked("SC-1042")


@pytest.fixture
def deleted_link(link, sage_company):
    """Subcontract SC-1042, deleted in Sage, and recorded so."""
    sage_company.delete(link.erp_id)
    SyncLink.objects.filter(pk=link.pk).update(presence=Presence.DELETED)
    link.refresh_from_db()
    return link


@pytest.fixture
def stage(connection, sage_company, project, admin):
    """A Sage company whose commitments can be brought in."""
    return BringingIn(connection, sage_company, project, admin)


@pytest.fixture
def impatient(monkeypatch):
    """The live ERP is given a third of a second, so that a test of its silence is not five seconds long."""
    monkeypatch.setattr(live_erp, "SECONDS", 0.3)


@pytest.fixture
def story():
    """What the history has told since the link was made: the verbs, in order."""

    def tell() -> list[str]:
        return list(Activity.objects.exclude(verb="linked").order_by("id").values_list("verb", flat=True))

    return tell
