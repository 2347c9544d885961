"""What tests of pages share."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.web.stage import sage, stage

__all__ = ["sage", "stage"]


@pytest.fixture
def query_count(client):
    """How many queries a page takes: `query_count(address)`. Asked twice, so that nothing is warming up."""

    def count(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    return count


@pytest.fixture
def job(sage_company):
    """A job in Sage that is none of the company's projects."""
    return sage_company.add_job("Another job")
