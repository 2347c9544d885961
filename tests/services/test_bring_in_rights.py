"""Who may bring in, for as long as it works; and from which database: never from another one than it was asked for."""

import datetime

import pytest

from commitments.models import Commitment
from directory.models import Activity, CompanyMember, Level
from directory.refusals import LacksPrivilege
from erpintegrations.models import BringIn, ErpConnection
from erpintegrations.refusals import BringInNotPossible
from erpintegrations.services import bring_in as module
from erpintegrations.services.change_connection import ConnectionSettings, save_connection
from tests.connectors.builder import SageCompany

pytestmark = pytest.mark.django_db

NOT_ANY_MORE = "Alma Admin, who started it, may not do this any more."


@pytest.fixture
def asked(stage, monkeypatch):
    """Three subcontracts to bring in, one a batch, each batch a shift."""
    monkeypatch.setattr(module, "BATCH_SIZE", 1)
    monkeypatch.setattr(module, "SHIFT", datetime.timedelta(0))
    stage.subcontracts(3)
    stage.read()
    return stage.request()


def point_elsewhere(stage, path):
    other = SageCompany(path)
    other.add_job("Tunnel")
    connection = ErpConnection.objects.get(pk=stage.connection.pk)
    return save_connection(
        connection=connection,
        settings=ConnectionSettings.of(connection),
        database_url=other.database_url,
        by=stage.admin,
        now=stage.clock(),
    )


def test_commitments_take_the_privilege_as_linking_one_does(stage):
    CompanyMember.objects.filter(user=stage.admin).update(can_push_to_accounting=False)
    stage.subcontract()
    stage.read()
    with pytest.raises(LacksPrivilege, match="This needs the privilege 'Can Push to Accounting'"):
        stage.request()
    assert not BringIn.objects.exists()


@pytest.mark.parametrize(
    "loses",
    [
        lambda member: CompanyMember.objects.filter(pk=member.pk).update(erp_integrations_level=Level.STANDARD),
        lambda member: CompanyMember.objects.filter(pk=member.pk).update(can_push_to_accounting=False),
        lambda member: CompanyMember.objects.filter(pk=member.pk).delete(),
        lambda member: type(member.user).objects.filter(pk=member.user_id).update(is_active=False),
    ],
    ids=["the level", "the privilege", "the company", "the account"],
)
def test_it_ends_before_the_next_batch_when_who_started_it_loses(stage, asked, loses):
    assert stage.perform(asked).done_count == 1
    loses(CompanyMember.objects.select_related("user").get(user=stage.admin))
    done = stage.perform(asked)
    assert (done.state, done.done_count, done.problem) == ("failed", 1, NOT_ANY_MORE)
    assert done.remedy == module.GOES_ON
    assert Commitment.objects.count() == 1


def test_it_ends_when_the_connection_is_pointed_elsewhere(stage, asked, tmp_path):
    assert stage.perform(asked).state == "waiting"
    point_elsewhere(stage, tmp_path / "other.sqlite3")
    done = stage.perform(asked)
    assert (done.state, done.done_count, stage.numbers()) == ("failed", 1, ["SC-1"])
    assert done.problem == "Alma Admin changed how the database is reached while it was under way."
    told = Activity.objects.filter(verb="bring_in_ended").get()
    assert told.after == {"brought_in": 1, "left": 0, "problem": done.problem}


def test_a_batch_that_was_read_before_the_connection_was_pointed_elsewhere_is_dropped(
    stage, asked, tmp_path, monkeypatch
):
    write = module._write_batch

    def change_before(*args):
        point_elsewhere(stage, tmp_path / "other.sqlite3")
        write(*args)

    monkeypatch.setattr(module, "_write_batch", change_before)
    done = stage.perform(asked)
    assert (done.state, done.done_count, stage.numbers()) == ("failed", 0, [])


@pytest.mark.parametrize(
    "unread",
    [
        {"server": "", "database": "", "erp_company": ""},
        {"masters_read_at": None},
        {"counterparts_of": "Another company"},
    ],
    ids=["who answers", "jobs, vendors and codes", "whose they are"],
)
def test_nothing_is_begun_before_a_sync_has_read_where_the_connection_points_now(stage, unread):
    stage.subcontract()
    stage.read()
    ErpConnection.objects.update(**unread)
    with pytest.raises(BringInNotPossible) as refusal:
        stage.request()
    assert str(refusal.value) == (
        "Sage was not read since the connection was set up, or pointed elsewhere. Wait for the next sync, or use Sync "
        "now. Then look at the list, and start it."
    )
