"""Companies, their projects, and who belongs to them at which tool level."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from directory.models.people import User


class Level(models.IntegerChoices):
    """What a person may do with a tool; a higher level may all that a lower one may."""

    NONE = 0, "None"
    READ_ONLY = 1, "Read Only"
    STANDARD = 2, "Standard"
    ADMIN = 3, "Admin"


class CompanyQuerySet(models.QuerySet["Company"]):
    def visible_to(self, user: User | AnonymousUser) -> CompanyQuerySet:
        """The companies that this person belongs to."""
        return self.filter(members__user_id=user.pk) if user.is_active else self.none()


class Company(models.Model):
    """A building contractor with its own books. Nothing is ever shared between two companies."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60, unique=True, help_text="The company's part of every page address.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[CompanyQuerySet] = CompanyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "companies"

    def __str__(self) -> str:
        return self.name


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: User | AnonymousUser) -> ProjectQuerySet:
        """The projects that this person belongs to, in companies that they belong to."""
        if not user.is_active:
            return self.none()
        return self.filter(members__user_id=user.pk, company__members__user_id=user.pk)


class Project(models.Model):
    """A construction project; the ERP calls it a job."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="projects")
    number = models.CharField(max_length=30)
    name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    objects: ClassVar[ProjectQuerySet] = ProjectQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["number", "id"]
        constraints = [models.UniqueConstraint(fields=["company", "number"], name="project_number_unique_in_company")]
        # The first by name are offered in lists' filters, of thousands.
        indexes = [models.Index(fields=["company", "name", "id"], name="project_by_name")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class CompanyMember(models.Model):
    """A person's entry in a company's directory: their level on its tools, and the privilege.

    The privilege is granted per company, so that accounting rights in one company give none in another. It changes
    only through `directory.privilege`, which records who did it and why.
    """

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="company_memberships")
    erp_integrations_level = models.PositiveSmallIntegerField(
        "ERP Integrations", choices=Level.choices, default=Level.NONE
    )
    can_push_to_accounting = models.BooleanField("Can Push to Accounting", default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["company__name", "user__name", "id"]
        verbose_name = "directory entry"
        verbose_name_plural = "directory entries"
        permissions = [("grant_can_push_to_accounting", "Can grant and revoke 'Can Push to Accounting'")]
        constraints = [
            models.UniqueConstraint(fields=["company", "user"], name="member_once_in_company"),
            models.CheckConstraint(
                condition=models.Q(erp_integrations_level__in=Level.values), name="member_erp_integrations_level_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user.name} at {self.company.name}"


class ProjectMember(models.Model):
    """A person's level on the Commitments tool of one project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="project_memberships")
    commitments_level = models.PositiveSmallIntegerField("Commitments", choices=Level.choices, default=Level.NONE)

    class Meta:
        ordering = ["project__number", "user__name", "id"]
        verbose_name = "project team member"
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="member_once_in_project"),
            models.CheckConstraint(
                condition=models.Q(commitments_level__in=Level.values), name="member_commitments_level_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user.name} on {self.project}"
