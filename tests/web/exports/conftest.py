"""The books of a company, and commitments that were sent to be exported."""

from __future__ import annotations

import pytest

from tests.exporting import Books


@pytest.fixture
def books(connection, sage_company):
    return Books(connection, sage_company)


@pytest.fixture
def sent(books, project, manager):
    return lambda number, **fields: books.export(number, project, manager, **fields)
