"""The factories make whole things that belong together."""

import pytest

from commitments.models import Commitment
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_link_and_its_commitment_are_of_one_company():
    link = factories.SyncLinkFactory()
    assert link.commitment.company == link.project.company == link.vendor.company == link.connection.company
    assert link.commitment.erp_status == Commitment.ErpStatus.SYNCED
    assert link.commitment.lines.get().amount == link.amount == link.erp_amount


def test_an_unlinked_link_is_closed_and_its_commitment_not_sent():
    link = factories.SyncLinkFactory(unlinked=True)
    assert not link.is_open
    assert link.is_gone
    assert link.commitment.erp_status == Commitment.ErpStatus.NOT_SENT


@pytest.mark.parametrize("kind", [{}, {"failed": True}, {"queued": True}])
def test_runs_are_whole(kind):
    run = factories.SyncRunFactory(**kind)
    assert run.company == run.connection.company


def test_the_cast_has_the_rights_of_the_sample_sign_ins(
    access_of, project, approver, manager, accountant, viewer, staff, admin
):
    def may_unlink(person):
        return access_of(person).why_not_unlink(project.pk, str(project)) is None

    assert [may_unlink(person) for person in (approver, manager, accountant, viewer, admin)] == [
        True,
        False,
        False,
        False,
        True,
    ]
    assert staff.has_perm("directory.grant_can_push_to_accounting")
