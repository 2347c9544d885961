"""A sign of life of the task processes, which the web processes cannot see otherwise."""

from __future__ import annotations

from django.db import models


class TaskHeartbeat(models.Model):
    """One row: when a task process last did the housekeeping. Written each minute, read by health and pages."""

    name = models.CharField(max_length=30, primary_key=True)
    beaten_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.beaten_at}"
