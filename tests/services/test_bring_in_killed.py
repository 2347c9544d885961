"""Bringing in by processes that are killed with SIGKILL, again and again, at no particular moment."""

import os
import random
import subprocess
import sys
import time

import pytest
from django.db import connection as database
from django_q.models import OrmQ

from benchmarks.database import url_of
from commitments.models import Commitment
from directory.models import Activity
from erpintegrations.models import BringIn, SyncLink, UnlinkedRecord
from erpintegrations.services.bring_in import LEASE, hand_on_bring_ins

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HOW_MANY, KILLS = 3000, 4
A_TASK = "import django, sys; django.setup(); from erpintegrations import tasks; tasks.bring_in(int(sys.argv[1]))"


def begin(bring_in: BringIn) -> subprocess.Popen[bytes]:
    """A process of its own that does what a task process does."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "erpintegrations.settings",
        "DATABASE_URL": url_of(database.settings_dict),
    }
    return subprocess.Popen([sys.executable, "-c", A_TASK, str(bring_in.pk)], env=environment)


def is_claimed(bring_in: BringIn) -> bool:
    bring_in.refresh_from_db()
    return bring_in.state == BringIn.State.WORKING


def let_its_lease_run_out(bring_in: BringIn) -> None:
    """As if five minutes had passed since: the housekeeping then hands it on."""
    OrmQ.objects.all().delete()
    expired = BringIn.objects.filter(pk=bring_in.pk, state=BringIn.State.WORKING)
    assert expired.update(lease_expires_at=bring_in.lease_expires_at - 2 * LEASE) == 1
    assert hand_on_bring_ins(now=bring_in.lease_expires_at) == [bring_in.pk]


def test_killed_at_any_moment_it_loses_and_doubles_nothing(stage):
    stage.many(HOW_MANY)
    stage.read()
    bring_in = stage.request()
    chance = random.Random()

    for _ in range(KILLS):
        process = begin(bring_in)
        while process.poll() is None and not is_claimed(bring_in):
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 1.5))
        process.kill()
        process.wait(30)
        bring_in.refresh_from_db()
        assert Commitment.objects.count() == SyncLink.objects.count() == bring_in.done_count
        if not bring_in.is_open:
            break
        let_its_lease_run_out(bring_in)
        # So many deaths before a batch is done are given up, which is not what this is about.
        BringIn.objects.filter(pk=bring_in.pk).update(attempts=0)

    if bring_in.is_open:
        assert begin(bring_in).wait(120) == 0
    bring_in.refresh_from_db()
    assert (bring_in.state, bring_in.done_count, bring_in.left_count) == ("done", HOW_MANY, 0)
    assert Commitment.objects.count() == Activity.objects.filter(verb="brought_in").count() == HOW_MANY
    assert SyncLink.objects.values("erp_id").distinct().count() == HOW_MANY
    assert UnlinkedRecord.objects.exclude(number="OTHER").count() == 0
