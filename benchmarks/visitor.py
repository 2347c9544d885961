"""Somebody who looks at pages: an approver of a company, signed in, through the whole of Django but for the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django.template
import django.test.utils
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.template.loader import get_template
from django.test import Client

from directory.models import Company, CompanyMember, Level, Project, ProjectMember, User


class Visitor:
    """May unlink on all projects of the company, and is staff."""

    def __init__(self, company: Company) -> None:
        collect_static_files()
        self.company = company
        self.user = User.objects.create_superuser(f"approver@{company.slug}.example.com", name="Ada Approver")
        CompanyMember.objects.create(
            company=company, user=self.user, erp_integrations_level=Level.STANDARD, can_push_to_accounting=True
        )
        projects = Project.objects.filter(company=company).values_list("pk", flat=True)
        ProjectMember.objects.bulk_create(
            (ProjectMember(project_id=pk, user=self.user, commitments_level=Level.ADMIN) for pk in projects),
            batch_size=500,
        )
        self.client = Client()
        self.client.force_login(self.user)

    def get(self, address: str) -> Any:
        """The answer. Raises RuntimeError when it is not the page."""
        answer = self.client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}.")
        return answer

    def from_memory(self, address: str) -> Callable[[], str]:
        """What renders the same page from the same values, all of them in memory. Raises RuntimeError."""
        with _instrumented():
            answer = self.get(address)
        template, values = answer.templates[0].name, answer.context[0].flatten()

        def render() -> str:
            return get_template(template).render(values)

        if render() != answer.content.decode():
            raise RuntimeError(f"{address} is not the same when it is rendered from memory.")
        return render


def collect_static_files() -> None:
    """This function will collect the pages' files where they are served from, as a server does before it starts."""
    storage: Any = staticfiles_storage
    manifest = getattr(storage, "manifest_name", "")
    if manifest and not Path(settings.STATIC_ROOT, manifest).exists():
        call_command("collectstatic", interactive=False, verbosity=0)
        storage.hashed_files = storage.load_manifest()[0]


@contextmanager
def _instrumented() -> Iterator[None]:
    """Have templates tell the client what they are rendered with, as in tests."""
    utils: Any = django.test.utils
    template: Any = django.template.Template
    plain = template._render
    template._render = utils.instrumented_test_render
    try:
        yield
    finally:
        template._render = plain
