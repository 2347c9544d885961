"""A small company and a connector to it, for the tests of the connectors."""

from __future__ import annotations

from pathlib import Path

import pytest

from erpintegrations.connectors import connector_for
from erpintegrations.connectors.base import Connector, ErpRecord
from tests.connectors.builder import SageCompany


@pytest.fixture
def company(tmp_path: Path) -> SageCompany:
    """A company without any records."""
    return SageCompany(tmp_path / "company.sqlite3")


@pytest.fixture
def job(company: SageCompany) -> int:
    return company.add_job("Town hall")


@pytest.fixture
def vendor(company: SageCompany) -> int:
    return company.add_vendor("Acme Concrete")


@pytest.fixture
def connector(company: SageCompany) -> Connector:
    return connector_for("sage100", company.database_url)


def read(connector: Connector) -> dict[str, ErpRecord]:
    """Every record of a complete reading, by id."""
    with connector.reading() as reading:
        records = list(reading.records())
    assert len(records) == reading.counted
    return {record.erp_id: record for record in records}
