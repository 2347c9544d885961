"""What the task processes run. Imported by django-q2 by name, so it is kept light: a module that fails to import here
would be tried for ever, hence the imports inside.

A task may come twice, or again after its worker was killed: each of these does no harm the second time.
"""

from __future__ import annotations


def sync_all() -> None:
    """Each minute: hand one task to the task processes for each connection whose sync is due."""
    from django.utils import timezone

    from erpintegrations.services.keep_house import request_due_syncs

    request_due_syncs(now=timezone.now())


def sync_connection(run_id: int) -> None:
    """Perform one sync run, unless it has ended or somebody else works on it."""
    from erpintegrations.services.run_sync import perform_sync

    perform_sync(run_id=run_id)


def export_commitment(export_id: int) -> None:
    """Bring one accepted export on its way into the ERP, unless somebody else does, or it has moved on."""
    from erpintegrations.services.export_commitment import perform_export

    perform_export(export_id=export_id)


def send_rejection_mail(mail_id: int) -> None:
    """Tell a sender by mail that accounting rejected their commitment, unless another task does or did."""
    from django.utils import timezone

    from erpintegrations.services.rejection_mail import send_rejection_mail as send

    send(mail_id=mail_id, now=timezone.now())


def send_sign_in_link(request_id: int) -> None:
    """Mail the link that somebody asked for, unless another task does or did."""
    from django.utils import timezone

    from directory.sign_in_links import send_requested

    send_requested(request_id=request_id, now=timezone.now())


def check_connection(check_id: int) -> None:
    """Test one connection, unless that has ended or somebody else works on it."""
    from erpintegrations.services.check_connection import perform_check

    perform_check(check_id=check_id)


def bring_in(bring_in_id: int) -> None:
    """Bring in what the ERP has for a while, unless it has ended or somebody else works on it."""
    from erpintegrations.services.bring_in import perform_bring_in

    perform_bring_in(bring_in_id=bring_in_id)


def housekeeping() -> None:
    """Each minute: a sign of life, and mending what was left lying."""
    from django.utils import timezone

    from erpintegrations.services.keep_house import keep_house

    keep_house(now=timezone.now())
