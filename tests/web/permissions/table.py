"""All rows of the table: the pages of the company, links and runs, and those of the rooms beside this module."""

from erpintegrations.models import SyncLink, SyncRun
from tests.web.permissions.bringing_in import BRINGING_IN
from tests.web.permissions.commitments import WRITE_COMMITMENTS
from tests.web.permissions.correction import CORRECTION
from tests.web.permissions.exports import EXPORT, ON_THEIR_WAY
from tests.web.permissions.needs import ADMIN, ON_THE_TEAM, READ_ONLY, STANDARD, UNLINK, Action, on_commitments, on_erp
from tests.web.permissions.set_up import SET_UP
from tests.web.permissions.settings import CONFIGURE
from tests.web.stage import Stage


def linked(stage: Stage, link: SyncLink) -> bool:
    return SyncLink.objects.get(pk=link.pk).is_open


def run_in(stage: Stage, state: SyncRun.State) -> bool:
    return SyncRun.objects.get(pk=stage.waiting_run.pk).state == state


TABLE = [
    *WRITE_COMMITMENTS,
    *EXPORT,
    *ON_THEIR_WAY,
    *CORRECTION,
    *BRINGING_IN,
    *SET_UP,
    Action("see the company", "company_home"),
    Action(
        "see the project's commitments",
        "commitment_list",
        (ON_THE_TEAM, on_commitments(READ_ONLY)),
        lambda stage: (stage.project.pk,),
    ),
    Action(
        "see a commitment",
        "commitment_detail",
        (ON_THE_TEAM, on_commitments(READ_ONLY)),
        lambda stage: (stage.project.pk, stage.commitment.pk),
    ),
    Action("see the ERP Integrations tool", "erp_home", (on_erp(READ_ONLY),)),
    Action("see its view Commitment", "erp_commitment", (on_erp(READ_ONLY),)),
    Action("see the list Ready to Export", "erp_ready", (on_erp(READ_ONLY),)),
    Action("see the list Failed to Export", "erp_failed", (on_erp(READ_ONLY),)),
    Action("see the list Synced", "erp_synced", (on_erp(READ_ONLY),)),
    Action("see the sync runs", "run_list", (on_erp(READ_ONLY),)),
    Action("see a sync run", "run_detail", (on_erp(READ_ONLY),), lambda stage: (stage.done_run.pk,)),
    Action("see its progress", "run_progress", (on_erp(READ_ONLY),), lambda stage: (stage.done_run.pk,)),
    Action("see the history", "history", (on_erp(READ_ONLY),)),
    Action("download the history", "history_csv", (on_erp(READ_ONLY),)),
    Action("download the history for Excel", "history_excel", (on_erp(READ_ONLY),)),
    Action("download the list Synced", "synced_csv", (on_erp(READ_ONLY),)),
    Action("download the list Synced for Excel", "synced_excel", (on_erp(READ_ONLY),)),
    Action(
        "unlink",
        "link_unlink",
        UNLINK,
        lambda stage: (stage.gone.pk,),
        method="post",
        happens=lambda stage: not linked(stage, stage.gone),
    ),
    Action(
        "undo an unlink",
        "link_undo",
        UNLINK,
        lambda stage: (stage.closed.pk,),
        method="post",
        happens=lambda stage: linked(stage, stage.closed),
    ),
    Action(
        "preview Unlink selected",
        "unlink_selected",
        UNLINK,
        method="post",
        data=lambda stage: {"link": stage.gone.pk},
        answers_per_row=True,
    ),
    Action(
        "unlink selected",
        "unlink_selected",
        UNLINK,
        method="post",
        data=lambda stage: {"link": stage.gone.pk, "confirmed": "yes"},
        happens=lambda stage: not linked(stage, stage.gone),
        answers_per_row=True,
    ),
    Action(
        "check now",
        "link_check",
        (on_erp(STANDARD),),
        lambda stage: (stage.gone.pk,),
        method="post",
        happens=lambda stage: SyncLink.objects.get(pk=stage.gone.pk).checked_at is not None,
    ),
    Action(
        "sync now",
        "sync_now",
        (on_erp(ADMIN),),
        method="post",
        happens=lambda stage: SyncRun.objects.filter(company=stage.company, state=SyncRun.State.QUEUED).exists(),
    ),
    Action(
        "confirm a run",
        "run_confirm",
        (on_erp(ADMIN),),
        lambda stage: (stage.waiting_run.pk,),
        method="post",
        data=lambda stage: {"reason": "The job was closed."},
        happens=lambda stage: run_in(stage, SyncRun.State.CONFIRMED),
    ),
    Action(
        "discard a run",
        "run_discard",
        (on_erp(ADMIN),),
        lambda stage: (stage.waiting_run.pk,),
        method="post",
        data=lambda stage: {"reason": "A restored backup."},
        happens=lambda stage: run_in(stage, SyncRun.State.DISCARDED),
    ),
    *CONFIGURE,
    Action("see what the privilege is", "privilege_request"),
]
