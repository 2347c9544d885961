"""The history: who did what, when and why, with before and after. Append-only, also for the database itself."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Verb(models.TextChoices):
    """What can have happened. One vocabulary for all rooms, so that a history reads as one story."""

    COMMITMENT_CREATED = "commitment_created", "Commitment created"
    COMMITMENT_EDITED = "commitment_edited", "Commitment edited"
    COMMITMENT_DELETED = "commitment_deleted", "Commitment deleted"
    SENT = "sent", "Sent to ERP"
    RETRIEVED = "retrieved", "Retrieved from ERP"
    ACCEPTED = "accepted", "Accepted by accounting"
    REJECTED = "rejected", "Rejected by accounting"
    EXPORT_RETRIED = "export_retried", "Export retried"
    EXPORT_WRITTEN = "export_written", "Written to the ERP"
    EXPORT_FAILED = "export_failed", "Export failed"
    EXPORT_NEEDS_DECISION = "export_needs_decision", "Export needs a decision"
    LINKED = "linked", "Linked"
    UNLINKED = "unlinked", "Unlinked"
    UNLINK_UNDONE = "unlink_undone", "Unlink undone"
    UNLINK_ANYWAY_ASKED = "unlink_anyway_asked", "Unlink anyway asked for"
    UNLINK_ANYWAY_CONSENTED = "unlink_anyway_consented", "Consented to unlink anyway"
    UNLINK_ANYWAY_DECLINED = "unlink_anyway_declined", "Declined to unlink anyway"
    UNLINK_ANYWAY_WITHDRAWN = "unlink_anyway_withdrawn", "Unlink anyway withdrawn"
    ADOPTED = "adopted", "Adopted from the ERP"
    PRESENCE_CHANGED = "presence_changed", "State in the ERP changed"
    AMOUNT_CHANGED = "amount_changed", "Amount in the ERP changed"
    RECORD_CHANGED = "record_changed", "Record in the ERP changed"
    SYNC_STARTED = "sync_started", "Sync asked for"
    SYNC_COMPLETED = "sync_completed", "Sync completed"
    SYNC_FAILED = "sync_failed", "Sync failed"
    SYNC_NEEDS_CONFIRMATION = "sync_needs_confirmation", "Sync needs confirmation"
    SYNC_CONFIRMED = "sync_confirmed", "Sync confirmed"
    SYNC_DISCARDED = "sync_discarded", "Sync discarded"
    PRIVILEGE_REQUESTED = "privilege_requested", "Privilege requested"
    PRIVILEGE_GRANTED = "privilege_granted", "Privilege granted"
    PRIVILEGE_DECLINED = "privilege_declined", "Privilege request declined"
    PRIVILEGE_REVOKED = "privilege_revoked", "Privilege revoked"
    LEVEL_CHANGED = "level_changed", "Tool level changed"
    CONNECTION_CHANGED = "connection_changed", "ERP connection changed"
    CONNECTION_TESTED = "connection_tested", "ERP connection tested"
    MASTERS_READ = "masters_read", "Jobs, vendors and codes read"
    MASTER_RENAMED = "master_renamed", "Renamed as in the ERP"
    SET_UP_DECIDED = "set_up_decided", "Decided what to bring in"
    BRING_IN_STARTED = "bring_in_started", "Bringing in started"
    BRING_IN_ENDED = "bring_in_ended", "Bringing in ended"
    BROUGHT_IN = "brought_in", "Brought in from the ERP"


class SubjectType(models.TextChoices):
    COMMITMENT = "commitment", "Commitment"
    MEMBER = "member", "Directory entry"
    SYNC_RUN = "sync_run", "Sync run"
    CONNECTION = "connection", "ERP connection"
    BRING_IN = "bring_in", "Bringing in"


class Activity(models.Model):
    """One entry of a company's history. Written only by `directory.activity`, never changed, never deleted.

    Actor and subject are kept as text too, and the subject as a loose id: the history outlives what it tells of.
    `before` and `after` hold the fields that changed, as plain JSON values.
    """

    company = models.ForeignKey("directory.Company", on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey("directory.Project", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    verb = models.CharField(max_length=30)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor_label = models.CharField(max_length=200)
    subject_type = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=250)
    reason = models.TextField(blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    sync_run_id = models.BigIntegerField(null=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "history entry"
        verbose_name_plural = "history"
        indexes = [
            models.Index(fields=["company", "-id"], name="activity_by_company"),
            models.Index(fields=["company", "verb", "-id"], name="activity_by_verb"),
            models.Index(fields=["company", "actor", "-id"], name="activity_by_actor"),
            models.Index(fields=["company", "project", "-id"], name="activity_by_project"),
            models.Index(fields=["company", "at", "-id"], name="activity_by_moment"),
            models.Index(fields=["subject_type", "subject_id", "-id"], name="activity_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_label()}: {self.subject_label}"

    def get_verb_label(self) -> str:
        return str(Verb(self.verb).label) if self.verb in Verb.values else self.verb
