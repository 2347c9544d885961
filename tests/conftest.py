"""The cast and the stage that every test shares. Fixtures for one subject live in that subject's own conftest."""

from __future__ import annotations

import os
import shutil

import pytest

# Playwright's synchronous interface runs an event loop in the thread that also uses the ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave no database file behind."""
    from tests.settings import TEST_DIRECTORY

    shutil.rmtree(TEST_DIRECTORY, ignore_errors=True)
