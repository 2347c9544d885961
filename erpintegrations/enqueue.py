"""The only caller of the task queue. Services hand ids over here, never objects: payloads are signed pickles."""

from __future__ import annotations

import datetime

from django_q.models import OrmQ
from django_q.tasks import async_task

SYNC_TASK = "erpintegrations.tasks.sync_connection"
EXPORT_TASK = "erpintegrations.tasks.export_commitment"
REJECTION_MAIL_TASK = "erpintegrations.tasks.send_rejection_mail"
CHECK_TASK = "erpintegrations.tasks.check_connection"
SIGN_IN_LINK_TASK = "erpintegrations.tasks.send_sign_in_link"
BRING_IN_TASK = "erpintegrations.tasks.bring_in"


def enqueue_sync(run_id: int) -> None:
    """This function will hand a sync run to the task processes, which see it once the caller's transaction commits.

    The queue is a table of the same database, so that a run and its task are there together or not at all.
    """
    async_task(SYNC_TASK, run_id, task_name=f"Sync run {run_id}")


def enqueue_export(export_id: int) -> None:
    """This function will hand an accepted export to the task processes, once the caller's transaction commits.

    Twice does no harm: the second one finds it claimed, or under way already.
    """
    async_task(EXPORT_TASK, export_id, task_name=f"Export {export_id}")


def enqueue_rejection_mail(mail_id: int) -> None:
    """This function will hand a rejection mail to the task processes, once the caller's transaction commits.

    Twice does no harm: only the task that claims it sends it.
    """
    async_task(REJECTION_MAIL_TASK, mail_id, task_name=f"Rejection mail {mail_id}")


def enqueue_sign_in_link(request_id: int) -> None:
    """This function will hand a request for a sign-in link to the task processes, once the transaction commits.

    Twice does no harm: only the task that claims it sends it.
    """
    async_task(SIGN_IN_LINK_TASK, request_id, task_name=f"Sign-in link {request_id}")


def enqueue_check(check_id: int) -> None:
    """This function will hand a test of a connection to the task processes, once the caller's transaction commits.

    Twice does no harm: the second one finds it claimed, or ended.
    """
    async_task(CHECK_TASK, check_id, task_name=f"Connection test {check_id}")


def enqueue_bring_in(bring_in_id: int) -> None:
    """This function will hand bringing in to the task processes, once the caller's transaction commits.

    Twice does no harm: the second one finds it claimed, or ended.
    """
    async_task(BRING_IN_TASK, bring_in_id, task_name=f"Bringing in {bring_in_id}")


def runs_in_queue(now: datetime.datetime) -> frozenset[int]:
    """The sync runs whose task waits in the queue for a free task process."""
    return _waiting(SYNC_TASK, now)


def exports_in_queue(now: datetime.datetime) -> frozenset[int]:
    """The exports whose task waits in the queue for a free task process."""
    return _waiting(EXPORT_TASK, now)


def rejection_mails_in_queue(now: datetime.datetime) -> frozenset[int]:
    """The rejection mails whose task waits in the queue for a free task process."""
    return _waiting(REJECTION_MAIL_TASK, now)


def sign_in_links_in_queue(now: datetime.datetime) -> frozenset[int]:
    """The requests for sign-in links whose task waits in the queue for a free task process."""
    return _waiting(SIGN_IN_LINK_TASK, now)


def checks_in_queue(now: datetime.datetime) -> frozenset[int]:
    """The tests of connections whose task waits in the queue for a free task process."""
    return _waiting(CHECK_TASK, now)


def bring_ins_in_queue(now: datetime.datetime) -> frozenset[int]:
    """What is to be brought in and waits in the queue for a free task process."""
    return _waiting(BRING_IN_TASK, now)


def _waiting(func: str, now: datetime.datetime) -> frozenset[int]:
    tasks = [queued.task for queued in OrmQ.objects.filter(lock__lte=now)]
    return frozenset(task["args"][0] for task in tasks if task.get("func") == func and task.get("args"))
